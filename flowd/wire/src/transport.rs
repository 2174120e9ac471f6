//! Reads the transport header, as far as flow keys and collected fields need it.

use crate::header::{Header, Span, at};

/// Source and destination port, which are adjacent.
const PORTS: Span = Span {
    at: at::SOURCE_PORT.at,
    len: 4,
};

/// IP protocol numbers (IANA "Assigned Internet Protocol Numbers").
#[allow(missing_docs, reason = "the names say it")]
pub mod protocol {
    pub const ICMP: u8 = 1;
    pub const IGMP: u8 = 2;
    pub const TCP: u8 = 6;
    pub const UDP: u8 = 17;
    pub const DCCP: u8 = 33;
    pub const GRE: u8 = 47;
    pub const ICMPV6: u8 = 58;
    pub const SCTP: u8 = 132;
    pub const UDP_LITE: u8 = 136;
}

/// Reads the transport header at the start of `data`. Values that were not captured stay zero.
#[inline]
pub(crate) fn transport(protocol: u8, data: &[u8], header: &mut Header) {
    match protocol {
        protocol::TCP => tcp(data, header),
        protocol::UDP => {
            ports(data, header);
            if let Some(&[_, _, _, _, l0, l1]) = data.first_chunk() {
                header.set(at::UDP_LENGTH, &[l0, l1]);
            }
        }
        protocol::SCTP | protocol::DCCP | protocol::UDP_LITE => ports(data, header),
        protocol::ICMP | protocol::ICMPV6 => {
            if let Some(type_code) = data.first_chunk::<2>() {
                header.set(at::DESTINATION_PORT, type_code);
                header.set(at::ICMP_TYPE_CODE, type_code);
            }
        }
        protocol::IGMP => {
            if let Some(kind) = data.first_chunk::<1>() {
                header.set(at::IGMP_TYPE, kind);
            }
        }
        _ => {}
    }
}

#[inline]
fn ports(data: &[u8], header: &mut Header) {
    if let Some(ports) = data.first_chunk::<4>() {
        header.set(PORTS, ports);
    }
}

/// Reads a TCP header (RFC 9293 §3.1), as much of it as was captured.
#[inline]
fn tcp(data: &[u8], header: &mut Header) {
    ports(data, header);
    if let Some(&[_, _, _, _, s0, s1, s2, s3, a0, a1, a2, a3]) = data.first_chunk() {
        header.set(at::TCP_SEQUENCE, &[s0, s1, s2, s3]);
        header.set(at::TCP_ACKNOWLEDGEMENT, &[a0, a1, a2, a3]);
    } else if let Some(&[_, _, _, _, s0, s1, s2, s3]) = data.first_chunk() {
        header.set(at::TCP_SEQUENCE, &[s0, s1, s2, s3]);
    }
    if let Some(&[_, _, _, _, _, _, _, _, _, _, _, _, f0, f1]) = data.first_chunk() {
        header.tcp_flags = u16::from_be_bytes([f0 & 0x0f, f1]);
        header.set(at::TCP_FLAGS, &[f0 & 0x0f, f1]);
        header.set(at::TCP_HEADER_LENGTH, &[(f0 >> 4) * 4]);
    }
    if let Some(&[_, _, _, _, _, _, _, _, _, _, _, _, _, _, w0, w1]) = data.first_chunk() {
        header.set(at::TCP_WINDOW, &[w0, w1]);
    }
}
