//! No leaf of the configuration is accepted and then ignored.

use language::schema::{Kind, Row, TABLE, Type};
use language::{Dialect, Mode, Tree};
use service::Settings;

use super::SERVICES;

/// Leaves that change no service's settings, with who reads them.
const READ_ELSEWHERE: &[(&str, &str)] = &[
    (
        "system config-management commit-revisions",
        "the configuration engine",
    ),
    (
        "system config-management commit-archive location",
        "the archive of the configuration engine",
    ),
    ("comment * text", "whoever reads the configuration"),
    (
        "system login user * full-name",
        "whoever reads the configuration",
    ),
    (
        "system login user * level",
        "the configuration engine, for each request",
    ),
    (
        "interfaces ethernet * alias",
        "the IOS dialect, for names of interfaces",
    ),
    (
        "flow sampler * description",
        "whoever reads the configuration",
    ),
];

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
set flow exporter T destination 192.0.2.3
set flow exporter T transport tcp
set flow exporter T export-protocol ipfix
set flow monitor M record R
set flow monitor M exporter E
set flow monitor M exporter T
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
        ("exporter * transport buffer", "exporter T transport buffer"),
        ("exporter *", "exporter E"),
        ("monitor *", "monitor M"),
        ("sampler *", "sampler S"),
        ("option *", "option interface-table"),
        ("samplicator *", "samplicator X"),
        ("receiver *", "receiver V"),
        ("source *", "source 10.0.0.0/8"),
        ("group *", "group G"),
        ("device *", "device ttyS0"),
        ("user *", "user ann"),
        ("public-keys *", "public-keys laptop"),
        ("syslog host *", "syslog host 192.0.2.5"),
        ("facility *", "facility daemon"),
        ("loopback *", "loopback lo"),
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
        _ => ["192.0.2.77", "192.0.2.77/24", "probe7", "$6$salt$OKgmUj2V"]
            .map(str::to_owned)
            .to_vec(),
    }
}

fn load(base: &Tree, text: &str) -> Option<Tree> {
    language::load(base, &[], text, Some(Dialect::Set), Mode::Merge).ok()
}

#[test]
fn every_leaf_changes_a_services_settings_is_refused_or_has_a_line_that_says_not() {
    let base = load(&Tree::default(), &format!("{BASE}{SAMPLICATOR}")).unwrap();
    let resolved = |tree: &Tree| Settings::of(SERVICES, tree, None);
    let before = resolved(&base).unwrap();
    let leaves = || {
        let rows = TABLE.iter();
        rows.filter(|row| matches!(row.kind, Kind::Leaf | Kind::Multi | Kind::Flag))
    };
    let has_effect = |row: &Row, value: &String| {
        let Some(tree) = load(&base, &format!("set {} {value}", named(row))) else {
            return false;
        };
        !config::unapplied(&tree).is_empty()
            || resolved(&tree).map_or(true, |settings| {
                !before.differing(&settings, SERVICES).is_empty()
            })
    };
    let silent: Vec<&str> = leaves()
        .filter(|row| !READ_ELSEWHERE.iter().any(|(path, _)| *path == row.path))
        .filter(|row| !values(row).iter().any(|value| has_effect(row, value)))
        .map(|row| row.path)
        .collect();
    assert_eq!(
        silent,
        Vec::<&str>::new(),
        "leaves that are accepted and do nothing"
    );
    for (path, _) in READ_ELSEWHERE {
        assert!(
            leaves().any(|row| row.path == *path),
            "{path} is not a leaf any more"
        );
    }
}

#[test]
fn every_row_has_a_service_and_every_service_its_rows() {
    let engine = ("config", config::ROWS);
    assert_eq!(service::check_rows(SERVICES, &[engine]), Ok(()));
    let unowned = service::check_rows(&SERVICES[1..], &[engine]).unwrap_err();
    assert!(
        unowned.to_string().contains("no service applies"),
        "{unowned}"
    );
}
