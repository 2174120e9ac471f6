//! Texts of routers: what is read of them, and what is left out.

use crate::{Dialect, LeftOut, Mode, Reading, Select, Tree, load, read, read_parts, render};

fn plain(text: &str) -> Reading {
    read(&Tree::default(), &[], text, None, Mode::Merge)
}

fn flow(text: &str) -> Reading {
    read_parts(&Tree::default(), text, None, Mode::Replace, Select::Flow)
}

fn set(reading: &Reading) -> String {
    render(&reading.tree, Dialect::Set)
}

fn places(reading: &Reading) -> Vec<(u32, u32)> {
    let places = reading.problems.iter();
    places
        .map(|problem| (problem.line, problem.column))
        .collect()
}

fn left(reading: &Reading) -> Vec<(u32, u32, &str)> {
    let parts = reading.left_out.iter();
    let part = |part: &'_ LeftOut| (part.line, part.lines);
    parts
        .map(|one| {
            let (line, lines) = part(one);
            (line, lines, one.section.as_str())
        })
        .collect()
}

fn notes(reading: &Reading) -> Vec<&str> {
    reading
        .notes
        .iter()
        .map(|note| note.message.as_str())
        .collect()
}

#[test]
fn an_attachment_that_the_tree_cannot_say_is_refused() {
    let reading = plain(
        "interface eth0
 ip flow monitor M sampler A input
 ip flow monitor M sampler B output
interface eth1
 ip flow monitor M sampler A input
 ipv6 flow monitor M output
interface eth2
 ip flow monitor M input
 ipv6 flow monitor M input
 ip flow monitor M output
 ipv6 flow monitor M output
interface eth3
 ip flow monitor M input
 ip flow monitor N sampler B input
 ip flow monitor M sampler A input",
    );
    assert_eq!(places(&reading), [(3, 2), (6, 2)]);
    let at = "set interfaces ethernet";
    assert_eq!(
        set(&reading),
        format!(
            "{at} eth0 flow monitor M direction input\n{at} eth0 flow monitor M family ip\n{at} eth0 flow monitor M sampler A\n\
             {at} eth1 flow monitor M direction input\n{at} eth1 flow monitor M family ip\n{at} eth1 flow monitor M sampler A\n\
             {at} eth2 flow monitor M direction both\n{at} eth2 flow monitor M family ip\n{at} eth2 flow monitor M family ipv6\n\
             {at} eth3 flow monitor M direction input\n{at} eth3 flow monitor M family ip\n{at} eth3 flow monitor M sampler A\n\
             {at} eth3 flow monitor N direction input\n{at} eth3 flow monitor N family ip\n{at} eth3 flow monitor N sampler B\n"
        )
    );
    // What is taken away, the same.
    let base = "interface eth0\n ip flow monitor M input\n ip flow monitor M output\n ipv6 flow monitor M input\n ipv6 flow monitor M output";
    let base = plain(base).tree;
    let less = read(
        &base,
        &[],
        "interface eth0\n no ip flow monitor M input",
        None,
        Mode::Merge,
    );
    assert_eq!((places(&less), &less.tree), (vec![(2, 5)], &base));
    let less = read(
        &base,
        &[],
        "interface eth0\n no ip flow monitor M",
        None,
        Mode::Merge,
    );
    assert_eq!(
        less.tree.values(&[
            "interfaces",
            "ethernet",
            "eth0",
            "flow",
            "monitor",
            "M",
            "family"
        ]),
        ["ipv6"]
    );
}

#[test]
fn lines_below_a_refused_one_are_left_out() {
    // Indented, flush left, and with the name of an interface that is not known.
    for text in [
        "interface eth0\n description management\n!\ninterface GigabitEthernet1/0/7\n description spare\n shutdown\n!\nflow exporter E\n ttl 4\nrouter bgp 1\n description BGP\n neighbor x\nhostname r1",
        "interface eth0\ndescription management\ninterface GigabitEthernet1/0/7\ndescription spare\nshutdown\nexit\nflow exporter E\nttl 4\nrouter bgp 1\ndescription BGP\nneighbor x\nhostname r1",
    ] {
        let reading = plain(text);
        assert_eq!(
            set(&reading),
            "set system host-name r1\nset interfaces ethernet eth0 description management\nset flow exporter E ttl 4\n",
            "{text}"
        );
        assert_eq!(reading.problems.len(), 2, "{:?}", reading.problems);
        let hint = reading.problems[1].hint.as_deref().unwrap_or_default();
        assert!(
            hint.ends_with("the 2 lines below it were left out"),
            "{hint}"
        );
    }
    // A slip in a submode is not the beginning of something else.
    let reading = plain("flow exporter E\ndestnation 192.0.2.1\nttl 4");
    assert_eq!(places(&reading), [(2, 1)]);
    assert_eq!(set(&reading), "set flow exporter E ttl 4\n");
    // What a banner and a certificate say is not run, and a banner without an end is one line.
    let reading = plain(
        "banner motd ^C\nflow exporter X\n shutdown\nhostname evil\n^C\ncrypto pki certificate chain S\n certificate self-signed 01\n  3082\n  \tquit\nhostname good\nbanner exec #\nflow sampler S",
    );
    assert_eq!(
        set(&reading),
        "set system host-name good\nset flow sampler S\n"
    );
    assert_eq!(
        left(&reading),
        [(2, 4, "banner"), (7, 1, "crypto"), (8, 2, "certificate")]
    );
    assert_eq!(
        places(&plain("interface range Gi0/1 - 4\n shutdown")),
        [(1, 11)]
    );
}

