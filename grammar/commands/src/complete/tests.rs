//! Candidates for lines in every mode.

use super::*;
use crate::Submode;

struct Host;

impl Names for Host {
    fn names(&self, kind: NameKind, begun: &str) -> Vec<(String, String)> {
        let names: &[&str] = match kind {
            NameKind::Interface => &["eth0", "eth1", "lo"],
            NameKind::Monitor => &["M", "flow-accounting"],
            NameKind::Revision => &["0", "1"],
            NameKind::File => return vec![(format!("{begun}config.boot"), "File".into())],
            _ => &[],
        };
        names
            .iter()
            .map(|name| ((*name).to_owned(), format!("{kind:?}")))
            .collect()
    }
}

fn tree() -> Tree {
    let text = "set flow record R match ipv4 source address\nset flow record R description \"Sources\"\n\
                set flow exporter E1 destination 192.0.2.1\nset flow exporter E2 destination 192.0.2.2\n\
                set flow sampler S rate 10\nset flow monitor M record R\nset interfaces ethernet eth7 mtu 1500";
    language::load(
        &Tree::default(),
        &[],
        text,
        Some(language::Dialect::Set),
        language::Mode::Merge,
    )
    .unwrap()
}

fn at(line: &str, mode: Mode, level: &str) -> Completion {
    let level: Vec<String> = level.split_whitespace().map(str::to_owned).collect();
    let tree = tree();
    complete(
        line,
        line.len(),
        &Context {
            mode,
            level: &level,
            opener: "",
            tree: &tree,
            names: &Host,
        },
    )
}

fn words(line: &str, mode: Mode, level: &str) -> Vec<String> {
    let found = at(line, mode, level).candidates;
    found
        .into_iter()
        .filter(|candidate| candidate.literal)
        .map(|candidate| candidate.text)
        .collect()
}

const CONFIGURATION: Mode = Mode::Configuration(Submode::Global);

fn has(line: &str, mode: Mode, level: &str, expected: &[&str]) {
    let found = words(line, mode, level);
    for word in expected {
        assert!(
            found.iter().any(|found| found == word),
            "{line}: {word} not in {found:?}"
        );
    }
}

fn is(line: &str, mode: Mode, level: &str, expected: &[&str]) {
    assert_eq!(words(line, mode, level), expected, "{line}");
}

#[test]
fn operational_commands() {
    has(
        "",
        Mode::Operational,
        "",
        &["show", "configure", "clear", "exit"],
    );
    is("sh", Mode::Operational, "", &["show"]);
    is("show flow m", Mode::Operational, "", &["monitor"]);
    is(
        "sh fl mon ",
        Mode::Operational,
        "",
        &["M", "flow-accounting"],
    );
    has(
        "show flow monitor M ",
        Mode::Operational,
        "",
        &["cache", "statistics"],
    );
    is("show flow exporter E", Mode::Operational, "", &["E1", "E2"]);
    is(
        "show flow-accounting interface eth1 ",
        Mode::Operational,
        "",
        &["count", "host", "port", "top", "unscaled"],
    );
    is(
        "show flow monitor M cache sort highest cou",
        Mode::Operational,
        "",
        &["counter"],
    );
    has(
        "show flow monitor M cache sort highest counter bytes ",
        Mode::Operational,
        "",
        &["long", "top", "format"],
    );
    let cache = |tail: &str, expected: &[&str]| {
        has(
            &format!("show flow monitor M cache {tail}"),
            Mode::Operational,
            "",
            expected,
        );
    };
    cache("", &["aggregate", "filter", "format", "sort"]);
    cache("filter ", &["ipv4", "ipv6", "transport", "interface"]);
    cache("filter ipv4 source ", &["address"]);
    cache("filter ipv4 source address ", &["regexp"]);
    cache("filter ipv4 protocol ", &["tcp", "udp", "regexp"]);
    cache("filter interface input e", &["eth1"]);
    cache(
        "filter ipv4 protocol tcp ",
        &["ipv4", "aggregate", "format", "sort"],
    );
    cache("filter ipv4 protocol regexp x agg", &["aggregate"]);
    cache("filter counter bytes ", &["long", "regexp"]);
    cache(
        "aggregate ipv4 protocol ",
        &["ipv4", "collect", "filter", "sort"],
    );
    cache("aggregate ipv4 protocol ipv4 d", &["destination", "dscp"]);
    cache("aggregate ipv4 protocol collect ", &["transport"]);
    cache(
        "aggregate ipv4 protocol sort highest counter ",
        &["flows", "bytes"],
    );
    cache("sort highest counter bytes top ", &["format", "filter"]);
    is(
        "show system commit diff ",
        Mode::Operational,
        "",
        &["0", "1"],
    );
    assert!(words("shwo ", Mode::Operational, "").is_empty());
}

