//! Golden files of packet captures (the flows that a probe must find in each), and their comparison with a probe's flows.
//!
//! Packets that correct implementations may treat differently are `ambiguous`: a probe may count them under the key
//! that the file gives, under another, or not at all. Malformed packets must make no flow. Everything else is exact.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value as Json;

use crate::key::{Flows, Key, Sum};

/// The content of a golden file: the flows of a capture.
#[derive(Debug)]
pub struct Golden {
    /// Whether the link type is one whose flows are defined.
    pub defined: bool,
    /// Number of packets of any kind.
    pub packets: u64,
    /// Flows of the packets that are neither ambiguous nor malformed.
    pub flows: Flows,
    /// By key, the ambiguous packets and their octets, which a probe may add to the flow.
    pub ambiguous: BTreeMap<Key, (u64, u64)>,
    /// Number of rows with ambiguous or malformed packets.
    pub doubtful_rows: usize,
}

impl Golden {
    /// Reads `FILE.golden.json`.
    ///
    /// # Panics
    /// When the file does not follow its schema.
    pub fn read(path: &Path) -> Golden {
        let text = std::fs::read_to_string(path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let json: Json = serde_json::from_str(&text).expect("a golden file is JSON");
        let rows = |name: &str| json[name].as_array().cloned().unwrap_or_default();
        let mut flows = Flows::default();
        for row in rows("flows") {
            let number = |at: usize| row[at].as_u64().expect("a number");
            let sum = Sum {
                packets: number(5),
                octets: number(6),
                first_ns: number(7),
                last_ns: number(8),
                flags: number(9) as u16,
                records: 1,
            };
            flows.add(key(&row, 0).expect("a key"), sum);
        }
        let mut ambiguous: BTreeMap<Key, (u64, u64)> = BTreeMap::new();
        for row in rows("ambiguous") {
            if let Some(key) = key(&row, 2) {
                let more = ambiguous.entry(key).or_default();
                *more = (more.0 + 1, more.1 + row[7].as_u64().unwrap_or(0));
            }
        }
        Golden {
            defined: json["flows_defined"].as_bool().unwrap_or(false),
            packets: json["packets"].as_u64().expect("a number"),
            flows,
            ambiguous,
            doubtful_rows: rows("ambiguous").len() + rows("malformed").len(),
        }
    }

    /// Whether the capture has no ambiguous or malformed packets.
    pub fn exact(&self) -> bool {
        self.defined && self.doubtful_rows == 0
    }

    /// Returns the differences of a probe's flows that the golden file does not allow, a line each.
    pub fn faults(&self, got: &Flows) -> Vec<String> {
        let mut faults = Vec::new();
        for (key, want) in &self.flows.0 {
            let Some(have) = got.0.get(key) else {
                faults.push(format!("missing: {key}"));
                continue;
            };
            let (packets, octets) = self.ambiguous.get(key).copied().unwrap_or_default();
            if !(want.packets..=want.packets + packets).contains(&have.packets) {
                faults.push(format!(
                    "{key}: {} packets, not {} (+ {packets})",
                    have.packets, want.packets
                ));
            }
            if !(want.octets..=want.octets + octets).contains(&have.octets) {
                faults.push(format!(
                    "{key}: {} octets, not {} (+ {octets})",
                    have.octets, want.octets
                ));
            }
            if packets == 0 && (want.first_ns, want.last_ns) != (have.first_ns, have.last_ns) {
                faults.push(format!(
                    "{key}: times {}..{}, not {}..{}",
                    have.first_ns, have.last_ns, want.first_ns, want.last_ns
                ));
            }
            if packets == 0 && want.flags != have.flags {
                faults.push(format!(
                    "{key}: TCP flags {:#x}, not {:#x}",
                    have.flags, want.flags
                ));
            }
        }
        let strange: Vec<&Key> = got
            .0
            .keys()
            .filter(|key| !self.flows.0.contains_key(key))
            .collect();
        if strange.len() > self.doubtful_rows {
            let shown: Vec<String> = strange.iter().take(5).map(ToString::to_string).collect();
            faults.push(format!(
                "{} flows that are not there, at most {} may be: {}",
                strange.len(),
                self.doubtful_rows,
                shown.join("; ")
            ));
        }
        faults
    }
}

fn key(row: &Json, at: usize) -> Option<Key> {
    let number = |at: usize| row[at].as_u64();
    Some(Key {
        src: row[at].as_str()?.parse().ok()?,
        dst: row[at + 1].as_str()?.parse().ok()?,
        proto: u8::try_from(number(at + 2)?).ok()?,
        sport: u16::try_from(number(at + 3)?).ok()?,
        dport: u16::try_from(number(at + 4)?).ok()?,
    })
}

/// Reads one flow of `flowd meter --records`, a JSON object keyed by IANA names.
pub fn record(json: &Json) -> Option<(Key, Sum)> {
    let number = |name: &str| json[name].as_u64();
    let address = |v4: &str, v6: &str| json[v4].as_str().or(json[v6].as_str())?.parse().ok();
    let port = |name: &str| {
        number(name)
            .and_then(|port| u16::try_from(port).ok())
            .unwrap_or(0)
    };
    let key = Key {
        src: address("sourceIPv4Address", "sourceIPv6Address")?,
        dst: address("destinationIPv4Address", "destinationIPv6Address")?,
        proto: u8::try_from(number("protocolIdentifier")?).ok()?,
        sport: port("sourceTransportPort"),
        dport: port("destinationTransportPort"),
    };
    let nanos = |nano: &str, milli: &str| {
        number(nano)
            .or(number(milli).map(|ms| ms * 1_000_000))
            .unwrap_or(0)
    };
    let sum = Sum {
        packets: number("packetDeltaCount")?,
        octets: number("octetDeltaCount")?,
        first_ns: nanos("flowStartNanoseconds", "flowStartMilliseconds"),
        last_ns: nanos("flowEndNanoseconds", "flowEndMilliseconds"),
        flags: number("tcpControlBits").unwrap_or(0) as u16,
        records: 1,
    };
    Some((key, sum))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::Traffic;

    fn golden(flows: Flows) -> Golden {
        Golden {
            defined: true,
            packets: 0,
            flows,
            ambiguous: BTreeMap::new(),
            doubtful_rows: 0,
        }
    }

    #[test]
    fn the_rule_sees_every_kind_of_fault() {
        let flows = Traffic::mix(3, 200, 1_000).flows().clone();
        assert_eq!(golden(flows.clone()).faults(&flows), Vec::<String>::new());
        let (key, _) = flows
            .0
            .iter()
            .next()
            .map(|(key, sum)| (*key, *sum))
            .expect("a flow");
        let spoilt = |spoil: &dyn Fn(&mut Flows)| {
            let mut flows = flows.clone();
            spoil(&mut flows);
            flows
        };
        for bad in [
            spoilt(&|flows| flows.0.get_mut(&key).unwrap().packets += 1),
            spoilt(&|flows| flows.0.get_mut(&key).unwrap().octets -= 1),
            spoilt(&|flows| flows.0.get_mut(&key).unwrap().first_ns += 1),
            spoilt(&|flows| flows.0.get_mut(&key).unwrap().flags ^= 0x100),
            spoilt(&|flows| assert!(flows.0.remove(&key).is_some())),
            spoilt(&|flows| {
                flows.add(
                    Key { proto: 255, ..key },
                    Sum {
                        packets: 1,
                        ..Sum::default()
                    },
                )
            }),
        ] {
            assert_eq!(golden(flows.clone()).faults(&bad).len(), 1);
        }
    }

    #[test]
    fn ambiguous_packets_may_be_counted_or_not() {
        let flows = Traffic::mix(4, 50, 1_000).flows().clone();
        let (key, sum) = flows
            .0
            .iter()
            .next()
            .map(|(key, sum)| (*key, *sum))
            .expect("a flow");
        let mut doubtful = golden(flows.clone());
        doubtful.ambiguous.insert(key, (2, 100));
        doubtful.doubtful_rows = 2;
        let mut more = flows.clone();
        more.0.insert(
            key,
            Sum {
                packets: sum.packets + 2,
                octets: sum.octets + 100,
                ..sum
            },
        );
        assert!(doubtful.faults(&flows).is_empty() && doubtful.faults(&more).is_empty());
        more.0.insert(
            key,
            Sum {
                packets: sum.packets + 3,
                octets: sum.octets + 101,
                ..sum
            },
        );
        assert_eq!(doubtful.faults(&more).len(), 2);
    }
}
