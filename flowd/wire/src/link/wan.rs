//! Link headers of lines: PPP, Cisco HDLC, frame relay, ATM.

use super::{Network, ethernet, ethertype, ip, llc, mpls};
use crate::header::{Header, SkipReason, Tag};

/// PPP protocol numbers (IANA "Point-to-Point (PPP) Protocol Field Assignments").
mod protocol {
    pub(super) const IPV4: u16 = 0x0021;
    pub(super) const IPV6: u16 = 0x0057;
    pub(super) const MPLS: u16 = 0x0281;
    pub(super) const MPLS_MULTICAST: u16 = 0x0283;
}

/// Network layer protocol identifiers (ISO/IEC TR 9577, RFC 2427 §3).
mod identifier {
    pub(super) const SNAP: u8 = 0x80;
    pub(super) const IPV6: u8 = 0x8e;
    pub(super) const IPV4: u8 = 0xcc;
}

/// First octets of Cisco HDLC: unicast and broadcast.
const CISCO_ADDRESSES: [u8; 2] = [0x0f, 0x8f];
/// Control octet of unnumbered information.
const UNNUMBERED: u8 = 3;
/// The traffic of SunATM that has an IEEE 802.2 header.
const SUN_ATM_LLC: u8 = 2;

/// Reads PPP with or without address and control octets (RFC 1662 §3.1).
pub(super) fn ppp_framed<'a>(
    data: &'a [u8],
    header: &mut Header,
) -> Result<Network<'a>, SkipReason> {
    match data {
        [0xff, _, rest @ ..] => ppp(rest, header),
        _ => ppp(data, header),
    }
}

/// Reads PPP behind an octet with the direction, which may stand in place of the address octet.
pub(super) fn ppp_with_direction<'a>(
    data: &'a [u8],
    header: &mut Header,
) -> Result<Network<'a>, SkipReason> {
    match data {
        [_, UNNUMBERED, rest @ ..] => ppp(rest, header),
        [_, rest @ ..] => ppp_framed(rest, header),
        [] => Err(SkipReason::LinkTruncated),
    }
}

/// Reads PPP in HDLC-like framing, or Cisco HDLC if the first octet is one of its addresses.
pub(super) fn ppp_serial<'a>(
    data: &'a [u8],
    tag: Option<Tag>,
    header: &mut Header,
) -> Result<Network<'a>, SkipReason> {
    match data.first() {
        Some(address) if CISCO_ADDRESSES.contains(address) => cisco_hdlc(data, tag, header),
        _ => ppp_framed(data, header),
    }
}

/// Reads Cisco HDLC (RFC 1547 §4.3.1), whatever its address octet.
pub(super) fn cisco_hdlc<'a>(
    data: &'a [u8],
    tag: Option<Tag>,
    header: &mut Header,
) -> Result<Network<'a>, SkipReason> {
    let (&[_, _, t0, t1], rest) = data
        .split_first_chunk::<4>()
        .ok_or(SkipReason::LinkTruncated)?;
    ethernet(u16::from_be_bytes([t0, t1]), rest, tag, header)
}

/// Reads a PPPoE session header (RFC 2516 §4), then PPP.
pub(super) fn pppoe<'a>(data: &'a [u8], header: &mut Header) -> Result<Network<'a>, SkipReason> {
    let (_, rest) = data
        .split_first_chunk::<6>()
        .ok_or(SkipReason::LinkTruncated)?;
    ppp(rest, header)
}

/// Reads a PPP protocol field (RFC 1661 §2), compressed (§6.5) or not.
fn ppp<'a>(data: &'a [u8], header: &mut Header) -> Result<Network<'a>, SkipReason> {
    let (protocol, rest) = match data {
        [compressed, rest @ ..] if compressed & 1 == 1 => (u16::from(*compressed), rest),
        [high, low, rest @ ..] => (u16::from_be_bytes([*high, *low]), rest),
        _ => return Err(SkipReason::LinkTruncated),
    };
    match protocol {
        protocol::IPV4 => Ok(Network::Ipv4(rest)),
        protocol::IPV6 => Ok(Network::Ipv6(rest)),
        protocol::MPLS | protocol::MPLS_MULTICAST => mpls(rest, header),
        _ => Err(SkipReason::NotIp),
    }
}

/// Reads a frame relay header (Q.922 §3.3) of two to four octets and what RFC 2427 puts behind it, or the EtherType
/// that Cisco does.
pub(super) fn frame_relay<'a>(
    data: &'a [u8],
    header: &mut Header,
) -> Result<Network<'a>, SkipReason> {
    // The last octet of the address has its lowest bit set.
    let last = data.iter().take(4).position(|octet| octet & 1 == 1);
    let rest = match last {
        Some(last @ 1..) => data.get(last + 1..).unwrap_or_default(),
        _ if data.len() < 4 => return Err(SkipReason::LinkTruncated),
        _ => return Err(SkipReason::NotIp),
    };
    match rest {
        // A zero octet may pad the header to a whole word.
        [UNNUMBERED, 0, id, rest @ ..] | [UNNUMBERED, id, rest @ ..] => nlpid(*id, rest, header),
        [UNNUMBERED, ..] => Err(SkipReason::LinkTruncated),
        [t0, t1, rest @ ..] => match u16::from_be_bytes([*t0, *t1]) {
            ..ethertype::MIN => Err(SkipReason::NotIp),
            kind => ethernet(kind, rest, None, header),
        },
        _ => Err(SkipReason::LinkTruncated),
    }
}

/// Reads what is behind a network layer protocol identifier.
pub(super) fn nlpid<'a>(
    id: u8,
    rest: &'a [u8],
    header: &mut Header,
) -> Result<Network<'a>, SkipReason> {
    match (id, rest) {
        (identifier::IPV4, _) => ip(ethertype::IPV4, rest, header),
        (identifier::IPV6, _) => ip(ethertype::IPV6, rest, header),
        (identifier::SNAP, [0, 0, 0, t0, t1, rest @ ..]) => match u16::from_be_bytes([*t0, *t1]) {
            ..ethertype::MIN => Err(SkipReason::NotIp),
            kind => ethernet(kind, rest, None, header),
        },
        (identifier::SNAP, ..) if rest.len() < 5 => Err(SkipReason::LinkTruncated),
        _ => Err(SkipReason::NotIp),
    }
}

/// Reads SunATM's four octets (direction and traffic, VPI, VCI) and the IEEE 802.2 header behind them.
pub(super) fn sun_atm<'a>(data: &'a [u8], header: &mut Header) -> Result<Network<'a>, SkipReason> {
    let (&[traffic, ..], rest) = data
        .split_first_chunk::<4>()
        .ok_or(SkipReason::LinkTruncated)?;
    match traffic & 0x0f {
        SUN_ATM_LLC => llc(rest, header),
        _ => Err(SkipReason::NotIp),
    }
}
