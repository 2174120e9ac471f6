//! What is IOS's own.

use super::{fresh, merged, right};
use crate::{Dialect, Mode, Tree, load, render};

#[track_caller]
fn ios(text: &str) -> Tree {
    load(&Tree::default(), &[], text, Some(Dialect::Ios), Mode::Merge)
        .unwrap_or_else(|problems| panic!("{text}\n{problems:?}"))
}

#[track_caller]
fn same(ios_text: &str, set_text: &str) {
    assert_eq!(
        ios(ios_text),
        right(set_text),
        "{ios_text}\n{}",
        render(&ios(ios_text), Dialect::Set)
    );
}

#[test]
fn natural_words_stand_for_the_trees() {
    same("hostname r1", "set system host-name r1");
    same(
        "interface GigabitEthernet0/1
 description to the left: \"core\" ! not a comment
 ip address 192.0.2.1 255.255.255.0
 ip address 198.51.100.1/24
 ipv6 address 2001:db8::1/64
 mtu 9000
 shutdown",
        "set interfaces ethernet eth1 description \"to the left: \\\"core\\\" ! not a comment\"
set interfaces ethernet eth1 address 192.0.2.1/24
set interfaces ethernet eth1 address 198.51.100.1/24
set interfaces ethernet eth1 address 2001:db8::1/64
set interfaces ethernet eth1 mtu 9000
set interfaces ethernet eth1 disable",
    );
    same(
        "sampler S\n mode random 1 out-of 100",
        "set flow sampler S mode random\nset flow sampler S rate 100",
    );
    same(
        "sampler S\n mode det\n rate 10",
        "set flow sampler S mode deterministic\nset flow sampler S rate 10",
    );
    same(
        "logging host 192.0.2.1 transport tcp port 601\nlogging 192.0.2.2",
        "set system syslog host 192.0.2.1 protocol tcp\nset system syslog host 192.0.2.1 port 601\nset system syslog host 192.0.2.2",
    );
    same(
        "interface Loopback0\n ip address 192.0.2.7/32",
        "set interfaces loopback lo address 192.0.2.7/32",
    );
    same(
        "interface lo\n ip address 192.0.2.7/32",
        "set interfaces loopback lo address 192.0.2.7/32",
    );
    same(
        "system flow-accounting netflow version 9",
        "set system flow-accounting netflow version 9",
    );
    same(
        "flow-accounting interface Gi0/3",
        "set system flow-accounting interface eth3",
    );
    same(
        "flow monitor M
 record netflow ipv4 original-input
 cache timeout event transaction-end
 cache entries 1000
 cache type normal
 cache bidirectional
 statistics packet protocol
 statistics packet size
flow exporter E
 destination 192.0.2.1 vrf red
 export-protocol ipfix
 option interface-table timeout 60
 option sampler-table
 dscp 46
 ttl 3",
        "set flow monitor M record netflow ipv4 original-input
set flow monitor M cache timeout event transaction-end
set flow monitor M cache entries 1000
set flow monitor M cache type normal
set flow monitor M cache bidirectional
set flow monitor M statistics packet [ protocol size ]
set flow exporter E destination 192.0.2.1
set flow exporter E vrf red
set flow exporter E export-protocol ipfix
set flow exporter E option interface-table timeout 60
set flow exporter E option sampler-table
set flow exporter E dscp 46
set flow exporter E ttl 3",
    );
}

