//! Replays the fuzzers' corpus.

#[path = "../../fuzz/property/base.rs"]
mod base;
#[path = "../../fuzz/property/commands.rs"]
mod property;
#[path = "../../fuzz/property/replay.rs"]
mod replay;

use replay::replay;

#[test]
fn the_corpus_holds() {
    replay("line", property::typed);
}
