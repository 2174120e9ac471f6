//! Ethernet frames, built from a description and read back without the project's own parser: the two sides of a comparison
//! must not share a mistake.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::key::Key;

/// The content of an IP packet. `len` is the number of octets behind the transport header.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)] // ports, flags, type and code are what they are called
pub enum Payload {
    /// TCP with its flags.
    Tcp {
        sport: u16,
        dport: u16,
        flags: u8,
        len: u16,
    },
    /// UDP.
    Udp { sport: u16, dport: u16, len: u16 },
    /// ICMP or ICMPv6, by the family of the addresses.
    Icmp { kind: u8, code: u8, len: u16 },
    /// SCTP: the common header and `len` octets of chunks.
    Sctp { sport: u16, dport: u16, len: u16 },
    /// Any other protocol.
    Other { proto: u8, len: u16 },
}

/// The fragment fields of an IP header.
#[derive(Clone, Copy, Debug)]
pub struct Fragment {
    /// Identification.
    pub id: u16,
    /// Offset in units of eight octets.
    pub offset: u16,
    /// Whether more fragments follow.
    pub more: bool,
}

/// The description of a frame to build.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Source address.
    pub src: IpAddr,
    /// Destination address of the same family.
    pub dst: IpAddr,
    /// The content of the packet; of a later fragment only the protocol and `len` count.
    pub payload: Payload,
    /// Type of service or traffic class.
    pub tos: u8,
    /// VLAN tags from the outside in: tag protocol identifier and VLAN.
    pub tags: Vec<(u16, u16)>,
    /// The fragment fields, if the packet is a fragment.
    pub fragment: Option<Fragment>,
    /// Destination MAC address.
    pub dst_mac: [u8; 6],
}

/// The MAC address that generated frames go to; the lab's router has it on `eth1`.
pub const ROUTER_MAC: [u8; 6] = [0x02, 0, 0, 0, 0x01, 0x01];

impl Frame {
    /// Describes an untagged packet that is not fragmented and has traffic class 0.
    pub fn new(src: IpAddr, dst: IpAddr, payload: Payload) -> Frame {
        Frame {
            src,
            dst,
            payload,
            tos: 0,
            tags: Vec::new(),
            fragment: None,
            dst_mac: ROUTER_MAC,
        }
    }

    /// Returns the IP protocol number.
    pub fn proto(&self) -> u8 {
        match self.payload {
            Payload::Tcp { .. } => 6,
            Payload::Udp { .. } => 17,
            Payload::Icmp { .. } if self.src.is_ipv6() => 58,
            Payload::Icmp { .. } => 1,
            Payload::Sctp { .. } => 132,
            Payload::Other { proto, .. } => proto,
        }
    }

    fn later_fragment(&self) -> bool {
        self.fragment.is_some_and(|fragment| fragment.offset > 0)
    }

    /// Returns the key of the flow that the packet belongs to.
    pub fn key(&self) -> Key {
        let (sport, dport) = match self.payload {
            _ if self.later_fragment() => (0, 0),
            Payload::Tcp { sport, dport, .. }
            | Payload::Udp { sport, dport, .. }
            | Payload::Sctp { sport, dport, .. } => (sport, dport),
            Payload::Icmp { kind, code, .. } => (0, u16::from_be_bytes([kind, code])),
            Payload::Other { .. } => (0, 0),
        };
        Key {
            src: self.src,
            dst: self.dst,
            proto: self.proto(),
            sport,
            dport,
        }
    }

    /// Returns the TCP flags that a meter can see; none in a later fragment.
    pub fn flags(&self) -> u16 {
        match self.payload {
            Payload::Tcp { flags, .. } if !self.later_fragment() => u16::from(flags),
            _ => 0,
        }
    }

    /// Returns the number of octets of the IP packet.
    pub fn octets(&self) -> u64 {
        let fragment = if self.src.is_ipv6() && self.fragment.is_some() {
            8
        } else {
            0
        };
        let header = if self.src.is_ipv6() { 40 } else { 20 };
        (header + fragment + self.transport().len()) as u64
    }

