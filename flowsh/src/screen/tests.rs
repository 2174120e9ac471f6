//! Answers and the screens they make, to the character.

use commands::{CacheView, Layout};
use serde_json::json;

use super::*;

fn view(columns: Option<usize>) -> View {
    View {
        zone: TimeZone::UTC,
        columns,
    }
}

fn same(shown: String, expected: &str) {
    assert_eq!(
        shown,
        expected.strip_prefix('\n').unwrap_or(expected),
        "\n{shown}"
    );
}

#[test]
fn flow_accounting_is_vyos() {
    let answer = json!({"interfaces": [
        {"interface": "eth0", "entries": 1, "total_flows": 1, "total_packets": 586, "total_octets": 36504, "flows": [
            {"sourceIPv4Address": "192.0.2.200", "destinationIPv4Address": "192.0.2.51", "sourceTransportPort": 56188,
             "destinationTransportPort": 22, "protocolIdentifier": 6, "packetDeltaCount": 586, "octetDeltaCount": 36504}]},
        {"interface": "eth1", "entries": 1, "total_flows": 1, "total_packets": 1234567, "total_octets": 80, "flows": [
            {"sourceIPv6Address": "2001:db8::1", "destinationIPv6Address": "2001:db8:0:1:2:3:4:5",
             "protocolIdentifier": 253, "packetDeltaCount": 1, "octetDeltaCount": 80}]},
    ]});
    same(
        accounting(&answer),
        "
flow-accounting for [eth0]
Src Addr        Dst Addr        Sport Dport Proto    Packets      Bytes   Flows
192.0.2.200     192.0.2.51      56188 22      tcp        586      36504       1

Total entries: 1
Total flows  : 1
Total pkts   : 586
Total bytes  : 36,504

flow-accounting for [eth1]
Src Addr        Dst Addr             Sport Dport Proto    Packets      Bytes   Flows
2001:db8::1     2001:db8:0:1:2:3:4:5 -     -       253          1         80       1

Total entries: 1
Total flows  : 1
Total pkts   : 1,234,567
Total bytes  : 80
",
    );
    same(
        accounting(&json!({"interfaces": []})),
        "flow-accounting is not running\n",
    );
}

fn cache_answer() -> Json {
    json!({
        "monitor": "M", "total": 2, "shown": 2,
        "cache": {"type": "normal", "size": 4096, "entries": 3, "high_watermark": 3, "added": 18, "aged_total": 6,
            "aged": {"active": 0, "inactive": 6, "event": 0, "watermark": 0, "emergency": 0, "forced": 0},
            "active_timeout": 1800, "inactive_timeout": 15},
        "fields": [
            {"name": "sourceIPv4Address", "column": "IPV4 SRC ADDR", "label": "IPV4 SOURCE ADDRESS", "width": 15, "kind": "ipv4", "key": true},
            {"name": "sourceTransportPort", "column": "TRNS SRC PORT", "label": "TRNS SOURCE PORT", "width": 13, "kind": "number", "key": true},
            {"name": "ingressInterface", "column": "INTF INPUT", "label": "INTERFACE INPUT", "width": 20, "kind": "interface", "key": true},
            {"name": "ipClassOfService", "column": "IP TOS", "label": "IP TOS", "width": 6, "kind": "hex", "key": true},
            {"name": "egressInterface", "column": "INTF OUTPUT", "label": "INTERFACE OUTPUT", "width": 20, "kind": "interface", "key": false},
            {"name": "octetDeltaCount", "column": "bytes", "label": "counter bytes", "width": 10, "kind": "number", "key": false},
            {"name": "flowStartMilliseconds", "column": "time abs first", "label": "timestamp abs first", "width": 14, "kind": "millis", "key": false},
        ],
        "flows": [
            {"sourceIPv4Address": "10.1.1.1", "sourceTransportPort": 443, "ingressInterface": 3, "ingressInterfaceName": "eth1",
             "ipClassOfService": 192, "egressInterface": 0, "octetDeltaCount": 1500, "flowStartMilliseconds": 1_234_567},
            {"sourceIPv4Address": "10.1.1.22", "ipClassOfService": 0, "ingressInterface": 4, "octetDeltaCount": 99},
        ],
    })
}

const STATISTICS: &str = "  Cache type:                               Normal
  Cache size:                                 4096
  Current entries:                               3
  High Watermark:                                3

  Flows added:                                  18
  Flows aged:                                    6
    - Active timeout      (  1800 secs)          0
    - Inactive timeout    (    15 secs)          6
    - Event aged                                 0
    - Watermark aged                             0
    - Emergency aged                             0