#[test]
fn names_of_interfaces_as_routers_have_them() {
    for name in [
        "GigabitEthernet0/1",
        "gigabitethernet0/1",
        "Gi0/1",
        "gi 0/1",
        "GigabitEthernet 0/1",
        "TenGigabitEthernet0/1",
        "Te0/1",
        "Fa0/1",
        "FastEthernet0/0/1",
        "Et0/1",
        "GigabitEthernet1",
        "eth1",
    ] {
        same(
            &format!("interface {name}\n shutdown"),
            "set interfaces ethernet eth1 disable",
        );
    }
    same(
        "interface Gi0/1.100\n shutdown",
        "set interfaces ethernet eth1.100 disable",
    );
    // Linux's own names stay, even where they look like a router's.
    same(
        "interface te0\n shutdown",
        "set interfaces ethernet te0 disable",
    );
    let base = right(
        "set interfaces ethernet enp3s0 alias GigabitEthernet0/1\nset interfaces ethernet wan0 alias Te1/0/7",
    );
    let tree = merged(
        &base,
        "interface Gi0/1\n shutdown\ninterface TenGigabitEthernet 1/0/7\n shutdown",
    );
    assert!(tree.has(&["interfaces", "ethernet", "enp3s0", "disable"]));
    assert!(tree.has(&["interfaces", "ethernet", "wan0", "disable"]));
    let tree = merged(
        &base,
        "flow exporter E\n source te 1/0/7\n destination 192.0.2.1",
    );
    assert_eq!(
        tree.value(&["flow", "exporter", "E", "source"]),
        Some("wan0")
    );
}

#[test]
fn monitors_are_attached_by_family_and_direction() {
    let at = "set interfaces ethernet eth0 flow monitor M";
    same(
        "interface eth0\n ip flow monitor M input",
        &format!("{at} family ip\n{at} direction input"),
    );
    same(
        "interface eth0\n ip flow monitor M sampler S input\n ip flow monitor M sampler S output\n ipv6 flow monitor M sampler S output\n ipv6 flow monitor M sampler S input",
        &format!("{at} family [ ip ipv6 ]\n{at} direction both\n{at} sampler S"),
    );
    same(
        "interface eth0\n datalink flow monitor M out",
        &format!("{at} family datalink\n{at} direction output"),
    );
    let lines = "interface eth0
 ip flow monitor M sampler S input
 ip flow monitor M sampler S output
 ipv6 flow monitor M sampler S input
 ipv6 flow monitor M sampler S output
interfaces ethernet eth0 flow monitor N family datalink
!
";
    assert_eq!(render(&ios(lines), Dialect::Ios), lines);
    // Both directions are two lines where a family is named. Without one (whatever the record speaks of) the two
    // lines would load as another tree, so the path stays.
    let lines = format!("{at} direction both\n{at} family ip");
    let natural = "interface eth0\n ip flow monitor M input\n ip flow monitor M output\n!\n";
    assert_eq!(render(&right(&lines), Dialect::Ios), natural);
    assert_eq!(ios(natural), right(&lines));
    let path = "interface eth0\ninterfaces ethernet eth0 flow monitor M direction both\n!\n";
    let tree = right(&format!("{at} direction both"));
    assert_eq!(render(&tree, Dialect::Ios), path);
    assert_eq!(ios(path), tree);
    let both = ios(
        "interface eth0\n ip flow monitor M input\n ip flow monitor M output\n ipv6 flow monitor M input\n ipv6 flow monitor M output",
    );
    let one = merged(
        &both,
        "interface eth0\n no ip flow monitor M input\n no ipv6 flow monitor M input",
    );
    assert_eq!(
        one.value(&[
            "interfaces",
            "ethernet",
            "eth0",
            "flow",
            "monitor",
            "M",
            "direction"
        ]),
        Some("output")
    );
    let one = merged(&one, "interface eth0\n no ipv6 flow monitor M output");
    assert_eq!(
        one.values(&[
            "interfaces",
            "ethernet",
            "eth0",
            "flow",
            "monitor",
            "M",
            "family"
        ]),
        ["ip"]
    );
    let none = merged(&one, "interface eth0\n no ip flow monitor M output");
    assert!(!none.has(&["interfaces", "ethernet", "eth0", "flow"]));
}

#[test]
fn the_loopback_interface_among_the_others_stays_there() {
    let tree = right(
        "set interfaces loopback lo address 192.0.2.7/32
set interfaces ethernet lo flow monitor M family ip
set interfaces ethernet lo flow monitor M direction both
set interfaces ethernet loopback0 mtu 1500
set interfaces ethernet eth0 mtu 1500",
    );
    let written = render(&tree, Dialect::Ios);
    assert_eq!(ios(&written), tree, "{written}");
}

