//! Decodes captured sFlow datagrams of real agents and compares counts and flows with golden files made by another program.
//!
//! The captures are not part of the project: they are expected beside the checkout (`../shared/corpora/exports`).

#[allow(
    unreachable_pub,
    reason = "a file of another crate, where it is public"
)]
#[path = "../../../tests/src/note.rs"]
mod note;

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use capture::Savefile;
use etherparse::{SlicedPacket, TransportSlice};
use serde_json::{Value, json};
use wire::sflow::{FlowRecord, FlowSample, Interface, Message, Sample, Structures};
use wire::{DecodeError, Family, Format, Header, at, parse};

#[derive(Default)]
struct Collector {
    counts: BTreeMap<String, u64>,
    /// The members of each sample that are compared.
    samples: Vec<Value>,
    /// The datagrams with an error, by their number in the capture.
    malformed: Vec<u64>,
}

impl Collector {
    fn count(&mut self, what: &str) {
        *self.counts.entry(what.to_owned()).or_default() += 1;
    }

    /// Counts the whole records of a sample. Returns whether there are no others.
    fn structures(&mut self, kind: &str, structures: Structures) -> bool {
        let mut found: Vec<_> = structures.collect();
        let whole = found.pop_if(|last| last.is_err()).is_none();
        if !whole {
            // What there is of a record that is cut off.
            found.pop();
        }
        for it in found.into_iter().flatten() {
            self.count(&format!("{kind}_record_{}:{}", it.enterprise, it.format));
        }
        whole
    }

    fn datagram(&mut self, bytes: &[u8]) -> Result<bool, DecodeError> {
        self.count("datagrams");
        let message = Message::parse(bytes)?;
        let mut whole = true;
        for sample in message.samples() {
            match sample? {
                Sample::Flow(it) => {
                    let expanded = it.expanded;
                    self.count(if expanded {
                        "expanded_flow_samples"
                    } else {
                        "flow_samples"
                    });
                    whole &= self.structures("flow", it.structures());
                    whole &= it.records().all(|record| record.is_ok());
                    self.samples.push(sample_json(&message, &it));
                }
                Sample::Counters(it) => {
                    let expanded = it.expanded;
                    self.count(if expanded {
                        "expanded_counter_samples"
                    } else {
                        "counter_samples"
                    });
                    whole &= self.structures("counter", it.structures());
                    whole &= it.records().all(|record| record.is_ok());
                }
                Sample::Discarded(it) => {
                    self.count("discarded_packets");
                    whole &= it.records().all(|record| record.is_ok());
                }
                Sample::Other(_) => self.count("other_samples"),
            }
        }
        Ok(whole)
    }
}

fn sample_json(message: &Message, sample: &FlowSample) -> Value {
    let header = &sample.header;
    let interface = |it: Interface| json!([it.format, it.value]);
    let mut json = json!({
        "agent": message.header.agent.ip().unwrap().to_string(),
        "sub_agent": message.header.sub_agent,
        "seq": header.sequence,
        "expanded": sample.expanded,
        "source": [header.source.class, header.source.index],
        "rate": header.rate,
        "pool": header.pool,
        "drops": header.drops,
        "in": interface(header.input),
        "out": interface(header.output),
        "key": null,
        "frame_length": null,
    });
    for record in sample.records().flatten() {
        match record {
            FlowRecord::Header(it) => {
                json["frame_length"] = it.frame_length.into();
                let mut parsed = Header::empty();
                let packet = it
                    .packet()
                    .filter(|packet| parse(packet, &mut parsed).is_ok());
                if packet.is_some() {
                    json["key"] = key(&parsed);
                    json["ip_len"] = parsed.octets.into();
                }
            }
            FlowRecord::Ipv4(it) => {
                let (source, destination) =
                    (Ipv4Addr::from(it.source), Ipv4Addr::from(it.destination));
                json["key"] = json!([
                    source.to_string(),
                    destination.to_string(),
                    it.protocol,
                    it.source_port,
                    it.destination_port
                ]);
                json["ip_len"] = it.length.into();
            }
            _ => {}
        }
    }
    json
}

