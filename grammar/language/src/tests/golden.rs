//! Both configurations of the seed, and others written afresh that cover the same ground.

use super::{DIALECTS, fresh, right};
use crate::{Dialect, Mode, check, detect, load, render};

const VYOS: &str = "system {
    config-management {
        commit-revisions 50
    }
    console {
        device ttyS1 {
            speed 38400
        }
    }
    flow-accounting {
        interface eth3
        netflow {
            sampling-rate 64
            server 198.51.100.7 {
                port 9996
            }
            timeout {
                expiry-interval 30
                flow-generic 1800
                icmp 60
                max-active-life 3600
                tcp-fin 20
                tcp-generic 900
                tcp-rst 10
                udp 45
            }
            version 9
        }
        syslog-facility local2
    }
}
";

const CISCO: &str = "flow record PER-HOST
 match ipv4 source address match ipv4 destination address
 match transport destination-port
 collect counter bytes long
 collect interface output

 flow exporter LEFT
 destination 198.51.100.1
 source GigabitEthernet0/2
 transport udp 9996
 template data timeout 90

flow exporter RIGHT
destination collector.example.net
source Gi0/2

flow monitor HOSTS
 record PER-HOST
 exporter LEFT
 exporter RIGHT
 cache timeout active 60
 cache timeout inactive 10

interface TenGigabitEthernet0/3
ip flow monitor HOSTS input
";

/// The two blocks of the seed, cut from it; `None` where it is not at hand.
fn seed() -> Option<(String, String)> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/seeds/001_d52fced26ba247e7.txt"
    );
    let Ok(text) = std::fs::read_to_string(path) else {
        super::note::note(
            "language: the seed's blocks",
            "../shared/seeds is absent; the project's own examples cover it",
        );
        return None;
    };
    let cut = |from: &str, to: &str| {
        let start = text.find(from).expect("the block begins");
        let end = text[start..].find(to).expect("the block ends") + start;
        text[start..end].to_owned()
    };
    Some((
        cut("flow record NETFLOW-RECORD", "Picture 1: Network"),
        cut("system {", "Let\u{2019}s start"),
    ))
}

/// It passes the checks, and every dialect writes it so that it loads to the same tree.
#[track_caller]
fn survives(text: &str, dialect: Dialect) {
    assert_eq!(detect(text), dialect);
    let tree = right(text);
    assert_eq!(check(&tree), []);
    for dialect in DIALECTS {
        let written = render(&tree, dialect);
        assert_eq!(
            fresh(&written).as_ref(),
            Ok(&tree),
            "{dialect:?}\n{written}"
        );
        let read = load(
            &Default::default(),
            &[],
            &written,
            Some(dialect),
            Mode::Merge,
        );
        assert_eq!(read.as_ref(), Ok(&tree), "{dialect:?}\n{written}");
    }
}

#[test]
fn the_seeds_blocks_load_as_they_stand() {
    let Some((cisco, vyos)) = seed() else { return };
    survives(&cisco, Dialect::Ios);
    survives(&vyos, Dialect::Curly);

    let tree = right(&cisco);
    let fields = tree.values(&["flow", "record", "NETFLOW-RECORD", "match"]);
    assert_eq!(
        fields,
        [
            "ipv4 source address",
            "ipv4 destination address",
            "ipv4 protocol",
            "transport source-port",
            "transport destination-port",
            "ipv4 tos",
            "interface input",
        ]
    );
    let monitor = ["flow", "monitor", "NETFLOW-MONITOR"];
    let at = |leaf: &str| tree.values(&[&monitor[..], &[leaf]].concat()).to_vec();
    assert_eq!(at("exporter"), ["NETFLOW-EXPORTER1", "NETFLOW-EXPORTER2"]);
    assert_eq!(
        tree.value(&["flow", "exporter", "NETFLOW-EXPORTER2", "source"]),
        Some("eth0")
    );
    let attached = [
        "interfaces",
        "ethernet",
        "eth1",
        "flow",
        "monitor",
        "NETFLOW-MONITOR",
    ];
    assert_eq!(
        tree.value(&[&attached[..], &["direction"]].concat()),
        Some("input")
    );
    assert_eq!(tree.values(&[&attached[..], &["family"]].concat()), ["ip"]);

    // Braces are written as VyOS does, so its own text comes back.
    let tree = right(&vyos);
    assert_eq!(
        tree.value(&["system", "flow-accounting", "netflow", "timeout", "tcp-rst"]),
        Some("120")
    );
    assert_eq!(
        tree.value(&["system", "console", "device", "ttyS0", "speed"]),
        Some("9600")
    );
}