";

#[test]
fn a_cache_is_ciscos_table() {
    let table = "
IPV4 SRC ADDR    TRNS SRC PORT  INTF INPUT            IP TOS  intf output                bytes  time abs first
===============  =============  ====================  ======  ====================  ==========  ==============
10.1.1.1                   443  eth1                    0xC0  Null                        1500    00:20:34.567
10.1.1.22                    -  4                       0x00  -                             99               -
";
    same(
        cache(&cache_answer(), &CacheView::default(), &view(None)),
        &format!("{STATISTICS}{table}"),
    );
    same(monitor_statistics(&cache_answer()), STATISTICS);
}

#[test]
fn a_permanent_cache_has_updates() {
    let mut answer = cache_answer();
    answer["cache"]["type"] = "permanent".into();
    answer["cache"]["update_timeout"] = 60.into();
    answer["cache"]["updates"] = 7.into();
    let text = STATISTICS.replace("   Normal\n", "Permanent\n").replace(
        "  Flows aged:",
        "  Updates sent            (    60 secs)          7\n  Flows aged:",
    );
    same(monitor_statistics(&answer), &text);
}

#[test]
fn packet_statistics_are_the_tables_of_show_ip_cache_flow() {
    let largest = [
        32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448, 480, 512, 544, 576,
        1024, 1536, 2048, 2560, 3072, 3584, 4096, 4608,
    ];
    let packets = |largest: u64| match largest {
        64 => 500,
        1536 => 499,
        _ => 0,
    };
    let mut sizes: Vec<_> = largest
        .iter()
        .map(|largest| json!({"largest": largest, "packets": packets(*largest)}))
        .collect();
    sizes.push(json!({"largest": null, "packets": 1}));
    let mut answer = cache_answer();
    answer["cache"]["statistics"] = json!({
        "seconds": 100.0,
        "sizes": sizes,
        "protocols": [
            {"name": "TCP-HTTPS", "flows": 20, "packets": 900, "octets": 900_000},
            {"name": "UDP-DNS", "flows": 50, "packets": 100, "octets": 6_000},
        ],
    });
    let tables = "
Packet size distribution (1000 total packets):
   1-32   64   96  128  160  192  224  256  288  320  352  384  416  448  480
   .000 .500 .000 .000 .000 .000 .000 .000 .000 .000 .000 .000 .000 .000 .000

    512  544  576 1024 1536 2048 2560 3072 3584 4096 4608 more
   .000 .000 .000 .000 .499 .000 .000 .000 .000 .000 .000 .001

Protocol           Total     Flows   Packets  Bytes     Packets
--------           Flows      /Sec     /Flow   /Pkt        /Sec
TCP-HTTPS             20       0.2        45   1000         9.0
UDP-DNS               50       0.5         2     60         1.0
Total:                70       0.7        14    906        10.0
";
    same(
        monitor_statistics(&answer),
        &format!("{STATISTICS}{tables}"),
    );
}

#[test]
fn a_cache_wider_than_the_terminal_is_one_field_a_line() {
    let asked = CacheView {
        sort: Some("counter bytes".into()),
        top: Some(2),
        ..CacheView::default()
    };
    let mut sorted = cache_answer();
    sorted["aggregated"] = 2.into();
    same(
        cache(&sorted, &asked, &view(Some(80))),
        "
Processed 2 flows
Aggregated to 2 flows
Showing the top 2 flows

IPV4 SOURCE ADDRESS:  10.1.1.1
TRNS SOURCE PORT:     443
INTERFACE INPUT:      eth1
IP TOS:               0xC0
interface output:     Null
counter bytes:        1500
timestamp abs first:  00:20:34.567

IPV4 SOURCE ADDRESS:  10.1.1.22
TRNS SOURCE PORT:     -
INTERFACE INPUT:      4
IP TOS:               0x00
interface output:     -
counter bytes:        99
timestamp abs first:  -

",
    );
    let table = CacheView {
        layout: Some(Layout::Table),
        ..asked
    };
    assert!(cache(&cache_answer(), &table, &view(Some(80))).contains("=====  ====="));
}

fn condition() -> commands::Condition {
    commands::Condition {
        field: "ipv4 source address".into(),
        regexp: false,
        value: commands::Tail {
            text: "10.0.0.0/8".into(),
            start: 0,
        },
    }
}

