//! Answers and the screens they make, to the character.

mod cache;
mod flow;
mod ledger;
mod samplicator;
mod wide;

use api::flow::RateOrder;
use commands::CacheView;
use serde_json::{Value, json};

use super::loss::loss;
use super::system::commits;
use super::*;
use crate::filled::filled;

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
        accounting(&filled(&answer), &view(None)),
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
        accounting(&filled(&json!({"interfaces": []})), &view(None)),
        "flow-accounting is not running\n",
    );
}

#[test]
fn commits_are_vyos() {
    let answer = json!({"revisions": [
        {"revision": 0, "id": 12, "time": "2026-03-30T08:53:03Z", "user": "vyos", "via": "cli", "comment": "back to\u{1b}[2J one"},
        {"revision": 1, "id": 11, "time": "2015-03-30T08:53:03Z", "user": "root", "via": "api", "comment": ""},
    ], "confirm": {"seconds": 61}});
    same(
        commits(&filled(&answer), &view(None)),
        "
12   2026-03-30 08:53:03 by vyos via cli
     back to [2J one
11   2015-03-30 08:53:03 by root via api

The last commit is rolled back in 00:01:01 unless it is confirmed.
",
    );
}

#[test]
fn hosts_logs_and_versions() {
    let answer = json!({"interfaces": [{"name": "eth0", "mac": "02:00:00:00:00:01", "mtu": 1500, "up": true, "running": false,
        "addresses": ["192.0.2.1/24", "2001:db8::1/64"], "promiscuous": true}]});
    same(
        interfaces(&filled(&answer), &view(None)),
        "
Codes: S - State, L - Link, u - Up, D - Down, A - Admin Down
Interface         IP Address                         S/L   Description
----------------  ---------------------------------  ----  -----------
eth0              192.0.2.1/24                       u/D   promiscuous
                  2001:db8::1/64
",
    );
    let line = json!({"time": "2026-11-21T04:00:00.250Z", "level": "info", "msgid": "COMMIT", "target": "daemon",
        "message": "root committed revision 14"});
    same(
        log(&filled(&json!({"lines": [line]})), &view(None)),
        "Nov 21 04:00:00.250 info  COMMIT: root committed revision 14\n",
    );
    let answer = json!({"lines": [{"time": "2026-11-21T04:00:00.250Z", "level": "info", "target": "flowd", "message": "ready"}]});
    same(
        log(&filled(&answer), &view(None)),
        "Nov 21 04:00:00.250 info  flowd: ready\n",
    );
    let answer = json!({"program": "flowd", "version": "0.1.0", "host_name": "r1", "pid": 7, "started": "2026-11-21T04:00:00Z",
        "uptime_seconds": 90061, "alarms": 2, "machine": {"uptime_seconds": 694_861}});
    let shown = version(&filled(&answer), &view(None));
    assert!(
        shown.contains("Uptime:           1 day, 01:01:01\n"),
        "{shown}"
    );
    assert!(
        shown.contains("Alarms:           2 (`show alarms`)\n"),
        "{shown}"
    );
    let alarms = json!({"alarms": [{"kind": "interface-down", "subject": "interface eth1", "since": "2026-11-21T04:00:00Z",
        "text": "interface eth1 is down"}]});
    same(
        system::alarms(&filled(&alarms), &view(None)),
        "2026-11-21 04:00:00  interface eth1 is down\n",
    );
    same(
        system::alarms(&filled(&json!({"alarms": []})), &view(None)),
        "There is no alarm.\n",
    );
    assert!(
        shown.contains("Revision:         nothing is committed yet\n"),
        "{shown}"
    );
    assert!(
        shown.ends_with("\nr1 uptime is 1 week, 1 day, 1 hour, 1 minute\n"),
        "{shown}"
    );
}

#[test]
fn every_question_has_a_screen() {
    let mut questions = 0;
    for declared in commands::operational() {
        let parsed = commands::parse(declared.pattern, commands::Mode::Operational);
        if let Ok(Some(line)) = parsed
            && let commands::Command::Ask(ask) = line.command
        {
            let is_it = |screen: &Screen| (screen.route, screen.view) == (ask.route, ask.view);
            assert!(screens().iter().any(is_it), "{}", declared.pattern);
            questions += 1;
        }
    }
    assert!(questions > 10, "{questions}");
}

#[test]
fn the_host_as_routers_show_it() {
    let view = view(Some(80));
    let answer = json!({"interfaces": [
        {"name": "eth0", "up": true, "running": true, "addresses": ["2001:db8::1/64", "192.0.2.1/24", "192.0.2.2/24"]},
        {"name": "eth1", "up": false, "running": false}]});
    same(
        host::interfaces_brief(&filled(&answer)),
        "
Interface              IP-Address      OK? Method Status                Protocol
eth0                   192.0.2.1       YES other  up                    up
eth1                   unassigned      YES unset  administratively down down
",
    );
    let answer = json!({"users": [
        {"user": "root", "uid": 0, "role": "admin", "process": "flowsh[7]", "connected": "2026-11-21T04:00:00Z", "own": true},
        {"user": "ann", "uid": 1000, "role": "operator", "process": "curl[9]", "connected": "2026-11-21T05:00:00Z"}]});
    same(
        host::users(&filled(&answer), &view),
        "
  User             Role     Program              Connected
* root             admin    flowsh[7]            2026-11-21 04:00:00
  ann              operator curl[9]              2026-11-21 05:00:00
",
    );
    same(
        host::clock(&filled(&json!({"time": "2026-11-21T04:00:00.250Z"})), &view),
        "04:00:00.250 UTC Sat Nov 21 2026\n",
    );
    let answer = json!({"processors": 2, "load": [0.5, 0.25, 1.0],
        "threads": [{"id": 7, "name": "capture eth0", "state": "R", "cpu_seconds": 90.5, "cpu_percent": 12.34}]});
    same(
        host::processes(&filled(&answer), &view),
        "
Load: 0.50, 0.25, 1.00 over 1, 5 and 15 minutes; processors: 2

      ID  Thread            State   CPU seconds   CPU %
       7  capture eth0      R             90.50    12.3
",
    );
    let answer =
        json!({"total": 4_u64 << 30, "available": 1 << 30, "free": 1 << 29, "resident": 1 << 20});
    same(
        host::memory(&filled(&answer), &view),
        "
MiB          Total        Used        Free   Available
Host        4096.0      3072.0       512.0      1024.0
Swap           0.0         0.0         0.0

flowd: 1.0 MiB in memory, 0.0 at most; address space 0.0 MiB
",
    );
    let answer = json!({"fields": [
        {"words": "ipv4 source address", "number": 8, "octets": 4, "element": "sourceIPv4Address"},
        {"words": "x", "number": 1, "enterprise": 29305, "octets": 8, "element": "y"}]});
    same(
        host::export_ids(&filled(&answer), &view),
        "
Field                                     ID Octets Information element
ipv4 source address                        8      4 sourceIPv4Address
x                                    29305/1      8 y
",
    );
}

#[test]
fn answers_without_members_make_screens_too() {
    let empty = json!({});
    let holes = json!({"interfaces": [{}], "monitors": [{}], "exporters": [{"templates": [{}], "clients": [{}]}],
        "records": [{}], "samplers": [{}], "revisions": [{}], "lines": [{}], "fields": [{}], "flows": [{}],
        "samplicators": [{"listeners": [{"address": "192.0.2.1"}], "receivers": [{}]}],
        "parts": [{"sources": [{"address": "192.0.2.1"}], "templates": [{}]}]});
    for answer in [&empty, &holes] {
        let view = view(Some(80));
        for shown in [
            accounting(&filled(answer), &view),
            cache(&filled(answer), &CacheView::default(), &view),
            monitor_statistics(&filled(&json!({}))),
            exporters(&filled(answer)),
            exporter_statistics(&filled(answer)),
            exporter_templates(&filled(answer)),
            monitors(&filled(answer)),
            records(&filled(answer)),
            flow_interfaces(&filled(answer)),
            samplers(&filled(answer)),
            loss(&filled(answer)),
            samplicators(&filled(answer), &view),
            samplicator_receivers(&filled(answer), &view),
            samplicator_sources(&filled::<Vec<_>>(&answer["parts"]), &view),
            samplicator_templates(&filled::<Vec<_>>(&answer["parts"]), &view),
            samplicator_frame(&filled(answer), &view),
            commits(&filled(answer), &view),
            interfaces(&filled(answer), &view),
            log(&filled(answer), &view),
            version(&filled(answer), &view),
        ] {
            assert!(shown.is_empty() || shown.ends_with('\n'));
        }
    }
}

#[test]
fn what_moves_most_is_shown_in_the_order_of_the_answer() {
    let moved = |port: u16, octets: u64, rate: Option<f64>| {
        let flow = json!({"sourceIPv4Address": "10.0.0.1", "destinationIPv4Address": "10.0.0.2",
            "sourceTransportPort": port, "destinationTransportPort": 443, "protocolIdentifier": 6});
        json!({"flow": flow, "rate": {"packets": octets / 100, "octets": octets,
            "packets_per_second": rate.map(|rate| rate / 100.0), "octets_per_second": rate}})
    };
    let interface = json!({"interface": "eth1", "flows": 1234, "rate": {"packets": 1, "octets": 2,
        "packets_per_second": 1500.0, "octets_per_second": 1_250_000.0}});
    let frame = |keys, flows: Vec<Value>| {
        let answer = json!({"interfaces": [interface], "flows": flows, "next": "1"});
        top(&filled(&answer), keys, &view(None))
    };
    let (slow, fast) = (
        moved(1, 9_000_000, Some(100.0)),
        moved(2, 5000, Some(1_000_000.0)),
    );
    same(
        frame(Some(RateOrder::Bits), vec![fast.clone(), slow.clone()]),
        "
flow-accounting for [eth1]: 1,234 flows, 1,500 packets/s, 10.0 Mbit/s
Src Addr        Dst Addr        Sport Dport Proto  Packets/s        Bits/s    Packets        Bytes
10.0.0.1        10.0.0.2        2     443     tcp     10,000    8.0 Mbit/s         50         5000
10.0.0.1        10.0.0.2        1     443     tcp        1.0   800.0 bit/s      90000      9000000

sorted by: b bits/s*, p packets/s, t total bytes; q leaves
",
    );
    let total = frame(None, vec![slow, fast, moved(3, 700, None)]);
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