#[test]
fn a_wrong_statement_in_braces_costs_itself_only() {
    let reading = plain(
        "interfaces {\n    ethernet eth0 {\n        duplex auto\n        mtu 1400\n    }\n}\nsystem {\n    host-name edge\n    time-zone UTC\n    flow-accounting {\n        interface eth1\n    }\n}\nnat {\n    source {\n    }\n}\n",
    );
    assert_eq!(places(&reading), [(3, 9), (9, 5), (14, 1)]);
    assert_eq!(
        set(&reading),
        "set system host-name edge\nset system flow-accounting interface eth1\nset interfaces ethernet eth0 mtu 1400\n"
    );
}

#[test]
fn what_a_router_prints_around_is_read_over() {
    let reading = plain(
        "Building configuration...\n\nCurrent configuration : 217 bytes\nversion 15.7\n!\nFlow Exporter NOC\n DESTINATION 192.0.2.9   ! the collector\n description to the left ! and on\n --More-- \u{8}\u{8}\u{8}\u{8} ttl 4\t \r\nRouter(config)#flow monitor M\nRouter(config-flow-monitor)# record netflow-original\nRouter(config-flow-monitor)#end\nRouter#show clock\n!\nend\n",
    );
    assert_eq!(reading.problems, []);
    assert_eq!(
        set(&reading),
        "set flow exporter NOC description \"to the left ! and on\"\nset flow exporter NOC destination 192.0.2.9\nset flow exporter NOC ttl 4\nset flow monitor M record netflow-original\n"
    );
    let reading = plain(
        "vyos@r1:~$ configure\n[edit]\nvyos@r1# set system host-name r1\n[edit]\nvyos@r1# commit\n[edit]\n",
    );
    assert_eq!(
        (set(&reading).as_str(), reading.problems.len()),
        ("set system host-name r1\n", 0)
    );
    // A prompt does not move places.
    assert_eq!(places(&plain("Router(config)# hostname -")), [(1, 26)]);
    assert_eq!(
        places(&plain(
            "Router(config)# flow exporter E\nRouter(config-flow-exporter)# ttl 0"
        )),
        [(2, 35)]
    );
}

#[test]
fn names_that_fall_on_one_interface_are_told_apart() {
    let reading = plain(
        "interface Gi0/1\n mtu 1500\ninterface gigabitethernet 0/1\n promiscuous\ninterface TenGigabitEthernet0/1\n mtu 9000",
    );
    assert_eq!(
        notes(&reading),
        ["\"Gi0/1\" is taken as eth1; an alias would say so"]
    );
    assert_eq!(places(&reading), [(5, 11)]);
    assert_eq!(
        reading.problems[0].message,
        "\"Gi0/1\" and \"TenGigabitEthernet0/1\" would both be eth1"
    );
    assert!(!set(&reading).contains("9000"));
    let base = load(
        &Tree::default(),
        &[],
        "set interfaces ethernet eth1 alias Te1/0/1",
        None,
        Mode::Merge,
    )
    .unwrap();
    let reading = read(&base, &[], "interface Gi0/1\n mtu 1500", None, Mode::Merge);
    assert_eq!(places(&reading), [(1, 11)]);
    let reading = read(
        &base,
        &[],
        "interface Te1/0/1\n mtu 1500",
        None,
        Mode::Merge,
    );
    assert_eq!((reading.problems.len(), reading.notes.len()), (0, 0));
}

