//! Tests of the findings: each wrong thing has one.

use crate::{Dialect, Mode, Tree, check, check_from, load};

/// A configuration that is right.
const RIGHT: &str = "set system host-name r1
set flow record R match ipv4 source address
set flow record R collect counter bytes
set flow exporter E destination 192.0.2.1
set flow sampler S rate 100
set flow monitor M record R
set flow monitor M exporter E
set interfaces ethernet eth0 flow monitor M sampler S
set interfaces ethernet eth0 flow monitor M family ip
set system flow-accounting interface eth0
set system flow-accounting netflow server 192.0.2.1";

fn findings(text: &str) -> Vec<String> {
    let tree = load(
        &Tree::default(),
        &[],
        RIGHT,
        Some(Dialect::Set),
        Mode::Merge,
    )
    .unwrap();
    let right = tree.clone();
    let tree = load(&tree, &[], text, Some(Dialect::Set), Mode::Merge).unwrap();
    let findings = check(&tree);
    assert_eq!(check_from(&right, &tree), findings, "{text}");
    findings.iter().map(ToString::to_string).collect()
}

#[test]
fn what_depends_on_a_change_is_looked_at_again() {
    let right = "set flow record R match ipv4 source address
set flow record R6 match ipv6 source address
set flow exporter E destination 192.0.2.1
set flow monitor M record R
set flow monitor M exporter E
set flow monitor N record R6
set interfaces ethernet eth0 flow monitor M family ip
set interfaces ethernet eth0 alias Gi0/0
set interfaces ethernet eth1 flow monitor N
set flow samplicator S receiver A address 192.0.2.1
set flow samplicator S source 10.0.0.0/8 receiver A
set flow samplicator T port 2001
set flow samplicator T receiver A address 192.0.2.2
set flow samplicator T source 10.0.0.0/8 receiver A";
    let right = load(
        &Tree::default(),
        &[],
        right,
        Some(Dialect::Set),
        Mode::Merge,
    )
    .unwrap();
    assert_eq!(check(&right), []);
    for (text, wrong) in [
        ("delete flow exporter E", 1),
        ("delete flow record R6", 1),
        ("delete flow record", 2),
        ("delete flow monitor N", 1),
        ("delete flow samplicator S receiver A", 2),
        (
            "set flow samplicator T port 2000\ndelete flow samplicator T port 2001",
            1,
        ),
        ("set interfaces ethernet eth1 alias GigabitEthernet0/0", 1),
        // Neither the attachment nor its monitor has changed, or the record.
        ("set flow monitor M record R6", 1),
        (
            "set flow record R match ipv6 source address\ndelete flow record R match \"ipv4 source address\"",
            1,
        ),
        (
            "set flow exporter F destination 192.0.2.3\nset flow monitor N exporter F",
            0,
        ),
    ] {
        let tree = load(&right, &[], text, Some(Dialect::Set), Mode::Merge).unwrap();
        let findings = check_from(&right, &tree);
        assert_eq!(findings, check(&tree), "{text}");
        assert_eq!(findings.len(), wrong, "{text}: {findings:?}");
    }
}

#[test]
fn what_is_right_has_no_finding() {
    assert_eq!(findings(""), [""; 0]);
    assert_eq!(check(&Tree::default()), []);
    for right in [
        "set flow monitor N record netflow-original",
        "set flow monitor N record \"netflow ipv6 original-input\"\nset interfaces ethernet eth1 flow monitor N family ipv6",
        "set flow exporter E export-protocol netflow-v5\nset flow exporter E dscp 46",
        "set system flow-accounting disable-imt",
        "set system flow-accounting netflow engine-id 7",
        "set system flow-accounting netflow engine-id 1:7\nset system flow-accounting netflow version 5",
        "set interfaces ethernet eth0 flow monitor M family datalink",
        "set flow exporter E source eth0",
        "delete flow monitor M exporter E",
    ] {
        assert_eq!(findings(right), [""; 0], "{right}");
    }
}

