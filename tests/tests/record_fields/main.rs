//! Tests every field of the registry from packet to datagram: crafted packets go through `flowd`, and template and record in
//! NetFlow v9 and IPFIX must have exactly the expected octets, which tshark must read as expected, too.

mod cases;
mod dissect;
mod export;
mod packets;
mod routed;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::UdpSocket;
use std::process::Command;
use std::time::Duration;

use cases::{CASES, Case};
use export::Exported;
use flow_tests::{bins, pcapfile, skip};

/// Milliseconds since 1970 of the boot time that uptimes in IPFIX records count from: an hour before the first packet.
const BOOT_MS: u64 = packets::FIRST_NS / 1_000_000 - 3_600_000;
/// `systemInitTimeMilliseconds`.
const SYSTEM_INIT_TIME: u16 = 160;

/// A field of a record with its expected value.
#[derive(Clone, Copy)]
struct Wanted {
    words: &'static str,
    element: u16,
    hex: &'static str,
    tshark: &'static str,
    show: &'static str,
}

/// A record that is metered on a group of packets.
struct Run {
    group: &'static str,
    matched: bool,
    fields: Vec<Wanted>,
}

#[test]
fn every_field_of_the_registry_has_a_case() {
    let cases: BTreeSet<&str> = CASES
        .iter()
        .map(|case| {
            registry::Field::by_words(case.words())
                .unwrap_or_else(|| panic!("{}", case.words()))
                .words
        })
        .collect();
    assert_eq!(cases.len(), CASES.len(), "a field has two");
    for field in registry::FIELDS {
        // For a field with a parameter, a case with any value is enough.
        let start = field.words.split(['<', '{']).next().unwrap_or_default();
        let has = match start == field.words {
            true => cases.contains(start),
            false => cases
                .iter()
                .any(|case| case.len() > start.len() && case.starts_with(start)),
        };
        assert!(has, "{} has no case", field.words);
    }
    for case in CASES {
        let (field, Case::Packets { matched, .. }) =
            (registry::Field::by_words(case.words()).unwrap(), case)
        else {
            continue;
        };
        assert_eq!(field.key, matched.is_some(), "{}", case.words());
    }
}

