//! What is refused, with its place and its words.

use crate::{Dialect, Mode, load, load_noted};

use Dialect::{Curly, Ios, Json, Set};

/// What was there before.
const BASE: &str = "set system host-name r1
set flow exporter E destination 192.0.2.1
set flow record R match ipv4 protocol
set interfaces ethernet eth3 alias GigabitEthernet1/0/3";

#[rustfmt::skip]
const REFUSED: &[(Dialect, &str, &str)] = &[
    // Words.
    (Set, "set sistem host-name r1", "1:5: unknown word \"sistem\"; did you mean system?"),
    (Set, "set system", "1:11: a word is missing after system; possible: host-name, config-management, console, login, syslog, flow-accounting, sflow"),
    (Set, "set", "1:4: a word is missing; say what to set"),
    (Set, "set system hostname r1", "1:12: unknown word \"hostname\"; did you mean host-name?"),
    (Set, "sett system host-name r1", "1:1: unknown word \"sett\"; did you mean set?"),
    (Set, "commit", "1:1: unknown word \"commit\"; possible: set, delete"),
    (Set, "set system sys", "1:15: a word is missing after syslog; possible: host, local"),
    (Set, "set system flow-accounting netflow t tcp 5", "1:38: \"tcp\" is ambiguous; possible: tcp-fin, tcp-generic, tcp-rst"),
    (Set, "set system host-name", "1:21: a value is missing after host-name; <host-name>: Name of this host"),
    (Set, "set system host-name a b", "1:24: unexpected \"b\"; host-name has one value"),
    (Set, "set flow exporter", "1:18: a name is missing after exporter; exporter <name>"),
    (Set, "set interfaces ethernet eth0 disable yes", "1:38: the command ends at disable; it has no value"),
    (Set, "set quantum-flux", "1:5: unknown word \"quantum-flux\"; possible: system, interfaces, flow, service, comment"),
    // Values.
    (Set, "set system host-name -r1", "1:22: \"-r1\" is not a host name; letters, digits and hyphens in parts joined by dots, 64 characters at most"),
    (Set, "set system config-management commit-revisions 0", "1:47: \"0\" is out of range; a number of revisions from 1 to 65535 is expected"),
    (Set, "set system config-management commit-revisions 65536", "1:47: \"65536\" is out of range; a number of revisions from 1 to 65535 is expected"),
    (Set, "set system config-management commit-revisions ten", "1:47: \"ten\" is not a number; a number of revisions from 1 to 65535 is expected"),
    (Set, "set system config-management commit-revisions 99999999999999999999999", "1:47: \"99999999999999999999999\" is out of range; a number of revisions from 1 to 65535 is expected"),
    (Set, "set system config-management commit-revisions -1", "1:47: \"-1\" is not a number; a number of revisions from 1 to 65535 is expected"),
    (Set, "set system console device ttyS0 speed 9601", "1:39: \"9601\" is not possible here; possible: 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200"),
    (Set, "set system console device ../etc speed 9600", "1:27: \"../etc\" is not a terminal device; a name such as ttyS0 is expected"),
    (Set, "set system syslog host 300.1.1.1", "1:24: \"300.1.1.1\" is neither an address nor a host name; an address such as 192.0.2.1 or 2001:db8::1, or a host name is expected"),
    (Set, "set system syslog host 192.0.2.1 facility local9 level info", "1:43: \"local9\" is not possible here; possible: all, auth, authpriv, cron, daemon, kern, lpr, mail, news, syslog, user, uucp, local0, local1, local2, local3, local4, local5, local6, local7"),
    (Set, "set system syslog host 192.0.2.1 protocol tpc", "1:43: \"tpc\" is not possible here; did you mean tcp? possible: udp, tcp"),
    (Set, "set system syslog host 192.0.2.1 port 0", "1:39: \"0\" is out of range; a number from 1 to 65535 is expected"),
    (Set, "set flow-accounting netflow version 1", "1:37: version 1 is not possible: NetFlow version 1 has no sequence numbers, so loss cannot be seen; possible: 5, 9, 10"),
    (Set, "set flow-accounting netflow version 7", "1:37: \"7\" is not possible here; possible: 5, 9, 10"),
    (Set, "set flow-accounting netflow engine-id 256:1", "1:39: \"256:1\" is not an engine id; TYPE:ID is expected, each from 0 to 255"),
    (Set, "set flow-accounting netflow engine-id 4294967296", "1:39: \"4294967296\" is out of range; a number from 0 to 4294967295 is expected"),
    (Set, "set flow-accounting netflow server collector.example", "1:36: \"collector.example\" is not an address; an IPv4 or IPv6 address such as 192.0.2.1 or 2001:db8::1 is expected"),
    (Set, "set flow-accounting netflow server 0.0.0.0", "1:36: \"0.0.0.0\" is not the address of a host; an address of one host is expected"),
    (Set, "set flow-accounting netflow source-ip 192.0.2", "1:39: \"192.0.2\" is not an address; an IPv4 or IPv6 address such as 192.0.2.1 or 2001:db8::1 is expected"),
    (Set, "set flow-accounting packet-length 127", "1:35: \"127\" is out of range; a number of octets from 128 to 750 is expected"),
    (Set, "set flow-accounting interface eth0/1", "1:31: \"eth0/1\" is not an interface name; a name such as eth0 or eth0.100 is expected, 15 characters at most"),
    (Set, "set flow-accounting interface waytoolonginterface", "1:31: \"waytoolonginterface\" is not an interface name; a name such as eth0 or eth0.100 is expected, 15 characters at most"),
    (Set, "set interfaces ethernet eth0 address 192.0.2.1", "1:38: \"192.0.2.1\" has no prefix length; an address with its prefix length is expected, such as 192.0.2.1/24 or 2001:db8::1/64"),
    (Set, "set interfaces ethernet eth0 address 192.0.2.1/33", "1:38: \"192.0.2.1/33\" has a wrong prefix length; a length from 0 to 32 is expected"),
    (Set, "set interfaces ethernet eth0 address 2001:db8::/129", "1:38: \"2001:db8::/129\" has a wrong prefix length; a length from 0 to 128 is expected"),
    (Set, "set interfaces ethernet eth0 address 224.0.0.1/24", "1:38: \"224.0.0.1/24\" is not the address of a host; an address with its prefix length is expected, such as 192.0.2.1/24 or 2001:db8::1/64"),
    (Set, "set interfaces ethernet eth0 mtu 67", "1:34: \"67\" is out of range; a number of octets from 68 to 16000 is expected"),
    (Set, "set interfaces ethernet eth0 description a b", "1:44: unexpected \"b\"; put a text of several words in quotes"),
    (Set, "set interfaces ethernet eth0 description \"\"", "1:42: the text is empty; delete the leaf to have none"),
    (Set, "set interfaces ethernet eth0 alias Gi 0/1", "1:39: unexpected \"0/1\"; alias has one value"),
    (Set, "set interfaces loopback lo1 address 192.0.2.1/32", "1:25: \"lo1\" is not possible here; possible: lo"),
    (Set, "set flow record R match ipv4 sourc", "1:35: the field is not complete; possible: address, prefix, mask"),
    (Set, "set flow record R match ipv4 source", "1:36: the field is not complete; possible: address, prefix, mask"),
    (Set, "set flow record R match ipv4 tos tos", "1:34: unknown word \"tos\"; the field ends before it"),
    (Set, "set flow record R match counter bytes", "1:25: counter bytes can be collected, not matched; write collect counter bytes"),
    (Set, "set flow record R match application name", "1:25: application name cannot be recorded: this host does not recognise applications (NBAR); leave it out"),
    (Set, "set flow record R collect routing source as peer", "1:27: routing source as cannot be recorded: AS numbers are BGP's, and this host does not speak it; leave it out"),
    (Set, "set flow record R match ipv4 section header size 65", "1:50: \"65\" is not a number of <1-64>; 1 to 64 is expected"),
    (Set, "set flow record R match transport tcp flags ack ns", "1:49: unknown word \"ns\"; possible: ack, cwr, ece, fin, psh, rst, syn, urg"),
    (Set, "set flow record R collect routing next-hop address ipv4 bgp", "1:27: routing next-hop address ipv4 bgp cannot be recorded: BGP's next hop is not in the host's routes; leave it out"),
    (Set, "set flow record R match ipv6 source prefix minimum-mask 48", "1:25: ipv6 source prefix minimum-mask cannot be recorded: masks and prefixes are those of the host's routes, which are not made longer; leave it out"),
    (Set, "set flow monitor M record netflow ipv4 as", "1:27: netflow ipv4 as cannot be recorded: AS numbers are BGP's, and this host does not speak it; possible: netflow-original, netflow ipv4|ipv6 original-input|original-output|protocol-port|source-prefix|destination-prefix|prefix"),
    (Set, "set flow record R match", "1:24: a value is missing after match; <field>: Key field"),
    (Set, "set flow monitor M record netflow ipv5 original-input", "1:27: \"netflow ipv5 original-input\" is not a predefined record; possible: netflow-original, netflow ipv4|ipv6 original-input|original-output|protocol-port|source-prefix|destination-prefix|prefix"),
    (Set, "set flow monitor M record a b", "1:27: \"a b\" is not a record; one name, or predefined: netflow-original, netflow ipv4|ipv6 original-input|original-output|protocol-port|source-prefix|destination-prefix|prefix"),
    (Set, "set flow monitor M cache type synchronized", "1:31: type synchronized is not possible: there is one cache here, nothing to synchronise with; possible: normal, immediate, permanent"),
    (Set, "set flow monitor M cache entries 15", "1:34: \"15\" is out of range; a number of flows from 16 to 16777216 is expected"),
    (Set, "set flow exporter E destination -", "1:33: \"-\" is neither an address nor a host name; an address such as 192.0.2.1 or 2001:db8::1, or a host name is expected"),
    (Set, "set flow exporter E dscp 64", "1:26: \"64\" is out of range; a number from 0 to 63 is expected"),
    (Set, "set flow exporter E export-protocol netflow-v8", "1:37: \"netflow-v8\" is not possible here; possible: netflow-v5, netflow-v9, ipfix"),
    (Set, "set flow exporter a/b destination 192.0.2.1", "1:19: \"a/b\" is not a name; letters, digits and any of . _ - : are possible, 64 characters at most"),
    (Set, "set flow sampler S rate 1", "1:25: \"1\" is out of range; a number of packets from 2 to 32768 is expected"),
    // Columns are characters, not octets.
    (Set, "set interfaces ethernet eth0 description \"é→\" x", "1:47: unexpected \"x\"; put a text of several words in quotes"),
    (Json, "{\"interfaces\": {\"ethernet\": {\"eth0\": {\"description\": \"é→\", \"mtu\": 1}}}}", "1:67: \"1\" is out of range; a number of octets from 68 to 16000 is expected"),
    (Curly, "/* é→ */ nonsense\n", "1:10: unknown word \"nonsense\"; possible: system, interfaces, flow, service, comment"),
    // Nothing to delete.
    (Set, "delete", "1:7: a word is missing; say what to delete"),
    // Quotes and lists.
    (Set, "set interfaces ethernet eth0 description \"half", "1:42: the quoted string does not end on its line; close it with \""),
    (Set, "set interfaces ethernet eth0 description \"a\\n\"", "1:42: unknown escape in the quoted string; \\\" and \\\\ are possible"),
    (Set, "set interfaces ethernet eth0 description \"a\"b", "1:45: a quoted string touches another word; put a space between them, or the whole in quotes"),
    (Set, "set flow-accounting interface [ eth0 eth1", "1:31: [ without ]; close the list"),
    (Set, "set flow-accounting interface [ ]", "1:31: the list is empty; a value is missing"),
    (Set, "set system host-name [ a ]", "1:22: host-name has one value; leave the brackets out"),
    (Set, "set flow [ a ]", "1:10: unexpected [; brackets hold the values of a leaf that has several"),
    (Set, "set flow monitor M exporter [ E ] F", "1:35: unexpected \"F\"; the list ends before it"),
    // Noise.
    (Set, "set system host-name r\u{0}1", "1:23: the character U+0000 cannot stand in a configuration; this does not look like text"),
    (Curly, "\u{1}\u{2}\u{3}", "1:1: the character U+0001 cannot stand in a configuration; this does not look like text"),
    (Json, "{\"system\": \u{7f}}", "1:12: the character U+007F cannot stand in a configuration; this does not look like text"),
    // Braces.
    (Curly, "system {\n    host-name r1\n", "1:8: { without }; the brace opened here is not closed"),
    (Curly, "system {\n    host-name r1\n}\n}\n", "4:1: } without {; no brace is open here"),
    (Curly, "system {\n    hostname r1\n    host-name -\n}\n", "2:5: unknown word \"hostname\"; did you mean host-name?\n3:15: \"-\" is not a host name; letters, digits and hyphens in parts joined by dots, 64 characters at most"),
    (Curly, "system {\n    syslog {\n        host 192.0.2.1\n    }\n", "1:8: { without }; the brace opened here is not closed"),
    (Curly, "{\n}\n", "1:1: { without a word before it; say what the braces hold"),
    (Curly, "system host-name r1 {\n}\n", "1:21: host-name is a leaf and holds no braces; write its value behind it, without braces"),
    (Curly, "sys {\n    host-name r1\n}\n", "1:1: unknown word \"sys\"; possible: system, interfaces, flow, service, comment"),
    (Curly, "système {\n}", "1:1: unknown word \"système\"; did you mean system?"),
    (Curly, "flow {\n    record Ä {\n    }\n}", "2:12: \"Ä\" is not a name; letters, digits and any of . _ - : are possible, 64 characters at most"),
    (Curly, "system {\n    host-name r1 /* half\n}\n", "1:8: { without }; the brace opened here is not closed\n2:18: the comment does not end; close it with */"),
    (Curly, "flow-accounting {\n    interface [ eth0\n}\n", "2:15: [ without ]; close the list"),
    (Curly, "system { { { {", "1:10: { without a word before it; say what the braces hold\n1:14: { without }; the brace opened here is not closed"),
    (Curly, "system ]\n", "1:8: unexpected ]; brackets hold the values of a leaf that has several"),
    // IOS.
    (Ios, "flow record R\n match ipv4 source adress", "2:20: unknown word \"adress\"; did you mean address?"),
    (Ios, "flow record R\n match ipv4 protocol match", "2:27: a value is missing after match; <field>: Key field"),
    (Ios, "flow exporter E\n transport sctp 2055", "2:12: unknown word \"sctp\"; possible: udp, tcp, buffer"),
    (Ios, "flow exporter E\n destination 192.0.2.1 vfr red", "2:24: unknown word \"vfr\"; did you mean vrf?"),
    (Ios, "flow exporter E\n source GigabitEthernet1/0/9", "2:9: no interface has the alias \"GigabitEthernet1/0/9\"; only slot 0 stands for ethN without one; set interfaces ethernet ethN alias first"),
    (Ios, "interface GigabitEthernet9/1", "1:11: no interface has the alias \"GigabitEthernet9/1\"; only slot 0 stands for ethN without one; set interfaces ethernet ethN alias first"),
    (Ios, "interface eth0\n ip address 192.0.2.1 255.0.255.0", "2:23: \"255.0.255.0\" is not a mask; a mask such as 255.255.255.0 is expected"),
    (Ios, "interface eth0\n ip address", "2:12: an address is missing; such as 192.0.2.1/24 or 2001:db8::1/64"),
    (Ios, "interface eth0\n ip address 2001:db8::1/64", "2:13: \"2001:db8::1/64\" is of the other family; write ipv6 address"),
    (Ios, "interface eth0\n ip flow monitor M", "2:19: a direction is missing; possible: input, output"),
    (Ios, "interface eth0\n ip flow montior M input", "2:10: unknown word \"montior\"; did you mean monitor?"),
    (Ios, "interface eth0\n ip flow monitor M smapler S input", "2:20: unknown word \"smapler\"; did you mean sampler?"),
    (Ios, "sampler S\n mode random 1 outof 100", "2:16: unknown word \"outof\"; did you mean out-of?"),
    (Ios, "interface eth0\n ip flow monitor M sideways", "2:20: unknown word \"sideways\"; possible: input, output"),
    (Ios, "interface eth0\n ip flow ingress", "2:2: ip flow ingress is classic NetFlow; write ip flow monitor NAME input|output"),
    (Ios, "interface eth0\n shutdown now", "2:11: unexpected \"now\"; the statement ends before it"),
    (Ios, "sampler S\n mode random 2 out-of 10", "2:14: unexpected \"2\"; mode random|deterministic 1 out-of N"),
    (Ios, "sampler S\n mode random 1 out-of", "2:22: a number is missing; mode random|deterministic 1 out-of N"),
    (Ios, "sampler S\n mode random 1 out-of 40000", "2:23: \"40000\" is out of range; a number of packets from 2 to 32768 is expected"),
    (Ios, "sampler", "1:8: a name is missing after sampler; sampler <name>"),
    (Ios, "hostname", "1:9: a value is missing after host-name; <host-name>: Name of this host"),
    (Ios, "no", "1:3: a word is missing; say what to delete"),
    (Ios, "router bgp 65000", "1:1: unknown word \"router\"; possible: hostname, interface, sampler, logging, system, interfaces, flow, service, comment, flow-accounting"),
    (Ios, "logging host 192.0.2.1 transport sctp", "1:34: \"sctp\" is not possible here; possible: udp, tcp"),
    (Ios, "flow monitor M\n cache timeout never 5", "2:16: unknown word \"never\"; possible: active, inactive, update, event"),
    // JSON.
    (Json, "{\"system\": {\"host-name\": 5,}}", "1:28: not JSON: trailing comma; nothing follows the comma: take it out"),
    (Json, "{\"system\": {\"host-nam\": \"r1\"}}", "1:13: unknown word \"host-nam\"; did you mean host-name?"),
    (Json, "{\"system\": {\n  \"config-management\": {\"commit-revisions\": 70000}}}", "2:45: \"70000\" is out of range; a number of revisions from 1 to 65535 is expected"),
    (Json, "{\"system\": \"host-name\"}", "1:12: system is an object; { … } is expected"),
    (Json, "{\"flow\": {\"exporter\": {\"E\": {\"ttl\": [1]}}}}", "1:30: ttl has one value; leave the brackets out"),
    (Json, "{\"flow\": {\"exporter\": {\"E\": {\"ttl\": {}}}}}", "1:30: ttl has a string or a number; Time to live of the datagrams (default 255 hops)"),
    (Json, "{\"flow\": {\"exporter\": {\"E\": {\"ttl\": 1.5}}}}", "1:37: \"1.5\" is not a number; a number of hops from 1 to 255 is expected"),
    (Json, "{\"flow\": {\"exporter\": {\"E\": {\"ttl\": 1, \"ttl\": 2}}}}", "1:44: not JSON: the name \"ttl\" is there twice; put its values into one"),
    (Json, "{\"flow\": {\"record\": {\"R\": {\"match\": [\"ipv4 protocol\", \"ipv4 nothing\"]}}}}", "1:55: unknown word \"nothing\"; possible: source, destination, protocol, tos, dscp, precedence, ttl, version, id, header-length, total-length, fragmentation, length, option, section"),
    (Json, "{\"interfaces\": {\"ethernet\": {\"eth0\": {\"disable\": false}}}}", "1:50: disable has no value but true; leave it out to not have it"),
    (Json, "{\"interfaces\": {\"ethernet\": {\"eth0\": {\"description\": \"a\\u0000b\"}}}}", "1:54: the value has the character U+0000; printable characters are expected"),
    (Json, "[]", "1:1: a configuration is an object; { … } is expected"),
    (Json, "{\"system\": {}", "1:13: not JSON: EOF while parsing an object; the text ends too early: close what is open"),
];

