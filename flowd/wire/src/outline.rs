//! The outline of an export datagram: who it says it is from and which sets it has, without reading what the sets hold.
//!
//! A replicator looks at every datagram, but only at those few with templates in full. This reader goes by the version and
//! the set headers alone, copies nothing, and cannot fail half way: what is cut off is left out.

use crate::sets::{SET_HEADER_LEN, SetFormat};
use crate::{ipfix, sflow, v1, v5, v7, v9};

/// A format of export datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// NetFlow version 1.
    V1,
    /// NetFlow version 5.
    V5,
    /// NetFlow version 7.
    V7,
    /// NetFlow version 9.
    V9,
    /// IPFIX, which has the version 10.
    Ipfix,
    /// sFlow version 5.
    Sflow,
}

impl Format {
    /// Tells the format of a datagram by its first octets. `None`: it is in none of them.
    #[inline]
    pub fn of(datagram: &[u8]) -> Option<Format> {
        match u16_at(datagram, 0)? {
            v1::VERSION => Some(Format::V1),
            v5::VERSION => Some(Format::V5),
            v7::VERSION => Some(Format::V7),
            v9::VERSION => Some(Format::V9),
            ipfix::VERSION => Some(Format::Ipfix),
            _ => (u32_at(datagram, 0)? == sflow::VERSION).then_some(Format::Sflow),
        }
    }
}

/// What the header of an export datagram tells of its origin, and the datagram's sets.
#[derive(Clone, Copy, Debug)]
pub struct Outline<'a> {
    /// The number by which an exporter tells its sources apart: the observation domain of IPFIX, the source identifier of
    /// NetFlow v9, the engine type and identifier of v5 and v7, the sub-agent of sFlow v5.
    pub domain: u32,
    /// The sets of a NetFlow v9 datagram or IPFIX message; none in the other formats.
    pub sets: Option<SetHeaders<'a>>,
}

impl<'a> Outline<'a> {
    /// Reads the outline of a datagram. `None`: it is in none of the formats, or ends before its header does.
    #[inline]
    pub fn read(datagram: &'a [u8]) -> Option<Outline<'a>> {
        match u16_at(datagram, 0)? {
            v9::VERSION => Some(Outline {
                domain: u32_at(datagram, v9::SOURCE_ID_AT)?,
                sets: Some(SetHeaders {
                    format: SetFormat::V9,
                    octets: datagram.get(v9::HEADER_LEN..)?,
                }),
            }),
            ipfix::VERSION => {
                let end = datagram
                    .len()
                    .min(u16_at(datagram, ipfix::LENGTH_AT)?.into());
                Some(Outline {
                    domain: u32_at(datagram, ipfix::DOMAIN_AT)?,
                    sets: Some(SetHeaders {
                        format: SetFormat::Ipfix,
                        octets: datagram.get(ipfix::HEADER_LEN..end)?,
                    }),
                })
            }
            _ => Some(Outline {
                domain: without_sets(datagram)?,
                sets: None,
            }),
        }
    }
}

/// Returns the sequence number of a NetFlow v5, v9 or IPFIX datagram, of which the first octets are enough.
pub fn sequence(datagram: &[u8]) -> Option<u32> {
    let at = match u16_at(datagram, 0)? {
        v5::VERSION => v5::SEQUENCE_AT,
        v9::VERSION => v9::SEQUENCE_AT,
        ipfix::VERSION => ipfix::SEQUENCE_AT,
        _ => return None,
    };
    u32_at(datagram, at)
}

/// The engine of NetFlow v5 and v7, the sub-agent of sFlow v5.
fn without_sets(datagram: &[u8]) -> Option<u32> {
    match u16_at(datagram, 0)? {
        v5::VERSION | v7::VERSION => u16_at(datagram, v5::ENGINE_AT).map(u32::from),
        _ if u32_at(datagram, 0)? == sflow::VERSION => {
            let at = match u32_at(datagram, sflow::AGENT_TYPE_AT)? {
                sflow::AGENT_IPV4 => sflow::AGENT_AT + 4,
                sflow::AGENT_IPV6 => sflow::AGENT_AT + 16,
                _ => return None,
            };
            u32_at(datagram, at)
        }
        _ => None,
    }
}

/// The header of a set (RFC 3954 §5.2, RFC 7011 §3.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetHeader {
    /// The set identifier: a kind of template, or the template of the records in it.
    pub id: u16,
    /// Octets of the set, this header included.
    pub len: u16,
}

