//! Decodes captured datagrams of real exporters and compares counts with golden files made by another program.
//!
//! The captures are not part of the project: they are expected beside the checkout (`../shared/corpora/exports`).

#[allow(
    unreachable_pub,
    reason = "a file of another crate, where it is public"
)]
#[path = "../../../tests/src/note.rs"]
mod note;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::net::IpAddr;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use capture::Savefile;
use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use serde_json::Value;
use wire::{Contents, DecodeError, Format, Sets, Template, ipfix, v1, v5, v7, v9};

/// Counts by their names in the golden files.
type Counts = BTreeMap<&'static str, u64>;
/// Exporter, version, observation domain, template.
type Scope = (IpAddr, u8, u32, u16);

#[derive(Default)]
struct Collector {
    templates: HashMap<Scope, Template>,
    versions: BTreeMap<&'static str, Counts>,
    errors: Vec<DecodeError>,
    /// The datagrams with an error, by their number in the capture, and the reason of the one whose place is
    /// first.
    malformed: Vec<(u64, &'static str)>,
}

impl Collector {
    fn count(&mut self, version: &'static str, what: &'static str, more: u64) {
        if more > 0 {
            *self
                .versions
                .entry(version)
                .or_default()
                .entry(what)
                .or_default() += more;
        }
    }

    fn datagram(&mut self, exporter: IpAddr, bytes: &[u8]) -> Result<(), DecodeError> {
        match Format::of(bytes) {
            Some(Format::V1) => {
                self.count("1", "datagrams", 1);
                let records = v1::Message::parse(bytes)?.records();
                self.fixed("1", records.map(|record| record.map(|_| ())));
            }
            Some(Format::V5) => {
                self.count("5", "datagrams", 1);
                let records = v5::Message::parse(bytes)?.records();
                self.fixed("5", records.map(|record| record.map(|_| ())));
            }
            Some(Format::V7) => {
                self.count("7", "datagrams", 1);
                let records = v7::Message::parse(bytes)?.records();
                self.fixed("7", records.map(|record| record.map(|_| ())));
            }
            Some(Format::V9) => {
                self.count("9", "datagrams", 1);
                let message = v9::Message::parse(bytes)?;
                self.sets(
                    "9",
                    (exporter, 9, message.header.source_id, 0),
                    message.sets(),
                );
            }
            Some(Format::Ipfix) => {
                self.count("10", "datagrams", 1);
                let message = ipfix::Message::parse(bytes)?;
                self.sets(
                    "10",
                    (exporter, 10, message.header.domain, 0),
                    message.sets(),
                );
            }
            _ => {}
        }
        Ok(())
    }

    fn fixed(
        &mut self,
        version: &'static str,
        records: impl Iterator<Item = Result<(), DecodeError>>,
    ) {
        for record in records {
            match record {
                Ok(()) => self.count(version, "data_records", 1),
                Err(error) => self.errors.push(error),
            }
        }
    }

