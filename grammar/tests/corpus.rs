//! Replays the fuzzers' corpus.

#[path = "../fuzz/property.rs"]
mod property;

use grammar::Dialect;

#[test]
fn the_corpus_holds() {
    for (folder, dialect) in [
        ("curly", Dialect::Curly),
        ("set", Dialect::Set),
        ("ios", Dialect::Ios),
    ] {
        replay(folder, |text| property::holds(text, dialect));
    }
    replay("samplicate", property::imports);
    replay("softflowd", property::softflowd);
    replay("pmacct", property::pmacct);
    replay("line", property::typed);
    replay("configuration", property::meets);
}

fn replay(folder: &str, property: impl Fn(&str)) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/").to_owned() + folder;
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
