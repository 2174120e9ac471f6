//! Reads the link header, VLAN tags, MPLS labels and PPPoE, up to the first octet of the IP header.

mod host;
mod lan;
mod wan;
mod wifi;

use crate::header::{Header, Packet, SkipReason, Tag, at};
use crate::link_type::LinkType;

/// The captured octets behind the link header, from the IP header on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Network<'a> {
    /// The link header says IPv4.
    Ipv4(&'a [u8]),
    /// The link header says IPv6.
    Ipv6(&'a [u8]),
    /// The version nibble says which IP version it is, if any.
    Either(&'a [u8]),
    /// Behind an MPLS label stack: IP as the version nibble says, or else a pseudowire.
    Labelled(&'a [u8]),
}

/// EtherTypes (IANA "IEEE 802 Numbers").
pub(crate) mod ethertype {
    pub(crate) const IPV4: u16 = 0x0800;
    pub(crate) const IPV6: u16 = 0x86dd;
    pub(super) const VLAN: u16 = 0x8100;
    pub(super) const QINQ: u16 = 0x88a8;
    pub(super) const QINQ_OLD: u16 = 0x9100;
    pub(super) const QINQ_OLDER: u16 = 0x9200;
    pub(super) const MPLS: u16 = 0x8847;
    pub(super) const MPLS_MULTICAST: u16 = 0x8848;
    pub(super) const PPPOE: u16 = 0x8864;
    /// 802.1ah I-TAG: four octets, then a whole Ethernet frame.
    pub(super) const PBB: u16 = 0x88e7;
    /// Cisco VN-Tag: four octets, then an EtherType.
    pub(super) const VN_TAG: u16 = 0x8926;
    /// 802.1BR E-Tag: six octets, then an EtherType.
    pub(super) const E_TAG: u16 = 0x893f;
    /// A whole Ethernet frame, where a tunnel names what it carries (RFC 7637 §3.2).
    pub(crate) const BRIDGED: u16 = 0x6558;
    pub(crate) const CISCO_METADATA: u16 = 0x8909;
    pub(crate) const WCCP: u16 = 0x883e;
    /// Smaller values are the length of an 802.3 frame (IEEE 802.3 §3.2.6).
    pub(crate) const MIN: u16 = 0x0600;
}

/// Removes the link header and stores its values in `header`.
#[inline]
pub(crate) fn strip<'a>(
    packet: &Packet<'a>,
    header: &mut Header,
) -> Result<Network<'a>, SkipReason> {
    let data = packet.data;
    if packet.link == LinkType::Ethernet {
        let (mac, rest) = data
            .split_first_chunk::<14>()
            .ok_or(SkipReason::LinkTruncated)?;
        let [d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, t0, t1] = *mac;
        header.set(at::DESTINATION_MAC, &[d0, d1, d2, d3, d4, d5]);
        header.set(at::SOURCE_MAC, &[s0, s1, s2, s3, s4, s5]);
        let kind = u16::from_be_bytes([t0, t1]);
        if packet.tag.is_none() {
            // Nearly every packet.
            match kind {
                ethertype::IPV4 | ethertype::IPV6 => return ip(kind, rest, header),
                _ => {}
            }
        }
        return ethernet(kind, rest, packet.tag, header);
    }
    other(packet, header)
}

/// Link types that are not Ethernet.
fn other<'a>(packet: &Packet<'a>, header: &mut Header) -> Result<Network<'a>, SkipReason> {
    behind(packet.link, packet.data, packet.tag, header)
}