#[test]
fn configurations_of_the_same_shape_load() {
    survives(VYOS, Dialect::Curly);
    survives(CISCO, Dialect::Ios);
    let tree = right(CISCO);
    assert_eq!(
        tree.value(&["flow", "exporter", "LEFT", "source"]),
        Some("eth2")
    );
    assert!(tree.has(&["interfaces", "ethernet", "eth3", "flow", "monitor", "HOSTS"]));
}

#[test]
fn each_dialect_writes_what_its_readers_know() {
    let tree = right(CISCO);
    assert_eq!(
        render(&tree, Dialect::Ios),
        "flow record PER-HOST
 match ipv4 source address
 match ipv4 destination address
 match transport destination-port
 collect counter bytes long
 collect interface output
!
flow exporter LEFT
 destination 198.51.100.1
 source eth2
 transport udp 9996
 template data timeout 90
!
flow exporter RIGHT
 destination collector.example.net
 source eth2
!
flow monitor HOSTS
 record PER-HOST
 exporter LEFT
 exporter RIGHT
 cache timeout active 60
 cache timeout inactive 10
!
interface eth3
 ip flow monitor HOSTS input
!
"
    );
    let tree = right(
        "set system host-name r1\nset flow exporter E destination 192.0.2.1\nset flow record R\nset interfaces ethernet eth10 disable\nset interfaces ethernet eth2 description 'x'\nset flow exporter E option interface-table\nset flow exporter E transport udp 2055\nset interfaces ethernet eth2 address 192.0.2.2/24\nset interfaces ethernet eth2 address 2001:DB8::1/64",
    );
    assert_eq!(
        render(&tree, Dialect::Curly),
        "system {
    host-name r1
}
interfaces {
    ethernet eth2 {
        description x
        address 192.0.2.2/24
        address 2001:db8::1/64
    }
    ethernet eth10 {
        disable
    }
}
flow {
    record R
    exporter E {
        destination 192.0.2.1
        transport {
            udp 2055
        }
        option interface-table
    }
}
"
    );
    assert_eq!(
        render(&tree, Dialect::Set),
        "set system host-name r1
set interfaces ethernet eth2 description x
set interfaces ethernet eth2 address 192.0.2.2/24
set interfaces ethernet eth2 address 2001:db8::1/64
set interfaces ethernet eth10 disable
set flow record R
set flow exporter E destination 192.0.2.1
set flow exporter E transport udp 2055
set flow exporter E option interface-table
"
    );
    assert_eq!(
        render(&tree, Dialect::Json),
        r#"{
  "system": {
    "host-name": "r1"
  },
  "interfaces": {
    "ethernet": {
      "eth2": {
        "description": "x",
        "address": [
          "192.0.2.2/24",
          "2001:db8::1/64"
        ]
      },
      "eth10": {
        "disable": true
      }
    }
  },
  "flow": {
    "record": {
      "R": {}
    },
    "exporter": {
      "E": {
        "destination": "192.0.2.1",
        "transport": {
          "udp": 2055
        },
        "option": {
          "interface-table": {}
        }
      }
    }
  }
}
"#
    );
}

#[test]
fn junos_braces_load_too() {
    let tree = right(
        "/* written by hand */
system { host-name r1; flow-accounting { interface [ eth0 eth1 ]; netflow { version 10; server 192.0.2.1; } } }
## a comment
flow {
    record R { match ipv4 source address; match ipv4 protocol; } # behind a brace
    monitor M
    {
        record \"netflow ipv4 original-input\"; /* over
        lines */ description \"a \\\"b\\\" \\\\ {c};\";
    }
}
// vyos-config-version: \"x\"
",
    );
    assert_eq!(
        tree.values(&["system", "flow-accounting", "interface"]),
        ["eth0", "eth1"]
    );
    assert!(tree.has(&[
        "system",
        "flow-accounting",
        "netflow",
        "server",
        "192.0.2.1"
    ]));
    assert_eq!(tree.values(&["flow", "record", "R", "match"]).len(), 2);
    assert_eq!(
        tree.value(&["flow", "monitor", "M", "record"]),
        Some("netflow ipv4 original-input")
    );
    assert_eq!(
        tree.value(&["flow", "monitor", "M", "description"]),
        Some("a \"b\" \\ {c};")
    );
}

