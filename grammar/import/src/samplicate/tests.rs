//! Compares what samplicate would do with what the imported statements do.

use std::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::{Remark, said, tree};
use language::Tree;

fn line(text: &str) -> Imported {
    import(&Arguments::parse(text), &[])
}

#[test]
fn the_seeds_command_line_is_two_spoofed_receivers() {
    let imported =
        line("$ sudo samplicate -s 192.168.3.2 -S -p 2055 -d 192.168.4.1/2055 192.168.5.1/2055");
    assert_eq!(
        imported.text,
        "set flow samplicator samplicate listen-address 192.168.3.2
set flow samplicator samplicate port 2055
set flow samplicator samplicate receiver 192.168.4.1 address 192.168.4.1
set flow samplicator samplicate receiver 192.168.4.1 port 2055
set flow samplicator samplicate receiver 192.168.4.1 spoof-source
set flow samplicator samplicate receiver 192.168.5.1 address 192.168.5.1
set flow samplicator samplicate receiver 192.168.5.1 port 2055
set flow samplicator samplicate receiver 192.168.5.1 spoof-source
"
    );
    assert_eq!(
        said(&imported),
        [
            "Arguments:1 \"-d\": not translated: `show samplicator` and `show log` tell what it does",
            "Arguments:1 \"192.168.4.1/2055\": samplicate takes it for the level of -d; here it is a receiver",
        ]
    );
    tree(&imported);
}

#[test]
fn every_option_is_a_statement_or_a_remark() {
    let imported = line(
        "samplicate -Sn -b131072 -x 50 -f -m /run/s.pid -u 9000 -t 500 -4 -q 192.0.2.1/2055/10,7 collector.example.net",
    );
    assert_eq!(
        imported.text,
        "set flow samplicator samplicate listen-address 0.0.0.0
set flow samplicator samplicate port 2000
set flow samplicator samplicate receive-buffer 131072
set flow samplicator samplicate receiver 192.0.2.1 address 192.0.2.1
set flow samplicator samplicate receiver 192.0.2.1 port 2055
set flow samplicator samplicate receiver 192.0.2.1 spoof-source
set flow samplicator samplicate receiver 192.0.2.1 sampling 10
set flow samplicator samplicate receiver 192.0.2.1 ttl 7
set flow samplicator samplicate receiver 192.0.2.1 no-checksum
set flow samplicator samplicate receiver 192.0.2.1 delay 50
set flow samplicator samplicate receiver collector.example.net address collector.example.net
set flow samplicator samplicate receiver collector.example.net port 2000
set flow samplicator samplicate receiver collector.example.net spoof-source
set flow samplicator samplicate receiver collector.example.net no-checksum
set flow samplicator samplicate receiver collector.example.net delay 50
"
    );
    let said = said(&imported);
    for piece in [
        "-f",
        "-m /run/s.pid",
        "-u 9000",
        "-t 500",
        "-q",
        "192.0.2.1/2055/10,7",
    ] {
        let start = format!("Arguments:1 \"{piece}\": ");
        assert!(
            said.iter().any(|remark| remark.starts_with(&start)),
            "{piece} in {said:?}"
        );
    }
    assert_eq!(said.len(), 6, "{said:?}");
    tree(&imported);
}

