//! Compares the packet parser with etherparse, field by field, where both support the frame.

use etherparse::{LaxLinkExtSlice, LaxNetSlice, LaxSlicedPacket, TransportSlice, ip_number};
use wire::{Family, Header, LinkType, Packet, SkipReason, Span, at};

/// EtherTypes that etherparse does not follow: MPLS, PPPoE, the oldest QinQ, PBB, VN-Tag, E-Tag.
const EXOTIC: [u16; 7] = [0x8847, 0x8848, 0x8864, 0x9200, 0x88e7, 0x8926, 0x893f];

fn number(header: &Header, span: Span) -> u64 {
    header
        .get(span)
        .iter()
        .fold(0, |number, octet| number << 8 | u64::from(*octet))
}

fn says(header: &Header, ethertype: u64) -> bool {
    number(header, at::ETHERTYPE) == ethertype
}

/// How far two parsers agreed on a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Agreed {
    /// The frame is outside of what both parsers support.
    NotCompared,
    /// The frame is not IP, or malformed.
    Skipped,
    /// The IP headers were compared.
    Network,
    /// The IP and transport headers were compared.
    Transport,
}

macro_rules! same {
    ($ours:expr, $theirs:expr, $what:literal) => {
        let (ours, theirs) = (u64::from($ours), u64::from($theirs));
        if ours != theirs {
            return Err(format!("{}: {ours}, etherparse {theirs}", $what));
        }
    };
}