/// What is to be deleted and is not there: it is done already, and noted.
#[rustfmt::skip]
const DONE: &[(Dialect, &str, &str)] = &[
    (Set, "delete system flow-accounting", "1:15: \"system flow-accounting\" is not there; nothing to delete"),
    (Set, "delete system host-name r2", "1:25: \"system host-name r2\" is not there; nothing to delete"),
    (Set, "delete flow exporter X destination", "1:22: \"flow exporter X\" is not there; nothing to delete"),
    (Set, "delete flow record R match ipv4 tos", "1:28: \"flow record R match ipv4 tos\" is not there; nothing to delete"),
    (Ios, "interface eth0\n no ip flow monitor M input", "2:21: \"M\" is not attached so; nothing to delete"),
    (Ios, "no flow exporter X", "1:18: \"flow exporter X\" is not there; nothing to delete"),
    (Ios, "interface eth0\n no ip address", "2:8: the interface has no such address; nothing to delete"),
    (Ios, "no hostname r2", "1:13: \"system host-name r2\" is not there; nothing to delete"),
    (Ios, "default interface eth0", "1:19: \"interfaces ethernet eth0\" is not there; nothing to delete"),
    (Ios, "flow exporter E\n default ttl", "2:10: \"flow exporter E ttl\" is not there; nothing to delete"),
];