#[test]
fn wrong_values_are_told_and_cost_nothing_else() {
    for (text, why) in [
        (
            "-p netflow 192.0.2.1",
            "\"-p netflow\": not translated: it is not a port number; 2000 is used",
        ),
        (
            "-s here 192.0.2.1",
            "\"-s here\": not translated: an address is expected to receive on",
        ),
        (
            "-b much 192.0.2.1",
            "\"-b much\": not translated: a number of octets is expected",
        ),
        (
            "-b 1 192.0.2.1",
            "\"-b 1\": 4096 to 1073741824 octets are possible",
        ),
        (
            "-x -1 192.0.2.1",
            "\"-x -1\": not translated: a delay from 1 to 1000000 microseconds is expected",
        ),
        (
            "192.0.2.1 192.0.2.1",
            "\"192.0.2.1\": not translated: it is there twice; each datagram is sent once",
        ),
        (
            "192.0.2.1 192.0.2.2/snmp",
            "\"192.0.2.2/snmp\": not translated: \"snmp\" is not a port number",
        ),
        (
            "192.0.2.1 192.0.2.2/7000-7010",
            "\"192.0.2.2/7000-7010\": not translated: \"7000-7010\" is not a port number",
        ),
        (
            "192.0.2.1 192.0.2.2/1/0",
            "\"192.0.2.2/1/0\": not translated: \"0\" is no frequency from 1 to 1000000",
        ),
        (
            "192.0.2.1 192.0.2.2/1/1,0",
            "\"192.0.2.2/1/1,0\": not translated: the TTL is not from 1 to 255",
        ),
        (
            "192.0.2.1 192.0.2.2:9",
            "\"192.0.2.2:9\": not translated: \"192.0.2.2:9\" is neither an address nor a host name; an address such as 192.0.2.1 or 2001:db8::1, or a host name is expected",
        ),
        (
            "192.0.2.1 -p",
            "\"-p\": not translated: its value is missing",
        ),
        (
            "-s 192.0.2.2 192.0.2.1 192.0.2.2",
            "\"192.0.2.2\": not translated: it is the samplicator itself; datagrams would go round",
        ),
        (
            "-S -s 192.0.2.2 192.0.2.1 [2001:db8::1]",
            "\"2001:db8::1\": not translated: -S: a datagram of one family cannot have a source of the other",
        ),
        (
            "192.0.2.1 [::1]:9",
            "\"[::1]:9\": samplicate does not read \":9\" behind the bracket, a port comes after a slash; port 2000 is used",
        ),
    ] {
        let imported = line(text);
        let said: Vec<String> = imported.remarks.iter().map(Remark::message).collect();
        assert_eq!(said, [why], "{text}");
        assert!(
            imported.text.contains("receiver 192.0.2.1 address"),
            "{text}\n{}",
            imported.text
        );
        tree(&imported);
    }
    assert_eq!(line("").text, "");
    assert_eq!(
        said(&line("-f")).last().map(String::as_str),
        Some("Whole:0 \"samplicate\": not translated: there is no receiver to send to")
    );
}

#[test]
fn options_before_a_file_are_those_of_its_receivers() {
    let arguments = Arguments::parse("-c 'one file' -S -c two 192.0.2.9");
    let paths: Vec<&str> = arguments
        .files
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(paths, ["one file", "two"]);
    let imported = import(&arguments, &["10.0.0.1: 192.0.2.1", "10.0.0.2: 192.0.2.2"]);
    let tree = tree(&imported);
    let spoofs = |name: &str| {
        tree.has(&[
            "flow",
            "samplicator",
            NAME,
            "receiver",
            name,
            "spoof-source",
        ])
    };
    assert!(!spoofs("192.0.2.1") && spoofs("192.0.2.2") && spoofs("192.0.2.9"));
    assert_eq!(receivers(&tree, "10.0.0.1"), ["192.0.2.9", "192.0.2.1"]);
    assert_eq!(receivers(&tree, "10.0.0.2"), ["192.0.2.9", "192.0.2.2"]);
    assert_eq!(receivers(&tree, "10.0.0.3"), ["192.0.2.9"]);
}

#[test]
fn a_file_gets_the_longest_prefixes_and_a_report_by_line() {
    let imported = file(
        "# the core
10.0.0.0/255.0.0.0: 192.0.2.1/2055 192.0.2.2 # both
10.1.0.0/16: 192.0.2.3/9995/100

[2001:db8::]/32: [2001:db8::9]/2055
10.1.1.1/8: 192.0.2.1
10.0.0.0/255.0.255.0: 192.0.2.1
collector: 192.0.2.1
no colon here
10.2.0.0/33: 192.0.2.1
10.3.0.0/16:
",
    );
    let lost: Vec<(u32, bool)> = imported
        .remarks
        .iter()
        .map(|remark| (remark.line, remark.lost))
        .collect();
    assert_eq!(
        lost,
        [
            (3, false),
            (6, true),
            (7, true),
            (8, true),
            (9, true),
            (10, true),
            (11, true)
        ]
    );
    let tree = tree(&imported);
    assert_eq!(receivers(&tree, "10.9.9.9"), ["192.0.2.1", "192.0.2.2"]);
    assert_eq!(
        receivers(&tree, "10.1.9.9"),
        ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    );
    assert_eq!(receivers(&tree, "2001:db8::77"), ["2001:db8::9"]);
    assert_eq!(receivers(&tree, "192.0.2.77"), [""; 0]);
    assert!(tree.has(&["flow", "samplicator", NAME, "source", "0.0.0.0/0", "deny"]));
}

