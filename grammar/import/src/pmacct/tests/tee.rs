//! Replicators and what becomes of them.

use proptest::prelude::*;

use super::*;

/// A configuration, and the texts of the files that it names.
fn with(text: &str, texts: &[(&str, &str)]) -> Imported {
    let text_of = |path: &str| {
        let found = texts.iter().find(|(name, _)| *name == path);
        let text = found.map(|(_, text)| (*text).to_owned());
        text.ok_or_else(|| format!("cannot read {path}"))
    };
    let named = files(text).into_iter().map(|path| ReferencedFile {
        text: text_of(&path),
        path,
    });
    let imported = import(text, &named.collect::<Vec<_>>());
    assert_eq!(imported.kind, ImportKind::Samplicator);
    imported
}

/// A replicator on port 2055 with these receivers and further lines.
fn replicator(receivers: &str, more: &str) -> Imported {
    let text = format!("plugins: tee[a]\nnfacctd_port: 2055\ntee_receivers[a]: r.lst\n{more}");
    with(&text, &[("r.lst", receivers)])
}

/// The statements of the samplicator, without what they have in common.
fn lines(imported: &Imported) -> Vec<&str> {
    tree(imported);
    let own = imported.text.lines();
    own.map(|line| line.strip_prefix("set flow samplicator pmacct ").unwrap())
        .collect()
}

#[test]
fn pools_become_receivers_and_groups() {
    let imported = with(
        "! replicate what routers send\ndaemonize: true\nnfacctd_port: 2055\nnfacctd_ip: 0.0.0.0\nplugins: tee[a]\n\
         tee_receivers[a]: receivers.lst\ntee_transparent: true\n",
        &[(
            "receivers.lst",
            "! pools; a dangling comma is allowed\nid=1\tip=192.0.2.9:2055\n\
             id=2\tip=192.0.2.10:2055,192.0.2.11:2055,\tbalance-alg=hash-agent\nid=3\tip=[2001:db8::9]:2055\tsrc_port=2055\n\
             id=4\tip=192.0.2.12:2055\ttag=100\n",
        )],
    );
    assert_eq!(
        lines(&imported),
        [
            "port 2055",
            "receiver 192.0.2.9 address 192.0.2.9",
            "receiver 192.0.2.9 port 2055",
            "receiver 192.0.2.9 spoof-source",
            "receiver 192.0.2.10 address 192.0.2.10",
            "receiver 192.0.2.10 port 2055",
            "receiver 192.0.2.10 spoof-source",
            "receiver 192.0.2.11 address 192.0.2.11",
            "receiver 192.0.2.11 port 2055",
            "receiver 192.0.2.11 spoof-source",
            "receiver 2001:db8::9 address 2001:db8::9",
            "receiver 2001:db8::9 port 2055",
            "receiver 2001:db8::9 spoof-source",
            "receiver 2001:db8::9 source-port 2055",
            "receiver 192.0.2.12 address 192.0.2.12",
            "receiver 192.0.2.12 port 2055",
            "receiver 192.0.2.12 spoof-source",
            "receiver 192.0.2.12 disable",
            "balance group pool-2 receivers 192.0.2.10",
            "balance group pool-2 receivers 192.0.2.11",
            "balance group pool-2 by exporter",
        ]
    );
    assert_eq!(
        said(&imported),
        [
            "File(0):2 \"daemonize: true\": not translated: flowd is a service already",
            "File(1):5 \"tag=100\": no pre_tag_map gives that tag, so its receivers get nothing, as in pmacct: \
             delete their `disable` to send them everything",
        ]
    );
}