#[test]
fn what_is_not_there_is_deleted_already() {
    let base = super::right(BASE);
    for (dialect, text, expected) in DONE {
        let loaded = load_noted(&base, &[], text, Some(*dialect), Mode::Merge);
        let notes = loaded
            .unwrap_or_else(|problems| panic!("{text}: {problems:?}"))
            .notes;
        let notes: Vec<String> = notes.iter().map(ToString::to_string).collect();
        assert_eq!(notes, [*expected], "{text}");
    }
    // A word that is misspelt is another thing.
    for (dialect, text) in [
        (Set, "delete system hostnam"),
        (Ios, "no flow exporterr X"),
        (Ios, "default quantum"),
    ] {
        assert!(
            load_noted(&base, &[], text, Some(dialect), Mode::Merge).is_err(),
            "{text}"
        );
    }
}

fn refusal(dialect: Dialect, text: &str) -> String {
    let base = super::right(BASE);
    match load(&base, &[], text, Some(dialect), Mode::Merge) {
        Ok(tree) => format!("ACCEPTED {tree:?}"),
        Err(problems) => problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

#[test]
fn an_object_is_named_once() {
    let path: Vec<String> = ["flow", "monitor", "M", "record"].map(str::to_owned).into();
    for (message, shown) in [
        ("record is missing", "flow monitor M record is missing"),
        (
            "flow monitor M record is missing",
            "flow monitor M record is missing",
        ),
        (
            "flow monitor M: record is missing",
            "flow monitor M record is missing",
        ),
        (
            "flow monitor M: no such record",
            "flow monitor M record: no such record",
        ),
        (
            "flow monitor MM: no such record",
            "flow monitor M record: flow monitor MM: no such record",
        ),
        ("no such record", "flow monitor M record: no such record"),
    ] {
        assert_eq!(crate::at_path(&path, message), shown);
    }
}

#[test]
fn each_is_refused_with_its_place_and_reason() {
    let mut wrong = String::new();
    for (dialect, text, expected) in REFUSED {
        let refusal = refusal(*dialect, text);
        if refusal != *expected {
            wrong +=
                &format!("{dialect:?} {text:?}\n  says   {refusal:?}\n  not    {expected:?}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
