//! Replays the corpus of a fuzzer in the ordinary tests.

/// Holds every file of a corpus against a property.
///
/// # Panics
/// When one does not hold, or when there are hardly any.
pub(crate) fn replay(folder: &str, property: impl Fn(&str)) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus/").to_owned() + folder;
    let mut files = 0;
    for file in std::fs::read_dir(&path).expect("the corpus is there") {
        let file = file.expect("a file").path();
        let octets = std::fs::read(&file).expect("it can be read");
        println!("{}", file.display());
        property(&String::from_utf8_lossy(&octets));
        files += 1;
    }
    assert!(files >= 10, "{path} has {files} files");
}