/// Removes the link header of a link type from the octets of a frame.
fn behind<'a>(
    link: LinkType,
    data: &'a [u8],
    tag: Option<Tag>,
    header: &mut Header,
) -> Result<Network<'a>, SkipReason> {
    match link {
        LinkType::Other(_) => Err(SkipReason::LinkType),
        LinkType::Raw | LinkType::Ipv4 | LinkType::Ipv6 => Ok(Network::Either(data)),
        LinkType::Null => host::null(data),
        LinkType::Loop => host::openbsd_loop(data),
        LinkType::Enc => host::enc(data),
        LinkType::Pflog => host::pflog(data),
        LinkType::Nflog => host::nflog(data),
        LinkType::Ipnet => host::ipnet(data),
        LinkType::Sll => host::sll(data, tag, header),
        LinkType::Sll2 => host::sll2(data, tag, header),
        LinkType::Ppp => wan::ppp_framed(data, header),
        LinkType::PppWithDirection => wan::ppp_with_direction(data, header),
        LinkType::PppSerial => wan::ppp_serial(data, tag, header),
        LinkType::PppEther => wan::pppoe(data, header),
        LinkType::CiscoHdlc => wan::cisco_hdlc(data, tag, header),
        LinkType::CiscoHdlcWithDirection => {
            wan::cisco_hdlc(data.get(1..).unwrap_or_default(), tag, header)
        }
        LinkType::FrameRelay => wan::frame_relay(data, header),
        LinkType::FrameRelayWithDirection => {
            wan::frame_relay(data.get(1..).unwrap_or_default(), header)
        }
        LinkType::SunAtm => wan::sun_atm(data, header),
        LinkType::Llc => llc(data, header),
        LinkType::Ethernet => lan::ethernet_frame(data, tag, header),
        LinkType::Fddi => lan::fddi(data, header),
        LinkType::FibreChannel => lan::fibre_channel(data, header),
        LinkType::Firewire => lan::firewire(data, header),
        LinkType::Ieee80211 => wifi::ieee80211(data, false, header),
        LinkType::Radiotap => wifi::radiotap(data, header),
        LinkType::Prism => wifi::prism(data, header),
        LinkType::Avs => wifi::avs(data, header),
        LinkType::Ppi | LinkType::Pktap => {
            let (inner, frame) = match link {
                LinkType::Ppi => host::ppi(data),
                _ => host::pktap(data),
            }?;
            match LinkType::from(inner) {
                // One such header is enough: a frame cannot send the reader round in circles.
                LinkType::Ppi | LinkType::Pktap => Err(SkipReason::LinkType),
                inner => behind(inner, frame, tag, header),
            }
        }
    }
}

/// Reads an IEEE 802.2 header with SNAP (RFC 1042), or the protocol identifiers of ISO that ATM has (RFC 2684 §5.1).
fn llc<'a>(data: &'a [u8], header: &mut Header) -> Result<Network<'a>, SkipReason> {
    match data {
        // The second organisation is that of bridges between 802.3 and others (IEEE 802.1H).
        [0xaa, 0xaa, 3, 0, 0, 0 | 0xf8, t0, t1, rest @ ..] => {
            match u16::from_be_bytes([*t0, *t1]) {
                ..ethertype::MIN => Err(SkipReason::NotIp),
                kind => ethernet(kind, rest, None, header),
            }
        }
        [0xfe, 0xfe, 3, nlpid, rest @ ..] => wan::nlpid(*nlpid, rest, header),
        [_, _, _, _, _, _, _, _, ..] => Err(SkipReason::NotIp),
        _ => Err(SkipReason::LinkTruncated),
    }
}

fn is_tag(kind: u16) -> bool {
    matches!(
        kind,
        ethertype::VLAN | ethertype::QINQ | ethertype::QINQ_OLD | ethertype::QINQ_OLDER
    )
}