/// Iterates over the headers of a datagram's sets, in order. It ends at the first length that cannot be.
#[derive(Clone, Copy, Debug)]
pub struct SetHeaders<'a> {
    format: SetFormat,
    octets: &'a [u8],
}

impl SetHeaders<'_> {
    /// The format of the datagram.
    #[inline]
    pub fn format(&self) -> SetFormat {
        self.format
    }
}

impl Iterator for SetHeaders<'_> {
    type Item = SetHeader;

    #[inline]
    fn next(&mut self) -> Option<SetHeader> {
        let [id_high, id_low, len_high, len_low] = *self.octets.first_chunk::<SET_HEADER_LEN>()?;
        let header = SetHeader {
            id: u16::from_be_bytes([id_high, id_low]),
            len: u16::from_be_bytes([len_high, len_low]),
        };
        let len = usize::from(header.len);
        if len < SET_HEADER_LEN {
            return None;
        }
        // A last set that is cut off still has a header.
        self.octets = self.octets.get(len..).unwrap_or_default();
        Some(header)
    }
}

#[inline]
fn u16_at(datagram: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*datagram.get(at..)?.first_chunk()?))
}

#[inline]
fn u32_at(datagram: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*datagram.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn header(id: u16, len: u16) -> SetHeader {
        SetHeader { id, len }
    }

    fn outline(datagram: &[u8]) -> Option<(u32, Vec<SetHeader>)> {
        let outline = Outline::read(datagram)?;
        Some((outline.domain, outline.sets.into_iter().flatten().collect()))
    }

    #[test]
    fn the_first_octets_tell_the_format() {
        for (octets, format) in [
            (&[0, 1][..], Some(Format::V1)),
            (&[0, 5, 0, 0], Some(Format::V5)),
            (&[0, 7], Some(Format::V7)),
            (&[0, 9], Some(Format::V9)),
            (&[0, 10], Some(Format::Ipfix)),
            (&[0, 0, 0, 5], Some(Format::Sflow)),
            (&[0, 0, 0, 4], None),
            (&[0, 0, 0], None),
            (&[0, 8, 0, 1], None),
            (&[5], None),
        ] {
            assert_eq!(Format::of(octets), format, "{octets:?}");
        }
    }

    #[test]
    fn what_the_packers_write_is_found_at_its_place() {
        let mut packer = v9::Packer::new(1400);
        packer.template(256, &[(8, 4)]).unwrap();
        packer.record(256, 4).unwrap().fill(1);
        let v9 = packer
            .finish(&v9::Header {
                sys_uptime_ms: 1,
                unix_secs: 2,
                sequence: 3,
                source_id: 0x0102_0304,
            })
            .to_vec();
        let found = vec![header(v9::TEMPLATE_SET, 12), header(256, 8)];
        assert_eq!(outline(&v9), Some((0x0102_0304, found)));
        let mut packer = ipfix::Packer::new(1400);
        packer.template(256, &[(8, 4)]).unwrap();
        packer.record(256, 4).unwrap().fill(1);
        let mut ipfix = packer
            .finish(&ipfix::Header {
                export_time_secs: 1,
                sequence: 2,
                domain: 0x0506_0708,
            })
            .to_vec();
        let found = vec![header(ipfix::TEMPLATE_SET, 12), header(256, 8)];
        assert_eq!(outline(&ipfix), Some((0x0506_0708, found)));
        // What follows the message is not part of it.
        ipfix.extend([1, 1, 0, 8, 0, 0, 0, 0]);
        assert_eq!(outline(&ipfix).unwrap().1.len(), 2);
        let mut packer = v5::Packer::new(1400);
        packer.record(&v5::Record::default()).unwrap();
        let header = v5::Header {
            engine_type: 0x0a,
            engine_id: 0x0b,
            ..v5::Header::default()
        };
        let mut v5 = packer.finish(&header).to_vec();
        assert_eq!(outline(&v5), Some((0x0a0b, Vec::new())));
        v5[1] = 7;
        assert_eq!(outline(&v5), Some((0x0a0b, Vec::new())));
    }

    #[test]
    fn the_sub_agent_of_sflow_follows_an_address_of_either_family() {
        let mut v4 = vec![0, 0, 0, 5, 0, 0, 0, 1, 192, 0, 2, 1];
        v4.extend([1, 2, 3, 4, 0, 0, 0, 9]);
        assert_eq!(outline(&v4), Some((0x0102_0304, Vec::new())));
        let mut v6 = vec![0, 0, 0, 5, 0, 0, 0, 2];
        v6.extend([0xfe; 16]);
        v6.extend([1, 2, 3, 4, 0, 0, 0, 9]);
        assert_eq!(outline(&v6), Some((0x0102_0304, Vec::new())));
        // No address, an address of neither family, another version.
        for (at, value) in [(7, 0), (7, 3), (3, 4)] {
            let mut other = v4.clone();
            other[at] = value;
            assert_eq!(outline(&other), None);
        }
    }

    #[test]
    fn the_walk_ends_where_a_length_cannot_be() {
        let datagram = |sets: &[u8]| [&[0, 9][..], &[0; 18], sets].concat();
        let sets = |octets: &[u8]| outline(&datagram(octets)).unwrap().1;
        assert_eq!(sets(&[]), []);
        assert_eq!(sets(&[1, 0, 0]), []);
        assert_eq!(sets(&[1, 0, 0, 3, 1, 0, 0, 4]), []);
        assert_eq!(
            sets(&[1, 0, 0, 4, 1, 1, 0, 4]),
            [header(256, 4), header(257, 4)]
        );
        // Cut off inside its records.
        assert_eq!(sets(&[1, 0, 0, 9, 1]), [header(256, 9)]);
        // Cut off inside the message header; an IPFIX message shorter than its header.
        assert_eq!(outline(&datagram(&[])[..19]), None);
        let mut short = [0; 20];
        short[..4].copy_from_slice(&[0, 10, 0, 15]);
        assert_eq!(outline(&short), None);
    }

    proptest! {
        #[test]
        fn the_outline_agrees_with_the_full_reader(
            ipfix in any::<bool>(),
            lens in vec(0u8..12, 0..6),
            behind in vec(any::<u8>(), 0..20),
        ) {
            // Well-formed sets, then anything.
            let (version, header_len) = if ipfix { (10, 16) } else { (9, 20) };
            let mut datagram = vec![7; header_len];
            for len in &lens {
                datagram.extend([2, 1, 0, 4 + *len]);
                datagram.extend(vec![0xff; usize::from(*len)]);
            }
            datagram.extend(&behind);
            let octets = (datagram.len() as u16).to_be_bytes();
            datagram[..4].copy_from_slice(&[0, version, octets[0], octets[1]]);
            let (domain, found) = outline(&datagram).unwrap();
            let (full_domain, sets) = if ipfix {
                let message = ipfix::Message::parse(&datagram).unwrap();
                (message.header.domain, message.sets())
            } else {
                let message = v9::Message::parse(&datagram).unwrap();
                (message.header.source_id, message.sets())
            };
            prop_assert_eq!(domain, full_domain);
            prop_assert!(found.len() >= lens.len());
            // The full reader stops at zeros, and has only what there is of a last set that is cut off.
            let full: Vec<usize> = sets.flatten().map(|set| SET_HEADER_LEN + set.octets().len()).collect();
            prop_assert!(full.len() >= lens.len() && full.len() <= found.len());
            for (at, (full_len, header)) in full.iter().zip(&found).enumerate() {
                let whole = *full_len == usize::from(header.len);
                prop_assert!(whole || at + 1 == full.len() && *full_len < header.len.into());
            }
        }

        #[test]
        fn no_octets_panic(octets in vec(any::<u8>(), 0..60)) {
            outline(&octets);
        }
    }
}