    /// Returns the octets behind the IP headers, with the checksum.
    fn transport(&self) -> Vec<u8> {
        let filled = |mut header: Vec<u8>, len: u16| {
            header.resize(header.len() + usize::from(len), 0x5a);
            header
        };
        let (mut bytes, sum_at) = match self.payload {
            Payload::Tcp { len, .. }
            | Payload::Udp { len, .. }
            | Payload::Icmp { len, .. }
            | Payload::Sctp { len, .. }
            | Payload::Other { len, .. }
                if self.later_fragment() =>
            {
                (vec![0x5a; usize::from(len)], None)
            }
            Payload::Tcp {
                sport,
                dport,
                flags,
                len,
            } => {
                let mut header = ports(sport, dport);
                header.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 0x20, 0, 0, 0, 0, 0]);
                (filled(header, len), Some(16))
            }
            Payload::Udp { sport, dport, len } => {
                let mut header = ports(sport, dport);
                header.extend((8 + len).to_be_bytes());
                header.extend([0, 0]);
                (filled(header, len), Some(6))
            }
            Payload::Icmp { kind, code, len } => {
                (filled(vec![kind, code, 0, 0, 0, 1, 0, 1], len), Some(2))
            }
            Payload::Sctp { sport, dport, len } => {
                let mut header = ports(sport, dport);
                header.extend([0, 0, 0, 1, 0, 0, 0, 0]);
                (filled(header, len), None)
            }
            Payload::Other { len, .. } => (filled(Vec::new(), len), None),
        };
        if let Some(at) = sum_at {
            let mut summed = self.pseudo_header(bytes.len());
            summed.extend_from_slice(&bytes);
            let sum = checksum(&summed);
            // UDP sends a computed zero as all ones (RFC 768).
            let sum = if sum == 0 && self.proto() == 17 {
                0xffff
            } else {
                sum
            };
            bytes[at..at + 2].copy_from_slice(&sum.to_be_bytes());
        }
        bytes
    }

    fn pseudo_header(&self, len: usize) -> Vec<u8> {
        match (self.src, self.dst) {
            // ICMP of IPv4 has no pseudo-header (RFC 792).
            (IpAddr::V4(_), IpAddr::V4(_)) if self.proto() == 1 => Vec::new(),
            (IpAddr::V4(src), IpAddr::V4(dst)) => {
                let mut bytes = [src.octets(), dst.octets()].concat();
                bytes.extend([0, self.proto()]);
                bytes.extend((len as u16).to_be_bytes());
                bytes
            }
            (src, dst) => {
                let mut bytes = [v6(src).octets(), v6(dst).octets()].concat();
                bytes.extend((len as u32).to_be_bytes());
                bytes.extend([0, 0, 0, self.proto()]);
                bytes
            }
        }
    }

    /// Builds the frame.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.dst_mac.to_vec();
        bytes.extend([0x02, 0, 0, 0, 0x09, 0x09]);
        for (tpid, vlan) in &self.tags {
            bytes.extend(tpid.to_be_bytes());
            bytes.extend(vlan.to_be_bytes());
        }
        let transport = self.transport();
        match (self.src, self.dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => {
                bytes.extend([0x08, 0x00]);
                let mut header = vec![0x45, self.tos];
                header.extend((20 + transport.len() as u16).to_be_bytes());
                let fragment = self.fragment.unwrap_or(Fragment {
                    id: 0x1234,
                    offset: 0,
                    more: false,
                });
                header.extend(fragment.id.to_be_bytes());
                header.extend(
                    (fragment.offset | if fragment.more { 0x2000 } else { 0 }).to_be_bytes(),
                );
                header.extend([64, self.proto(), 0, 0]);
                header.extend(src.octets());
                header.extend(dst.octets());
                let sum = checksum(&header);
                header[10..12].copy_from_slice(&sum.to_be_bytes());
                bytes.extend(header);
            }
            (src, dst) => {
                bytes.extend([0x86, 0xdd]);
                let extension = if self.fragment.is_some() { 8 } else { 0 };
                bytes.extend((0x6000_0000 | u32::from(self.tos) << 20).to_be_bytes());
                bytes.extend((extension + transport.len() as u16).to_be_bytes());
                bytes.extend([
                    if self.fragment.is_some() {
                        44
                    } else {
                        self.proto()
                    },
                    64,
                ]);
                bytes.extend(v6(src).octets());
                bytes.extend(v6(dst).octets());
                if let Some(fragment) = self.fragment {
                    bytes.extend([self.proto(), 0]);
                    bytes.extend((fragment.offset << 3 | u16::from(fragment.more)).to_be_bytes());
                    bytes.extend(u32::from(fragment.id).to_be_bytes());
                }
            }
        }
        bytes.extend(transport);
        bytes
    }
}

