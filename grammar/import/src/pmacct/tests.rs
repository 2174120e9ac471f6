//! pmacctd's configurations and what becomes of them.

use proptest::prelude::*;

use super::*;
use crate::{said, tree};

mod tee;

/// A configuration that names no other file.
fn file(text: &str) -> Imported {
    import(text, &[])
}

#[test]
fn what_nfprobe_does_is_what_flow_accounting_does() {
    let imported = file(
        "! a probe\ndaemonize: true\ninterface: eth1\nplugins: nfprobe\npcap_filter: ip and not port 22\n\
         sampling_rate: 10\nnfprobe_receiver: 192.0.2.9:2055\nnfprobe_version: 9\nnfprobe_engine: 7\n\
         nfprobe_timeouts: tcp=120:udp=30:maxlife=1800:expint=30\nnfprobe_maxflows: 65535\nnfprobe_source_ip: 192.0.2.1\n\
         aggregate: src_host, dst_host, src_port, dst_port, proto, tos\n",
    );
    assert_eq!(
        imported.text,
        "set interfaces ethernet eth1 promiscuous
set interfaces ethernet eth1 capture filter \"ip and not port 22\"
set system flow-accounting interface eth1
set system flow-accounting enable-egress
set system flow-accounting netflow version 9
set system flow-accounting netflow server 192.0.2.9 port 2055
set system flow-accounting netflow sampling-rate 10
set system flow-accounting netflow engine-id 7
set system flow-accounting netflow max-flows 65535
set system flow-accounting netflow source-address 192.0.2.1
set system flow-accounting netflow timeout expiry-interval 30
set system flow-accounting netflow timeout max-active-life 1800
set system flow-accounting netflow timeout tcp-generic 120
set system flow-accounting netflow timeout udp 30
"
    );
    assert_eq!(
        said(&imported),
        ["File(0):2 \"daemonize: true\": not translated: flowd is a service already"]
    );
    tree(&imported);
}

#[test]
fn primitives_are_fields_and_plugins_are_exporters_or_monitors() {
    let imported = file(
        "plugins: nfprobe[one], nfprobe[two], nfprobe[three], mysql[db]\npcap_interface: eth1\npromisc: false\n\
         nfprobe_version: 10\nnfprobe_receiver[one]: 192.0.2.1:2055\nnfprobe_receiver[two]: [2001:db8::1]:2055\n\
         nfprobe_receiver[three]: 192.0.2.3:9995\nnfprobe_hoplimit[three]: 8\n\
         aggregate: src_mac, vlan, src_host, src_as, tcpflags\nsql_host[db]: localhost\npcap_direction: in\n",
    );
    for line in [
        "set flow record pmacct match datalink mac source address input",
        "set flow record pmacct match ipv6 source address",
        "set flow record pmacct collect transport tcp flags",
        "set flow monitor pmacct exporter pmacct",
        "set flow monitor pmacct exporter pmacct-2",
        "set flow exporter pmacct-2 destination 2001:db8::1",
        "set flow monitor pmacct-three exporter pmacct-three",
        "set flow exporter pmacct-three ttl 8",
        "set interfaces ethernet eth1 flow monitor pmacct direction input",
        "set interfaces ethernet eth1 flow monitor pmacct-three direction input",
    ] {
        assert!(imported.text.contains(line), "{line}\n{}", imported.text);
    }
    assert_eq!(
        said(&imported),
        [
            "File(0):1 \"mysql[db]\": not translated: flows are exported, not written to databases, files or brokers",
            "File(0):10 \"sql_host[db]: localhost\": not translated: no nfprobe has that name",
            "File(0):9 \"src_as\": not translated: flowd speaks no BGP",
        ]
    );
    tree(&imported);
}

#[test]
fn every_line_is_a_statement_or_a_remark() {
    const BASE: &str = "plugins: nfprobe\npcap_interface: eth0\nnfprobe_receiver: 192.0.2.1:9\n";
    for (line, remark) in [
        ("nonsense", "no colon"),
        ("aggregate:", "no value"),
        ("no_such_key: 1", "not known"),
        ("nfprobe_version: 1", "5, 9 and 10"),
        ("nfprobe_timeouts: tcp=x:idle=3:udp", "File(0):4 \"tcp=x\""),
        ("nfprobe_timeouts: tcp=x:idle=3:udp", "no such timeout"),
        ("nfprobe_maxflows: 3", "16 to 16777216"),
        ("pcap_savefile: x.pcap", "flowd meter --read"),
        ("uacctd_group: 2", "netfilter"),
        ("promisc: maybe", "true or false"),
        ("aggregate: src_as", "no field is left"),
        ("nfprobe_dtls: true", "nothing like it"),
        ("bgp_daemon: true", "no BGP"),
    ] {
        let imported = file(&format!("{BASE}{line}\n"));
        let told = said(&imported).join("\n");
        assert!(
            told.contains(remark) && told.contains("File(0):4"),
            "{line}: {told}"
        );
        assert!(!tree(&imported).is_empty(), "{line}");
    }
    for (text, remark) in [
        ("", "no plugin nfprobe or tee"),
        ("plugins: memory\n", "show flow monitor"),
        ("plugins: nfprobe\n", "no interface is named"),
        ("plugins: nfprobe\ninterface: eth0\n", "127.0.0.1:2100"),
    ] {
        let told = said(&file(text)).join("\n");
        assert!(told.contains(remark), "{text}: {told}");
    }
}

proptest! {
    #[test]
    fn whatever_is_written_is_loaded_or_told(
        lines in prop::collection::vec(
            (
                prop_oneof![
                    prop::sample::select(vec![
                        "plugins", "pcap_interface", "pcap_filter", "promisc", "snaplen", "pmacctd_pipe_size", "pcap_direction",
                        "sampling_rate", "nfprobe_receiver", "nfprobe_version", "nfprobe_engine", "nfprobe_source_ip",
                        "nfprobe_maxflows", "nfprobe_hoplimit", "nfprobe_ipprec", "nfprobe_dont_cache", "nfprobe_tstamp_usec",
                        "nfprobe_timeouts", "aggregate", "pmacctd_force_frag_handling", "debug",
                    ]).prop_map(str::to_owned),
                    any::<String>(),
                ],
                prop::sample::select(vec!["", "[a]", "[b", "[]"]),
                prop_oneof![
                    prop::sample::select(vec![
                        "nfprobe", "nfprobe[a]", "nfprobe[a], nfprobe[b], print", "eth0", "true", "false", "in", "out", "5", "9", "10", "0",
                        "1:2", "70000", "192.0.2.1:2055", "[2001:db8::1]:9", "c.example:1", "192.0.2.1", "2001:db8::1",
                        "tcp=5:udp=0:maxlife=0", "src_host,dst_host", "src_mac, vlan,cos,in_iface,out_iface,tcpflags,src_net",
                        "src_host,dst_host,src_port,dst_port,proto,tos", "none", "tcp port 80",
                    ]).prop_map(str::to_owned),
                    any::<String>(),
                ],
            ),
            0..24,
        )
    ) {
        let mut text = String::from("plugins: nfprobe[a], nfprobe[b]\npcap_interface: eth0\n");
        for (key, plugin, value) in lines {
            text.push_str(&format!("{key}{plugin}: {value}\n"));
        }
        let imported = file(&text);
        prop_assert!(!imported.text.is_empty() || !imported.remarks.is_empty());
        tree(&imported);
    }
}
