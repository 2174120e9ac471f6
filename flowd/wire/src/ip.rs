//! Reads the IPv4 and IPv6 headers, fragmentation and IPv6 extension headers.

use crate::header::{Family, Header, SkipReason, at};
use crate::transport::transport;

/// Most IPv6 extension headers followed in one packet. In a packet with more, the next one counts as the protocol.
const MAX_EXTENSION_HEADERS: usize = 32;

/// IPv6 next header values (IANA "Assigned Internet Protocol Numbers").
pub(crate) mod next {
    pub(crate) const HOP_BY_HOP: u8 = 0;
    pub(crate) const IPV4: u8 = 4;
    pub(crate) const IPV6: u8 = 41;
    pub(crate) const ROUTING: u8 = 43;
    pub(crate) const FRAGMENT: u8 = 44;
    pub(crate) const ESP: u8 = 50;
    pub(crate) const AUTHENTICATION: u8 = 51;
    pub(crate) const NONE: u8 = 59;
    pub(crate) const DESTINATION: u8 = 60;
    pub(crate) const COMPRESSION: u8 = 108;
    pub(crate) const MOBILITY: u8 = 135;
    pub(crate) const HIP: u8 = 139;
    pub(crate) const SHIM6: u8 = 140;
    pub(crate) const EXPERIMENT: [u8; 2] = [253, 254];
}

/// The parts of an IP packet, as far as they were captured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts<'a> {
    /// The packet from its IP header on, without padding of the link.
    pub(crate) packet: &'a [u8],
    /// Octets of the IP header; of IPv6, of the fixed header only.
    pub(crate) header_len: usize,
    /// The transport header and what follows it; empty in later fragments.
    pub(crate) transport: &'a [u8],
}

/// Reads an IPv4 header (RFC 791 §3.1) at the start of `data`, of which `on_wire` octets were on the wire.
#[inline]
pub(crate) fn v4<'a>(
    data: &'a [u8],
    on_wire: u32,
    header: &mut Header,
) -> Result<Parts<'a>, SkipReason> {
    let ip = data.first_chunk::<20>().ok_or(SkipReason::IpTruncated)?;
    if ip[0] >> 4 != 4 {
        return Err(SkipReason::IpVersion);
    }
    let header_len = (ip[0] & 0x0f) * 4;
    if header_len < 20 {
        return Err(SkipReason::IpHeaderLength);
    }
    let octets = match u32::from(u16::from_be_bytes([ip[2], ip[3]])) {
        // With segmentation offload the kernel leaves zero in packets above 65,535 octets.
        0 => on_wire,
        total if total < u32::from(header_len) => return Err(SkipReason::IpTotalLength),
        total => total,
    };
    let fragment = u16::from_be_bytes([ip[6], ip[7]]);
    let offset = fragment & 0x1fff;

    header.set(at::SOURCE_IPV4, &[ip[12], ip[13], ip[14], ip[15]]);
    header.set(at::DESTINATION_IPV4, &[ip[16], ip[17], ip[18], ip[19]]);
    header.set(at::TTL, &[ip[8]]);
    header.set(at::VERSION, &[4]);
    header.set(at::IP_HEADER_LENGTH, &[header_len]);
    header.set(at::FRAGMENT_FLAGS, &[ip[6] & 0x60]);
    header.set(at::FRAGMENT_OFFSET, &offset.to_be_bytes());
    header.set(at::FRAGMENT_ID, &[0, 0, ip[4], ip[5]]);
    type_of_service(ip[1], header);
    finish(Family::V4, ip[9], octets, header);
    let mut parts = Parts {
        packet: payload(data, 0, octets),
        header_len: header_len.into(),
        transport: &[],
    };
    if offset == 0 {
        parts.transport = payload(data, header_len.into(), octets);
        transport(ip[9], parts.transport, header);
    }
    Ok(parts)
}

/// Reads an IPv6 header (RFC 8200 §3) at the start of `data`, of which `on_wire` octets were on the wire.
#[inline]
pub(crate) fn v6<'a>(
    data: &'a [u8],
    on_wire: u32,
    header: &mut Header,
) -> Result<Parts<'a>, SkipReason> {
    let ip = data.first_chunk::<40>().ok_or(SkipReason::IpTruncated)?;
    if ip[0] >> 4 != 6 {
        return Err(SkipReason::IpVersion);
    }
    let octets = match u32::from(u16::from_be_bytes([ip[4], ip[5]])) {
        // Either a jumbogram, or segmentation offload which leaves zero.
        0 if ip[6] == next::HOP_BY_HOP => jumbogram(data, on_wire),
        0 if ip[6] != next::NONE => on_wire,
        payload => payload + 40,
    };
    if let Some((source, rest)) = ip.get(8..).and_then(|rest| rest.split_first_chunk::<16>()) {
        header.set(at::SOURCE_IPV6, source);
        header.set(at::DESTINATION_IPV6, rest);
    }
    header.set(at::TTL, &[ip[7]]);
    header.set(at::VERSION, &[6]);
    header.set(at::IP_HEADER_LENGTH, &[40]);
    header.set(at::FLOW_LABEL, &[0, ip[1] & 0x0f, ip[2], ip[3]]);
    header.set(at::NEXT_HEADER, &[ip[6]]);
    header.set(at::IPV6_PAYLOAD_LENGTH, &[ip[4], ip[5]]);
    type_of_service(ip[0] << 4 | ip[1] >> 4, header);

    let rest = payload(data, 40, octets);
    let (protocol, rest) = if is_extension(ip[6]) {
        extensions(ip[6], rest, octets.saturating_sub(40), header)
    } else {
        (ip[6], rest)
    };
    finish(Family::V6, protocol, octets, header);
    transport(protocol, rest, header);
    Ok(Parts {
        packet: payload(data, 0, octets),
        header_len: 40,
        transport: rest,
    })
}

