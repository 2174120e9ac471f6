//! Replays the fuzzers' corpus.

#[path = "../../fuzz/property/import.rs"]
mod property;
#[path = "../../fuzz/property/replay.rs"]
mod replay;

use replay::replay;

#[test]
fn the_corpus_holds() {
    replay("samplicate", property::samplicate);
    replay("softflowd", property::softflowd);
    replay("pmacct", property::pmacct);
}