/// Parses an Ethernet frame with both parsers.
///
/// # Errors
/// The difference.
pub(crate) fn compare(frame: &[u8]) -> Result<Agreed, String> {
    let mut header = Header::empty();
    let wire_len = u32::try_from(frame.len()).unwrap_or(u32::MAX);
    let packet = Packet {
        time_ns: 0,
        data: frame,
        wire_len,
        link: LinkType::Ethernet,
        tag: None,
        outgoing: false,
    };
    let ours = wire::parse(&packet, &mut header);
    let Ok(theirs) = LaxSlicedPacket::from_ethernet(frame) else {
        return match ours {
            Err(SkipReason::LinkTruncated) => Ok(Agreed::Skipped),
            other => Err(format!("{other:?}, etherparse finds no Ethernet header")),
        };
    };
    let mut tags = theirs.link_exts.iter().map(|it| match it {
        LaxLinkExtSlice::Vlan(vlan) => Some(vlan.vlan_identifier().value()),
        LaxLinkExtSlice::Macsec(_) => None,
    });
    if tags.clone().any(|tag| tag.is_none()) {
        return Ok(Agreed::NotCompared);
    }
    if ours.is_ok() && theirs.net.is_some() {
        same!(
            number(&header, at::VLAN),
            tags.next().flatten().unwrap_or(0),
            "VLAN"
        );
        same!(
            number(&header, at::CUSTOMER_VLAN),
            tags.next().flatten().unwrap_or(0),
            "second VLAN"
        );
    }
    let payload = match (&theirs.net, ours) {
        (None | Some(LaxNetSlice::Arp(_)), Ok(())) => {
            let kind = number(&header, at::ETHERTYPE);
            let exotic = EXOTIC.iter().any(|exotic| u64::from(*exotic) == kind);
            let last = frame
                .get(12..14)
                .is_some_and(|kind| u16::from_be_bytes([kind[0], kind[1]]) == 0x9200);
            let snap = frame
                .windows(6)
                .any(|octets| octets == [0xaa, 0xaa, 3, 0, 0, 0]);
            let deep =
                theirs.link_exts.len() == 3 || frame.windows(2).any(|kind| kind == [0x92, 0]);
            if theirs.stop_err.is_none() && !exotic && !last && !snap && !deep {
                return Err(format!("{header:?}, etherparse finds no IP"));
            }
            return Ok(Agreed::NotCompared);
        }
        (None | Some(LaxNetSlice::Arp(_)), Err(_)) => return Ok(Agreed::Skipped),
        // etherparse falls back to the length of the frame.
        (Some(LaxNetSlice::Ipv4(_)), Err(SkipReason::IpTotalLength)) => return Ok(Agreed::Skipped),
        // etherparse trusts the version nibble more than the EtherType.
        (Some(_), Err(SkipReason::IpVersion)) => return Ok(Agreed::Skipped),
        // In that case it reads a shorter header than the EtherType calls for.
        (Some(LaxNetSlice::Ipv4(_)), Err(SkipReason::IpTruncated)) if says(&header, 0x86dd) => {
            return Ok(Agreed::Skipped);
        }
        (Some(net), Err(skip)) => return Err(format!("{skip:?}, etherparse finds {net:?}")),
        (Some(LaxNetSlice::Ipv4(v4)), Ok(())) => {
            let theirs = v4.header();
            if header.family != Family::V4 || header.get(at::SOURCE_IPV4) != theirs.source() {
                return Err(format!(
                    "source {:?}, etherparse {:?}",
                    header.get(at::SOURCE_IPV4),
                    theirs.source()
                ));
            }
            if header.get(at::DESTINATION_IPV4) != theirs.destination() {
                return Err(format!(
                    "destination, etherparse {:?}",
                    theirs.destination()
                ));
            }
            same!(number(&header, at::TTL), theirs.ttl(), "TTL");
            same!(
                number(&header, at::TOS),
                theirs.dcp().value() << 2 | theirs.ecn().value(),
                "ToS"
            );
            same!(number(&header, at::DSCP), theirs.dcp().value(), "DSCP");
            same!(
                number(&header, at::IP_HEADER_LENGTH),
                theirs.ihl() * 4,
                "header length"
            );
            same!(header.protocol, theirs.protocol().0, "protocol");
            same!(
                number(&header, at::FRAGMENT_ID),
                theirs.identification(),
                "identification"
            );
            same!(
                number(&header, at::FRAGMENT_OFFSET),
                theirs.fragments_offset().value(),
                "fragment offset"
            );
            let flags =
                u8::from(theirs.dont_fragment()) << 6 | u8::from(theirs.more_fragments()) << 5;
            same!(number(&header, at::FRAGMENT_FLAGS), flags, "fragment flags");
            if theirs.total_len() != 0 {
                same!(header.octets, theirs.total_len(), "total length");
            }
            if theirs.protocol() == ip_number::AUTH {
                return Ok(Agreed::Network);
            }
            v4.payload()
        }
        (Some(LaxNetSlice::Ipv6(v6)), Ok(())) => {
            let theirs_ip = v6.header();
            if header.family != Family::V6 || header.get(at::SOURCE_IPV6) != theirs_ip.source() {
                return Err(format!(
                    "source {:?}, etherparse {:?}",
                    header.get(at::SOURCE_IPV6),
                    theirs_ip.source()
                ));
            }
            if header.get(at::DESTINATION_IPV6) != theirs_ip.destination() {
                return Err(format!(
                    "destination, etherparse {:?}",
                    theirs_ip.destination()
                ));
            }
            same!(number(&header, at::TTL), theirs_ip.hop_limit(), "hop limit");
            same!(
                number(&header, at::TOS),
                theirs_ip.traffic_class(),
                "traffic class"
            );
            same!(
                number(&header, at::FLOW_LABEL),
                theirs_ip.flow_label().value(),
                "flow label"
            );
            same!(
                number(&header, at::NEXT_HEADER),
                theirs_ip.next_header().0,
                "next header"
            );
            same!(
                number(&header, at::IPV6_PAYLOAD_LENGTH),
                theirs_ip.payload_length(),
                "payload length"
            );
            if theirs_ip.payload_length() != 0 {
                same!(
                    header.octets,
                    40 + u32::from(theirs_ip.payload_length()),
                    "octets"
                );
            }
            // etherparse stops at a repeated extension header, and at hop-by-hop options that do not come first.
            if theirs.stop_err.is_some() || theirs.transport.is_none() {
                return Ok(Agreed::Network);
            }
            same!(header.protocol, v6.payload().ip_number.0, "protocol");
            v6.payload()
        }
    };
    if payload.fragmented {
        return Ok(Agreed::Network);
    }
    let (source, destination) = (
        number(&header, at::SOURCE_PORT),
        number(&header, at::DESTINATION_PORT),
    );
    match &theirs.transport {
        None => return Ok(Agreed::Network),
        Some(TransportSlice::Udp(udp)) => {
            same!(source, udp.source_port(), "source port");
            same!(destination, udp.destination_port(), "destination port");
            same!(number(&header, at::UDP_LENGTH), udp.length(), "UDP length");
        }
        Some(TransportSlice::Tcp(tcp)) => {
            same!(source, tcp.source_port(), "source port");
            same!(destination, tcp.destination_port(), "destination port");
            same!(
                number(&header, at::TCP_SEQUENCE),
                tcp.sequence_number(),
                "sequence"
            );
            same!(
                number(&header, at::TCP_ACKNOWLEDGEMENT),
                tcp.acknowledgment_number(),
                "acknowledgement"
            );
            same!(number(&header, at::TCP_WINDOW), tcp.window_size(), "window");
            same!(
                number(&header, at::TCP_HEADER_LENGTH),
                tcp.data_offset() * 4,
                "TCP header length"
            );
            let flags = [
                tcp.fin(),
                tcp.syn(),
                tcp.rst(),
                tcp.psh(),
                tcp.ack(),
                tcp.urg(),
                tcp.ece(),
                tcp.cwr(),
                tcp.ns(),
            ];
            let flags = flags
                .iter()
                .rev()
                .fold(0u16, |sum, flag| sum << 1 | u16::from(*flag));
            // etherparse leaves out three reserved bits of the twelve.
            same!(header.tcp_flags & 0x1ff, flags, "TCP flags");
            same!(
                number(&header, at::TCP_FLAGS),
                header.tcp_flags,
                "TCP flags' place"
            );
            same!(
                number(&header, at::TCP_FLAGS_8),
                flags & 0xff,
                "eight TCP flags"
            );
        }
        Some(TransportSlice::Icmpv4(icmp)) => {
            same!(
                destination,
                u16::from_be_bytes([icmp.type_u8(), icmp.code_u8()]),
                "ICMP type and code"
            );
            same!(source, 0u8, "source port");
        }
        Some(TransportSlice::Icmpv6(icmp)) => {
            same!(
                destination,
                u16::from_be_bytes([icmp.type_u8(), icmp.code_u8()]),
                "ICMPv6 type and code"
            );
            same!(
                number(&header, at::ICMP_TYPE),
                icmp.type_u8(),
                "ICMPv6 type"
            );
        }
        Some(TransportSlice::Igmp(igmp)) => {
            same!(number(&header, at::IGMP_TYPE), igmp.type_u8(), "IGMP type");
        }
    }
    Ok(Agreed::Transport)
}
