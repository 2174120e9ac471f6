//! Tests of the table.

use registry::FIELDS;

use super::*;
use crate::{Tree, unapplied};

#[test]
fn every_row_is_whole() {
    for (i, row) in TABLE.iter().enumerate() {
        let path = row.path;
        assert!(!row.help.is_empty() && row.help.len() <= 70, "{path}: help");
        assert!(!row.help.ends_with('.'), "{path}: help is no sentence");
        assert!(
            row.help
                .starts_with(|c: char| c.is_uppercase() || row.help.starts_with("sFlow")),
            "{path}: help"
        );
        assert!(
            TABLE[i + 1..].iter().all(|other| other.path != path),
            "{path}: twice"
        );
        let place = lookup(path.split(' '))
            .unwrap_or_else(|| panic!("{path}: its parent comes after it or is not there"));
        assert!(std::ptr::eq(place.node().row, row), "{path}");
        match row.kind {
            Kind::Container | Kind::Flag => {
                assert!(matches!(row.value, Type::None), "{path}: has a type");
                assert!(row.default.is_empty() && row.unit.is_empty(), "{path}");
            }
            Kind::Tag | Kind::Leaf | Kind::Multi => {
                assert!(!matches!(row.value, Type::None), "{path}: type");
            }
        }
        match row.kind {
            Kind::Container => assert!(
                !place.node().children().is_empty(),
                "{path}: an empty container"
            ),
            Kind::Tag => {}
            _ => assert!(
                place.node().children().is_empty(),
                "{path}: a leaf with children"
            ),
        }
        if let Type::Number { min, max } = row.value {
            assert!(min < max, "{path}: range");
            // Ports are numbers without a unit.
            let port = (min, max) == (1, 65535)
                && matches!(row.word(), "port" | "udp" | "tcp" | "vxlan-port");
            assert!(port || !row.unit.is_empty(), "{path}: unit");
        }
        if let Type::Choice(choices) = row.value {
            for (at, (word, help)) in choices.iter().enumerate() {
                assert!(!word.is_empty() && !help.is_empty(), "{path} {word}");
                assert!(
                    choices[at + 1..].iter().all(|(other, _)| other != word),
                    "{path} {word}: twice"
                );
            }
        }
        if !row.default.is_empty() {
            assert_eq!(
                row.value.accept(row.default, false).as_deref(),
                Ok(row.default),
                "{path}: default"
            );
        }
        for tag in row.refers {
            let target =
                lookup(tag.split(' ')).unwrap_or_else(|| panic!("{path}: refers to {tag}"));
            assert!(matches!(target, Place::Name(_)), "{path}: refers to {tag}");
        }
        for (old, new) in row.old {
            assert!(
                row.value.accept(new, false).is_ok() && row.value.accept(old, false).is_err(),
                "{path} {old}"
            );
        }
        for (refused, why) in row.refused {
            assert!(
                !why.is_empty() && row.value.accept(refused, false).is_err(),
                "{path} {refused}"
            );
        }
    }
}

#[test]
fn ios_statements_are_made_of_rows() {
    fn walk(node: &'static Node) {
        let mut statements: Vec<(&'static Node, &Statement)> = match &node.row.ios {
            Ios::Opens(_, statement) => vec![(node, statement)],
            _ => Vec::new(),
        };
        statements.extend(node.statements());
        for (of, statement) in statements {
            for piece in statement.variants(of).concat() {
                if let Piece::Word(word) = piece {
                    assert!(
                        !word.starts_with(['<', '{']),
                        "{}: {word} is no leaf",
                        statement.pattern
                    );
                }
            }
        }
        node.children().iter().for_each(walk);
    }
    walk(root());
}

#[test]
fn old_words_and_unapplied_rows_are_rows() {
    for (old, new) in OLD {
        assert!(lookup(new.split(' ')).is_some(), "{new}");
        assert!(
            TABLE.iter().all(|row| row.path != *old),
            "{old}: is a word of today"
        );
        let (parent, word) = old.rsplit_once(' ').unwrap_or(("", old));
        let parent =
            lookup(parent.split(' ').filter(|word| !word.is_empty())).expect("the parent is a row");
        assert!(parent.node().old(word).is_some(), "{old}");
    }
    for (path, types, why) in BY_CACHE_TYPE {
        let path = format!("flow monitor * {path}");
        assert!(TABLE.iter().any(|row| row.path == path), "{path}");
        let cache_type = row_at("flow monitor * cache type").value;
        for word in *types {
            assert!(cache_type.accept(word, false).is_ok(), "{path}: {word}");
        }
        assert!(!why.is_empty());
    }
    for (path, value, why) in UNAPPLIED {
        let row = TABLE
            .iter()
            .find(|row| row.path == *path)
            .unwrap_or_else(|| panic!("{path}"));
        assert!(!why.is_empty());
        assert!(
            value.is_empty() || row.value.accept(value, false).is_ok(),
            "{path} {value}"
        );
    }
}