#[test]
fn a_command_that_may_end_says_so() {
    assert!(at("show version ", Mode::Operational, "").end);
    assert!(!at("show ", Mode::Operational, "").end);
    assert!(at("show flow-accounting top 5 ", Mode::Operational, "").end);
    assert!(!at("show flow-accounting top ", Mode::Operational, "").end);
}

#[test]
fn pipes() {
    has(
        "show version | ",
        Mode::Operational,
        "",
        &["match", "except", "json", "save"],
    );
    is(
        "show version | no",
        Mode::Operational,
        "",
        &["no-more", "no-match"],
    );
    is(
        "show configuration system | co",
        Mode::Operational,
        "",
        &["count", "commands", "compare"],
    );
    is(
        "show configuration | display ",
        Mode::Operational,
        "",
        &["commands", "curly", "ios", "json", "set"],
    );
    is("show | compare rollback ", CONFIGURATION, "", &["0", "1"]);
    is(
        "show version | save /tmp/",
        Mode::Operational,
        "",
        &["/tmp/config.boot"],
    );
    assert!(at("show version | match x ", Mode::Operational, "").end);
}

#[test]
fn set_paths_with_values_and_names() {
    has("set ", CONFIGURATION, "", &["system", "interfaces", "flow"]);
    is("set sys flow-acc netf serv", CONFIGURATION, "", &["server"]);
    has(
        "set flow monitor M exporter ",
        CONFIGURATION,
        "",
        &["E1", "E2"],
    );
    is("exporter E", CONFIGURATION, "", &[]);
    is(
        "set exporter E",
        CONFIGURATION,
        "flow monitor M",
        &["E1", "E2"],
    );
    has(
        "set system flow-accounting interface ",
        CONFIGURATION,
        "",
        &["eth0", "eth1"],
    );
    has(
        "set flow record R match ipv4 ",
        CONFIGURATION,
        "",
        &["source", "ttl"],
    );
    is(
        "set flow record R match ipv4 source ",
        CONFIGURATION,
        "",
        &["address", "prefix", "mask"],
    );
    is(
        "set flow record R match transport tcp flags syn a",
        CONFIGURATION,
        "",
        &["ack"],
    );
    is(
        "set flow monitor M record netflow ipv6 source",
        CONFIGURATION,
        "",
        &["source-prefix"],
    );
    let found = at(
        "set flow monitor M cache timeout active ",
        CONFIGURATION,
        "",
    );
    assert!(!found.end);
    let placeholder = &found.candidates[0];
    assert!(
        !placeholder.literal && placeholder.text.contains("604800"),
        "{placeholder:?}"
    );
    assert!(
        placeholder.help.contains("default 1800 seconds"),
        "{placeholder:?}"
    );
    has(
        "set system flow-accounting netflow version ",
        CONFIGURATION,
        "",
        &["5", "9", "10"],
    );
}

#[test]
fn marks_tell_containers_and_required_leaves() {
    let found = at("set flow exporter X ", CONFIGURATION, "").candidates;
    let of = |word: &str| {
        found
            .iter()
            .find(|candidate| candidate.text == word)
            .unwrap_or_else(|| panic!("{word}"))
    };
    assert!(of("destination").mandatory && of("destination").mark.is_empty());
    assert!(!of("dscp").mandatory);
    assert_eq!(of("template").mark, ">");
    assert_eq!(of("option").mark, "+>");
}