#[test]
fn a_filtered_cache_says_how_many_flows_match() {
    let mut answer = cache_answer();
    (answer["total"], answer["matched"]) = (1_000_000.into(), 2.into());
    let asked = CacheView {
        filter: vec![condition()],
        ..CacheView::default()
    };
    let text = cache(&answer, &asked, &view(None));
    assert!(
        text.starts_with("Processed 1000000 flows\nMatched 2 flows\n\nIPV4 SRC ADDR"),
        "{text}"
    );
}

#[test]
fn aggregated_flows_are_ciscos() {
    let answer = json!({
        "total": 26, "matched": 17, "aggregated": 5, "shown": 2,
        "fields": [
            {"name": "destinationIPv4Address", "column": "IPV4 DST ADDR", "label": "IPV4 DESTINATION ADDRESS", "width": 15, "kind": "ipv4", "key": true},
            {"name": "deltaFlowCount", "column": "flows", "label": "counter flows", "width": 10, "kind": "number", "key": false},
            {"name": "octetDeltaCount", "column": "bytes", "label": "counter bytes", "width": 10, "kind": "number", "key": false},
            {"name": "packetDeltaCount", "column": "pkts", "label": "counter packets", "width": 10, "kind": "number", "key": false},
        ],
        "flows": [
            {"destinationIPv4Address": "172.16.2.1", "deltaFlowCount": 12, "octetDeltaCount": 480, "packetDeltaCount": 12},
            {"destinationIPv4Address": null, "deltaFlowCount": 3, "octetDeltaCount": 300, "packetDeltaCount": 4},
        ],
        "next": null,
    });
    let asked = CacheView {
        filter: vec![condition()],
        aggregate: vec!["ipv4 destination address".into()],
        sort: Some("counter flows".into()),
        top: Some(2),
        ..CacheView::default()
    };
    same(
        cache(&answer, &asked, &view(Some(80))),
        "
Processed 26 flows
Matched 17 flows
Aggregated to 5 flows
Showing the top 2 flows

IPV4 DST ADDR         flows       bytes        pkts
===============  ==========  ==========  ==========
172.16.2.1               12         480          12
-                         3         300           4
",
    );
}

#[test]
fn a_cache_as_comma_separated_values_and_an_empty_one() {
    let csv = CacheView {
        layout: Some(Layout::Csv),
        ..CacheView::default()
    };
    same(
        cache(&cache_answer(), &csv, &view(Some(80))),
        "
IPV4 SRC ADDR,TRNS SRC PORT,INTF INPUT,IP TOS,intf output,bytes,time abs first
10.1.1.1,443,eth1,0xC0,Null,1500,00:20:34.567
10.1.1.22,-,4,0x00,-,99,-
",
    );
    let mut empty = cache_answer();
    empty["flows"] = json!([]);
    (empty["total"], empty["shown"]) = (0.into(), 0.into());
    assert!(
        cache(&empty, &CacheView::default(), &view(None))
            .ends_with("\n\nThere are no cache entries to display.\n")
    );
}

#[test]
fn forced_flows_are_shown_when_there_are_any() {
    let mut answer = cache_answer();
    answer["cache"]["aged"]["forced"] = 2.into();
    assert!(
        monitor_statistics(&answer)
            .ends_with("    - Forced aged                                2\n")
    );
}

#[test]
fn monitors_are_ciscos() {
    let answer = json!({"monitors": [{
        "name": "M", "description": "User defined", "record": "R", "exporters": ["E1", "E2"], "status": "allocated",
        "cache": {"type": "normal", "size": 4096, "octets": 311316, "inactive_timeout": 15, "active_timeout": 1800},
    }]});
    same(
        monitors(&answer),
        "
Flow Monitor M:
  Description:       User defined
  Flow Record:       R
  Flow Exporter:     E1
                     E2
  Cache:
    Type:                 normal
    Status:               allocated
    Size:                 4096 entries / 311316 bytes
    Inactive Timeout:     15 secs
    Active Timeout:       1800 secs

",
    );
}

fn exporter() -> Json {
    json!({"exporters": [{
        "name": "E", "description": "User defined", "protocol": "netflow-v9", "destination": "192.0.2.9", "port": 2055,
        "destination_address": "192.0.2.9", "source": "eth0", "source_address": "192.0.2.1", "source_port": 50714,
        "dscp": 10, "ttl": 255, "source_id": 0, "state": "up",
        "statistics": {"cleared_seconds": 617, "datagrams": 6, "octets": 410,
            "failures": {"no-route": {"datagrams": 163, "octets": 7820}}},
        "clients": [{"monitor": "M", "records_added": 21, "records_sent": 8, "records_failed": 13,
            "octets_added": 1260, "octets_sent": 145, "octets_failed": 1115}],
        "templates": [{"id": 256, "client": "M", "options": false, "record_size": 12, "fields": [
            {"words": "ipv4 source address", "element": 8, "offset": 0, "size": 4},
            {"words": "counter bytes", "element": 1, "offset": 4, "size": 8}]}],
    }]})
}