/// Follows an EtherType and what lies behind it. Each iteration consumes octets, so the loop ends.
pub(crate) fn ethernet<'a>(
    mut kind: u16,
    mut rest: &'a [u8],
    tag: Option<Tag>,
    header: &mut Header,
) -> Result<Network<'a>, SkipReason> {
    let mut tags = 0u32;
    if let Some(tag) = tag {
        note_tag(tags, tag.tci, header);
        tags += 1;
    }
    loop {
        if is_tag(kind) {
            let (&[c0, c1, t0, t1], after) = rest
                .split_first_chunk::<4>()
                .ok_or(SkipReason::LinkTruncated)?;
            note_tag(tags, u16::from_be_bytes([c0, c1]), header);
            tags = tags.saturating_add(1);
            (kind, rest) = (u16::from_be_bytes([t0, t1]), after);
            continue;
        }
        if kind >= ethertype::MIN && header.get(at::ETHERTYPE) == [0, 0] {
            header.set(at::ETHERTYPE, &kind.to_be_bytes());
        }
        match kind {
            ethertype::IPV4 | ethertype::IPV6 => return ip(kind, rest, header),
            ethertype::MPLS | ethertype::MPLS_MULTICAST => return mpls(rest, header),
            ethertype::PPPOE => return wan::pppoe(rest, header),
            ethertype::PBB => {
                let (inner, after) = rest
                    .split_first_chunk::<18>()
                    .ok_or(SkipReason::LinkTruncated)?;
                let [.., t0, t1] = *inner;
                (kind, rest) = (u16::from_be_bytes([t0, t1]), after);
            }
            ethertype::VN_TAG => {
                let (&[_, _, _, _, t0, t1], after) = rest
                    .split_first_chunk::<6>()
                    .ok_or(SkipReason::LinkTruncated)?;
                (kind, rest) = (u16::from_be_bytes([t0, t1]), after);
            }
            ethertype::E_TAG => {
                let (&[_, _, _, _, _, _, t0, t1], after) = rest
                    .split_first_chunk::<8>()
                    .ok_or(SkipReason::LinkTruncated)?;
                (kind, rest) = (u16::from_be_bytes([t0, t1]), after);
            }
            // 802.3 with LLC and SNAP (RFC 1042), accepted only directly in front of IP.
            ..ethertype::MIN => match rest {
                [0xaa, 0xaa, 3, 0, 0, 0, t0, t1, after @ ..] => {
                    let inner = u16::from_be_bytes([*t0, *t1]);
                    return match inner {
                        ethertype::IPV4 | ethertype::IPV6 => ip(inner, after, header),
                        _ => Err(SkipReason::NotIp),
                    };
                }
                _ => return Err(SkipReason::NotIp),
            },
            _ => return Err(SkipReason::NotIp),
        }
    }
}

#[inline]
fn ip<'a>(kind: u16, rest: &'a [u8], header: &mut Header) -> Result<Network<'a>, SkipReason> {
    if header.get(at::ETHERTYPE) == [0, 0] {
        header.set(at::ETHERTYPE, &kind.to_be_bytes());
    }
    Ok(if kind == ethertype::IPV4 {
        Network::Ipv4(rest)
    } else {
        Network::Ipv6(rest)
    })
}

/// Keeps the two outermost tags. `seen` is the number of tags outside this one.
fn note_tag(seen: u32, tci: u16, header: &mut Header) {
    let id = (tci & 0x0fff).to_be_bytes();
    match seen {
        0 => {
            header.set(at::VLAN, &id);
            let [high, _] = tci.to_be_bytes();
            header.set(at::VLAN_PRIORITY, &[high >> 5]);
        }
        1 => {
            header.set(at::CUSTOMER_VLAN, &id);
            let [high, _] = tci.to_be_bytes();
            header.set(at::CUSTOMER_PRIORITY, &[high >> 5]);
        }
        _ => {}
    }
}

/// Removes the label stack (RFC 3032 §2.1). Only the first nibble behind it says what it carries: 4 and 6 are IP,
/// others a pseudowire (RFC 4385 §3).
fn mpls<'a>(mut rest: &'a [u8], header: &mut Header) -> Result<Network<'a>, SkipReason> {
    let mut depth = 0;
    loop {
        let (&[a, b, c, ttl], after) = rest
            .split_first_chunk::<4>()
            .ok_or(SkipReason::LinkTruncated)?;
        if depth == 0 {
            header.set(at::MPLS_TTL, &[ttl]);
            header.set(at::MPLS_EXP, &[c >> 1 & 7]);
        }
        if depth < at::MPLS_LABELS {
            header.set(at::mpls_label(depth), &[a, b, c]);
            depth += 1;
        }
        rest = after;
        if c & 1 == 1 {
            return Ok(Network::Labelled(rest));
        }
    }
}
