//! Replays the fuzzers' corpus.

#[path = "../../fuzz/property/base.rs"]
mod base;
#[path = "../../fuzz/property/language.rs"]
mod property;
#[path = "../../fuzz/property/replay.rs"]
mod replay;

use language::Dialect;
use replay::replay;

#[test]
fn the_corpus_holds() {
    for (folder, dialect) in [
        ("curly", Dialect::Curly),
        ("set", Dialect::Set),
        ("ios", Dialect::Ios),
    ] {
        replay(folder, |text| property::holds(text, dialect));
    }
    replay("configuration", property::meets);
}