#[test]
fn what_is_deleted_or_shown_is_there() {
    is(
        "delete flow ",
        CONFIGURATION,
        "",
        &["exporter", "monitor", "record", "sampler"],
    );
    is("delete flow exporter ", CONFIGURATION, "", &["E1", "E2"]);
    is(
        "delete flow record R ",
        CONFIGURATION,
        "",
        &["description", "match"],
    );
    is("show exporter ", CONFIGURATION, "flow", &["E1", "E2"]);
    is("delete interfaces ethernet ", CONFIGURATION, "", &["eth7"]);
    // A value of several words goes on word by word.
    for (begun, next) in [
        ("", "ipv4"),
        ("i", "ipv4"),
        ("ipv4 ", "source"),
        ("ipv4 so a", "address"),
    ] {
        for verb in ["delete", "show"] {
            let line = format!("{verb} match {begun}");
            is(&line, CONFIGURATION, "flow record R", &[next]);
        }
    }
    is(
        "show match ipv4 protocol ",
        CONFIGURATION,
        "flow record R",
        &[],
    );
    assert!(
        at(
            "delete match ipv4 source address ",
            CONFIGURATION,
            "flow record R"
        )
        .end
    );
    is("copy flow record R t", CONFIGURATION, "", &["to"]);
    is(
        "rename flow sampler S to flow sample",
        CONFIGURATION,
        "",
        &["sampler"],
    );
}

#[test]
fn configuration_commands_and_statements() {
    has(
        "",
        CONFIGURATION,
        "",
        &["set", "commit", "flow", "interface", "no"],
    );
    is("run show flow l", CONFIGURATION, "", &["loss"]);
    // `run` may be left out where nothing else begins so.
    is("pin", CONFIGURATION, "", &["ping"]);
    has("clear ", CONFIGURATION, "", &["flow", "counters"]);
    is("show vers", CONFIGURATION, "", &["version"]);
    is("show ip int", CONFIGURATION, "", &["interface"]);
    is("rollback ", CONFIGURATION, "", &["0", "1"]);
    is("load merge ./", CONFIGURATION, "", &["./config.boot"]);
    is("sampl", CONFIGURATION, "", &["sampler"]);
    is("system flow-acc", CONFIGURATION, "", &["flow-accounting"]);
}

#[test]
fn ios_submodes() {
    let monitor = Mode::Configuration(Submode::Monitor);
    has(
        "",
        monitor,
        "",
        &["cache", "exporter", "record", "exit", "set"],
    );
    is("cache timeout a", monitor, "", &["active"]);
    is("exporter ", monitor, "", &["E1", "E2"]);
    is("no exporter ", monitor, "", &["E1", "E2"]);
    is("flow rec", monitor, "", &["record"]);
    let interface = Mode::Configuration(Submode::Interface);
    is(
        "ip flow monitor M ",
        interface,
        "",
        &["input", "output", "sampler"],
    );
    is("ip flow monitor M sampler ", interface, "", &["S"]);
    has(
        "match ipv4 ",
        Mode::Configuration(Submode::Record),
        "",
        &["source", "destination"],
    );
}

#[test]
fn the_cursor_is_what_counts_and_never_breaks_a_character() {
    let tree = tree();
    let context = Context {
        mode: Mode::Operational,
        level: &[],
        opener: "",
        tree: &tree,
        names: &Host,
    };
    assert_eq!(complete("show ver flow", 8, &context).start, 5);
    for line in ["shöw ", "\"ö", "show | \u{1f980}"] {
        for cursor in 0..=line.len() + 1 {
            complete(line, cursor, &context);
        }
    }
}

#[test]
fn a_large_tree_completes_at_once() {
    use std::fmt::Write as _;
    let mut text = String::new();
    for i in 0..2000 {
        writeln!(text, "set flow exporter E{i} destination 192.0.2.1").unwrap();
    }
    let tree = language::load(
        &Tree::default(),
        &[],
        &text,
        Some(language::Dialect::Set),
        language::Mode::Merge,
    )
    .unwrap();
    let context = Context {
        mode: CONFIGURATION,
        level: &[],
        opener: "",
        tree: &tree,
        names: &(),
    };
    let line = "set flow monitor M exporter E19";
    let found = complete(line, line.len(), &context).candidates;
    assert_eq!(
        found.iter().filter(|candidate| candidate.literal).count(),
        111
    );
}

mod hostile {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_line_panics(line in ".{0,60}", which in 0..3usize) {
            let mode = [Mode::Operational, CONFIGURATION, Mode::Configuration(Submode::Interface)][which];
            let found = at(&line, mode, "");
            prop_assert!(found.start <= line.len());
        }