#[test]
fn exporters_are_ciscos() {
    same(
        exporters(&exporter()),
        "
Flow Exporter E:
  Description:              User defined
  Export protocol:          NetFlow Version 9
  Transport Configuration:
    Destination type:       IP
    Destination IP address: 192.0.2.9
    Source IP address:      192.0.2.1
    Source Interface:       eth0
    Transport Protocol:     UDP
    Destination Port:       2055
    Source Port:            50714
    DSCP:                   0xA
    TTL:                    255
    Output Features:        Not Used
",
    );
    let mut down = exporter();
    down["exporters"][0]["state"] = "down".into();
    down["exporters"][0]["reason"] = "no such interface".into();
    assert!(exporters(&down).ends_with("  State:                    down: no such interface\n"));
}

#[test]
fn exporter_statistics_are_ciscos() {
    same(
        exporter_statistics(&exporter()),
        "
Flow Exporter E:
  Packet send statistics (last cleared 00:10:17 ago):
    Successfully sent:         6                     (410 bytes)
    No route:                  163                   (7820 bytes)

  Client send statistics:
    Client: Flow Monitor M
      Records added:           21
        - sent:                8
        - failed to send:      13
      Bytes added:             1260
        - sent:                145
        - failed to send:      1115

",
    );
}

#[test]
fn records_that_were_not_sent_have_their_reason() {
    let mut answer = exporter();
    answer["exporters"][0]["clients"][0]["dropped"] = json!({"no-route": {"records": 13}});
    let shown = exporter_statistics(&answer);
    let expected =
        "        - failed to send:      13\n            No route:          13\n      Bytes added:";
    assert!(shown.contains(expected), "{shown}");
}

#[test]
fn templates_are_ciscos() {
    same(
        exporter_templates(&exporter()),
        "
Flow Exporter E:
  Client: Flow Monitor M
  Exporter Format: NetFlow Version 9
  Template ID    : 256
  Source ID      : 0
  Record Size    : 12
  Template layout
  _____________________________________________________________________
  |                 Field                   |  Type | Offset |  Size  |
  ---------------------------------------------------------------------
  | ipv4 source address                     |     8 |     0  |     4  |
  | counter bytes                           |     1 |     4  |     8  |
  ---------------------------------------------------------------------

",
    );
    let mut ipfix = exporter();
    ipfix["exporters"][0]["protocol"] = "ipfix".into();
    ipfix["exporters"][0]["templates"][0]["options"] = true.into();
    ipfix["exporters"][0]["templates"][0]["client"] = "options interface-table".into();
    let shown = exporter_templates(&ipfix);
    assert!(
        shown.contains("  Client: Option options interface-table\n"),
        "{shown}"
    );
    assert!(
        shown.contains("|    ID | Ent.ID | Offset |  Size |\n"),
        "{shown}"
    );
    let widths: Vec<usize> = shown
        .lines()
        .filter(|line| line.starts_with("  |"))
        .map(str::len)
        .collect();
    assert!(widths.windows(2).all(|pair| pair[0] == pair[1]), "{shown}");
}

#[test]
fn records_interfaces_and_samplers() {
    let answer = json!({"records": [{"name": "R", "description": "User defined", "users": 1, "total_field_space": 12,
        "fields": [{"match": true, "words": "ipv4 tos"}, {"match": false, "words": "counter bytes"}]}]});
    same(
        records(&answer),
        "
flow record R:
  Description:        User defined
  No. of users:       1
  Total field space:  12 bytes
  Fields:
    match ipv4 tos
    collect counter bytes

",
    );
    let answer = json!({"interfaces": [{"interface": "eth1", "threads": [{"state": "up", "captured": 9, "dropped": 0}],
        "monitors": [{"monitor": "M", "direction": "both", "families": ["ip"], "sampler": "S"}]}]});
    same(
        flow_interfaces(&answer),
        "
Interface eth1
  FNF:  monitor:          M
        direction:        Input
        traffic(ip):      on
        sampler:          S
  FNF:  monitor:          M
        direction:        Output
        traffic(ip):      on
        sampler:          S
  Capture:                9 packets, 0 dropped

",
    );
    let answer = json!({"interfaces": [{"interface": "eth1", "monitors": [], "decapsulate": ["gre", "vxlan"], "threads": [
        {"state": "up", "captured": 9, "dropped": 0, "tunnels": {"entered": 5, "unread": 1},
         "fragments": {"given": 3, "unknown": 2, "forgotten": 0}}]}]});
    same(
        flow_interfaces(&answer),
        "
Interface eth1
  Decapsulate:            gre, vxlan
  Capture:                9 packets, 0 dropped
  Tunnels:                5 packets entered, 1 unread
  Fragments:              3 given ports, 2 unknown, 0 forgotten

",
    );
    let answer =
        json!({"samplers": [{"name": "S", "id": 1, "mode": "random", "rate": 100, "users": 2}]});
    same(
        samplers(&answer),
        "Sampler S:\n  ID:             1\n  Type:           random\n  Rate:           1 out of 100\n  Users:          2\n\n",
    );
}

