//! softflowd's command lines and what becomes of them.

use proptest::prelude::*;

use super::*;
use crate::{said, tree};

mod file;

#[test]
fn the_manuals_examples_become_flow_accounting() {
    let imported = arguments("softflowd -v 5 -i fxp0 -n 10.1.0.2:4432 -m 65536 -t udp=1m30s");
    assert_eq!(
        imported.text,
        "set interfaces ethernet fxp0 promiscuous
set system flow-accounting interface fxp0
set system flow-accounting enable-egress
set system flow-accounting netflow version 5
set system flow-accounting netflow server 10.1.0.2 port 4432
set system flow-accounting netflow max-flows 65536
set system flow-accounting netflow timeout udp 90
"
    );
    assert_eq!(said(&imported), [""; 0]);
    tree(&imported);
    let two = arguments("softflowd -i fxp0 -l -n 10.1.0.2:4432,10.1.0.3:4432");
    assert!(
        two.text.contains("server 10.1.0.3 port 4432"),
        "{}",
        two.text
    );
    assert_eq!(
        said(&two),
        ["Arguments:1 \"-l\": not translated: each collector gets every record"]
    );
    tree(&two);
    let multicast = arguments("softflowd -v 9 -i fxp0 -n 224.0.1.20:4432 -L 64");
    assert!(
        multicast.text.contains("flow exporter softflowd ttl 64"),
        "{}",
        multicast.text
    );
    assert!(
        multicast.text.contains("cache timeout active 604800"),
        "{}",
        multicast.text
    );
    tree(&multicast);
}

#[test]
fn what_only_a_monitor_can_say_becomes_one() {
    let imported = arguments(
        "sudo /usr/sbin/softflowd -d -N -i 3:eth1 -n collector.example:2055,[2001:db8::9]:9995 -v 10 -b -T ether \
         -s 100 -C 128 -B 4000000 -t maxlife=5m -t general=30 -t tcp.rst=10 -t expint=0 -A micro -x 2 tcp port 80 or udp",
    );
    for line in [
        "set interfaces ethernet eth1 capture filter \"tcp port 80 or udp\"",
        "set interfaces ethernet eth1 capture snaplen 128",
        "set interfaces ethernet eth1 capture ring-size 4",
        "set flow record softflowd match datalink mac source address input",
        "set flow record softflowd collect timestamp absolute first microseconds",
        "set flow record softflowd collect mpls label 2 details",
        "set flow monitor softflowd cache bidirectional",
        "set flow monitor softflowd cache timeout active 300",
        "set flow monitor softflowd cache timeout inactive 30",
        "set flow exporter softflowd destination collector.example",
        "set flow exporter softflowd-2 destination 2001:db8::9",
        "set flow exporter softflowd-2 export-protocol ipfix",
        "set flow sampler softflowd rate 100",
        "set interfaces ethernet eth1 flow monitor softflowd sampler softflowd",
    ] {
        assert!(imported.text.contains(line), "{line}\n{}", imported.text);
    }
    assert!(!imported.text.contains("promiscuous"), "{}", imported.text);
    assert_eq!(
        said(&imported),
        [
            "Arguments:1 \"-d\": not translated: flowd is a service already",
            "Arguments:1 \"-i 3:eth1\": exported is the index that the host gives it",
            "Arguments:1 \"tcp.rst=10\": not translated: a monitor has one timeout for silence, 30 s here",
            "Arguments:1 \"expint=0\": not translated: flows end when their time is over, not at intervals",
        ]
    );
    tree(&imported);
}

#[test]
fn every_option_is_a_statement_or_a_remark() {
    for (line, remark) in [
        (
            "-i eth0 -v 1 -n 192.0.2.1:9",
            "version 1 has no sequence numbers",
        ),
        (
            "-i eth0 -v psamp -n 192.0.2.1:9",
            "packets are not exported singly",
        ),
        ("-i eth0 -P sctp -n 192.0.2.1:9", "exported by UDP"),
        (
            "-i eth0 -T ip -n 192.0.2.1:9",
            "version 5 has one record only",
        ),
        ("-i eth0 -b -v 9 -n 192.0.2.1:9", "only IPFIX"),
        ("-i eth0 -n 192.0.2.1", "HOST:PORT is expected"),
        ("-i eth0 -n 2001:db8::1:9", "brackets"),
        ("-i eth0 -n 192.0.2.1:netflow", "not the number of a port"),
        ("-i eth0 -t idle=3", "no timeout idle"),
        ("-i eth0 -t tcp=3y", "not a time"),
        ("-i eth0 -t maxlife=0", "longest life"),
        ("-i eth0 -q", "no such option"),
        ("-i eth0 -m", "its value is missing"),
        ("-i eth0", "metered only"),
        ("-r x.pcap", "flowd meter --read"),
        ("", "no interface is named"),
    ] {
        let imported = arguments(line);
        let told = said(&imported).join("\n");
        assert!(told.contains(remark), "{line}: {told}");
        tree(&imported);
    }
}

#[test]
fn times_are_read_as_softflowd_reads_them() {
    for (text, read) in [
        ("600", Some(600)),
        ("10m", Some(600)),
        ("1h30m", Some(5400)),
        ("1W2d", Some(777_600)),
        ("2m5", Some(125)),
        ("", None),
        ("m", None),
        ("-1", None),
        ("99999999999", None),
        ("9999w", None),
    ] {
        assert_eq!(seconds(text), read, "{text}");
    }
}

proptest! {
    #[test]
    fn whatever_is_typed_is_loaded_or_told(
        words in prop::collection::vec(
            prop_oneof![
                prop::sample::select(vec![
                    "softflowd", "-i", "eth0", "2:eth1", "-n", "192.0.2.1:2055", "c.example:9,[2001:db8::1]:1", "-v", "5", "9", "10",
                    "-t", "maxlife=60", "general=0", "udp=1h", "tcp.fin=9d", "-m", "1", "99999999", "-T", "ether", "vlan", "full",
                    "proto", "ip", "-b", "-N", "-d", "-s", "100", "-C", "-B", "-L", "64", "-x", "3", "-A", "nano", "milli", "-S", "--",
                    "tcp", "port", "80", "\"", "'",
                ]).prop_map(str::to_owned),
                "-[a-zA-Z0-9]{1,3}",
                any::<String>(),
            ],
            0..16,
        )
    ) {
        let imported = arguments(&words.join(" "));
        prop_assert!(!imported.text.is_empty() || !imported.remarks.is_empty());
        tree(&imported);
    }
}
