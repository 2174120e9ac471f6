//! An interface of a section: the link type and snapshot length of its packets, and what its times count.

use wire::LinkType;

/// Codes of options (§3.5, §4.2).
mod option {
    pub(super) const END: u16 = 0;
    pub(super) const RESOLUTION: u16 = 9;
    pub(super) const OFFSET: u16 = 14;
}

/// Octets of an option's code and length.
const OPTION: usize = 4;
const SECOND_NS: i128 = 1_000_000_000;

/// An interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Interface {
    pub(super) link: LinkType,
    /// Most octets kept of a packet.
    pub(super) snaplen: u32,
    unit: Unit,
    /// Seconds that are added to each time.
    offset: i64,
    /// Packets read so far.
    pub(super) packets: u64,
}

/// The unit of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// So many nanoseconds.
    Nanoseconds(u64),
    /// A nanosecond has so many of them; `None` if there are too many for any time to be as long as one.
    OfNanosecond(Option<u128>),
    /// A second has two to this power of them.
    PowerOfTwo(u32),
}

impl Unit {
    /// The unit of `if_tsresol`: a negative power of ten, or of two if the highest bit is set.
    fn from_resolution(octet: u8) -> Unit {
        let power = u32::from(octet & 0x7f);
        match (octet & 0x80 != 0, power) {
            (true, _) => Unit::PowerOfTwo(power),
            (false, ..=9) => Unit::Nanoseconds(10u64.pow(9 - power)),
            (false, _) => Unit::OfNanosecond(10u128.checked_pow(power - 9)),
        }
    }
}

impl Interface {
    /// Reads the body of an interface description. `None`: it is too short.
    pub(super) fn read(body: &[u8], big_endian: bool) -> Option<Interface> {
        let (&[l0, l1, _, _, s0, s1, s2, s3], mut options) = body.split_first_chunk::<8>()?;
        let short = |octets: [u8; 2]| match big_endian {
            true => u16::from_be_bytes(octets),
            false => u16::from_le_bytes(octets),
        };
        let snaplen = match big_endian {
            true => u32::from_be_bytes([s0, s1, s2, s3]),
            false => u32::from_le_bytes([s0, s1, s2, s3]),
        };
        let mut interface = Interface {
            link: LinkType::from(u32::from(short([l0, l1]))),
            snaplen: match snaplen {
                0 => u32::MAX,
                snaplen => snaplen,
            },
            unit: Unit::Nanoseconds(1000),
            offset: 0,
            packets: 0,
        };
        // An option that is cut ends them: the packets can be read without.
        while let Some((&[c0, c1, n0, n1], rest)) = options.split_first_chunk::<OPTION>() {
            let (code, len) = (short([c0, c1]), usize::from(short([n0, n1])));
            match (code, rest.get(..len)) {
                (option::END, _) | (_, None) => break,
                (option::RESOLUTION, Some([resolution])) => {
                    interface.unit = Unit::from_resolution(*resolution);
                }
                (option::OFFSET, Some(seconds)) => {
                    if let Some(seconds) = seconds.first_chunk::<8>() {
                        interface.offset = match big_endian {
                            true => i64::from_be_bytes(*seconds),
                            false => i64::from_le_bytes(*seconds),
                        };
                    }
                }
                _ => {}
            }
            options = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
        }
        Some(interface)
    }

    /// A packet's time in nanoseconds since 1970.
    #[inline(always)]
    pub(super) fn time_ns(&self, units: u64) -> u64 {
        if let (Unit::Nanoseconds(ns), 0) = (self.unit, self.offset) {
            return units.saturating_mul(ns);
        }
        self.scaled_ns(units)
    }

    fn scaled_ns(&self, units: u64) -> u64 {
        let units = u128::from(units);
        let ns = match self.unit {
            Unit::Nanoseconds(ns) => units * u128::from(ns),
            Unit::OfNanosecond(per) => per.map_or(0, |per| units / per),
            Unit::PowerOfTwo(power) => (units * SECOND_NS.unsigned_abs()) >> power,
        };
        let ns = i128::try_from(ns).unwrap_or(i128::MAX);
        let ns = ns.saturating_add(i128::from(self.offset) * SECOND_NS);
        u64::try_from(ns.max(0)).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body of a description in little endian, with these options.
    fn body(options: &[(u16, &[u8])]) -> Vec<u8> {
        let mut body = vec![113, 0, 0, 0, 96, 0, 0, 0];
        for (code, value) in options {
            body.extend(code.to_le_bytes());
            body.extend((value.len() as u16).to_le_bytes());
            body.extend(*value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        body
    }

    fn time(options: &[(u16, &[u8])], units: u64) -> u64 {
        Interface::read(&body(options), false)
            .unwrap()
            .time_ns(units)
    }

    #[test]
    fn a_description_has_link_type_and_snapshot_length_in_either_order() {
        let little = Interface::read(&body(&[]), false).unwrap();
        assert_eq!((little.link, little.snaplen), (LinkType::Sll, 96));
        let big = Interface::read(&[0, 113, 0, 0, 0, 0, 0, 96], true).unwrap();
        assert_eq!(little, big);
        assert_eq!(Interface::read(&body(&[])[..7], false), None);
        let unlimited = Interface::read(&[1, 0, 0, 0, 0, 0, 0, 0], false).unwrap();
        assert_eq!(unlimited.snaplen, u32::MAX);
    }

    #[test]
    fn times_count_what_the_options_say() {
        const RES: u16 = option::RESOLUTION;
        for (resolution, units, ns) in [
            (0, 3, 3_000_000_000),
            (3, 3, 3_000_000),
            (6, 3, 3000),
            (9, 3, 3),
            (12, 3_999, 3),
            (127, u64::MAX, 0),
            (0x80, 3, 3_000_000_000),
            (0x80 | 10, 1536, 1_500_000_000),
            (0x80 | 32, 3 << 31, 1_500_000_000),
            (0xff, u64::MAX, 0),
            (0, u64::MAX, u64::MAX),
        ] {
            assert_eq!(time(&[(RES, &[resolution])], units), ns, "{resolution}");
        }
        assert_eq!(time(&[], 3), 3000);
        let offset = |seconds: i64| seconds.to_le_bytes();
        for (seconds, ns) in [
            (2, 2_000_003_000),
            (-1, 0),
            (i64::MIN, 0),
            (i64::MAX, u64::MAX),
        ] {
            let options: &[(u16, &[u8])] = &[(2, b"eth0"), (option::OFFSET, &offset(seconds))];
            assert_eq!(time(options, 3), ns, "{seconds}");
        }
    }

    #[test]
    fn damaged_options_cost_nothing_else() {
        let whole = body(&[(2, b"eth0"), (option::RESOLUTION, &[9]), (0, b"")]);
        for len in 8..whole.len() {
            let interface = Interface::read(&whole[..len], false).unwrap();
            let ns = if len >= 21 { 3 } else { 3000 };
            assert_eq!(interface.time_ns(3), ns, "{len} octets");
        }
        let mut behind_the_end = body(&[(0, b""), (option::RESOLUTION, &[9])]);
        behind_the_end.extend([0xff; 3]);
        let interface = Interface::read(&behind_the_end, false).unwrap();
        assert_eq!(interface.time_ns(3), 3000);
    }
}
