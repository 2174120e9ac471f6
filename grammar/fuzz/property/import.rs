//! Properties of imported configurations, for the fuzzers and for the test that replays their corpus.

use import::Imported;
use language::{Dialect, Mode, Tree};

/// Of a samplicate command line (the first line) and its configuration file (the others) there come statements that
/// load and that a commit takes, and what is left out is told.
///
/// # Panics
/// When it is not so.
#[allow(dead_code, reason = "each fuzzer uses one of these")]
pub(crate) fn samplicate(text: &str) {
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    let arguments = import::samplicate::Arguments::parse(line);
    let files: Vec<&str> = arguments.files.iter().map(|_| rest).collect();
    for imported in [
        import::samplicate::import(&arguments, &files),
        import::samplicate::file(rest),
    ] {
        imported_whole(&imported);
    }
}

/// The same of a softflowd command line, and of a file that starts softflowd.
///
/// # Panics
/// When it is not so.
#[allow(dead_code, reason = "each fuzzer uses one of them")]
pub(crate) fn softflowd(text: &str) {
    imported_whole(&import::softflowd::arguments(text));
    imported_whole(&import::softflowd::file(text));
}

/// The same of a configuration of pmacct. The files that it names are what follows form feeds.
///
/// # Panics
/// When it is not so.
#[allow(dead_code, reason = "each fuzzer uses one of them")]
pub(crate) fn pmacct(text: &str) {
    use import::pmacct::{ReferencedFile, files, import};
    let mut parts = text.split('\x0c');
    let text = parts.next().unwrap_or_default();
    let named: Vec<ReferencedFile> = files(text)
        .into_iter()
        .map(|path| ReferencedFile {
            path,
            text: parts.next().map(str::to_owned).ok_or("is absent".into()),
        })
        .collect();
    imported_whole(&import(text, &named));
}

#[allow(dead_code, reason = "each fuzzer uses one of them")]
fn imported_whole(imported: &Imported) {
    let read = language::load(
        &Tree::default(),
        &[],
        &imported.text,
        Some(Dialect::Set),
        Mode::Merge,
    );
    let tree = read.unwrap_or_else(|problems| panic!("{}\n{problems:?}", imported.text));
    assert!(!imported.text.is_empty() || !imported.remarks.is_empty());
    if !imported.text.is_empty() {
        assert_eq!(language::check(&tree), [], "{}", imported.text);
    }
    for remark in &imported.remarks {
        assert!(
            !remark.why.is_empty() && remark.message().chars().count() < 2000,
            "{remark:?}"
        );
    }
}
