//! The parts of the probe: records, monitors, exporters, interfaces, samplers.

use serde_json::{Value as Json, json};

use super::*;

#[test]
fn monitors_are_ciscos() {
    let answer = json!({"monitors": [{
        "name": "M", "description": "User defined", "record": "R", "exporters": ["E1", "E2"], "status": "allocated",
        "cache": {"type": "normal", "size": 4096, "octets": 311316, "inactive_timeout": 15, "active_timeout": 1800},
    }]});
    same(
        monitors(&filled(&answer)),
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
        exporters(&filled(&exporter())),
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
    assert!(
        exporters(&filled(&down))
            .ends_with("  State:                    down: no such interface\n")
    );
}

#[test]
fn exporter_statistics_are_ciscos() {
    same(
        exporter_statistics(&filled(&exporter())),
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
    let shown = exporter_statistics(&filled(&answer));
    let expected =
        "        - failed to send:      13\n            No route:          13\n      Bytes added:";
    assert!(shown.contains(expected), "{shown}");
}

#[test]
fn templates_are_ciscos() {
    same(
        exporter_templates(&filled(&exporter())),
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
    let shown = exporter_templates(&filled(&ipfix));
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
        records(&filled(&answer)),
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
        flow_interfaces(&filled(&answer)),
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
        flow_interfaces(&filled(&answer)),
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
        samplers(&filled(&answer)),
        "Sampler S:\n  ID:             1\n  Type:           random\n  Rate:           1 out of 100\n  Users:          2\n\n",
    );
}