#[test]
fn no_deletes() {
    let base = right(
        "set flow exporter E destination 192.0.2.1\nset flow exporter E ttl 4\nset flow record R match [ \"ipv4 protocol\" \"ipv4 tos\" ]
set interfaces ethernet eth0 address [ 192.0.2.1/24 198.51.100.1/24 2001:db8::1/64 ]\nset interfaces ethernet eth0 description x
set flow sampler S mode random\nset flow sampler S rate 10",
    );
    let tree = merged(
        &base,
        "flow exporter E\n no ttl\nflow record R\n no match ipv4 tos\ninterface eth0\n no ip address\n no description\n no shutdown\nno sampler S\nno hostname"
            .strip_suffix("\nno hostname")
            .unwrap(),
    );
    assert_eq!(
        tree,
        right(
            "set flow exporter E destination 192.0.2.1\nset flow record R match ipv4 protocol\nset interfaces ethernet eth0 address 2001:db8::1/64"
        )
    );
    assert_eq!(fresh("no hostname"), Ok(Tree::default()));
    let gone = merged(
        &tree,
        "no flow exporter E\nno flow record R\nno interface eth0",
    );
    assert_eq!(gone, Tree::default());
}

#[test]
fn a_line_is_of_its_submode_or_else_global() {
    same(
        "flow record R\nmatch ipv4 protocol\nhostname r1\nflow record R\n  collect counter packets\n!\n  ! a comment\n  collect counter bytes\nexit\nsampler S\nend\n",
        "set flow record R match ipv4 protocol\nset flow record R collect counter packets\nset flow record R collect counter bytes\nset system host-name r1\nset flow sampler S",
    );
    // In an interface, `flow monitor M` opens the monitor; it attaches nothing.
    same(
        "interface eth0\n mtu 1500\nflow monitor M\n record netflow-original",
        "set interfaces ethernet eth0 mtu 1500\nset flow monitor M record netflow-original",
    );
    // Unique beginnings will do.
    same("int gi 0/1\n shut", "set interfaces ethernet eth1 disable");
    same(
        "fl rec R\n ma ipv4 proto\n col count by lo",
        "set flow record R match ipv4 protocol\nset flow record R collect counter bytes long",
    );
}

#[test]
fn an_edit_level_is_a_submode_too() {
    let level = |at: &str, text: &str| {
        let at: Vec<String> = at.split_whitespace().map(str::to_owned).collect();
        load(&Tree::default(), &at, text, Some(Dialect::Ios), Mode::Merge)
            .map(|tree| render(&tree, Dialect::Set))
            .map_err(|problems| problems[0].to_string())
    };
    assert_eq!(
        level("flow exporter E", "ttl 4"),
        Ok("set flow exporter E ttl 4\n".into())
    );
    assert_eq!(
        level("flow exporter E", "hostname r1"),
        Ok("set system host-name r1\n".into())
    );
    assert_eq!(
        level("system flow-accounting", "interface eth0"),
        Ok("set system flow-accounting interface eth0\n".into())
    );
    assert_eq!(
        level("flow exporter E", "exit\nttl 4")
            .unwrap_err()
            .split(';')
            .next(),
        Some("2:1: unknown word \"ttl\"")
    );
}

#[test]
fn a_wrong_line_is_one_problem_with_what_is_below_it() {
    let text = "hostname r1\nflow exporterr E\n destination 192.0.2.1\n ttl 4\n!\nflow record R\n match nothing\n match ipv5\nend";
    let problems = fresh(text).unwrap_err();
    let places: Vec<_> = problems
        .iter()
        .map(|problem| (problem.line, problem.column))
        .collect();
    assert_eq!(places, [(2, 6), (7, 8), (8, 8)]);
}
