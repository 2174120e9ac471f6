//! Reads the packet inside a packet's tunnels, for probes that meter mirrored or encapsulated traffic.

use crate::header::{Header, Lines, Packet, SkipReason, at};
use crate::ip::Parts;
use crate::link::{self, Network, ethertype};
use crate::link_type::LinkType;
use crate::on_demand;
use crate::packet::{PARSER_LINES, ip_header};
use crate::tunnel::{self, Tunnel, TunnelPayload, Tunnels};

/// Most tunnels entered in one packet. A packet with more counts as the innermost packet that was reached.
pub const MAX_TUNNELS: u8 = 8;

/// What [`parse_innermost`] found of tunnels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Innermost {
    /// Number of tunnels entered. The header is that of the packet inside the last one.
    pub tunnels: u8,
    /// Whether there was one more tunnel to enter whose content is no readable IP packet. The header is then that
    /// of the packet carrying it.
    pub unreadable: bool,
}

/// Reads the headers of the packet inside the `tunnels` of `packet` into `header`, or those of `packet` itself if
/// it has none, as [`crate::parse_lines`] does.
///
/// Everything from the IP header on belongs to the packet inside, lengths and fragments included. MAC addresses,
/// VLAN tags and MPLS labels are those of the innermost frame: a tunnel carrying Ethernet brings its own (or none),
/// a tunnel carrying IP leaves those of the frame around it. A tunnel whose content cannot be read loses no packet:
/// the packet around it counts.
///
/// # Errors
/// The reason why the packet belongs to no flow.
pub fn parse_innermost(
    packet: &Packet,
    tunnels: &Tunnels,
    wanted: Lines,
    header: &mut Header,
) -> Result<Innermost, SkipReason> {
    let mut reader = Reader {
        tunnels,
        lines: wanted.and(PARSER_LINES),
        frame: *packet,
        entered: 0,
        tries_left: MAX_TUNNELS,
    };
    let mut parts = reader.frame(header)?;
    let mut unreadable = false;
    while reader.tries_left > 0 {
        let inside = tunnel::payload(header, parts.transport, tunnels);
        if inside == TunnelPayload::NotATunnel {
            break;
        }
        let mut inner = Header::empty();
        let around = Packet {
            data: parts.transport,
            wire_len: header
                .octets
                .saturating_sub(octets(parts.packet.len() - parts.transport.len())),
            ..reader.frame
        };
        let Some(next) = reader.enter(inside, &around, &mut inner) else {
            unreadable = true;
            break;
        };
        (parts, *header) = (next, inner);
    }
    if wanted != Lines::COMMON {
        on_demand::fill(&parts, wanted, packet.outgoing, header);
    }
    Ok(Innermost {
        tunnels: reader.entered,
        unreadable,
    })
}

/// State of the reader while it descends into tunnels.
#[derive(Clone, Copy)]
struct Reader<'a> {
    tunnels: &'a Tunnels,
    lines: Lines,
    /// The innermost frame so far.
    frame: Packet<'a>,
    entered: u8,
    /// Tunnels that may still be tried, whether or not they turn out readable.
    tries_left: u8,
}

impl<'a> Reader<'a> {
    /// Reads from the link header of the frame through its IP header.
    fn frame(&mut self, header: &mut Header) -> Result<Parts<'a>, SkipReason> {
        let network = self.link(header)?;
        let frame = self.frame;
        self.network(network, &frame, header)
    }

    /// Reads the link header of the frame.
    fn link(&self, header: &mut Header) -> Result<Network<'a>, SkipReason> {
        header.clear(self.lines);
        header.set(at::DIRECTION, &[u8::from(self.frame.outgoing)]);
        link::strip(&self.frame, header)
    }

    /// Reads from behind the link header, which is the tail of `around`, through the IP header. Behind MPLS labels
    /// that may lead through another frame.
    fn network(
        &mut self,
        network: Network<'a>,
        around: &Packet<'a>,
        header: &mut Header,
    ) -> Result<Parts<'a>, SkipReason> {
        let read = ip_header(network, around, header);
        let (Err(SkipReason::NotIp), Network::Labelled(data), true) =
            (&read, network, self.tunnels.has(Tunnel::Pseudowire))
        else {
            return read;
        };
        for inside in tunnel::pseudowire(data) {
            let mut inner = Header::empty();
            if let Some(parts) = self.enter(inside, around, &mut inner) {
                *header = inner;
                return Ok(parts);
            }
        }
        read
    }

    /// Reads through the IP header of a tunnel's content `inside`, which is the tail of `around`. If there is none,
    /// only `header` has changed.
    fn enter(
        &mut self,
        inside: TunnelPayload<'a>,
        around: &Packet<'a>,
        header: &mut Header,
    ) -> Option<Parts<'a>> {
        self.tries_left = self.tries_left.checked_sub(1)?;
        let mut inner = *self;
        inner.entered += 1;
        let parts = match inside {
            TunnelPayload::NotATunnel | TunnelPayload::Unreadable => return None,
            TunnelPayload::Ethernet(data) => {
                inner.frame = Packet {
                    data,
                    wire_len: around
                        .wire_len
                        .saturating_sub(octets(around.data.len() - data.len())),
                    link: LinkType::Ethernet,
                    tag: None,
                    ..self.frame
                };
                inner.frame(header)
            }
            TunnelPayload::EtherType(kind, data) => inner.typed(kind, data, around, header),
            TunnelPayload::Ip(data) => {
                let kind = match data.first()? >> 4 {
                    4 => ethertype::IPV4,
                    _ => ethertype::IPV6,
                };
                inner.typed(kind, data, around, header)
            }
        };
        self.tries_left = inner.tries_left;
        let parts = parts.ok()?;
        *self = inner;
        Some(parts)
    }

    /// Reads through the IP header of `data`, whose EtherType is `kind`. `data` is the tail of `around` and still
    /// within the frame.
    fn typed(
        &mut self,
        kind: u16,
        data: &'a [u8],
        around: &Packet<'a>,
        header: &mut Header,
    ) -> Result<Parts<'a>, SkipReason> {
        self.link(header)?;
        header.set(at::ETHERTYPE, &[0, 0]);
        let network = link::ethernet(kind, data, None, header)?;
        self.network(network, around, header)
    }
}

fn octets(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