fn key(header: &Header) -> Value {
    let number = |span| {
        header
            .get(span)
            .iter()
            .fold(0u32, |number, octet| number << 8 | u32::from(*octet))
    };
    let address = |v4, v6| match header.family {
        Family::V4 => Ipv4Addr::from(<[u8; 4]>::try_from(header.get(v4)).unwrap()).to_string(),
        Family::V6 => Ipv6Addr::from(<[u8; 16]>::try_from(header.get(v6)).unwrap()).to_string(),
    };
    json!([
        address(at::SOURCE_IPV4, at::SOURCE_IPV6),
        address(at::DESTINATION_IPV4, at::DESTINATION_IPV6),
        header.protocol,
        number(at::SOURCE_PORT),
        number(at::DESTINATION_PORT),
    ])
}

fn collect(path: &Path) -> Collector {
    let mut collector = Collector::default();
    let mut savefile = Savefile::open(path).unwrap_or_else(|error| panic!("{error}"));
    let mut number = 0;
    let whole = savefile.read(|packet| {
        number += 1;
        if let Ok(sliced) = SlicedPacket::from_ethernet(packet.data)
            && let Some(TransportSlice::Udp(udp)) = sliced.transport
            && Format::of(udp.payload()) == Some(Format::Sflow)
            && collector.datagram(udp.payload()) != Ok(true)
        {
            collector.malformed.push(number);
        }
        ControlFlow::Continue(())
    });
    whole.unwrap_or_else(|error| panic!("{error}"));
    collector
}

#[test]
fn real_samples_are_those_of_their_golden_files() {
    let folder = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/corpora/exports"
    ));
    let Ok(entries) = fs::read_dir(&folder) else {
        note::note(
            "capture: real sFlow",
            "../shared/corpora/exports is absent; only datagrams made by the tests of wire are decoded",
        );
        return;
    };
    let (mut files, mut compared, mut wrong) = (0, 0, Vec::new());
    for entry in entries {
        let golden_path = entry.unwrap().path();
        let Some(name) = golden_path
            .file_name()
            .and_then(|name| name.to_str()?.strip_suffix(".golden.json"))
        else {
            continue;
        };
        let golden: Value = serde_json::from_slice(&fs::read(&golden_path).unwrap()).unwrap();
        let Some(expected) = golden["stats"]["sflow5"].as_object() else {
            continue;
        };
        files += 1;
        let got = collect(&folder.join(name));
        for (what, count) in expected {
            let ours = got.counts.get(what).copied().unwrap_or(0);
            if Some(ours) != count.as_u64() {
                wrong.push(format!("{name}: {ours} {what}, not {count}"));
            }
        }
        let malformed: Vec<u64> = golden["malformed_datagrams"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|it| it[0].as_u64().unwrap())
            .collect();
        if malformed != got.malformed {
            wrong.push(format!(
                "{name}: malformed {:?}, not {malformed:?}",
                got.malformed
            ));
        }
        let samples = golden["samples"].as_array().map_or(&[][..], Vec::as_slice);
        if samples.len() != got.samples.len() {
            wrong.push(format!(
                "{name}: {} samples, not {}",
                got.samples.len(),
                samples.len()
            ));
        }
        for (number, (theirs, ours)) in samples.iter().zip(&got.samples).enumerate() {
            for (member, value) in ours.as_object().unwrap() {
                let doubtful = theirs.get("key_doubt").is_some()
                    && matches!(member.as_str(), "key" | "ip_len");
                if theirs[member] != *value && !doubtful {
                    wrong.push(format!(
                        "{name}: sample {number}: {member} {value}, not {}",
                        theirs[member]
                    ));
                }
                compared += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{files} captures, {compared} members of samples");
    assert!(compared > 0, "no golden files in {}", folder.display());
}