#[test]
fn tags_and_allowed_exporters_become_sources() {
    let text = "plugins: tee[a]\nnfacctd_port: 2100\ntee_receivers[a]: r.lst\npre_tag_map[a]: tags.map\nnfacctd_allow_file: allow.lst\n";
    let receivers = "id=1 ip=192.0.2.1:2100 tag=0\nid=2 ip=192.0.2.2:2100,192.0.2.3:2100 tag=100 balance-alg=rr\nid=3 ip=192.0.2.4:2100\n";
    let tags = "set_tag=100 ip=10.1.0.0/16\nset_tag=200 ip=10.2.0.1\n";
    let imported = with(
        text,
        &[
            ("r.lst", receivers),
            ("tags.map", tags),
            ("allow.lst", "10.0.0.0/8\n2001:db8::/32\n"),
        ],
    );
    let sources: Vec<&str> = lines(&imported)
        .into_iter()
        .filter(|line| line.starts_with("source"))
        .collect();
    assert_eq!(
        sources,
        [
            "source ::/0 deny",
            "source 2001:db8::/32 receiver 192.0.2.1",
            "source 2001:db8::/32 receiver 192.0.2.4",
            "source 0.0.0.0/0 deny",
            "source 10.0.0.0/8 receiver 192.0.2.1",
            "source 10.0.0.0/8 receiver 192.0.2.4",
            "source 10.1.0.0/16 receiver 192.0.2.4",
            "source 10.1.0.0/16 receiver pool-2",
            "source 10.2.0.1/32 receiver 192.0.2.4",
        ]
    );
    assert!(
        imported
            .text
            .contains("balance group pool-2 by round-robin")
    );
}

#[test]
fn several_plugins_share_the_samplicator() {
    let text = "nfacctd_ip: 192.0.2.100\nplugins: tee[a], tee[b], print[c]\ntee_receivers[a]: a.lst\ntee_receivers[b]: b.lst\n\
                tee_transparent[b]: true\ntee_ipprec[a]: 5\nprint_output[c]: csv\n";
    let imported = with(
        text,
        &[
            ("a.lst", "id=1 ip=192.0.2.1:2100,collector.example:2055\n"),
            (
                "b.lst",
                "id=1 ip=192.0.2.1:9995,192.0.2.100:2100,[2001:db8::1]:9\n",
            ),
        ],
    );
    assert_eq!(
        lines(&imported),
        [
            "listen-address 192.0.2.100",
            "port 2100",
            "receiver 192.0.2.1-2100 address 192.0.2.1",
            "receiver 192.0.2.1-2100 port 2100",
            "receiver 192.0.2.1-2100 dscp 40",
            "receiver collector.example address collector.example",
            "receiver collector.example port 2055",
            "receiver collector.example dscp 40",
            "receiver 192.0.2.1-9995 address 192.0.2.1",
            "receiver 192.0.2.1-9995 port 9995",
            "receiver 192.0.2.1-9995 spoof-source",
        ]
    );
    assert_eq!(
        said(&imported),
        [
            "File(0):2 \"print[c]\": not translated: flows are exported, not written to databases, files or brokers",
            "File(0):7 \"print_output[c]: csv\": not translated: no tee has that name",
            "File(2):1 \"ip=192.0.2.100:2100\": not translated: it is the samplicator itself; datagrams would go round",
            "File(2):1 \"ip=2001:db8::1:9\": not translated: tee_transparent: a datagram of one family cannot have a source of the other",
        ]
    );
}

#[test]
fn the_files_of_a_replicator_are_named() {
    assert_eq!(
        files(
            "plugins: tee[a]\ntee_receivers[a]: a\npre_tag_map: b\nsfacctd_allow_file: a\npidfile: c\n"
        ),
        ["a", "b"]
    );
    assert_eq!(files("plugins: nfprobe\npre_tag_map: b\n"), [""; 0]);
}

