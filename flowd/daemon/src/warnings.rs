//! What a committed configuration has that this host does not apply: a line each, so that nothing is a silent no-op.
//! The language's table ([`language::schema::UNAPPLIED`]) names the leaves; what is not in it has an owner here.

use std::sync::Arc;

use language::Tree;
use language::tree::unlike;

use crate::named::Before;

/// What has no meaning in a cache of some types: path, the types in which it has, and why not in others.
const BY_TYPE: &[(&str, &[&str], &str)] = &[
    (
        "cache timeout update",
        &["permanent"],
        "only a permanent cache is updated",
    ),
    (
        "cache timeout active",
        &["normal"],
        "flows of this type of cache have no timeout",
    ),
    (
        "cache timeout inactive",
        &["normal"],
        "flows of this type of cache have no timeout",
    ),
    (
        "cache timeout event",
        &["normal"],
        "flows of this type of cache do not end by events",
    ),
    (
        "cache entries",
        &["normal", "permanent"],
        "an immediate cache holds no flows",
    ),
];

/// One of them, with the node it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    path: Vec<String>,
    /// What the operator reads.
    pub text: String,
}

/// Nodes that are the same down to so many words have the lines they had: `flow monitor NAME`.
const UNIT: usize = 3;

/// The lines for a tree. Those of what it shares with `before` are taken over from there.
pub fn of(tree: &Tree, before: Option<Before<'_, Vec<Line>>>) -> Vec<Line> {
    let old = before.map(|before| before.tree);
    let had = before.map_or(&[][..], |before| before.settings.as_slice());
    let kept = had
        .iter()
        .filter(|line| old.is_some_and(|old| same(old, tree, &line.path)));
    let mut lines: Vec<Line> = kept.cloned().collect();
    let mut tell = |path: Vec<String>, why: &str| {
        let text = format!("{} is not applied: {why}", path.join(" "));
        lines.push(Line { path, text });
    };
    for finding in language::schema::unapplied_from(old, tree, UNIT) {
        tell(finding.path, &finding.message);
    }
    let monitors = |tree: Option<&Tree>| match tree.and_then(|tree| tree.get(&["flow", "monitor"]))
    {
        Some(Tree::Branch(monitors)) => Arc::clone(monitors),
        _ => Arc::default(),
    };
    let (was, is) = (monitors(old), monitors(Some(tree)));
    let changed = unlike(&was, &is).filter_map(|(name, _, monitor)| Some((name, monitor?)));
    for (name, monitor) in changed.filter(|_| !Arc::ptr_eq(&was, &is)) {
        let kind = monitor.value(&["cache", "type"]).unwrap_or("normal");
        for (path, kinds, why) in BY_TYPE {
            let words: Vec<&str> = path.split(' ').collect();
            if monitor.has(&words) && !kinds.contains(&kind) {
                let path = ["flow", "monitor", name].into_iter().chain(words);
                tell(path.map(str::to_owned).collect(), why);
            }
        }
    }
    lines
}

/// Whether the node, or one above it, is the same in both trees.
fn same(one: &Tree, other: &Tree, path: &[String]) -> bool {
    let (mut one, mut other) = (one, other);
    for word in path.iter().take(UNIT) {
        if one.is(other) {
            return true;
        }
        let word = [word.as_str()];
        match (one.get(&word), other.get(&word)) {
            (Some(a), Some(b)) => (one, other) = (a, b),
            _ => return false,
        }
    }
    one.is(other)
}

#[cfg(test)]
mod tests {
    use crate::named::Before;

    use language::schema::{Kind, Owner, Row, TABLE, Type, UNAPPLIED};
    use language::{Dialect, Mode, Tree};

    use crate::probe::Settings;