fn ledger() -> Json {
    json!({
        "monitors": [{"monitor": "M", "interface": "eth1", "captured": {"packets": 1100, "octets": 5000},
            "metered": {"packets": 1000, "octets": 4000}, "unsampled": {"packets": 90, "octets": 900},
            "skipped": {"not-ip": {"packets": 10, "octets": 100}}, "dropped": {},
            "cached": {"packets": 400, "octets": 1500, "records": 3}, "expired": {"records": 7, "packets": 600, "octets": 2500},
            "balanced": true}],
        "exporters": [{"exporter": "E", "monitor": "M", "received": {"records": 7, "packets": 600, "octets": 2500},
            "sent": {"records": 6, "packets": 599, "octets": 2400}, "queued": {"records": 0, "packets": 0, "octets": 0},
            "dropped": {"netflow-v5-ipv6": {"records": 1, "packets": 1, "octets": 100}}, "balanced": true}],
        "balanced": true,
    })
}

#[test]
fn a_ledger_that_balances_says_so() {
    same(
        loss(&ledger()),
        "
Flow monitor M on eth1
                                                      Packets            Octets
  captured                                              1,100             5,000
    metered                                             1,000             4,000
    unsampled                                              90               900
    skipped: not-ip                                        10               100

                                      Records         Packets            Octets
  metered                                               1,000             4,000
    in cache                                3             400             1,500
    in expired flows                        7             600             2,500

Flow exporter E for monitor M
                                      Records         Packets            Octets
  received                                  7             600             2,500
    sent                                    6             599             2,400
    queued                                  0               0                 0
    dropped: netflow-v5-ipv6                1               1               100

Balanced: every packet and every record is accounted for.
",
    );
}

#[test]
fn a_ledger_that_does_not_says_by_how_much() {
    let mut answer = ledger();
    answer["monitors"][0]["unsampled"]["packets"] = 88.into();
    answer["exporters"][0]["sent"]["records"] = 7.into();
    let shown = loss(&answer);
    let last: Vec<&str> = shown.lines().rev().take(2).collect();
    assert_eq!(
        last,
        [
            "NOT BALANCED: Flow exporter E for monitor M: received records not accounted for: -1 records, 0 packets, 0 octets",
            "NOT BALANCED: Flow monitor M on eth1: captured packets not accounted for: 2 packets, 0 octets",
        ]
    );
    let mut answer = ledger();
    answer["balanced"] = false.into();
    assert!(loss(&answer).ends_with("NOT BALANCED: flowd says that its ledger does not balance\n"));
}

