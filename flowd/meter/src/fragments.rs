//! Gives later fragments of a packet the ports of its first fragment, which alone carries them (`capture
//! fragment-ports`).

use std::hash::{BuildHasher, RandomState};

use wire::{Family, Header, at, protocol};

/// Sets of the table, a power of two.
const SETS: usize = 4096;
/// Packets remembered in a set; if there is one more, the oldest is forgotten.
const WAYS: usize = 4;
/// How long fragments of a packet are expected; as long as a host waits to reassemble it (Linux `ipfrag_time`).
const LIFE_NS: u64 = 30_000_000_000;

/// Counters of fragments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FragmentCounts {
    /// Later fragments given the ports of their first fragment.
    pub given: u64,
    /// Later fragments of a protocol with ports whose first fragment was not seen or is forgotten. Their ports are
    /// 0.
    pub unknown: u64,
    /// Packets forgotten early because the table was full.
    pub forgotten: u64,
}

/// Identity of a fragmented packet within its VLAN (RFC 791 §3.2, RFC 8200 §4.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Key {
    source: [u8; 16],
    destination: [u8; 16],
    identification: [u8; 4],
    vlan: [u8; 2],
    /// Of IPv4 only; in IPv6 it may differ from fragment to fragment.
    protocol: u8,
    family: Family,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    key: Key,
    ports: [u8; 4],
    protocol: u8,
    /// When the first fragment came; 0 for an unused entry.
    time_ns: u64,
}

/// A table of fixed size that forgets entries older than [`LIFE_NS`].
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
    /// Remembers the ports of a first fragment, or sets those of a later one.
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

    /// Remembers a first fragment. Returns whether another packet had to be forgotten early for it.
    fn remember(&mut self, header: &Header, time_ns: u64) -> bool {
        let key = key(header);
        let set = self.set(&key);
        // The entry of the same packet, else an unused one, else the oldest.
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

/// Source and destination port, which are adjacent.
const PORTS: wire::Span = wire::Span {
    at: at::SOURCE_PORT.at,
    len: 4,
};

/// Whether [`at::SOURCE_PORT`] or [`at::DESTINATION_PORT`] have a meaning: ICMP, TCP, UDP, DCCP, ICMPv6, SCTP,
/// UDP-Lite.
fn has_ports(protocol: u8) -> bool {
    matches!(
        protocol,
        protocol::ICMP
            | protocol::TCP
            | protocol::UDP
            | protocol::DCCP
            | protocol::ICMPV6
            | protocol::SCTP
            | protocol::UDP_LITE
    )
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

/// Makes a later fragment belong to the flow of the first one: sets every port value, and the protocol behind
/// extension headers that only the first fragment has.
fn set_ports(header: &mut Header, ports: [u8; 4], protocol: u8) {
    let [s0, s1, d0, d1] = ports;
    header.protocol = protocol;
    header.set(at::PROTOCOL, &[protocol]);
    header.set(PORTS, &ports);
    match protocol {
        protocol::TCP => {
            header.set(at::TCP_SOURCE_PORT, &[s0, s1]);
            header.set(at::TCP_DESTINATION_PORT, &[d0, d1]);
        }
        protocol::UDP => {
            header.set(at::UDP_SOURCE_PORT, &[s0, s1]);
            header.set(at::UDP_DESTINATION_PORT, &[d0, d1]);
        }
        protocol::ICMP | protocol::ICMPV6 => header.set(at::ICMP_TYPE_CODE, &[d0, d1]),
        _ => {}
    }
}

fn octets<const N: usize>(header: &Header, span: wire::Span) -> [u8; N] {
    header.get(span).try_into().unwrap_or([0; N])
}

#[cfg(test)]
mod tests;