    fn sets(&mut self, version: &'static str, scope: Scope, sets: Sets) {
        let scoped = |id| (scope.0, scope.1, scope.2, id);
        for set in sets {
            let set = match set {
                Ok(set) => set,
                Err(error) => {
                    self.errors.push(error);
                    continue;
                }
            };
            self.count(version, "sets", 1);
            for template in set.templates() {
                match template {
                    Ok(template) if version == "10" && template.is_withdrawal() => {
                        self.templates.remove(&scoped(template.id));
                        self.count(version, "template_withdrawals", 1);
                    }
                    Ok(template) => {
                        let what = if template.options {
                            "options_template_records"
                        } else {
                            "template_records"
                        };
                        self.count(version, what, 1);
                        if template.fields.iter().any(|field| field.len > 0) {
                            self.templates.insert(scoped(template.id), template);
                        }
                    }
                    Err(error) => self.errors.push(error),
                }
            }
            if let Contents::Data(id) = set.contents() {
                self.count(version, "data_sets", 1);
                let Some(template) = self.templates.get(&scoped(id)) else {
                    self.count(version, "data_sets_without_template", 1);
                    continue;
                };
                let what = if template.options {
                    "options_records"
                } else {
                    "data_records"
                };
                let records: Vec<_> = set
                    .records(template)
                    .map(|record| record.map(|_| ()))
                    .collect();
                for record in records {
                    match record {
                        Ok(()) => self.count(version, what, 1),
                        Err(error) => self.errors.push(error),
                    }
                }
            }
        }
    }
}

fn collect(path: &Path) -> Collector {
    let mut collector = Collector::default();
    let mut savefile = Savefile::open(path).unwrap_or_else(|error| panic!("{error}"));
    let mut number = 0;
    let whole = savefile.read(|packet| {
        number += 1;
        let Ok(sliced) = SlicedPacket::from_ethernet(packet.data) else {
            return ControlFlow::Continue(());
        };
        let exporter: IpAddr = match sliced.net {
            Some(NetSlice::Ipv4(v4)) => v4.header().source_addr().into(),
            Some(NetSlice::Ipv6(v6)) => v6.header().source_addr().into(),
            _ => return ControlFlow::Continue(()),
        };
        if let Some(TransportSlice::Udp(udp)) = sliced.transport {
            let before = collector.errors.len();
            if let Err(error) = collector.datagram(exporter, udp.payload()) {
                collector.errors.push(error);
            }
            let here = collector.errors.get(before..).unwrap_or_default();
            let first = here.iter().min_by_key(|error| error.offset);
            let reason = first.map(|error| (number, error.problem.reason()));
            collector.malformed.extend(reason);
        }
        ControlFlow::Continue(())
    });
    whole.unwrap_or_else(|error| panic!("{error}"));
    collector
}

#[test]
fn real_exports_are_counted_as_their_golden_files_have_them() {
    let folder = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/corpora/exports"
    ));
    let Ok(entries) = fs::read_dir(&folder) else {
        note::note(
            "capture: real exports",
            "../shared/corpora/exports is absent; only datagrams made by the tests of wire and export are decoded",
        );
        return;
    };
    let (mut files, mut records, mut wrong) = (0, 0, Vec::new());
    for entry in entries {
        let golden_path = entry.unwrap().path();
        let Some(name) = golden_path
            .file_name()
            .and_then(|name| name.to_str()?.strip_suffix(".golden.json"))
        else {
            continue;
        };
        let golden: Value = serde_json::from_slice(&fs::read(&golden_path).unwrap()).unwrap();
        let got = collect(&folder.join(name));
        // The golden file's word for the fault begins with what it is about.
        let malformed: Vec<(u64, String)> = golden["malformed_datagrams"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|it| {
                (
                    it[0].as_u64().unwrap(),
                    it[1].as_str().unwrap().replace('_', "-"),
                )
            })
            .collect();
        let decoded = ["1", "5", "7", "9", "10"]
            .iter()
            .any(|version| golden["stats"][version].is_object());
        let same = malformed.len() == got.malformed.len()
            && malformed
                .iter()
                .zip(&got.malformed)
                .all(|((number, fault), (ours, reason))| {
                    number == ours && fault.starts_with(reason)
                });
        if decoded && !same {
            wrong.push(format!(
                "{name}: malformed {:?}, not {malformed:?}",
                got.malformed
            ));
        }
        for version in ["1", "5", "7", "9", "10"] {
            let Some(expected) = golden["stats"][version].as_object() else {
                continue;
            };
            let counts = got.versions.get(version).cloned().unwrap_or_default();
            records += counts.get("data_records").copied().unwrap_or(0);
            for (what, expected) in expected {
                let known = !matches!(
                    what.as_str(),
                    "data_sets_before_template" | "records_recoverable_by_buffering"
                );
                let count = counts.get(what.as_str()).copied().unwrap_or(0);
                if known && Some(count) != expected.as_u64() {
                    wrong.push(format!(
                        "{name}: version {version}: {count} {what}, not {expected}"
                    ));
                }
            }
        }
        files += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{files} captures, {records} records");
    assert!(records > 0, "no golden files in {}", folder.display());
}