#[test]
fn commits_are_vyos() {
    let answer = json!({"revisions": [
        {"revision": 0, "time": "2026-03-30T08:53:03Z", "user": "vyos", "via": "cli", "comment": "back to\u{1b}[2J one"},
        {"revision": 11, "time": 1_427_705_583, "user": "root", "via": "api", "comment": ""},
    ], "confirm": {"seconds": 61}});
    same(
        commits(&answer, &view(None)),
        "
0   2026-03-30 08:53:03 by vyos via cli
    back to [2J one
11  2015-03-30 08:53:03 by root via api

The last commit is rolled back in 00:01:01 unless it is confirmed.
",
    );
}

#[test]
fn hosts_logs_and_versions() {
    let answer = json!({"interfaces": [{"name": "eth0", "mac": "02:00:00:00:00:01", "mtu": 1500, "up": true, "running": false,
        "addresses": ["192.0.2.1/24", "2001:db8::1/64"], "promiscuous": true}]});
    same(
        interfaces(&answer),
        "
Codes: S - State, L - Link, u - Up, D - Down, A - Admin Down
Interface         IP Address                         S/L   MAC                   MTU  Description
----------------  ---------------------------------  ----  -----------------  ------  -----------
eth0              192.0.2.1/24                       u/D   02:00:00:00:00:01    1500  promiscuous
                  2001:db8::1/64
",
    );
    let answer = json!({"lines": [{"time": "2026-11-21T04:00:00.250Z", "level": "INFO", "target": "flowd", "message": "ready"}]});
    same(
        log(&answer, &view(None)),
        "Nov 21 04:00:00.250 info  flowd: ready\n",
    );
    let answer = json!({"program": "flowd", "version": "0.1.0", "host_name": "r1", "pid": 7, "started": "2026-11-21T04:00:00Z",
        "uptime_seconds": 90061});
    let shown = version(&answer, &view(None));
    assert!(
        shown.contains("Uptime:           1 day, 01:01:01\n"),
        "{shown}"
    );
    assert!(
        shown.contains("Revision id:      nothing is committed yet\n"),
        "{shown}"
    );
}

fn two_receivers() -> Json {
    json!({"samplicators": [{"name": "FLOWS", "description": "to both sites",
        "listeners": [{"address": "192.168.3.2", "port": 2055, "interface": null, "threads": 1,
            "received": {"datagrams": 12345, "octets": 14814000}, "kernel_drops": 7, "receive_buffer": 33554432}],
        "received": {"datagrams": 12345, "octets": 14814000}, "denied": {"datagrams": 5, "octets": 6000},
        "unrouted": {"datagrams": 0, "octets": 0}, "kernel_drops": 7, "sources": 3, "sources_recycled": 0,
        "rates": {"datagrams_1m": 1000.4, "datagrams_5m": 9.96, "bits_1m": 9600000.0, "bits_5m": 95616.0},
        "templates": {"templates": 6, "domains": 3, "options_records": 1, "octets": 900, "refused": 0, "malformed": 2},
        "receivers": [
            {"name": "left", "destination": "192.168.4.1", "address": "192.168.4.1", "port": 2055, "spoof_source": true,
             "state": "up", "offered": {"datagrams": 12340, "octets": 14808000}, "sent": {"datagrams": 12340, "octets": 14808000},
             "queued": {"datagrams": 0, "octets": 0}, "dropped": {}, "replayed": {"datagrams": 4, "octets": 400},
             "rates": {"datagrams_1m": 999.6, "datagrams_5m": 9.9, "bits_1m": 9590000.0, "bits_5m": 95000.0},
             "icmp_unreachable": 0, "last_failure": null, "last_sent_ns": 1700000000000000000u64, "last_sent_seconds_ago": 1.4},
            {"name": "right", "destination": "c.example.net", "address": "2001:db8::5", "port": 9995, "spoof_source": false,
             "state": "failed", "offered": {"datagrams": 12340, "octets": 14808000}, "sent": {"datagrams": 12000, "octets": 14400000},
             "queued": {"datagrams": 0, "octets": 0},
             "dropped": {"icmp-unreachable": {"datagrams": 40, "octets": 48000}, "sampled": {"datagrams": 300, "octets": 360000}},
             "replayed": {"datagrams": 0, "octets": 0}, "rates": {"datagrams_1m": 0.0, "datagrams_5m": 0.0, "bits_1m": 0.0, "bits_5m": 0.0},
             "icmp_unreachable": 41, "last_failure": "icmp-unreachable", "last_failure_seconds_ago": 3.0,
             "last_sent_ns": null, "last_sent_seconds_ago": null}]}]})
}

#[test]
fn a_samplicator_and_its_receivers() {
    let answer = two_receivers();
    same(samplicators(&answer), "
Samplicator FLOWS:
  Description:     to both sites
  Listening:       192.168.3.2 port 2055, 12,345 datagrams, 7 dropped by the kernel, buffer 33,554,432 octets
  Received:        12,345 datagrams, 14,814,000 octets
  Rate, 1 minute:  1,000 datagrams/s, 9.6 Mbit/s
  Rate, 5 minutes: 10.0 datagrams/s, 95.6 kbit/s
  Not relayed:     5 denied by a rule, 0 for no receiver, 7 dropped by the kernel
  Sources:         3
  Templates:       6 in 3 domains, 1 options records, 2 malformed datagrams

Receiver    Address                State         Sent        Octets  Dropped     1m/s     5m/s      Last
----------  ---------------------  ------  ----------  ------------  -------  -------  -------  --------
left        192.168.4.1:2055       up          12,340    14,808,000        0    1,000      9.9  00:00:01
right       [2001:db8::5]:9995     failed      12,000    14,400,000       40      0.0      0.0         -
  right failed 00:00:03 ago: icmp-unreachable
  right 40 dropped: icmp-unreachable, 300 sampled

");
    same(
        samplicator_receivers(&answer, &view(None)),
        "
Receiver left of samplicator FLOWS:
  Address:         192.168.4.1:2055
  Source address:  the exporter's (spoofed)
  State:           up
  Last sent:       00:00:01 ago (2023-11-14 22:13:20)
  Rate, 1 minute:  1,000 datagrams/s, 9.6 Mbit/s
  Rate, 5 minutes: 9.9 datagrams/s, 95.0 kbit/s
                                           Datagrams              Octets
  offered by the rules                        12,340          14,808,000
    sent                                      12,340          14,808,000
    queued                                         0                   0
  templates sent again beside them                 4                 400

Receiver right of samplicator FLOWS:
  Address:         [2001:db8::5]:9995
  Host name:       c.example.net
  Source address:  this host's
  State:           failed
  Last failure:    icmp-unreachable 00:00:03 ago
  Last sent:       never
  Rate, 1 minute:  0.0 datagrams/s, 0.0 bit/s
  Rate, 5 minutes: 0.0 datagrams/s, 0.0 bit/s
                                           Datagrams              Octets
  offered by the rules                        12,340          14,808,000
    sent                                      12,000          14,400,000
    queued                                         0                   0
    dropped: icmp-unreachable                     40              48,000
    dropped: sampled                             300             360,000
  templates sent again beside them                 0                   0
  told unreachable (ICMP) 41 times

",
    );
    same(
        samplicator_frame(&answer, false),
        "
FLOWS: 12,345 received, 1,000 datagrams/s, 9.6 Mbit/s
  left 192.168.4.1:2055 up: 12,340 sent, 0 dropped, 1,000 datagrams/s
  right [2001:db8::5]:9995 failed: 12,000 sent, 40 dropped, 0.0 datagrams/s
",
    );
}

#[test]
fn sources_and_templates_of_a_samplicator() {
    let sources = json!({"samplicators": [{"samplicator": "FLOWS", "sources": [
        {"address": "192.168.3.1", "port": 39268, "received": {"datagrams": 1234, "octets": 1480800},
         "not_relayed": {"datagrams": 0, "octets": 0}, "rule": null, "domains": 1, "templates": 2,
         "first_seconds_ago": 90061.0, "last_seconds_ago": 0.2, "silent": false},
        {"address": "2001:db8::1", "port": 1024, "received": {"datagrams": 1, "octets": 72},
         "not_relayed": {"datagrams": 1, "octets": 72}, "rule": "2001:db8::/32", "domains": 0, "templates": 0,
         "first_seconds_ago": 400.0, "last_seconds_ago": 400.0, "silent": true}]},
        {"samplicator": "OTHER", "sources": []}]});
    same(samplicator_sources(&sources), "
Samplicator FLOWS:
Source            Port   Datagrams        Octets  Not relayed  Rule           Domains  Templates            First      Last  State
---------------  -----  ----------  ------------  -----------  -------------  -------  ---------  ---------------  --------  ------
192.168.3.1      39268       1,234     1,480,800            0  -                    1          2  1 day, 01:01:01  00:00:00  sends
2001:db8::1       1024           1            72            1  2001:db8::/32        0          0         00:06:40  00:06:40  silent

Samplicator OTHER:
No exporter has sent anything.

");
    let templates = json!({"samplicators": [{"samplicator": "FLOWS", "templates": [
        {"source": "192.168.3.1:39268", "domain": 0, "version": 9, "id": 256, "options": false, "fields": 9, "records": 0,
         "last_seconds_ago": 12.0},
        {"source": "[2001:db8::1]:1024", "domain": 4294967295u32, "version": 10, "id": 257, "options": true, "fields": 3,
         "records": 4, "last_seconds_ago": 61.0}]}]});
    same(
        samplicator_templates(&templates),
        "
Samplicator FLOWS:
Source                     Domain  Protocol    Template  Of       Fields  Records      Last
---------------------  ----------  ----------  --------  -------  ------  -------  --------
192.168.3.1:39268               0  NetFlow v9       256  data          9        0  00:00:12
[2001:db8::1]:1024     4294967295  IPFIX            257  options       3        4  00:01:01

",
    );
}

#[test]
fn the_ledger_has_the_samplicators_and_sees_what_is_missing() {
    let tally = |datagrams: u64| json!({"datagrams": datagrams, "octets": datagrams * 100});
    let mut answer = json!({"monitors": [], "exporters": [], "balanced": true, "samplicators": [{"samplicator": "FLOWS",
        "received": tally(10), "relayed": tally(8), "denied": tally(2), "unrouted": tally(0), "kernel_drops": 3,
        "receivers": [{"receiver": "left", "offered": tally(8), "sent": tally(5), "queued": tally(1),
            "dropped": {"rate-limit": tally(2)}}]}]});
    same(
        loss(&answer),
        "
Samplicator FLOWS
                                                    Datagrams            Octets
  received                                                 10             1,000
    relayed                                                 8               800
    dropped: denied by a rule                               2               200
    dropped: for no receiver                                0                 0
  dropped by the kernel before                              3
  offered to left                                           8               800
    sent                                                    5               500
    queued                                                  1               100
    dropped: rate-limit                                     2               200

Balanced: every packet, record and datagram is accounted for.
",
    );
    answer["samplicators"][0]["receivers"][0]["sent"] = tally(4);
    assert!(loss(&answer).ends_with(
        "NOT BALANCED: Samplicator FLOWS: offered to left not accounted for: 1 datagrams, 100 octets\n"
    ));
}

#[test]
fn answers_without_members_make_screens_too() {
    let empty = json!({});
    let holes = json!({"interfaces": [{}], "monitors": [{}], "exporters": [{"templates": [{}], "clients": [{}]}],
        "records": [{}], "samplers": [{}], "revisions": [{}], "lines": [{}], "fields": [{}], "flows": [{}],
        "samplicators": [{"listeners": [{}], "receivers": [{}], "sources": [{}], "templates": [{}]}]});
    for answer in [&empty, &holes] {
        let view = view(Some(80));
        for shown in [
            accounting(answer),
            cache(answer, &CacheView::default(), &view),
            monitor_statistics(answer),
            exporters(answer),
            exporter_statistics(answer),
            exporter_templates(answer),
            monitors(answer),
            records(answer),
            flow_interfaces(answer),
            samplers(answer),
            loss(answer),
            samplicators(answer),
            samplicator_receivers(answer, &view),
            samplicator_sources(answer),
            samplicator_templates(answer),
            samplicator_frame(answer, false),
            commits(answer, &view),
            interfaces(answer),
            log(answer, &view),
            version(answer, &view),
        ] {
            assert!(shown.is_empty() || shown.ends_with('\n'));
        }
    }
}

#[test]
fn what_moves_most_is_first() {
    let moved = |port: u16, octets: u64, rate: Option<f64>| {
        let flow = json!({"sourceIPv4Address": "10.0.0.1", "destinationIPv4Address": "10.0.0.2",
            "sourceTransportPort": port, "destinationTransportPort": 443, "protocolIdentifier": 6});
        Moved::new(
            flow,
            (octets / 100, octets),
            (rate.map(|rate| rate / 100.0), rate),
        )
    };
    let interface = json!({"interface": "eth1", "deltaFlowCount": 1234});
    let totals = [Moved::new(
        interface,
        (1, 2),
        (Some(1500.0), Some(1_250_000.0)),
    )];
    let rows = [
        moved(1, 9_000_000, Some(100.0)),
        moved(2, 5000, Some(1_000_000.0)),
        moved(3, 700, None),
    ];
    let frame = |order, most, screen| {
        top(&TopFrame {
            totals: &totals,
            rows: &rows,
            most,
            order,
            screen,
        })
    };
    same(
        frame(TopOrder::Bits, 2, true),
        "
flow-accounting for [eth1]: 1,234 flows, 1,500 packets/s, 10.0 Mbit/s
Src Addr        Dst Addr        Sport Dport Proto  Packets/s        Bits/s    Packets        Bytes
10.0.0.1        10.0.0.2        2     443     tcp     10,000    8.0 Mbit/s         50         5000
10.0.0.1        10.0.0.2        1     443     tcp        1.0   800.0 bit/s      90000      9000000

sorted by: b bits/s*, p packets/s, t total bytes; q leaves
",
    );
    let total = frame(TopOrder::Total, 3, false);
    let ports: Vec<_> = total
        .lines()
        .skip(2)
        .filter_map(|line| line.split_whitespace().nth(2))
        .collect();
    assert_eq!(ports, ["1", "2", "3"], "{total}");
    assert!(
        total.ends_with("-       - bit/s          7          700\n"),
        "{total}"
    );
}