#[test]
fn old_words_lead_to_the_new_ones() {
    for text in [
        "set flow-accounting netflow source-ip 192.0.2.1\nset flow-accounting netflow interface eth1",
        "flow-accounting {\n netflow {\n source-ip 192.0.2.1\n interface eth1\n }\n}",
        "flow-accounting netflow source-ip 192.0.2.1\nflow-accounting netflow interface eth1",
        r#"{"flow-accounting": {"netflow": {"source-ip": "192.0.2.1", "interface": ["eth1"]}}}"#,
    ] {
        let tree = right(text);
        let accounting = ["system", "flow-accounting"];
        assert_eq!(
            tree.values(&[&accounting[..], &["interface"]].concat()),
            ["eth1"],
            "{text}"
        );
        assert_eq!(
            tree.value(&[&accounting[..], &["netflow", "source-address"]].concat()),
            Some("192.0.2.1")
        );
        assert!(!tree.has(&["flow-accounting"]));
    }
}

#[test]
fn old_values_are_those_of_today() {
    let tree = right(
        "set system syslog local facility security level err\nset flow-accounting syslog-facility protocols",
    );
    assert!(tree.has(&["system", "syslog", "local", "facility", "auth"]));
    assert_eq!(
        tree.value(&["system", "flow-accounting", "syslog-facility"]),
        Some("local7")
    );
}

#[test]
fn a_samplicator_is_the_same_in_every_dialect() {
    let curly = "flow {
    samplicator FLOWS {
        listen-address 192.168.3.2
        listen-address ff05::9%eth0
        port 2055
        receiver left {
            address 192.168.4.1
            description \"the { first; one\"
            port 2055
            spoof-source
        }
        receiver right {
            address collector.example.net
            source-port preserve
        }
        source 10.0.0.0/8 {
            receiver pool
        }
        source ::/0 {
            deny
        }
        balance {
            group pool {
                receivers left
                receivers right
                by domain
            }
        }
    }
}
";
    survives(curly, Dialect::Curly);
    let ios = "flow samplicator FLOWS
 listen-address 192.168.3.2
 listen-address ff05::9%eth0
 port 2055
 receiver left description the { first; one
 receiver left address 192.168.4.1
 receiver left port 2055
 receiver left spoof-source
 receiver right address collector.example.net
 receiver right source-port preserve
 source 10.0.0.0/8 receiver pool
 source ::/0 deny
 balance group pool receivers left
 balance group pool receivers right
 balance group pool by domain
!
";
    survives(ios, Dialect::Ios);
    assert_eq!(right(curly), right(ios));
    assert_eq!(render(&right(curly), Dialect::Ios), ios);
    let without = load(
        &right(ios),
        &[],
        "flow samplicator FLOWS\n no receiver right\n no source ::/0\n no balance group pool receivers right",
        Some(Dialect::Ios),
        Mode::Merge,
    )
    .unwrap();
    assert_eq!(
        without.values(&[
            "flow",
            "samplicator",
            "FLOWS",
            "balance",
            "group",
            "pool",
            "receivers"
        ]),
        ["left"]
    );
    assert!(!without.has(&["flow", "samplicator", "FLOWS", "source", "::/0"]));
}

#[test]
fn prefixes_and_listening_addresses_have_one_form() {
    for (typed, kept) in [
        ("source 192.0.2.7", "192.0.2.7/32"),
        ("source 2001:DB8::/032", "2001:db8::/32"),
        ("source 0.0.0.0/0", "0.0.0.0/0"),
    ] {
        let tree = right(&format!("set flow samplicator S {typed} deny"));
        assert!(
            tree.has(&["flow", "samplicator", "S", "source", kept]),
            "{typed}"
        );
    }
    for (typed, why) in [
        (
            "source 10.0.0.1/8",
            "1:31: \"10.0.0.1/8\" has bits set beyond its prefix length; did you mean 10.0.0.0/8?",
        ),
        (
            "source 10.0.0.0/33",
            "1:31: \"10.0.0.0/33\" has a wrong prefix length; a length from 0 to 32 is expected",
        ),
        (
            "source all",
            "1:31: \"all\" is not a prefix; a prefix such as 192.0.2.0/24 or 2001:db8::/32 is expected",
        ),
        (
            "listen-address 10.0.0.1%eth0",
            "1:39: 10.0.0.1 has no interface; an interface belongs to a multicast group or a link-local address",
        ),
        (
            "receiver A source-port 0",
            "1:47: \"0\" is out of range; preserve, or a port from 1 to 65535 is expected",
        ),
    ] {
        let problems = fresh(&format!("set flow samplicator S {typed}")).unwrap_err();
        assert_eq!(problems[0].to_string(), why, "{typed}");
    }
}