#[inline]
fn is_extension(kind: u8) -> bool {
    matches!(
        kind,
        next::HOP_BY_HOP
            | next::ROUTING
            | next::FRAGMENT
            | next::AUTHENTICATION
            | next::DESTINATION
            | next::MOBILITY
            | next::HIP
            | next::SHIM6
    )
}

/// Returns the octets of a packet whose payload length is zero: from its jumbo payload option (RFC 2675 §2) if that
/// is valid (§3), but never more than were on the wire.
fn jumbogram(data: &[u8], on_wire: u32) -> u32 {
    let octets = jumbo_payload(data.get(40..).unwrap_or_default())
        .filter(|payload| *payload > 0xffff)
        .map_or(on_wire, |payload| payload.saturating_add(40));
    octets.min(on_wire)
}

/// Returns the jumbo payload length from the hop-by-hop options header at the start of `header`.
fn jumbo_payload(header: &[u8]) -> Option<u32> {
    const JUMBO: u8 = 0xc2;
    const PAD1: u8 = 0;
    let units = usize::from(*header.get(1)?) + 1;
    let mut options = header.get(2..header.len().min(8 * units))?;
    loop {
        options = match *options {
            [JUMBO, 4, a, b, c, d, ..] => return Some(u32::from_be_bytes([a, b, c, d])),
            [PAD1, ref after @ ..] => after,
            [_, len, ref after @ ..] => after.get(usize::from(len)..)?,
            [] | [_] => return None,
        };
    }
}

/// Follows the extension headers (RFC 8200 §4, RFC 4302 §2). Returns the protocol behind them and its octets, which
/// are empty in a later fragment or when the chain is cut off. `left` octets of the IP packet remain.
fn extensions<'a>(
    mut kind: u8,
    mut rest: &'a [u8],
    left: u32,
    header: &mut Header,
) -> (u8, &'a [u8]) {
    let mut left = left as usize;
    for _ in 0..MAX_EXTENSION_HEADERS {
        if !is_extension(kind) {
            return (kind, rest);
        }
        let Some(&[following, len, o0, o1, i0, i1, i2, i3]) = rest.first_chunk::<8>() else {
            note_extension(kind, false, header);
            return (kind, &[]);
        };
        let later = kind == next::FRAGMENT && u16::from_be_bytes([o0, o1]) >> 3 != 0;
        note_extension(kind, later, header);
        if kind == next::FRAGMENT {
            let offset = u16::from_be_bytes([o0, o1]);
            header.set(at::FRAGMENT_OFFSET, &(offset >> 3).to_be_bytes());
            header.set(
                at::FRAGMENT_FLAGS,
                &[if offset & 1 == 1 { 0x20 } else { 0 }],
            );
            header.set(at::FRAGMENT_ID, &[i0, i1, i2, i3]);
            if later {
                return (following, &[]);
            }
        }
        let octets = match kind {
            next::FRAGMENT => 8,
            next::AUTHENTICATION => (usize::from(len) + 2) * 4,
            // Signalling (RFC 6275 §6.1.1, RFC 7401 §5.1, RFC 5533 §5.1): with no next header, this header is the
            // protocol itself.
            next::MOBILITY | next::HIP | next::SHIM6 if following == next::NONE => {
                return (kind, &[]);
            }
            _ => (usize::from(len) + 1) * 8,
        };
        kind = following;
        let Some(after) = left.checked_sub(octets) else {
            return (kind, &[]);
        };
        (left, rest) = (after, rest.get(octets..).unwrap_or_default());
    }
    (kind, &[])
}

/// Sets the bit of extension header `kind`, if it has one (IANA "ipv6ExtensionHeaders Bits", where bit 0 is the
/// most significant). `later` says that a fragment header belongs to a fragment other than the first.
pub(crate) fn note_extension(kind: u8, later: bool, header: &mut Header) {
    let bit = match kind {
        next::DESTINATION => 0,
        next::HOP_BY_HOP => 1,
        next::FRAGMENT if later => 6,
        next::FRAGMENT => 4,
        next::ROUTING => 5,
        next::MOBILITY => 12,
        next::ESP => 13,
        next::AUTHENTICATION => 14,
        next::COMPRESSION => 15,
        next::HIP => 16,
        next::SHIM6 => 17,
        _ if kind == next::EXPERIMENT[0] => 18,
        _ if kind == next::EXPERIMENT[1] => 19,
        _ => return,
    };
    let seen = <[u8; 4]>::try_from(header.get(at::EXTENSION_HEADERS)).unwrap_or_default();
    let seen = u32::from_be_bytes(seen) | 0x8000_0000 >> bit;
    header.set(at::EXTENSION_HEADERS, &seen.to_be_bytes());
}

/// Returns what was captured behind the header of a packet of `octets`, without padding of the link; empty if the
/// capture ends before.
#[inline]
fn payload(data: &[u8], header_len: usize, octets: u32) -> &[u8] {
    data.get(header_len..data.len().min(octets as usize))
        .unwrap_or_default()
}

#[inline]
fn type_of_service(tos: u8, header: &mut Header) {
    header.set(at::TOS, &[tos]);
    header.set(at::DSCP, &[tos >> 2]);
    header.set(at::PRECEDENCE, &[tos >> 5]);
}

#[inline]
fn finish(family: Family, protocol: u8, octets: u32, header: &mut Header) {
    header.family = family;
    header.protocol = protocol;
    header.octets = octets;
    header.set(at::PROTOCOL, &[protocol]);
    header.set(at::IP_TOTAL_LENGTH, &octets.to_be_bytes());
}
