//! Every screen fits 80 columns, with long names, IPv6 addresses and large counters.

use commands::{Command, Part, RelayPart};
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::wrap::wrapped;

/// A name as long as names may be.
const NAME: &str = "a-name-as-long-as-names-may-be-x";
/// A text of many words.
const TEXT: &str = "the uplink to the exchange in the second room, behind the blue rack, ask for the key at the desk";
const SOURCE: &str = "2001:db8:1111:2222:3333:4444:5555:6666";
const DESTINATION: &str = "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff";
const MANY: u64 = 98_765_432_109_876;

fn tally() -> Value {
    json!({"packets": MANY, "octets": MANY, "records": MANY, "datagrams": MANY})
}

fn fits(what: &str, shown: &str) {
    for line in shown.lines() {
        assert!(
            line.width() <= 80,
            "{what}: {} columns:\n{line}",
            line.width()
        );
    }
}

fn flow() -> Value {
    json!({"sourceIPv6Address": SOURCE, "destinationIPv6Address": DESTINATION, "sourceTransportPort": 65_535,
        "destinationTransportPort": 65_534, "protocolIdentifier": 132, "packetDeltaCount": MANY,
        "octetDeltaCount": MANY, "deltaFlowCount": MANY})
}

fn rate() -> Value {
    json!({"packets": MANY, "octets": MANY, "packets_per_second": 123_456_789.0, "octets_per_second": 98_765_432_109.0})
}

fn cache_counters() -> Value {
    json!({"type": "permanent", "size": MANY, "parts": 3, "octets": MANY, "entries": MANY, "high_watermark": MANY,
        "added": MANY, "aged_total": MANY, "updates": MANY, "update_timeout": 86_400, "active_timeout": 604_800,
        "inactive_timeout": 604_800,
        "aged": {"active": MANY, "inactive": MANY, "event": MANY, "watermark": MANY, "emergency": MANY, "forced": MANY},
        "statistics": {"seconds": 1.0, "sizes": [{"largest": 32, "packets": MANY}],
            "protocols": [{"name": "TCP-Telnet", "flows": 99_999_999, "packets": 999_999_999, "octets": 99_999_999_999u64}]}})
}