/// Returns the receivers of a source's datagrams by the tree: those of the longest prefix that contains it.
fn receivers(tree: &Tree, source: &str) -> Vec<String> {
    let source: IpAddr = source.parse().unwrap();
    let samplicator = ["flow", "samplicator", NAME];
    let path = [&samplicator[..], &["source"]].concat();
    let rules: Vec<(&str, &Tree)> = tree.children(&path).collect();
    if rules.is_empty() {
        let path = [&samplicator[..], &["receiver"]].concat();
        let all = tree.children(&path);
        return all.map(|(name, _)| name.to_owned()).collect();
    }
    let length = |prefix: &str| prefix.split_once('/').unwrap().1.parse::<u32>().unwrap();
    let longest = rules
        .iter()
        .filter(|(prefix, _)| {
            within(
                source,
                prefix.split_once('/').unwrap().0.parse().unwrap(),
                length(prefix),
            )
        })
        .max_by_key(|(prefix, _)| length(prefix));
    let (_, rule) = longest.expect("there is a rule for everything");
    rule.values(&["receiver"]).to_vec()
}

fn within(source: IpAddr, network: IpAddr, length: u32) -> bool {
    match (source, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            length == 0 || (u32::from(a) ^ u32::from(b)) >> (32 - length) == 0
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => {
            length == 0 || (u128::from(a) ^ u128::from(b)) >> (128 - length) == 0
        }
        _ => false,
    }
}

/// Generates a source with few different bits, so that sources overlap.
fn address() -> impl Strategy<Value = IpAddr> {
    (any::<bool>(), 0..=7u8, 0..=7u8).prop_map(|(v4, high, low)| match v4 {
        true => IpAddr::from([10, high, 0, low]),
        false => IpAddr::from([0x2001, 0xdb8, u16::from(high), 0, 0, 0, 0, u16::from(low)]),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_source_gets_what_samplicate_gives_it(
        lines in prop::collection::vec((address(), 0..=9usize, prop::collection::vec(1..=9u8, 1..4)), 0..12),
        sources in prop::collection::vec(address(), 8),
    ) {
        let mut text = String::new();
        let mut rules: Vec<(IpAddr, u32, Vec<u8>)> = Vec::new();
        for (address, pick, receivers) in lines {
            let length = match address.is_ipv4() {
                true => [0, 8, 12, 14, 15, 16, 24, 30, 31, 32][pick],
                false => [0, 16, 32, 44, 46, 47, 48, 126, 127, 128][pick],
            };
            // A prefix with bits behind its length matches nothing in samplicate, and becomes a remark here.
            let network: IpAddr = match address {
                IpAddr::V4(address) => std::net::Ipv4Addr::from(
                    u32::from(address) & u32::MAX.checked_shl(32 - length).unwrap_or(0),
                ).into(),
                IpAddr::V6(address) => std::net::Ipv6Addr::from(
                    u128::from(address) & u128::MAX.checked_shl(128 - length).unwrap_or(0),
                ).into(),
            };
            let shown = if network.is_ipv4() { network.to_string() } else { format!("[{network}]") };
            let list: Vec<String> = receivers.iter().map(|last| format!("192.0.2.{last}/2055")).collect();
            text.push_str(&format!("{shown}/{length}: {}\n", list.join(" ")));
            rules.push((network, length, receivers));
        }
        let imported = file(&text);
        if rules.is_empty() {
            prop_assert_eq!(&imported.text, "");
            return Ok(());
        }
        let tree = tree(&imported);
        for source in sources {
            let mut wanted: Vec<String> = rules
                .iter()
                .filter(|(network, length, _)| {
                    // A prefix of length 0 is every source of both families.
                    *length == 0 || within(source, *network, *length)
                })
                .flat_map(|(_, _, receivers)| receivers.iter().map(|last| format!("192.0.2.{last}")))
                .collect();
            wanted.sort();
            wanted.dedup();
            let mut got = receivers(&tree, &source.to_string());
            got.sort();
            prop_assert_eq!(got, wanted, "{}\n{}", source, text);
        }
    }
}