/// Configurations written from pmacct's documentation: receivers, further lines, a statement, a remark.
const DOCUMENTED: &[(&str, &str, &str, &str)] = &[
    (
        "id=1 ip=192.168.1.1:2100",
        "",
        "receiver 192.168.1.1 port 2100",
        "",
    ),
    (
        "id=2 ip=192.168.2.1:2100,192.168.2.2:2100",
        "",
        "receiver 192.168.2.2 address 192.168.2.2",
        "",
    ),
    ("id=3\tip=[::1]:2100", "", "receiver _::1 address ::1", ""),
    (
        "id=1 ip=collector.example.net:2055",
        "",
        "receiver collector.example.net address collector.example.net",
        "",
    ),
    (
        "id=1 ip=192.168.1.1:2100,192.168.1.2:2100 balance-alg=rr",
        "",
        "balance group pool-1 by round-robin",
        "domains take turns",
    ),
    (
        "id=1 ip=192.168.1.1:2100,192.168.1.2:2100 balance-alg=hash-agent",
        "",
        "balance group pool-1 by exporter",
        "",
    ),
    (
        "id=1 ip=192.168.1.1:2100,192.168.1.2:2100 balance-alg=hash-crc32",
        "",
        "balance group pool-1 by exporter",
        "",
    ),
    (
        "id=1 ip=192.168.1.1:2100,192.168.1.2:2100 balance-alg=hash-tag",
        "",
        "balance group pool-1 by exporter",
        "picked by the exporter's address",
    ),
    (
        "id=1 ip=192.168.1.1:2100,192.168.1.2:2100 balance-alg=least",
        "",
        "receiver 192.168.1.2 port 2100",
        "rr, hash-agent, hash-crc32 and hash-tag are possible",
    ),
    (
        "id=1 ip=192.168.1.1:2100 balance-alg=rr",
        "",
        "receiver 192.168.1.1 port 2100",
        "domains take turns",
    ),
    (
        "id=1 ip=192.168.1.1:2100 src_port=9995",
        "",
        "receiver 192.168.1.1 source-port 9995",
        "",
    ),
    (
        "id=1 ip=192.168.1.1:2100 src_port=0",
        "",
        "receiver 192.168.1.1 port 2100",
        "a port's number is expected",
    ),
    (
        "id=1 ip=192.168.1.1:2100",
        "tee_transparent: true",
        "receiver 192.168.1.1 spoof-source",
        "",
    ),
    (
        "id=1 ip=192.168.1.1:2100",
        "tee_transparent[a]: true",
        "receiver 192.168.1.1 spoof-source",
        "",
    ),
    (
        "id=1 ip=192.168.1.1:2100",
        "tee_source_ip: 192.0.2.1",
        "receiver 192.168.1.1 port 2100",
        "sent from the address of the route",
    ),
    (
        "id=1 ip=192.168.1.1:2100",
        "tee_ipprec: 6",
        "receiver 192.168.1.1 dscp 48",
        "",
    ),
    (
        "id=1 ip=192.168.1.1:2100",
        "nfacctd_pipe_size: 1024000",
        "receive-buffer 1024000",
        "",
    ),
    (
        "id=1 ip=192.168.1.1:2100",
        "nfacctd_ip: 192.0.2.1",
        "listen-address 192.0.2.1",
        "",
    ),
    (
        "id=1 ip=192.168.1.1:2100",
        "nfacctd_ipv6_only: true",
        "listen-address ::",
        "",
    ),
    (
        "id=1 ip=192.168.1.1:2100",
        "nfacctd_mcast_groups: 239.1.1.1,ff05::1",
        "listen-address ff05::1",
        "",
    ),
    (
        "id=1 ip=192.168.1.1:2100",
        "sfacctd_port: 6343",
        "port 6343",
        "",
    ),
    (
        "id=1 ip=192.168.1.1:2100 tag=100,150",
        "",
        "receiver 192.168.1.1 disable",
        "no pre_tag_map gives that tag",
    ),
    (
        "id=3 ip=192.168.3.1:2100 tag=-150",
        "",
        "receiver 192.168.3.1 port 2100",
        "",
    ),
    (
        "id=1 ip=192.168.1.1:2100\nid=5 kafka_broker=localhost:9092 kafka_topic=nf",
        "",
        "receiver 192.168.1.1 port 2100",
        "not to brokers or queues",
    ),
    (
        "id=1 ip=192.168.1.1:2100",
        "tee_max_receivers: 512",
        "receiver 192.168.1.1 port 2100",
        "nothing has to be set aside",
    ),
    (
        "id=1 ip=192.168.1.1:2100",
        "tee_pipe_size: 10240",
        "receiver 192.168.1.1 port 2100",
        "waits for no buffer",
    ),
    (
        "id=1 ip=192.168.1.1:2100\nip=192.168.1.2:2100",
        "",
        "receiver 192.168.1.1 port 2100",
        "a pool has a number",
    ),
    (
        "id=1 ip=192.168.1.1:2100\nid=1 ip=192.168.1.2:2100",
        "",
        "receiver 192.168.1.1 port 2100",
        "the pool is there twice",
    ),
    (
        "id=1 ip=192.168.1.1:2100,192.168.1.2",
        "",
        "receiver 192.168.1.1 port 2100",
        "HOST:PORT is expected",
    ),
    (
        "id=1 ip=192.168.1.1:2100,192.168.1.1:2100",
        "",
        "receiver 192.168.1.1 port 2100",
        "it is there twice",
    ),
    (
        "id=1 ip=192.168.1.1:2100",
        "pre_tag_map: nowhere.map",
        "receiver 192.168.1.1 port 2100",
        "cannot read nowhere.map",
    ),
    (
        "id=1 ip=192.168.1.1:2100",
        "plugin_pipe_size: 1024000",
        "receiver 192.168.1.1 port 2100",
        "there are no plugins to feed",
    ),
];