        #[test]
        fn every_word_that_is_offered_is_understood(picks in proptest::collection::vec(any::<prop::sample::Index>(), 1..7), set in any::<bool>()) {
            let (mut line, mode) = if set { ("set ".to_owned(), CONFIGURATION) } else { (String::new(), Mode::Operational) };
            for pick in picks {
                let offered = words(&line, mode, "");
                if offered.is_empty() {
                    break;
                }
                line.push_str(pick.get::<String>(&offered));
                line.push(' ');
                let next = at(&line, mode, "");
                prop_assert!(next.end || !next.candidates.is_empty(), "{line}");
            }
        }
    }
}

#[test]
fn a_rule_names_receivers_and_groups_of_its_own_samplicator() {
    let tree = language::load(
        &Tree::default(),
        &[],
        "set flow samplicator S receiver left address 192.0.2.1
set flow samplicator S balance group pool receivers left
set flow samplicator T receiver other address 192.0.2.2",
        None,
        language::Mode::Merge,
    )
    .unwrap();
    let context = Context {
        mode: CONFIGURATION,
        level: &[],
        opener: "",
        tree: &tree,
        names: &(),
    };
    let line = "set flow samplicator S source 10.0.0.0/8 receiver ";
    let found: Vec<String> = complete(line, line.len(), &context)
        .candidates
        .into_iter()
        .filter(|candidate| candidate.literal)
        .map(|candidate| candidate.text)
        .collect();
    assert_eq!(found, ["left", "pool"]);
}

#[test]
fn what_is_set_is_shown_beside_what_can_be() {
    let of = |line: &str, mode, word: &str| {
        let found = at(line, mode, "").candidates;
        let one = found.into_iter().find(|candidate| candidate.text == word);
        one.unwrap_or_else(|| panic!("{line}: no {word}")).current
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        of("set flow exporter E1 ", CONFIGURATION, "destination"),
        some("192.0.2.1")
    );
    assert_eq!(of("set flow exporter E1 ", CONFIGURATION, "dscp"), None);
    assert_eq!(
        of("set flow record R ", CONFIGURATION, "match"),
        some("ipv4 source address")
    );
    assert_eq!(
        at("set flow sampler S rate ", CONFIGURATION, "").current,
        some("10")
    );
    assert_eq!(
        at("set flow sampler T rate ", CONFIGURATION, "").current,
        None
    );
}

#[test]
fn an_ios_submode_knows_what_is_set_and_what_is_required() {
    let tree = tree();
    let at = |line: &str, submode, opener| {
        let context = Context {
            mode: Mode::Configuration(submode),
            level: &[],
            opener,
            tree: &tree,
            names: &Host,
        };
        complete(line, line.len(), &context)
    };
    let found = at("", Submode::Exporter, "flow exporter E2");
    let destination = &found.candidates[1];
    assert_eq!(destination.text, "destination");
    assert_eq!(destination.current.as_deref(), Some("192.0.2.2"));
    let found = at("", Submode::Monitor, "fl mon NEW");
    let record = found
        .candidates
        .iter()
        .find(|one| one.text == "record")
        .unwrap();
    assert!(record.mandatory && record.current.is_none());
    let found = at("mtu ", Submode::Interface, "int eth7");
    assert_eq!(found.current.as_deref(), Some("1500"));
    let found = at("exporter ", Submode::Monitor, "flow monitor M");
    let names: Vec<&str> = found
        .candidates
        .iter()
        .map(|one| one.text.as_str())
        .collect();
    assert!(names.contains(&"E1") && names.contains(&"E2"), "{names:?}");
}

#[test]
fn a_container_alone_is_nothing_to_set() {
    assert!(!at("set system ", CONFIGURATION, "").end);
    assert!(at("edit system ", CONFIGURATION, "").end);
    assert!(at("set flow sampler S ", CONFIGURATION, "").end);
    let help = |line: &str| {
        let found = at(line, Mode::Operational, "").candidates;
        found[0].help.clone()
    };
    assert_eq!(
        help("show flow monitor M cache filter ipv4 sou"),
        "Where it comes from"
    );
}
