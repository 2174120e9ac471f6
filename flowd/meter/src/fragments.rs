//! The ports of fragmented packets: only the first fragment has them, and the later ones are given them
//! (`capture fragment-ports`).

use std::hash::{BuildHasher, RandomState};

use wire::{Family, Header, at};

/// Sets of the table, a power of two.
const SETS: usize = 4096;
/// Packets a set remembers; of one more, the oldest is forgotten.
const WAYS: usize = 4;
/// How long a packet's fragments are waited for, as a host that puts them together waits (Linux `ipfrag_time`).
const LIFE_NS: u64 = 30_000_000_000;

/// What became of fragments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FragmentCounts {
    /// Later fragments that were given the ports of their first.
    pub given: u64,
    /// Later fragments of a protocol with ports whose first was not seen, or is forgotten: their ports are 0.
    pub unknown: u64,
    /// Packets that were forgotten before their time, because the table was full.
    pub forgotten: u64,
}

/// Who a fragment belongs to (RFC 791 §3.2, RFC 8200 §4.5), within its VLAN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Key {
    source: [u8; 16],
    destination: [u8; 16],
    identification: [u8; 4],
    vlan: [u8; 2],
    /// Of IPv4; of IPv6 it may differ from fragment to fragment.
    protocol: u8,
    family: Family,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    key: Key,
    ports: [u8; 4],
    protocol: u8,
    /// When the first fragment came; 0 for a free place.
    time_ns: u64,
}

/// The table. It has its size from the start, and forgets what is older than [`LIFE_NS`].
#[derive(Debug)]
pub(crate) struct Fragments {
    entries: Box<[[Entry; WAYS]]>,
    hash: RandomState,
}

impl Default for Fragments {
    fn default() -> Self {
        Fragments {
            entries: vec![[Entry::default(); WAYS]; SETS].into(),
            hash: RandomState::new(),
        }
    }
}

impl Fragments {
    /// Remembers the ports of a first fragment, and gives them to a later one.
    #[inline]
    pub(crate) fn observe(
        &mut self,
        header: &mut Header,
        time_ns: u64,
        counts: &mut FragmentCounts,
    ) {
        let first = header.get(at::FRAGMENT_OFFSET) == [0, 0];
        if !first {
            self.give(header, time_ns, counts);
        } else if header.get(at::FRAGMENT_FLAGS) == [MORE] && has_ports(header.protocol) {
            counts.forgotten += u64::from(self.remember(header, time_ns));
        }
    }

    /// Returns whether another packet was forgotten for it before its time.
    fn remember(&mut self, header: &Header, time_ns: u64) -> bool {
        let key = key(header);
        let set = self.set(&key);
        // The one of the same name, else a place that is free or the oldest.
        let known = set.iter().position(|entry| lives(entry, &key, time_ns));
        let place = known.unwrap_or_else(|| {
            let oldest = (0..WAYS).min_by_key(|way| set[*way].time_ns);
            oldest.unwrap_or(0)
        });
        let entry = &mut set[place];
        let forgets = known.is_none() && entry.time_ns != 0 && !stale(entry, time_ns);
        *entry = Entry {
            key,
            ports: octets(header, PORTS),
            protocol: header.protocol,
            time_ns: time_ns.max(1),
        };
        forgets
    }

    fn give(&mut self, header: &mut Header, time_ns: u64, counts: &mut FragmentCounts) {
        let key = key(header);
        let found = self
            .set(&key)
            .iter()
            .find(|entry| lives(entry, &key, time_ns))
            .map(|entry| (entry.ports, entry.protocol));
        match found {
            Some((ports, protocol)) => {
                counts.given += 1;
                set_ports(header, ports, protocol);
            }
            None => counts.unknown += u64::from(has_ports(header.protocol)),
        }
    }

    fn set(&mut self, key: &Key) -> &mut [Entry; WAYS] {
        &mut self.entries[self.hash.hash_one(key) as usize & (SETS - 1)]
    }
}

/// "More fragments" in [`at::FRAGMENT_FLAGS`]; a first fragment may not have "don't fragment".
const MORE: u8 = 0x20;

/// Source and destination port, which lie side by side.
const PORTS: wire::Span = wire::Span {
    at: at::SOURCE_PORT.at,
    len: 4,
};

const TCP: u8 = 6;
const UDP: u8 = 17;

/// Whether [`at::SOURCE_PORT`] or [`at::DESTINATION_PORT`] say something: ICMP, TCP, UDP, DCCP, ICMPv6, SCTP, UDP-Lite.
fn has_ports(protocol: u8) -> bool {
    matches!(protocol, 1 | TCP | UDP | 33 | 58 | 132 | 136)
}

fn stale(entry: &Entry, time_ns: u64) -> bool {
    entry.time_ns.abs_diff(time_ns) > LIFE_NS
}

fn lives(entry: &Entry, key: &Key, time_ns: u64) -> bool {
    entry.time_ns != 0 && entry.key == *key && !stale(entry, time_ns)
}

fn key(header: &Header) -> Key {
    Key {
        source: octets(header, at::SOURCE_IPV6),
        destination: octets(header, at::DESTINATION_IPV6),
        identification: octets(header, at::FRAGMENT_ID),
        vlan: octets(header, at::VLAN),
        protocol: match header.family {
            Family::V4 => header.protocol,
            Family::V6 => 0,
        },
        family: header.family,
    }
}

/// A later fragment is of its first's flow: the protocol behind extension headers that only the first has, and every
/// place where ports are.
fn set_ports(header: &mut Header, ports: [u8; 4], protocol: u8) {
    let [s0, s1, d0, d1] = ports;
    header.protocol = protocol;
    header.set(at::PROTOCOL, &[protocol]);
    header.set(PORTS, &ports);
    match protocol {
        TCP => {
            header.set(at::TCP_SOURCE_PORT, &[s0, s1]);
            header.set(at::TCP_DESTINATION_PORT, &[d0, d1]);
        }
        UDP => {
            header.set(at::UDP_SOURCE_PORT, &[s0, s1]);
            header.set(at::UDP_DESTINATION_PORT, &[d0, d1]);
        }
        1 | 58 => header.set(at::ICMP_TYPE_CODE, &[d0, d1]),
        _ => {}
    }
}

fn octets<const N: usize>(header: &Header, span: wire::Span) -> [u8; N] {
    header.get(span).try_into().unwrap_or([0; N])
}

#[cfg(test)]
mod tests;