    /// Leaves that the daemon itself applies, with who does. Those of [`Owner::Probe`] and [`Owner::Relay`] are tried
    /// out below.
    const APPLIED: &[(&str, &str)] = &[
        ("system host-name", "system::Host"),
        ("system config-management commit-revisions", "revisions"),
        (
            "system config-management commit-archive location",
            "Archive",
        ),
        ("comment * text", "kept with the node"),
        ("system login user * full-name", "kept with the user"),
        ("system login user * level", "Control::level"),
        ("system syslog host * facility * level", "log"),
        ("system syslog host * port", "log"),
        ("system syslog host * protocol", "log"),
        ("system syslog local facility * level", "log"),
        ("interfaces ethernet * address", "system::Host"),
        ("interfaces ethernet * description", "system::Host"),
        ("interfaces ethernet * disable", "system::Host"),
        ("interfaces ethernet * mtu", "system::Host"),
        (
            "interfaces ethernet * promiscuous",
            "probe, by packet membership",
        ),
        ("interfaces ethernet * alias", "language, for IOS names"),
        ("interfaces loopback * address", "system::Host"),
    ];

    #[test]
    fn every_leaf_has_someone_who_applies_it_or_a_line_that_says_not() {
        let said = |path: &str| {
            UNAPPLIED.iter().any(|(unapplied, value, _)| {
                value.is_empty()
                    && (path == *unapplied || path.starts_with(&format!("{unapplied} ")))
            })
        };
        let orphans: Vec<&str> = TABLE
            .iter()
            .filter(|row| matches!(row.kind, Kind::Leaf | Kind::Multi | Kind::Flag))
            .filter(|row| !matches!(row.owner, Owner::Probe | Owner::Relay))
            .map(|row| row.path)
            .filter(|path| !said(path) && !APPLIED.iter().any(|(applied, _)| applied == path))
            .collect();
        assert_eq!(
            orphans,
            Vec::<&str>::new(),
            "leaves that nobody applies and no line tells of"
        );
        for (path, _) in APPLIED {
            assert!(
                TABLE.iter().any(|row| row.path == *path),
                "{path} is not in the schema any more"
            );
        }
    }

    const SAMPLICATOR: &str = "set flow samplicator X receiver V address 192.0.2.1
set flow samplicator X receiver W address 192.0.2.2
set flow samplicator X source 10.0.0.0/8 receiver V
set flow samplicator X balance group G receivers V
";

    const BASE: &str = "set system flow-accounting interface eth0
set system flow-accounting netflow server 192.0.2.9
set flow record R match ipv4 source address
set flow record R collect counter bytes
set flow exporter E destination 192.0.2.1
set flow exporter E2 destination 192.0.2.2
set flow monitor M record R
set flow monitor M exporter E
set flow sampler S mode random
set flow sampler S rate 10
set interfaces ethernet eth1 flow monitor M direction input
";

    /// The row's path with the names of [`BASE`].
    fn named(row: &Row) -> String {
        let names = [
            ("netflow server *", "netflow server 192.0.2.9"),
            ("sflow server *", "sflow server 192.0.2.8"),
            ("ethernet *", "ethernet eth1"),
            ("record *", "record R"),
            ("exporter *", "exporter E"),
            ("monitor *", "monitor M"),
            ("sampler *", "sampler S"),
            ("option *", "option interface-table"),
            ("samplicator *", "samplicator X"),
            ("receiver *", "receiver V"),
            ("source *", "source 10.0.0.0/8"),
            ("group *", "group G"),
        ];
        names
            .iter()
            .fold(row.path.to_owned(), |path, (pattern, name)| {
                path.replace(pattern, name)
            })
    }