/// Screens whose lines fit as they are: tables, and pairs of short values.
fn tables(view: &View) -> Vec<(&'static str, String)> {
    let accounted = json!({"interfaces": [{"interface": NAME, "sampling_rate": 1000, "scaled": true, "entries": MANY,
        "total_flows": MANY, "total_packets": MANY, "total_octets": MANY, "flows": [flow(), flow()]}]});
    let rates = json!({"interfaces": [{"interface": "eth0", "flows": 1_000_000, "rate": rate()}],
        "flows": [{"flow": flow(), "rate": rate()}], "next": "1"});
    let field = |name: &str| json!({"name": name, "key": true});
    let top = json!({"monitor": NAME, "flows": 1000, "total": rate(), "next": "1",
        "fields": [field("sourceIPv6Address"), field("sourceTransportPort"), field("protocolIdentifier")],
        "rows": [{"key": flow(), "flows": MANY, "rate": rate(), "share": 1.0}]});
    let traffic = json!({"packets": MANY, "octets": MANY, "errors": 1_000_000, "dropped": 1_000_000,
        "rates": {"packets_1m": 123_456_789.0, "packets_5m": 123_456_789.0, "bits_1m": 99_999_999_999.0,
            "bits_5m": 99_999_999_999.0}});
    let interfaces = json!({"interfaces": [{"name": "enp123s45f67np8", "mac": "00:00:5e:00:53:01", "mtu": 65_535,
        "addresses": [format!("{SOURCE}/128"), "192.0.2.1/24"], "received": traffic, "sent": traffic}]});
    let interfaces: api::host::Interfaces = filled(&interfaces);
    let all: Vec<&api::host::Interface> = interfaces.interfaces.iter().collect();
    let receiver = json!({"name": NAME, "address": SOURCE, "port": 65_535, "state": "unresolved", "sent": tally(),
        "offered": tally(), "queued": tally(), "replayed": tally(), "dropped": {"rate-limit": tally()},
        "last_sent_seconds_ago": 86_399.0,
        "rates": {"datagrams_1m": 123_456_789.0, "datagrams_5m": 123_456_789.0, "bits_1m": 9.9e10, "bits_5m": 9.9e10}});
    let samplicators: api::samplicator::Samplicators =
        filled(&json!({"samplicators": [{"name": NAME, "receivers": [receiver]}]}));
    let sources = json!([{"samplicator": NAME, "sources": [{"address": SOURCE, "port": 65_535, "received": tally(),
        "not_relayed": tally(), "rule": format!("{SOURCE}/128"), "domains": 1_000_000, "templates": 1_000_000,
        "first_seconds_ago": 86_399.0, "last_seconds_ago": 86_399.0}]}]);
    let templates = json!([{"samplicator": NAME, "templates": [{"source": format!("[{SOURCE}]:65535"),
        "domain": 4_294_967_295u32, "version": 9, "id": 65_535, "options": true, "fields": 1000, "records": 1_000_000,
        "last_seconds_ago": 86_399.0}]}]);
    let users = json!({"users": [{"user": NAME, "uid": 4_294_967_295u32, "role": "operator",
        "process": "python3.11-dbg-x[4194304]", "connected": "2026-11-21T04:00:00Z", "own": true}]});
    let processes = json!({"processors": 1024, "load": [1000.0, 1000.0, 1000.0], "threads": [
        {"id": 4_194_304, "name": "a-thread-of-15c", "state": "R", "cpu_seconds": 1e9, "cpu_percent": 100.0}]});
    let octets = 8_u64 << 40;
    let memory = json!({"total": octets, "free": octets, "available": octets, "swap_total": octets, "swap_free": 0,
        "resident": octets, "resident_peak": octets, "address_space": octets});
    let clock = json!({"time": "2026-11-21T04:00:00.250Z"});
    // The longest names there are.
    let fields = json!({"fields": registry::FIELDS.iter().map(|field| json!({"words": field.words,
        "element": field.name(), "number": field.element.number, "enterprise": 4_294_967_295u32,
        "octets": field.len})).collect::<Vec<_>>()});
    vec![
        (
            "show flow-accounting",
            accounting(&filled(&accounted), view),
        ),
        ("monitor flow-accounting", top_frame(&rates, view)),
        ("show flow monitor top", talkers(&filled(&top), false, view)),
        ("monitor flow monitor", talkers(&filled(&top), true, view)),
        (
            "show interfaces",
            super::super::interfaces::interfaces(&interfaces, view),
        ),
        (
            "show interfaces NAME",
            interface(&interfaces.interfaces[0], view),
        ),
        ("show interfaces counters", counters(&all, view)),
        (
            "show ip interface brief",
            host::interfaces_brief(&interfaces),
        ),
        ("show users", host::users(&filled(&users), view)),
        ("show processes", host::processes(&filled(&processes), view)),
        ("show memory", host::memory(&filled(&memory), view)),
        ("show clock", host::clock(&filled(&clock), view)),
        (
            "show flow exporter export-ids",
            host::export_ids(&filled(&fields), view),
        ),
        ("show interfaces rates", super::super::rates(&all, view)),
        (
            "show samplicator sources",
            samplicator_sources(&filled::<Vec<_>>(&sources), view),
        ),
        (
            "show samplicator templates",
            samplicator_templates(&filled::<Vec<_>>(&templates), view),
        ),
        (
            "show samplicator receivers",
            samplicator_receivers(&samplicators, view),
        ),
        (
            "show flow monitor statistics",
            monitor_statistics(&filled(&json!({"cache": cache_counters()}))),
        ),
    ]
}

fn top_frame(rates: &Value, view: &View) -> String {
    top(&filled(rates), Some(RateOrder::Bits), view)
}