#[test]
fn flow_parts_of_a_router_and_no_others() {
    let reading = flow(
        "version 15.7\nservice timestamps log\nhostname edge-1\n!\nflow exporter NOC\n destination 192.0.2.9\n transport sctp 2055\n bogus 1\n  deeper\n!\nflow monitor M\n exporter NOC\n record netflow ipv4 original-input\n!\ninterface GigabitEthernet0/0\n ip nat outside\n ip flow monitor M input\n shutdown\n!\ninterface GigabitEthernet1/0/1\n shutdown\n!\ninterface GigabitEthernet1/0/2\n ip flow monitor M input\n ip flow monitor M output\n!\nrouter bgp 65000\n neighbor 192.0.2.254 remote-as 65001\nlogging buffered 4096\nlogging host 192.0.2.7\nend\n",
    );
    assert_eq!(places(&reading), [(7, 12), (8, 2), (23, 11)]);
    assert_eq!(
        set(&reading),
        "set system syslog host 192.0.2.7\nset interfaces ethernet eth0 flow monitor M direction input\nset interfaces ethernet eth0 flow monitor M family ip\n\
         set flow exporter NOC destination 192.0.2.9\nset flow monitor M record netflow ipv4 original-input\nset flow monitor M exporter NOC\n"
    );
    let sections: Vec<&str> = reading
        .left_out
        .iter()
        .map(|part| part.section.as_str())
        .collect();
    assert_eq!(
        sections,
        [
            "service",
            "hostname",
            "bogus",
            "interface",
            "interface",
            "interface",
            "interface",
            "router bgp",
            "logging buffered"
        ]
    );
    let text = "firewall {\n    all-ping enable\n}\ninterfaces {\n    ethernet eth1 {\n        address 192.0.2.1/24\n        vif 100 {\n        }\n    }\n}\nsystem {\n    host-name r1\n    flow-accounting {\n        interface eth1\n        quantum 1\n        ingress-capture pre-dnat\n    }\n    ntp {\n    }\n}\n// vyos-config-version: \"system@27\"\n";
    let reading = flow(text);
    assert_eq!(places(&reading), [(15, 9)]);
    assert_eq!(set(&reading), "set system flow-accounting interface eth1\n");
    assert_eq!(
        left(&reading),
        [
            (1, 3, "firewall"),
            (6, 3, "interfaces ethernet"),
            (12, 1, "system host-name"),
            (18, 2, "system ntp")
        ]
    );
    assert_eq!(
        notes(&reading),
        ["there is no ingress-capture here: packets are metered as they are on the wire"]
    );
    let host = read_parts(
        &Tree::default(),
        text,
        None,
        Mode::Merge,
        Select::FlowAndHost,
    );
    assert!(
        host.tree
            .has(&["interfaces", "ethernet", "eth1", "address"])
            && host.tree.has(&["system", "host-name"])
    );
    let json = flow(
        "{\"firewall\": {\"a\": 1},\n \"system\": {\"host-name\": \"r1\",\n \"flow-accounting\": {\"interface\": [\"eth0\"], \"disable-imt\": {}}}}",
    );
    assert_eq!(
        (set(&json).as_str(), json.problems.len()),
        (
            "set system flow-accounting interface eth0\nset system flow-accounting disable-imt\n",
            0
        )
    );
    assert_eq!(
        left(&json),
        [(1, 1, "firewall"), (2, 1, "system host-name")]
    );
}

#[test]
fn what_is_named_is_replaced_and_what_is_not_stays() {
    let base = load(
        &Tree::default(),
        &[],
        "set flow exporter A ttl 4\nset flow exporter A destination 192.0.2.1\nset flow exporter B ttl 5\nset interfaces ethernet eth0 mtu 1500\nset interfaces ethernet eth0 flow monitor M sampler S\nset system syslog local facility all",
        None,
        Mode::Merge,
    )
    .unwrap();
    let text = "flow exporter A\n destination 192.0.2.2\ninterface eth0\n ip flow monitor M input\nlogging host 192.0.2.7";
    let replaced = read_parts(&base, text, None, Mode::Replace, Select::Flow).tree;
    assert_eq!(
        render(&replaced, Dialect::Set),
        "set system syslog host 192.0.2.7\nset system syslog local facility all\nset interfaces ethernet eth0 mtu 1500\nset interfaces ethernet eth0 flow monitor M direction input\n\
         set interfaces ethernet eth0 flow monitor M family ip\nset flow exporter A destination 192.0.2.2\nset flow exporter B ttl 5\n"
    );
    let merged = read_parts(&base, text, None, Mode::Merge, Select::Flow).tree;
    assert_eq!(merged.value(&["flow", "exporter", "A", "ttl"]), Some("4"));
}