#[test]
fn what_is_documented_is_translated() {
    for (receivers, more, statement, remark) in DOCUMENTED {
        let imported = replicator(receivers, more);
        let lines = lines(&imported);
        assert!(lines.contains(statement), "{receivers} {more}: {lines:?}");
        let told = said(&imported).join("\n");
        assert!(told.contains(remark), "{receivers} {more}: {told}");
        assert_eq!(
            told.is_empty(),
            remark.is_empty(),
            "{receivers} {more}: {told}"
        );
    }
}

#[test]
fn without_receivers_there_is_nothing() {
    for (receivers, told) in [
        ("", "no receiver to send to"),
        ("id=1", "no receiver is left of the pool"),
    ] {
        let imported = replicator(receivers, "");
        assert_eq!(imported.text, "");
        assert!(said(&imported).join("\n").contains(told));
    }
    let imported = with("plugins: tee\ntee_receivers: nowhere\n", &[]);
    assert!(said(&imported).join("\n").contains("cannot read nowhere"));
    let imported = with("plugins: tee\n", &[]);
    assert!(said(&imported).join("\n").contains("it has no receivers"));
}

proptest! {
    #[test]
    fn whatever_is_written_is_loaded_or_told(
        pools in prop::collection::vec(
            (
                prop::sample::select(vec!["id=1", "id=2", "id=0", "id=x", ""]),
                prop::sample::select(vec![
                    "ip=192.0.2.1:2055", "ip=192.0.2.1:2055,[2001:db8::1]:9,", "ip=c.example:1", "ip=192.0.2.2:9995,192.0.2.3:9995",
                    "ip=", "ip=x", "ip=pool-1:9,pool-2:9", "",
                ]),
                prop::sample::select(vec!["tag=0", "tag=100", "tag=-100", "tag=1-200", "tag=x", ""]),
                prop::sample::select(vec!["balance-alg=rr", "balance-alg=hash-tag", "src_port=99", "kafka_topic=x", ""]),
            ),
            0..8,
        ),
        tags in prop::collection::vec(
            (
                prop::sample::select(vec!["set_tag=100", "id=7", "set_tag=x", ""]),
                prop::sample::select(vec!["ip=10.0.0.0/8", "ip=10.1.1.1", "ip=2001:db8::/32", "ip=0.0.0.0/0", "vlan=7", ""]),
            ),
            0..6,
        ),
        more in prop::collection::vec(
            prop::sample::select(vec![
                "tee_transparent: true", "nfacctd_ip: 192.0.2.1", "nfacctd_ip: 2001:db8::1", "nfacctd_port: 9995", "pre_tag_map: tags",
                "nfacctd_allow_file: allow", "nfacctd_mcast_groups: 239.0.0.1,x", "tee_ipprec: 9", "tee_receivers[b]: r",
                "nfacctd_pipe_size: 1", "aggregate: src_host",
            ]),
            0..6,
        ),
        allow in prop::sample::select(vec!["", "10.0.0.0/8\n", "2001:db8::1\nx\n"]),
    ) {
        let receivers: String = pools.iter().map(|(id, ip, tag, how)| format!("{id} {ip} {tag} {how}\n")).collect();
        let tags: String = tags.iter().map(|(tag, ip)| format!("{tag} {ip}\n")).collect();
        let text = format!("plugins: tee[a], tee[b]\ntee_receivers[a]: r\n{}\n", more.join("\n"));
        let imported = with(&text, &[("r", &receivers), ("tags", &tags), ("allow", allow)]);
        prop_assert!(!imported.text.is_empty() || !imported.remarks.is_empty());
        tree(&imported);
    }
}