/// Screens with sentences and names, whose lines the terminal's front breaks between words.
fn sentences(view: &View) -> Vec<(&'static str, String)> {
    let names = json!([NAME, NAME]);
    let monitors = json!({"monitors": [{"name": NAME, "description": TEXT, "record": NAME, "exporters": names,
        "sampling_rate": null, "cache": cache_counters()}]});
    let records = json!({"records": [{"name": NAME, "description": TEXT,
        "fields": [{"words": "transport tcp flags cwr", "name": "x"}]}]});
    let attachment =
        json!({"monitor": NAME, "direction": "both", "families": ["ip", "ipv6"], "sampler": NAME});
    let metered = json!({"interfaces": [{"interface": NAME, "monitors": [attachment],
        "decapsulate": ["gre", "ipip", "vxlan", "geneve", "gtp-u", "mpls", "pppoe", "6in4", "erspan", "l2tp"],
        "threads": [{"state": "down", "reason": TEXT}, {"captured": MANY, "dropped": MANY,
        "tunnels": {"entered": MANY, "unread": MANY},
        "fragments": {"given": MANY, "unknown": MANY, "forgotten": MANY}}]}]});
    let samplers = json!({"samplers": [{"name": NAME, "id": 1, "rate": 1_000_000, "users": 100}]});
    let template = json!({"client": format!("Flow Monitor {NAME}"), "record": NAME, "fields": [
        {"words": "policy firewall event and many more words that nobody can read", "element": 65_535,
        "enterprise": 4_294_967_295u32, "offset": 65_535, "size": 65_535}]});
    let client = json!({"monitor": NAME, "records_added": MANY, "octets_added": MANY, "dropped": {"message-too-long": tally()}});
    let exporters_answer = json!({"exporters": [{"name": NAME, "description": TEXT, "protocol": "ipfix",
        "destination": "collector-of-the-second-site.monitoring.example.net", "destination_address": SOURCE,
        "source": NAME, "vrf": NAME, "state": "down", "reason": TEXT, "clients": [client], "templates": [template],
        "statistics": {"cleared_seconds": 8_640_000, "datagrams": MANY, "octets": MANY,
            "failures": {"message-too-long": tally()}, "unreachable": MANY}}]});
    let metering = json!({"monitor": NAME, "interface": NAME, "captured": tally(), "metered": tally(),
        "unsampled": tally(), "skipped": {"unknown-link-type 239": tally()}, "dropped": {"cache-full": tally()},
        "cached": tally(), "expired": tally(), "cleared": tally()});
    let exporting = json!({"exporter": NAME, "monitor": NAME, "received": tally(), "sent": tally(), "queued": tally(),
        "dropped": {"message-too-long": tally()}});
    let relaying = json!({"samplicator": NAME, "received": tally(), "relayed": tally(), "kernel_drops": MANY,
        "receivers": [{"receiver": NAME, "offered": tally(), "sent": tally(), "dropped": {"rate-limit": tally()}}]});
    let ledger =
        json!({"monitors": [metering], "exporters": [exporting], "samplicators": [relaying]});
    let routes_answer = json!({"wanted": true, "ipv4_prefixes": MANY, "ipv6_prefixes": MANY, "changes": MANY,
        "states": MANY, "readings": MANY, "overruns": MANY, "unread_messages": MANY, "left_out_routes": MANY,
        "unknown_rules": MANY, "error": TEXT});
    let path_answer = json!({"source": SOURCE, "destination": DESTINATION, "protocol": 6, "source_port": 65_535,
        "destination_port": 65_534, "input": NAME, "input_assumed": true,
        "route": {"kind": "forward", "prefix": format!("{DESTINATION}/128"), "output": NAME, "next_hop": SOURCE},
        "monitors": [{"monitor": NAME, "interface": NAME, "record": NAME, "sampler": {"name": NAME, "rate": 1000},
        "filter": TEXT, "exporters": [{"name": NAME, "protocol": "NetFlow Version 9", "destination": NAME, "port": 65_535}]}]});
    let revisions = json!({"revisions": [{"revision": 0, "id": 4_294_967_295u32, "time": "2026-03-30T08:53:03Z",
        "user": NAME, "via": "commit-confirm", "comment": TEXT}], "confirm": {"seconds": 3_932_100},
        "scheduled": {"at": "2026-03-30T08:53:03Z", "made": "2026-03-30T08:53:03Z", "user": NAME, "via": NAME,
        "comment": TEXT, "failed": [TEXT]}});
    let lines = json!({"lines": [{"time": "2026-11-21T04:00:00.250Z", "level": "warning", "msgid": "REFUSED",
        "target": "daemon", "message": format!("a commit of {NAME} from {SOURCE} via cli was refused: {TEXT}")}]});
    let version_answer = json!({"host_name": format!("{NAME}.{NAME}.example.net"), "version": "0.1.0", "alarms": 7,
        "machine": {"operating_system": "Debian GNU/Linux 12 (bookworm)", "kernel": "6.1.0-41-cloud-amd64",
            "architecture": "x86_64", "hardware": TEXT, "uptime_seconds": 1_000_000_000},
        "started": "2026-11-21T04:00:00Z"});
    let metrics_answer = json!({"listeners": [{"address": SOURCE, "port": 65_535, "down": null},
        {"address": "192.0.2.1", "port": 9_743, "down": "the address is in use by another program"}],
        "allow": ["192.0.2.0/24", "2001:db8::/32"], "scrapes": MANY, "denied": MANY});
    let alarms_answer = json!({"alarms": [{"kind": "exporter-down", "since": "2026-11-21T04:00:00Z",
        "text": format!("flow exporter {NAME} is down: {TEXT}")}]});
    let sessions = json!({"sessions": [{"session": "x", "user": NAME, "via": NAME, "started": "2026-11-21T04:00:00Z",
        "changed": true, "exclusive": "2026-11-21T04:00:00Z"}]});
    let received = json!({"name": NAME, "destination": NAME, "address": SOURCE, "state": "failed", "description": TEXT,
        "last_failure": TEXT, "last_failure_seconds_ago": 86_399.0, "dropped": {"rate-limit": tally(), "sampled": tally()}});
    let listener = json!({"address": SOURCE, "port": 2055, "interface": NAME, "threads": 4, "received": tally(),
        "kernel_drops": MANY, "receive_buffer": MANY});
    let samplicators_answer = json!({"samplicators": [{"name": NAME, "description": TEXT, "listeners": [listener],
        "received": tally(), "denied": tally(), "unrouted": tally(), "kernel_drops": MANY, "receivers": [received]}]});
    vec![
        ("show flow monitor", monitors_of(&monitors)),
        ("show flow record", records_of(&records)),
        ("show flow interface", flow_interfaces(&filled(&metered))),
        ("show sampler", super::super::samplers(&filled(&samplers))),
        ("show flow exporter", exporters(&filled(&exporters_answer))),
        (
            "show flow exporter statistics",
            exporter_statistics(&filled(&exporters_answer)),
        ),
        (
            "show flow exporter templates",
            exporter_templates(&filled(&exporters_answer)),
        ),
        ("show flow loss", loss::loss(&filled(&ledger))),
        ("show flow routes", route::routes(&filled(&routes_answer))),
        ("test flow path", path(&filled(&path_answer))),
        (
            "show system commit",
            system::commits(&filled(&revisions), view),
        ),
        ("write memory", startup(&filled(&revisions), view)),
        ("show log", log(&filled(&lines), view)),
        ("show version", version(&filled(&version_answer), view)),
        ("show alarms", system::alarms(&filled(&alarms_answer), view)),
        (
            "show service metrics",
            metrics::metrics(&filled(&metrics_answer)),
        ),
        ("status", status(&filled(&sessions), "", view)),
        ("configure", others(&filled(&sessions), "", view)),
        (
            "show samplicator",
            samplicators(&filled(&samplicators_answer), view),
        ),
        (
            "show samplicator receivers",
            samplicator_receivers(&filled(&samplicators_answer), view),
        ),
    ]
}