#[test]
fn the_first_netflow_is_translated() {
    let reading = flow(
        "ip flow-cache entries 65536\nip flow-cache timeout active 2\nip flow-cache timeout inactive 20\nip flow-export source GigabitEthernet0/3\nip flow-export version 9 origin-as\nip flow-export destination 192.0.2.9 2055\nip flow-export destination 192.0.2.10 9995 vrf RED\nip flow-export template timeout-rate 1\nip flow-top-talkers\n top 10\n sort-by bytes\nflow-sampler-map OLD\n mode random one-out-of 100\ninterface GigabitEthernet0/0\n ip flow ingress\n ip flow egress\n flow-sampler OLD\ninterface GigabitEthernet0/1\n ip route-cache flow\n",
    );
    assert_eq!(reading.problems, []);
    let e = |n: u32, host: &str| format!("set flow exporter classic-{n} destination {host}\n");
    let common = |n: u32, port: u32, vrf: &str| {
        let x = format!("set flow exporter classic-{n}");
        format!(
            "{x} source eth3\n{vrf}{x} transport udp {port}\n{x} export-protocol netflow-v9\n{x} template data timeout 60\n"
        )
    };
    let at = "set interfaces ethernet";
    assert_eq!(
        set(&reading),
        format!(
            "{at} eth0 flow monitor classic direction both\n{at} eth0 flow monitor classic family ip\n{at} eth0 flow monitor classic sampler OLD\n\
             {at} eth1 flow monitor classic direction input\n{at} eth1 flow monitor classic family ip\n{}{}{}{}\
             set flow monitor classic record netflow-original\nset flow monitor classic exporter classic-1\nset flow monitor classic exporter classic-2\n\
             set flow monitor classic cache entries 65536\nset flow monitor classic cache timeout active 120\nset flow monitor classic cache timeout inactive 20\n\
             set flow sampler OLD mode random\nset flow sampler OLD rate 100\n",
            e(1, "192.0.2.9"),
            common(1, 2055, ""),
            e(2, "192.0.2.10"),
            common(2, 9995, "set flow exporter classic-2 vrf RED\n"),
        )
    );
    let said = notes(&reading).join("\n");
    for what in [
        "origin-as is left out",
        "show flow monitor NAME cache sort highest",
        "OLD samples output, too",
    ] {
        assert!(said.contains(what), "{what}\n{said}");
    }
    assert_eq!(
        places(&flow("ip flow-export destination 192.0.2.9 99999")),
        [(1, 28)]
    );
}

#[test]
fn forms_of_other_routers_are_translated_or_told() {
    let text = "feature netflow\nflow timeout active 120\nflow exporter NOC\n  destination 192.0.2.9 use-vrf management\n  version 9\n    template data timeout 60\n    exit\n  ttl 4\nflow record R\n  match ip protocol\n  collect counter bytes\nflow monitor M\n  record R\nsampler S\n  mode 1 out-of 100\ninterface Ethernet0/1\n  ip flow monitor M input sampler S\n  layer2-switched flow monitor L input\n";
    let reading = flow(text);
    assert_eq!(reading.problems, []);
    let at = "set interfaces ethernet eth1 flow monitor";
    assert_eq!(
        set(&reading),
        format!(
            "{at} L direction input\n{at} L family datalink\n{at} M direction input\n{at} M family ip\n{at} M sampler S\n\
             set flow record R match ipv4 protocol\nset flow record R match ipv6 protocol\nset flow record R collect counter bytes\n\
             set flow exporter NOC destination 192.0.2.9\nset flow exporter NOC vrf management\nset flow exporter NOC ttl 4\n\
             set flow exporter NOC export-protocol netflow-v9\nset flow exporter NOC template data timeout 60\n\
             set flow monitor M record R\nset flow monitor M cache timeout active 120\nset flow sampler S mode random\nset flow sampler S rate 100\n"
        )
    );
    // As statements they are refused with what to write.
    let hints: Vec<String> = plain(text)
        .problems
        .iter()
        .filter_map(|problem| problem.hint.clone())
        .collect();
    for hint in [
        "write export-protocol netflow-v9",
        "write match ipv4 protocol and match ipv6 protocol",
        "write mode random 1 out-of 100",
        "write ip flow monitor M sampler S input",
        "write destination 192.0.2.9 vrf management",
    ] {
        assert!(
            hints.iter().any(|said| said.starts_with(hint)),
            "{hint}: {hints:?}"
        );
    }
}

#[test]
fn what_is_not_text_costs_its_line_only() {
    let reading = flow(
        "banner motd \u{3}\nG\u{fffd}n\u{3}ve\nflow exporter E\n description G\u{fffd}n\n ttl 4\n",
    );
    assert_eq!(places(&reading), [(4, 15)]);
    assert_eq!(set(&reading), "set flow exporter E ttl 4\n");
}
