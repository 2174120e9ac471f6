//! Flows in the form in which all tests compare them: packets and octets by the five-tuple.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

/// The five-tuple; ICMP and ICMPv6 have type × 256 + code as destination port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Source address.
    pub src: IpAddr,
    /// Destination address.
    pub dst: IpAddr,
    /// IP protocol.
    pub proto: u8,
    /// Source port.
    pub sport: u16,
    /// Destination port.
    pub dport: u16,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} -> {} {} proto {}",
            self.src, self.sport, self.dst, self.dport, self.proto
        )
    }
}

/// Counters and times of the flow records with one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Packets.
    pub packets: u64,
    /// IP octets.
    pub octets: u64,
    /// First packet, nanoseconds since 1970 (or as exact as the source is).
    pub first_ns: u64,
    /// Last packet.
    pub last_ns: u64,
    /// The union of the TCP flags.
    pub flags: u16,
    /// Number of flow records; 1 for a flow that was counted from packets.
    pub records: u64,
}

/// Flows by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flows(pub BTreeMap<Key, Sum>);

impl Flows {
    /// Adds a record or a packet.
    pub fn add(&mut self, key: Key, more: Sum) {
        let sum = self.0.entry(key).or_insert(Sum {
            first_ns: u64::MAX,
            ..Sum::default()
        });
        sum.packets += more.packets;
        sum.octets += more.octets;
        sum.first_ns = sum.first_ns.min(more.first_ns);
        sum.last_ns = sum.last_ns.max(more.last_ns);
        sum.flags |= more.flags;
        sum.records += more.records;
    }

    /// Adds all flows of `other`.
    pub fn merge(&mut self, other: &Flows) {
        for (key, sum) in &other.0 {
            self.add(*key, *sum);
        }
    }

    /// Returns the flows for whose key `keep` returns true.
    pub fn filter(&self, keep: impl Fn(&Key) -> bool) -> Flows {
        Flows(
            self.0
                .iter()
                .filter(|(key, _)| keep(key))
                .map(|(key, sum)| (*key, *sum))
                .collect(),
        )
    }

    /// Returns the flows without the multicast listener reports that kernels send by themselves when an interface comes up.
    pub fn traffic(&self) -> Flows {
        let reports = IpAddr::from([0xff02, 0, 0, 0, 0, 0, 0, 0x16]);
        self.filter(|key| key.dst != reports)
    }

    /// Returns the flows with the ports (ICMP's types and codes) of some protocols set to 0.
    pub fn without_ports(&self, protocols: &[u8]) -> Flows {
        let mut flows = Flows::default();
        for (key, sum) in &self.0 {
            let key = if protocols.contains(&key.proto) {
                Key {
                    sport: 0,
                    dport: 0,
                    ..*key
                }
            } else {
                *key
            };
            flows.add(key, *sum);
        }
        flows
    }

    /// Returns the IPv4 flows.
    pub fn v4(&self) -> Flows {
        self.filter(|key| key.src.is_ipv4())
    }

    /// Returns the packets and octets of all flows.
    pub fn totals(&self) -> (u64, u64) {
        self.0.values().fold((0, 0), |(packets, octets), sum| {
            (packets + sum.packets, octets + sum.octets)
        })
    }

    /// Returns the keys with other packets or octets in `got` than in `self`, which is expected; a line each.
    pub fn difference(&self, got: &Flows) -> Vec<String> {
        let mut lines = Vec::new();
        for (key, sum) in &self.0 {
            match got.0.get(key) {
                None => lines.push(format!(
                    "missing: {key}: {} packets {} octets",
                    sum.packets, sum.octets
                )),
                Some(other) if (other.packets, other.octets) != (sum.packets, sum.octets) => lines
                    .push(format!(
                        "differs: {key}: {} packets {} octets, got {} and {}",
                        sum.packets, sum.octets, other.packets, other.octets
                    )),
                Some(_) => {}
            }
        }
        for (key, sum) in got.0.iter().filter(|(key, _)| !self.0.contains_key(key)) {
            lines.push(format!(
                "too much: {key}: {} packets {} octets",
                sum.packets, sum.octets
            ));
        }
        lines
    }

    /// Asserts that `got` has the same packets and octets for the same keys.
    ///
    /// # Panics
    /// With the first differences when it has not.
    #[track_caller]
    pub fn assert_same(&self, got: &Flows, who: &str) {
        let lines = self.difference(got);
        assert!(
            lines.is_empty(),
            "{who}: {} of {} flows are wrong (totals {:?}, got {:?}):\n{}",
            lines.len(),
            self.0.len(),
            self.totals(),
            got.totals(),
            lines
                .iter()
                .take(12)
                .cloned()
                .collect::<Vec<_>>()
                .join("\n")
        );
    }
}