fn monitors_of(answer: &Value) -> String {
    monitors(&filled(answer))
}

fn records_of(answer: &Value) -> String {
    records(&filled(answer))
}

/// Returns what the entry of a command's screen is called above; `None` where lines are as long as what was configured
/// or typed, and for what is made of other screens.
fn entry(command: &Command) -> Option<&'static str> {
    Some(match command {
        Command::Ask(ask) => match (ask.route, ask.view) {
            ("ALARMS", "") => "show alarms",
            ("CLOCK", "") => "show clock",
            ("FIELDS", "") => "show flow exporter export-ids",
            ("INTERFACES", "brief") => "show ip interface brief",
            ("LOG", "") => "show log",
            ("LOSS", "") => "show flow loss",
            ("MEMORY", "") => "show memory",
            ("METRICS", "") => "show service metrics",
            ("MONITOR_TOP", "") => "show flow monitor top",
            ("PROCESSES", "") => "show processes",
            ("REVISIONS", "") => "show system commit",
            ("ROUTES", "") => "show flow routes",
            ("USERS", "") => "show users",
            other => panic!("no wide screen of {other:?}"),
        },
        Command::ShowInterfaces { name: None, .. } => "show interfaces",
        Command::ShowInterfaces { name: Some(_), .. } => "show interfaces NAME",
        Command::ShowTraffic { rates: false } => "show interfaces counters",
        Command::ShowTraffic { rates: true } => "show interfaces rates",
        Command::ShowFlow { part, .. } => match part {
            Part::Exporter => "show flow exporter",
            Part::Interface => "show flow interface",
            Part::Monitor => "show flow monitor",
            Part::Record => "show flow record",
            Part::Sampler => "show sampler",
        },
        Command::ShowCache { .. } => "show flow monitor cache",
        Command::ShowMonitorStatistics { .. } => "show flow monitor statistics",
        Command::ShowExporterStatistics { .. } => "show flow exporter statistics",
        Command::ShowExporterTemplates { .. } => "show flow exporter templates",
        Command::ShowAccounting(_) => "show flow-accounting",
        Command::ShowSamplicator { part, .. } => match part {
            RelayPart::Samplicator => "show samplicator",
            RelayPart::Receivers => "show samplicator receivers",
            RelayPart::Sources => "show samplicator sources",
            RelayPart::Templates => "show samplicator templates",
        },
        Command::MonitorSamplicator { .. } => "show samplicator receivers",
        Command::MonitorTop { .. } => "monitor flow monitor",
        Command::MonitorAccounting { .. } => "monitor flow-accounting",
        Command::ShowVersion => "show version",
        Command::TestFlowPath(_) => "test flow path",
        Command::ShowConfiguration { .. }
        | Command::ShowRunningInterface { .. }
        | Command::ShowSecrets { .. }
        | Command::ShowCommitDiff { .. }
        | Command::ShowScheduled
        | Command::ShowHistory
        | Command::ShowTech => return None,
        other => panic!("no wide screen of {other:?}"),
    })
}