#[test]
fn each_wrong_thing_has_one_finding() {
    for (text, expected) in [
        (
            "set flow monitor M record X",
            "flow monitor M record X: flow record X does not exist; there are: R",
        ),
        (
            "set flow monitor M exporter F",
            "flow monitor M exporter F: flow exporter F does not exist; there are: E",
        ),
        (
            "set interfaces ethernet eth0 flow monitor N",
            "interfaces ethernet eth0 flow monitor N does not exist; there are: M",
        ),
        (
            "delete flow sampler S",
            "interfaces ethernet eth0 flow monitor M sampler S: flow sampler S does not exist; there is none",
        ),
        (
            "set flow record Q collect counter bytes",
            "flow record Q: match is missing",
        ),
        (
            "delete flow exporter E destination",
            "flow exporter E: destination is missing",
        ),
        (
            "set flow monitor N exporter E",
            "flow monitor N: record is missing",
        ),
        (
            "set flow sampler T mode random",
            "flow sampler T: rate is missing",
        ),
        (
            "set flow record netflow-original match ipv4 protocol",
            "flow record netflow-original is predefined; choose another name",
        ),
        (
            "set flow record R collect ipv4 source address",
            "flow record R collect ipv4 source address is matched already; delete it from collect",
        ),
        (
            "set flow exporter E option application-table timeout 60",
            "flow exporter E option application-table: there is no application recognition on this host; delete it",
        ),
        (
            "set flow exporter E source 2001:db8::1",
            "flow exporter E source 2001:db8::1 is not of the family of destination 192.0.2.1; an IPv4 address is expected",
        ),
        (
            "delete system flow-accounting interface",
            "system flow-accounting: interface is missing",
        ),
        (
            "delete system flow-accounting netflow\nset system flow-accounting disable-imt",
            "system flow-accounting disable-imt without netflow or sflow would account for nothing; set a server, or delete it",
        ),
        (
            "delete system flow-accounting netflow server\nset system flow-accounting netflow version 9",
            "system flow-accounting netflow: server is missing",
        ),
        (
            "set system flow-accounting sflow agent-address auto",
            "system flow-accounting sflow: server is missing",
        ),
        (
            "set system flow-accounting sflow server 192.0.2.1\nset system flow-accounting sflow server 2001:db8::1",
            "system flow-accounting sflow: servers are of both families; one is possible",
        ),
        (
            "set system flow-accounting sflow server 192.0.2.1\nset system flow-accounting sflow agent-address 2001:db8::1",
            "system flow-accounting sflow agent-address 2001:db8::1 is not of the servers' family; an IPv4 address is expected",
        ),
        (
            "set system flow-accounting netflow engine-id 1:7",
            "system flow-accounting netflow engine-id 1:7 is of version 5, not 9; a number is expected",
        ),
        (
            "set system flow-accounting netflow engine-id 700\nset system flow-accounting netflow version 5",
            "system flow-accounting netflow engine-id 700 does not fit version 5; TYPE:ID or a number from 0 to 255 is expected",
        ),
        (
            "set system flow-accounting netflow server 192.0.2.1 source-address 192.0.2.2\nset system flow-accounting netflow server 192.0.2.1 source-interface eth0",
            "system flow-accounting netflow server 192.0.2.1: source-address and source-interface exclude each other; delete one",
        ),
        (
            "set system flow-accounting netflow server 192.0.2.1 source-address 2001:db8::2",
            "system flow-accounting netflow server 192.0.2.1: source-address 2001:db8::2 is not of the family of server 192.0.2.1; an IPv4 address is expected",
        ),
        (
            "set interfaces ethernet eth1 alias Gi0/1\nset interfaces ethernet eth2 alias GigabitEthernet0/1",
            "interfaces ethernet eth2 alias GigabitEthernet0/1 is already that of eth1; give it another",
        ),
        (
            "set interfaces ethernet eth1 mirror ingress eth1",
            "interfaces ethernet eth1 mirror ingress: eth1 cannot be mirrored to itself; name another interface",
        ),
        (
            "delete interfaces ethernet eth0 flow monitor M family\nset interfaces ethernet eth0 flow monitor M family ipv6",
            "interfaces ethernet eth0 flow monitor M family ipv6 has no fields in record R of monitor M; leave the family out, or have the record match some",
        ),
    ] {
        assert_eq!(findings(text), [expected], "{text}");
    }
}

