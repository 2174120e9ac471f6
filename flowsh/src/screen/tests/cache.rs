//! The flows and counters of a cache.

use commands::{CacheView, Layout};
use serde_json::{Value as Json, json};

use super::*;

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
        cache(&filled(&cache_answer()), &CacheView::default(), &view(None)),
        &format!("{STATISTICS}{table}"),
    );
    same(monitor_statistics(&filled(&cache_answer())), STATISTICS);
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
    same(monitor_statistics(&filled(&answer)), &text);
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
        monitor_statistics(&filled(&answer)),
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
        cache(&filled(&sorted), &asked, &view(Some(80))),
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
    assert!(cache(&filled(&cache_answer()), &table, &view(Some(80))).contains("=====  ====="));
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
    let text = cache(&filled(&answer), &asked, &view(None));
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
        cache(&filled(&answer), &asked, &view(Some(80))),
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
        cache(&filled(&cache_answer()), &csv, &view(Some(80))),
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
        cache(&filled(&empty), &CacheView::default(), &view(None))
            .ends_with("\n\nThere are no cache entries to display.\n")
    );
}

#[test]
fn forced_flows_are_shown_when_there_are_any() {
    let mut answer = cache_answer();
    answer["cache"]["aged"]["forced"] = 2.into();
    assert!(
        monitor_statistics(&filled(&answer))
            .ends_with("    - Forced aged                                2\n")
    );
}