#[test]
fn every_command_that_shows_has_a_wide_screen() {
    let view = view(Some(80));
    let entries = tables(&view).into_iter().chain(sentences(&view));
    let entries: Vec<&str> = entries
        .map(|(what, _)| what)
        .chain(["show flow monitor cache"])
        .collect();
    let example = |word: &str| match word {
        "<address>" => "192.0.2.1".to_owned(),
        "<revision>" => "0".to_owned(),
        "<path>" => "flow".to_owned(),
        word if word.starts_with('<') => {
            let low = word[1..].split('-').next().unwrap_or_default();
            let is_number = low.parse::<u32>().is_ok();
            if is_number { low } else { "lo" }.to_owned()
        }
        word => word.to_owned(),
    };
    let mut checked = 0;
    for commands::Declared { pattern, role, .. } in commands::operational() {
        let shows = ["show ", "monitor ", "test "]
            .iter()
            .any(|begin| pattern.starts_with(begin));
        if !shows || role.is_none() {
            continue;
        }
        let words: Vec<String> = pattern.split(' ').map(example).collect();
        let line = words.join(" ");
        let parsed = commands::parse(&line, commands::Mode::Operational);
        let parsed = parsed.unwrap_or_else(|problem| panic!("{line}: {problem}"));
        if let Some(entry) = entry(&parsed.expect("a command").command) {
            assert!(entries.contains(&entry), "{pattern}: {entry}");
        }
        checked += 1;
    }
    assert!(checked > 60, "{checked}");
}

#[test]
fn every_screen_fits_eighty_columns() {
    let view = view(Some(80));
    for (what, shown) in tables(&view) {
        fits(what, &wrapped(&shown, 80));
        // Rows fit as they are: only the sentence above a table may be broken.
        let rows = shown.lines().filter(|line| !line.contains(" flows, "));
        fits(what, &rows.collect::<Vec<_>>().join("\n"));
    }
    for (what, shown) in sentences(&view) {
        fits(what, &wrapped(&shown, 80));
        // Broken between words: no word is in two pieces.
        let words =
            |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
        assert_eq!(words(&wrapped(&shown, 80)), words(&shown), "{what}");
    }
}

#[test]
fn a_cache_with_wide_values_fits_eighty_columns() {
    let field = |name: &str, width: u64, key: bool| json!({"words": name, "name": name, "column": name, "label": name, "width": width, "key": key, "kind": "ipv6"});
    let answer = json!({"monitor": NAME, "sampling_rate": 1000, "cache": cache_counters(), "flows": [flow(), flow()],
        "fields": [field("sourceIPv6Address", 39, true), field("destinationIPv6Address", 39, true),
            field("octetDeltaCount", 10, false)], "total": 2, "shown": 2});
    let shown = cache(&filled(&answer), &CacheView::default(), &view(Some(80)));
    fits("show flow monitor cache", &shown);
    assert!(
        shown.contains(SOURCE) && shown.contains(DESTINATION),
        "{shown}"
    );
}