#[test]
fn a_samplicator_sends_to_somebody_else_and_says_to_whom() {
    let base = "set flow samplicator S receiver A address 192.0.2.1
set flow samplicator S receiver B address 2001:db8::1
set flow samplicator S source 10.0.0.0/8 receiver A
set flow samplicator S balance group G receivers A
set flow samplicator S source 10.1.0.0/16 receiver G
";
    assert_eq!(findings(base), [""; 0]);
    for (text, expected) in [
        (
            "delete flow samplicator S receiver A address",
            "flow samplicator S receiver A: address is missing",
        ),
        (
            "set flow samplicator S source 10.2.0.0/16 receiver C",
            "flow samplicator S source 10.2.0.0/16 receiver C: flow samplicator S receiver C does not exist; there are: A, B",
        ),
        (
            "set flow samplicator S balance group G receivers G",
            "flow samplicator S balance group G receivers G: flow samplicator S receiver G does not exist; there are: A, B",
        ),
        (
            "set flow samplicator S source 10.0.0.0/8 deny",
            "flow samplicator S source 10.0.0.0/8: deny and receiver exclude each other; delete one",
        ),
        (
            "set flow samplicator S source 10.2.0.0/16",
            "flow samplicator S source 10.2.0.0/16: a receiver, or deny, is missing",
        ),
        (
            "set flow samplicator S balance group H by domain",
            "flow samplicator S balance group H: receivers are missing",
        ),
        (
            "set flow samplicator S balance group B receivers A",
            "flow samplicator S balance group B is a receiver's name already",
        ),
        (
            "set flow samplicator S listen-address 192.0.2.1",
            "flow samplicator S receiver A address: 192.0.2.1 port 2000 is where the samplicator itself receives; datagrams would go round",
        ),
        (
            "set flow samplicator S listen-address 192.0.2.7\nset flow samplicator S receiver B spoof-source",
            "flow samplicator S receiver B spoof-source: exporters send to IPv4 only, and 2001:db8::1 cannot be sent to from such an address",
        ),
        (
            "set flow samplicator S receiver A source-address 2001:db8::7",
            "flow samplicator S receiver A source-address 2001:db8::7 is not of the family of 192.0.2.1; an IPv4 address is expected",
        ),
        (
            "set flow samplicator S receiver A source-address 192.0.2.7\nset flow samplicator S receiver A source-interface eth0",
            "flow samplicator S receiver A source-interface: source-address and source-interface exclude each other; delete one",
        ),
        (
            "set flow samplicator S receiver A source-interface eth0\nset flow samplicator S receiver A spoof-source",
            "flow samplicator S receiver A source-interface: spoof-source and source-interface exclude each other; delete one",
        ),
        (
            "set flow samplicator S receiver B spoof-source\nset flow samplicator S source 10.0.0.0/8 receiver B",
            "flow samplicator S source 10.0.0.0/8 receiver B spoofs the source, and 2001:db8::1 is not of the family of 10.0.0.0/8",
        ),
        (
            "set flow samplicator S receiver B no-checksum",
            "flow samplicator S receiver B no-checksum: 2001:db8::1 is IPv6, where UDP has a checksum",
        ),
        (
            "set flow samplicator T port 2001",
            "flow samplicator T: a receiver is missing",
        ),
        (
            "set flow samplicator T receiver A address 192.0.2.1\nset flow samplicator T listen-address 192.0.2.9",
            "flow samplicator T: 192.0.2.9 port 2000 is received by samplicator S already",
        ),
    ] {
        assert_eq!(findings(&format!("{base}{text}")), [expected], "{text}");
    }
    let apart = "set flow samplicator S listen-address 192.0.2.8
set flow samplicator T listen-address 192.0.2.9
set flow samplicator T receiver A address 192.0.2.8";
    assert_eq!(findings(&format!("{base}{apart}")), [""; 0]);
}