fn ports(sport: u16, dport: u16) -> Vec<u8> {
    [sport.to_be_bytes(), dport.to_be_bytes()].concat()
}

fn v6(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V6(address) => address,
        IpAddr::V4(address) => address.to_ipv6_mapped(),
    }
}

/// Computes the Internet checksum (RFC 1071).
fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = 0;
    for pair in bytes.chunks(2) {
        sum += u32::from(u16::from_be_bytes([
            pair[0],
            pair.get(1).copied().unwrap_or(0),
        ]));
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// Reads a frame: the key of its flow, its IP octets and its TCP flags. `None` when it is not IP or is cut off.
pub fn read(frame: &[u8]) -> Option<(Key, u64, u16)> {
    let mut at = 12;
    let mut ethertype = be16(frame, at)?;
    while matches!(ethertype, 0x8100 | 0x88a8 | 0x9100 | 0x9200) {
        at += 4;
        ethertype = be16(frame, at)?;
    }
    let ip = frame.get(at + 2..)?;
    match ethertype {
        0x0800 => read_v4(ip),
        0x86dd => read_v6(ip),
        _ => None,
    }
}

fn read_v4(ip: &[u8]) -> Option<(Key, u64, u16)> {
    let address = |at: usize| -> Option<IpAddr> {
        Some(Ipv4Addr::from(<[u8; 4]>::try_from(ip.get(at..at + 4)?).ok()?).into())
    };
    let proto = *ip.get(9)?;
    let later = be16(ip, 6)? & 0x1fff != 0;
    let (sport, dport, flags) = if later {
        (0, 0, 0)
    } else {
        read_transport(proto, ip.get(usize::from(ip[0] & 15) * 4..)?)
    };
    Some((
        Key {
            src: address(12)?,
            dst: address(16)?,
            proto,
            sport,
            dport,
        },
        u64::from(be16(ip, 2)?),
        flags,
    ))
}

fn read_v6(ip: &[u8]) -> Option<(Key, u64, u16)> {
    let address = |at: usize| -> Option<IpAddr> {
        Some(Ipv6Addr::from(<[u8; 16]>::try_from(ip.get(at..at + 16)?).ok()?).into())
    };
    let (mut proto, mut at, mut later) = (*ip.get(6)?, 40, false);
    while matches!(proto, 0 | 43 | 44 | 60) {
        let len = if proto == 44 {
            8
        } else {
            usize::from(*ip.get(at + 1)?) * 8 + 8
        };
        later |= proto == 44 && be16(ip, at + 2)? & 0xfff8 != 0;
        proto = *ip.get(at)?;
        at += len;
    }
    let (sport, dport, flags) = if later {
        (0, 0, 0)
    } else {
        read_transport(proto, ip.get(at..)?)
    };
    Some((
        Key {
            src: address(8)?,
            dst: address(24)?,
            proto,
            sport,
            dport,
        },
        u64::from(be16(ip, 4)?) + 40,
        flags,
    ))
}

fn read_transport(proto: u8, bytes: &[u8]) -> (u16, u16, u16) {
    let at = |at| be16(bytes, at).unwrap_or(0);
    match proto {
        6 => (at(0), at(2), at(12) & 0x0fff),
        17 | 33 | 132 | 136 => (at(0), at(2), 0),
        1 | 58 => (0, at(0), 0),
        _ => (0, 0, 0),
    }
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::Traffic;

    #[test]
    fn what_is_made_is_read_back() {
        for (_, frame, bytes) in Traffic::mix(1, 2_000, 0).frames() {
            assert_eq!(
                read(bytes),
                Some((frame.key(), frame.octets(), frame.flags())),
                "{frame:?}"
            );
        }
    }

    #[test]
    fn cut_off_frames_are_nothing() {
        let frame = Frame::new(
            [10, 0, 0, 1].into(),
            [10, 0, 0, 2].into(),
            Payload::Udp {
                sport: 1,
                dport: 2,
                len: 9,
            },
        )
        .bytes();
        assert!((0..30).all(|len| read(&frame[..len]).is_none()));
        assert_eq!(checksum(&frame[14..34]), 0);
    }
}