    /// Values to try a leaf with.
    fn values(row: &Row) -> Vec<String> {
        let one = |text: &str| vec![text.to_owned()];
        match row.value {
            Type::None => one(""),
            Type::Number { min, max } => {
                let default: u64 = row.default.parse().unwrap_or(min);
                vec![(default + 1).min(max).to_string(), min.to_string()]
            }
            Type::Choice(choices) => choices.iter().map(|(word, _)| (*word).to_owned()).collect(),
            Type::Match => one("ipv4 destination address"),
            Type::Collect => one("counter packets"),
            Type::Record => one("netflow-original"),
            Type::Interface => one("eth3"),
            Type::EngineId => one("7"),
            Type::Text { .. } => one("udp"),
            Type::SourcePort => one("7"),
            Type::Name => ["M", "S", "E2", "W", "blue"].map(str::to_owned).to_vec(),
            _ => one("192.0.2.77"),
        }
    }

    fn load(base: &Tree, text: &str) -> Option<Tree> {
        language::load(base, &[], text, Some(Dialect::Set), Mode::Merge).ok()
    }

    #[test]
    fn every_leaf_of_the_probe_changes_its_settings_is_refused_or_has_a_line() {
        let base = load(&Tree::default(), BASE).unwrap();
        let before = Settings::from_tree(&base, None).unwrap();
        let silent: Vec<&str> = TABLE
            .iter()
            .filter(|row| matches!(row.kind, Kind::Leaf | Kind::Multi | Kind::Flag))
            .filter(|row| row.owner == Owner::Probe)
            // The log's part, and words for the reader of the configuration.
            .filter(|row| row.path != "system flow-accounting syslog-facility")
            .filter(|row| row.path != "flow sampler * description")
            .filter(|row| {
                !values(row).iter().any(|value| {
                    let Some(tree) = load(&base, &format!("set {} {value}", named(row))) else {
                        return false;
                    };
                    !super::of(&tree, None).is_empty()
                        || Settings::from_tree(&tree, None).as_ref() != Ok(&before)
                })
            })
            .map(|row| row.path)
            .collect();
        assert_eq!(
            silent,
            Vec::<&str>::new(),
            "leaves that are accepted and do nothing"
        );
    }

    #[test]
    fn every_leaf_of_a_samplicator_changes_its_settings() {
        let base = load(&Tree::default(), SAMPLICATOR).unwrap();
        let before = crate::relay::from_tree(&base, None).unwrap();
        let silent: Vec<&str> = TABLE
            .iter()
            .filter(|row| matches!(row.kind, Kind::Leaf | Kind::Multi | Kind::Flag))
            .filter(|row| row.owner == Owner::Relay)
            .filter(|row| {
                !values(row).iter().any(|value| {
                    load(&base, &format!("set {} {value}", named(row))).is_some_and(|tree| {
                        crate::relay::from_tree(&tree, None).as_ref() != Ok(&before)
                    })
                })
            })
            .map(|row| row.path)
            .collect();
        assert_eq!(
            silent,
            Vec::<&str>::new(),
            "leaves that are accepted and do nothing"
        );
    }

    #[test]
    fn lines_are_taken_over_and_made_anew_as_the_tree_changes() {
        let old = load(
            &Tree::default(),
            "set flow monitor M record netflow-original
set flow monitor M cache timeout update 9
set flow monitor N record netflow-original
set flow monitor N cache timeout update 9
set flow exporter E destination 192.0.2.1
set flow exporter E ttl 3",
        )
        .unwrap();
        let had = super::of(&old, None);
        assert_eq!(had.len(), 2, "{had:?}");
        for change in [
            "set flow monitor M cache type permanent",
            "set flow monitor M description x",
            "delete flow monitor M",
            "set flow monitor O record netflow-original\nset flow monitor O cache timeout update 9",
            "set flow exporter E ttl 4",
            "delete flow",
        ] {
            let tree = load(&old, change).unwrap();
            let before = Before {
                tree: &old,
                settings: &had,
            };
            let sorted = |mut lines: Vec<super::Line>| {
                lines.sort_by(|a, b| a.text.cmp(&b.text));
                lines
            };
            let lines = sorted(super::of(&tree, Some(before)));
            assert_eq!(lines, sorted(super::of(&tree, None)), "{change}");
        }
    }
}