#[test]
fn fields_are_whole_and_the_refused_are_refused() {
    for (i, field) in FIELDS.iter().enumerate() {
        assert!(
            !field.help.is_empty() && (field.key || field.collect),
            "{}",
            field.words
        );
        assert!(
            FIELDS[i + 1..]
                .iter()
                .all(|other| other.words != field.words),
            "{} twice",
            field.words
        );
        let example = field.example();
        let words: Vec<&str> = example.split(' ').collect();
        let found = find_field(&words, field.key, false).unwrap();
        assert_eq!((found.field, &found.words), (field, &example));
    }
    for (words, why) in registry::field::REFUSED {
        let words: Vec<&str> = words.split(' ').chain(["more"]).collect();
        for words in [&words[..], &words[..words.len() - 1]] {
            let refused = find_field(words, false, true).unwrap_err();
            assert!(refused.message.contains(why), "{refused:?}");
        }
    }
}

#[test]
fn beginnings_of_a_fields_words_will_do_where_they_are_unique() {
    let find = |words: &str| {
        let words: Vec<&str> = words.split(' ').collect();
        find_field(&words, false, true).map(|found| found.words)
    };
    let found = |words: &str| find(words).unwrap();
    assert_eq!(found("ipv4 so ad"), "ipv4 source address");
    assert_eq!(found("tr s"), "transport source-port");
    assert_eq!(found("counter by long"), "counter bytes long");
    assert_eq!(found("ipv4 sec h s 064"), "ipv4 section header size 64");
    assert_eq!(found("tr tcp fl sy a"), "transport tcp flags ack syn");
    assert_eq!(found("transport tcp flags"), "transport tcp flags");
    assert_eq!(
        find("ipv4 t").unwrap_err().hint.as_deref(),
        Some("possible: tos, ttl, total-length")
    );
    assert_eq!(find("ipv4").unwrap_err().at, 1);
    for (words, at, message) in [
        ("ipv4 section header size", 4, "the field is not complete"),
        (
            "ipv4 section header size 65",
            4,
            "\"65\" is not a number of <1-64>",
        ),
        (
            "ipv4 section header size 0",
            4,
            "\"0\" is not a number of <1-64>",
        ),
        ("ipv4 section header size 8 9", 5, "unknown word \"9\""),
        ("transport tcp flags ack ns", 4, "unknown word \"ns\""),
    ] {
        let no = find(words).unwrap_err();
        assert_eq!((no.at, no.message.as_str()), (at, message), "{words}");
    }
}

#[test]
fn what_is_not_applied_is_said() {
    let text = "set interfaces ethernet eth0 address dhcp
set interfaces ethernet eth0 address 192.0.2.1/24
set interfaces ethernet eth1 mirror ingress eth0
set system flow-accounting sflow server 192.0.2.1
set interfaces ethernet eth1 capture engine ebpf
set interfaces ethernet eth0 capture engine afpacket
set flow exporter E option vrf-table";
    let tree = crate::load(&Tree::default(), &[], text, None, crate::Mode::Merge).unwrap();
    let found: Vec<String> = unapplied(&tree)
        .iter()
        .map(|finding| finding.path.join(" "))
        .collect();
    assert_eq!(
        found,
        [
            "system flow-accounting sflow",
            "interfaces ethernet eth1 mirror",
            "interfaces ethernet eth0 address dhcp",
            "interfaces ethernet eth1 capture engine ebpf",
            "flow exporter E option vrf-table",
        ]
    );
}

#[test]
fn help_says_default_and_unit_once() {
    let help = |path: &str| lookup(path.split(' ')).unwrap().node().row.help_line();
    assert_eq!(
        help("system config-management commit-revisions"),
        "Number of revisions to keep (default 100)"
    );
    assert_eq!(
        help("flow exporter E template data timeout"),
        "Interval at which templates are sent again (default 600 seconds)"
    );
    assert_eq!(
        help("interfaces ethernet eth0 mtu"),
        "Largest packet (octets)"
    );
    assert_eq!(help("flow sampler S rate"), "Select one packet in N");
}