#[test]
fn fields_of_packets_are_exported_to_the_octet_and_read_by_tshark() {
    let runs = runs();
    let protocols = [("netflow-v9", 9), ("ipfix", 10)];
    let mut datagrams = Vec::new();
    let mut wanted = Vec::new();
    let mut faults = Vec::new();
    for run in &runs {
        for (datagram, (protocol, _)) in meter(run, &protocols).into_iter().zip(protocols) {
            let mut records = export::Reader::default().records(&datagram);
            let exported = records
                .pop()
                .unwrap_or_else(|| panic!("no record in {datagram:02x?}"));
            assert!(records.is_empty(), "{records:?}");
            if let Err(fault) = compare(run, &exported, protocol) {
                faults.push(fault);
            }
            wanted.push((run, exported, protocol));
            datagrams.push((datagrams.len(), datagram));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let Some(packets) = dissect::dissect("record fields: tshark", &datagrams) else {
        return;
    };
    for ((run, exported, protocol), shown) in wanted.iter().zip(&packets) {
        let mut at = exported.at + if run.matched { 0 } else { 1 };
        for field in &run.fields {
            let show = match field.show {
                ":" => octet_by_octet(field.hex),
                show => show.to_owned(),
            };
            let found = dissect::find(shown, at, field.hex, field.tshark, &show);
            faults.extend(
                found
                    .err()
                    .map(|fault| format!("{protocol} {}: {fault}", field.words)),
            );
            at += field.hex.len() / 2;
        }
    }
    assert!(
        faults.is_empty(),
        "{} of tshark:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[test]
fn fields_of_a_router_are_exported_to_the_octet_and_read_by_tshark() {
    if !skip::able(
        "record fields: router",
        &["ip", "ethtool", "tcpreplay", "tshark"],
    ) {
        return;
    }
    let net = routed::Net::new();
    let watches = net.watches();
    let tested: BTreeSet<&str> = watches.iter().flat_map(routed::Watch::words).collect();
    let named: BTreeSet<&str> = CASES
        .iter()
        .filter(|case| matches!(case, Case::Routed { .. }))
        .map(Case::words)
        .collect();
    assert_eq!(tested, named);
    // Finds the record of a family: its datagram, and its offset there.
    let record = |export: &routed::Export, family| {
        let expected = watches[export.watch].record(family);
        let hex: String = expected.iter().map(|value| value.hex.as_str()).collect();
        let mut reader = export::Reader::default();
        let mut all = export
            .datagrams
            .iter()
            .enumerate()
            .flat_map(|(number, datagram)| {
                let records = reader.records(datagram);
                records.into_iter().map(move |record| (number, record))
            });
        let found = all.find(|(_, record)| hex_of(&record.record) == hex);
        found.map(|(number, record)| (number, record.at, record.fields, expected))
    };
    let whole = |export: &routed::Export| {
        watches[export.watch]
            .families()
            .all(|family| record(export, family).is_some())
    };
    let exports = routed::run(&net, &watches, whole);
    let datagrams: Vec<(usize, Vec<u8>)> = exports
        .iter()
        .enumerate()
        .flat_map(|(number, export)| {
            export
                .datagrams
                .iter()
                .map(move |datagram| (number, datagram.clone()))
        })
        .collect();
    let shown = dissect::dissect("record fields: router", &datagrams).unwrap();
    let mut faults = Vec::new();
    let mut before = 0;
    for export in &exports {
        for family in watches[export.watch].families() {
            let (number, mut at, fields, expected) = record(export, family).unwrap();
            let elements = |(value, field): (&routed::Expected, &(u16, u16))| {
                let len = value.hex.len() / 2;
                let element = registry::Field::by_words(value.words)
                    .unwrap()
                    .element
                    .number;
                assert_eq!(*field, (element, len as u16), "{}", value.words);
            };
            assert_eq!(fields.len(), expected.len());
            expected.iter().zip(&fields).for_each(elements);
            for value in expected {
                let found = dissect::find(
                    &shown[before + number],
                    at,
                    &value.hex,
                    value.tshark,
                    &value.show,
                );
                faults.extend(
                    found
                        .err()
                        .map(|fault| format!("{} {}: {fault}", export.protocol, value.words)),
                );
                at += value.hex.len() / 2;
            }
        }
        before += export.datagrams.len();
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn hex_of(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn octet_by_octet(hex: &str) -> String {
    let octets: Vec<&str> = (0..hex.len())
        .step_by(2)
        .map(|at| &hex[at..at + 2])
        .collect();
    octets.join(":")
}

/// Distributes the fields over records by group of packets, so that no record has an element twice.
fn runs() -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for case in CASES {
        let Case::Packets {
            words,
            group,
            matched,
            collected,
            tshark,
        } = case
        else {
            continue;
        };
        let element = registry::Field::by_words(words).unwrap().element.number;
        let values = [(true, *matched), (false, Some(*collected))];
        for (is_matched, value) in values {
            let Some((hex, show)) = value else { continue };
            let field = Wanted {
                words,
                element,
                hex,
                tshark,
                show,
            };
            // A record of collected fields matches only the protocol.
            let fits = |run: &&mut Run| {
                (run.group, run.matched) == (*group, is_matched)
                    && run.fields.iter().all(|other| other.element != element)
                    && (is_matched || element != 4)
            };
            match runs.iter_mut().find(fits) {
                Some(run) => run.fields.push(field),
                None if !is_matched && element == 4 => {}
                None => runs.push(Run {
                    group,
                    matched: is_matched,
                    fields: vec![field],
                }),
            }
        }
    }
    runs
}

/// Returns the configuration of a run that exports to these ports.
fn configuration(run: &Run, exporters: &[(&str, u16)]) -> String {
    let mut text = String::new();
    let mut line = |words: &str| writeln!(text, "set flow {words}").unwrap();
    let verb = if run.matched { "match" } else { "collect" };
    if !run.matched {
        let family = if run.group.ends_with('6') {
            "ipv6"
        } else {
            "ipv4"
        };
        line(&format!("record R match {family} protocol"));
    }
    for field in &run.fields {
        line(&format!("record R {verb} {}", field.words));
    }
    for (protocol, port) in exporters {
        line(&format!("exporter {protocol} destination 127.0.0.1"));
        line(&format!("exporter {protocol} transport udp {port}"));
        line(&format!("exporter {protocol} export-protocol {protocol}"));
        line(&format!("monitor M exporter {protocol}"));
    }
    line("monitor M record R");
    if run.fields.iter().any(|field| field.words == "flow sampler") {
        line("sampler S mode deterministic");
        line("sampler S rate 2");
        text.push_str("set interfaces ethernet eth0 flow monitor M sampler S\n");
    }
    text
}

/// Meters the packets of a run. Returns the datagram with the record of each exporter.
fn meter(run: &Run, protocols: &[(&str, u16)]) -> Vec<Vec<u8>> {
    let dir = tempfile::tempdir().unwrap();
    let sockets: Vec<UdpSocket> = protocols
        .iter()
        .map(|_| UdpSocket::bind("127.0.0.1:0").unwrap())
        .collect();
    let exporters: Vec<(&str, u16)> = protocols
        .iter()
        .zip(&sockets)
        .map(|((name, _), socket)| (*name, socket.local_addr().unwrap().port()))
        .collect();
    let text = configuration(run, &exporters);
    let (config, file) = (dir.path().join("config"), dir.path().join("packets.pcap"));
    std::fs::write(&config, &text).unwrap();
    let mut frames = packets::frames(run.group);
    if run.matched && run.group != "sampled" {
        frames.truncate(1);
    }
    let times = [packets::FIRST_NS, packets::SECOND_NS];
    pcapfile::write(
        &file,
        times.into_iter().zip(frames.iter().map(Vec::as_slice)),
    );
    let output = Command::new(bins::path("flowd"))
        .args(["meter", "--read"])
        .arg(&file)
        .arg("--config")
        .arg(&config)
        .args(["--monitor", "M", "--json"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{said}");
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["flows"], 1, "{text}{summary}");
    sockets
        .iter()
        .zip(protocols)
        .map(|(socket, (_, version))| {
            socket
                .set_read_timeout(Some(Duration::from_secs(10)))
                .unwrap();
            let mut buffer = [0; 65_536];
            let len = socket
                .recv(&mut buffer)
                .unwrap_or_else(|error| panic!("{text}{error}"));
            assert_eq!(buffer[..2], version.to_be_bytes());
            buffer[..len].to_vec()
        })
        .collect()
}

/// Compares the exported template and record with the expected ones.
fn compare(run: &Run, exported: &Exported, protocol: &str) -> Result<(), String> {
    let mut fields = Vec::new();
    let mut record = String::new();
    if !run.matched {
        fields.push((4, 1));
        record.push_str(protocol_of(run.group));
    }
    for field in &run.fields {
        fields.push((field.element, (field.hex.len() / 2) as u16));
        record.push_str(field.hex);
    }
    let uptimes = run
        .fields
        .iter()
        .any(|field| field.words.contains("sys-uptime"));
    if uptimes && protocol == "ipfix" {
        // IPFIX has no uptime in its header, so the record has the time from which its uptimes count.
        fields.push((SYSTEM_INIT_TIME, 8));
        write!(record, "{BOOT_MS:016x}").unwrap();
    }
    let got = hex_of(&exported.record);
    let words: Vec<&str> = run.fields.iter().map(|field| field.words).collect();
    if exported.fields != fields {
        return Err(format!(
            "{protocol} {} {words:?}: template {:?}, not {fields:?}",
            run.group, exported.fields
        ));
    }
    if got == record {
        return Ok(());
    }
    let mut fault = format!("{protocol} {} matched {}:", run.group, run.matched);
    let mut at = if run.matched { 0 } else { 2 };
    for field in &run.fields {
        let value = &got[at..at + field.hex.len()];
        if value != field.hex {
            write!(fault, "\n  {}: {value}, not {}", field.words, field.hex).unwrap();
        }
        at += field.hex.len();
    }
    Err(fault)
}

/// Returns the protocol number of a group's packets.
fn protocol_of(group: &str) -> &'static str {
    match group {
        "tcp4" | "tcp6" => "06",
        "icmp4" => "01",
        "igmp4" => "02",
        "icmp6" => "3a",
        _ => "11",
    }
}
