//! The counters that a bidirectional flow (RFC 5103) keeps of its two directions.
//!
//! A flow's totals count both directions, so every sum over flows is right, whether they are bidirectional or not.
//! The share of the reverse direction lies behind the flow's other octets in network byte order, mostly in the form
//! in which it is exported.

use registry::Reverse;

/// Octets of the biflow counters of a flow.
pub const LEN: usize = 52;

/// Offset of a reverse field in the last [`LEN`] octets of a flow, where it lies in network byte order.
pub(crate) const fn offset(what: Reverse) -> usize {
    match what {
        Reverse::Packets => 0,
        Reverse::Octets => 8,
        Reverse::Start => 16,
        Reverse::End => 24,
        Reverse::TcpFlags => 32,
        Reverse::Direction => 33,
    }
}

/// Biflow counters: the last [`LEN`] octets of a bidirectional flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BiflowCounters {
    /// Packets in the reverse direction.
    pub packets: u64,
    /// Their IP octets.
    pub octets: u64,
    /// Time of the first of them, milliseconds since 1970; the flow's start while there is none.
    pub start_ms: u64,
    /// Time of the last of them.
    pub end_ms: u64,
    /// Their TCP flags.
    pub flags: u8,
    /// `biflowDirection` (element 239).
    pub direction: u8,
    /// TCP flags of the packets in the forward direction.
    pub forward_flags: u16,
    /// Time of the first packet in the forward direction, nanoseconds since 1970.
    pub first_ns: u64,
    /// Time of the last packet in the forward direction.
    pub last_ns: u64,
}

impl BiflowCounters {
    /// Decodes the counters from [`LEN`] octets.
    pub fn read(octets: &[u8]) -> BiflowCounters {
        let number = |at: usize| {
            let octets = octets
                .get(at..at + 8)
                .and_then(|octets| octets.try_into().ok());
            u64::from_be_bytes(octets.unwrap_or_default())
        };
        let octet = |at: usize| octets.get(at).copied().unwrap_or_default();
        BiflowCounters {
            packets: number(offset(Reverse::Packets)),
            octets: number(offset(Reverse::Octets)),
            start_ms: number(offset(Reverse::Start)),
            end_ms: number(offset(Reverse::End)),
            flags: octet(offset(Reverse::TcpFlags)),
            direction: octet(offset(Reverse::Direction)),
            forward_flags: u16::from_be_bytes([octet(34), octet(35)]),
            first_ns: number(36),
            last_ns: number(44),
        }
    }

    /// Encodes the counters into the [`LEN`] octets of `out`.
    pub fn write(&self, out: &mut [u8]) {
        let mut octets = [0; LEN];
        let mut put = |at: usize, number: u64| {
            octets[at..at + 8].copy_from_slice(&number.to_be_bytes());
        };
        put(offset(Reverse::Packets), self.packets);
        put(offset(Reverse::Octets), self.octets);
        put(offset(Reverse::Start), self.start_ms);
        put(offset(Reverse::End), self.end_ms);
        put(36, self.first_ns);
        put(44, self.last_ns);
        octets[offset(Reverse::TcpFlags)] = self.flags;
        octets[offset(Reverse::Direction)] = self.direction;
        octets[34..36].copy_from_slice(&self.forward_flags.to_be_bytes());
        out.copy_from_slice(&octets);
    }
}

#[cfg(test)]
mod tests {
    use registry::Source;
    use registry::field::REVERSE_FIELDS;

    use super::*;

    #[test]
    fn biflow_counters_are_read_as_written() {
        let biflow = BiflowCounters {
            packets: 1,
            octets: 2,
            start_ms: 3,
            end_ms: 4,
            flags: 5,
            direction: 6,
            forward_flags: 0x0708,
            first_ns: 9,
            last_ns: 1 << 60,
        };
        let mut octets = [0xee; LEN];
        biflow.write(&mut octets);
        assert_eq!(BiflowCounters::read(&octets), biflow);
        for (field, value) in REVERSE_FIELDS.iter().zip([2, 1, 5, 3, 4, 6]) {
            let Source::Reverse(what) = field.source else {
                panic!("{field:?}")
            };
            let read = octets[offset(what)..][..usize::from(field.len)]
                .iter()
                .fold(0, |sum, octet| sum << 8 | u64::from(*octet));
            assert_eq!(read, value, "{}", field.words);
        }
    }
}
