//! What the properties share: a configuration that is there, levels in it, and what every message has.

use language::{Dialect, Mode, Problem, Tree};

/// A message is one a person can read.
pub(crate) fn told(problem: &Problem) {
    assert!(
        problem.length >= 1 && problem.message.chars().count() < 300,
        "{problem:?}"
    );
}

/// What is there when a text is loaded, and where names are completed from.
const BASE: &str = "set system host-name r1
set system flow-accounting interface eth0
set system flow-accounting netflow server 192.0.2.1
set interfaces ethernet eth0 alias GigabitEthernet0/1
set interfaces ethernet eth0 flow monitor M direction both
set flow record R match ipv4 protocol
set flow record R collect counter bytes
set flow exporter E destination 192.0.2.9
set flow monitor M record R
set flow monitor M exporter E
set flow sampler S rate 10
set flow samplicator X receiver A address 192.0.2.7
set flow samplicator X source 10.0.0.0/8 receiver A
";

pub(crate) fn base() -> &'static Tree {
    static TREE: std::sync::LazyLock<Tree> = std::sync::LazyLock::new(|| {
        let read = language::load(&Tree::default(), &[], BASE, Some(Dialect::Set), Mode::Merge);
        read.expect("it is right")
    });
    &TREE
}

/// The edit levels that texts are loaded at.
pub(crate) const LEVELS: &[&str] = &[
    "",
    "system",
    "system flow-accounting",
    "interfaces ethernet eth0",
    "flow record R",
    "flow monitor M",
    "flow samplicator X",
    "flow samplicator X receiver A",
];
