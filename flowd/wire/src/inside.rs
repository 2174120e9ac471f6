//! The packet inside a packet's tunnels, for those who meter what a carrier mirrors.

use crate::header::{Header, Lines, Link, Packet, Skip, at};
use crate::ip::Parts;
use crate::link::{self, Network, ethertype};
use crate::packet::{WORKING, ip_header};
use crate::rare;
use crate::tunnel::{self, Inside, Tunnel, Tunnels};

/// Most tunnels looked into in one packet; what is deeper counts as the innermost that was entered.
pub const MAX_TUNNELS: u8 = 8;

/// How far [`parse_inside`] came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entered {
    /// Tunnels that were entered; the header is that of the packet inside the last one.
    pub tunnels: u8,
    /// There was one more to enter, whose inside is no IP packet that can be read. The header is that of the packet
    /// which carries it.
    pub unread: bool,
}

/// Reads the headers of the packet inside `tunnels`, of the packet itself where there are none, into `header`, as
/// [`crate::parse_lines`] does.
///
/// Everything from the IP header on is that of the packet inside, lengths and fragments included. MAC addresses, VLAN
/// tags and labels are those of the innermost frame: a tunnel that carries Ethernet brings its own (or none), one that
/// carries IP leaves those outside it. A tunnel that cannot be read costs nothing but a look inside: its packet
/// counts as the packet it is.
///
/// # Errors
/// Why the packet belongs to no flow.
pub fn parse_inside(
    packet: &Packet,
    tunnels: &Tunnels,
    wanted: Lines,
    header: &mut Header,
) -> Result<Entered, Skip> {
    let mut reader = Reader {
        tunnels,
        lines: wanted.and(WORKING),
        frame: *packet,
        entered: 0,
        looks: MAX_TUNNELS,
    };
    let mut parts = reader.frame(header)?;
    let mut unread = false;
    while reader.looks > 0 {
        let inside = tunnel::inside(header, parts.transport, tunnels);
        if inside == Inside::Nothing {
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
            unread = true;
            break;
        };
        (parts, *header) = (next, inner);
    }
    if wanted != Lines::COMMON {
        rare::fill(&parts, wanted, packet.outgoing, header);
    }
    Ok(Entered {
        tunnels: reader.entered,
        unread,
    })
}

/// Where the reading is.
#[derive(Clone, Copy)]
struct Reader<'a> {
    tunnels: &'a Tunnels,
    lines: Lines,
    /// The innermost frame.
    frame: Packet<'a>,
    entered: u8,
    /// Looks into a tunnel that are left.
    looks: u8,
}

impl<'a> Reader<'a> {
    /// From the link header of the frame through its IP header.
    fn frame(&mut self, header: &mut Header) -> Result<Parts<'a>, Skip> {
        let network = self.link(header)?;
        let frame = self.frame;
        self.network(network, &frame, header)
    }

    /// The link header of the frame.
    fn link(&self, header: &mut Header) -> Result<Network<'a>, Skip> {
        header.clear(self.lines);
        header.set(at::DIRECTION, &[u8::from(self.frame.outgoing)]);
        link::strip(&self.frame, header)
    }

    /// From behind the link header, the end of `around`, through the IP header. Behind labels that may take another frame.
    fn network(
        &mut self,
        network: Network<'a>,
        around: &Packet<'a>,
        header: &mut Header,
    ) -> Result<Parts<'a>, Skip> {
        let read = ip_header(network, around, header);
        let (Err(Skip::NotIp), Network::Labelled(data), true) =
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

    /// Through the IP header of what a tunnel carries: `inside`, the end of `around`. Without one there, nothing changes
    /// but `header`.
    fn enter(
        &mut self,
        inside: Inside<'a>,
        around: &Packet<'a>,
        header: &mut Header,
    ) -> Option<Parts<'a>> {
        self.looks = self.looks.checked_sub(1)?;
        let mut inner = *self;
        inner.entered += 1;
        let parts = match inside {
            Inside::Nothing | Inside::Unread => return None,
            Inside::Ethernet(data) => {
                inner.frame = Packet {
                    data,
                    wire_len: around
                        .wire_len
                        .saturating_sub(octets(around.data.len() - data.len())),
                    link: Link::Ethernet,
                    tag: None,
                    ..self.frame
                };
                inner.frame(header)
            }
            Inside::EtherType(kind, data) => inner.typed(kind, data, around, header),
            Inside::Ip(data) => {
                let kind = match data.first()? >> 4 {
                    4 => ethertype::IPV4,
                    _ => ethertype::IPV6,
                };
                inner.typed(kind, data, around, header)
            }
        };
        self.looks = inner.looks;
        let parts = parts.ok()?;
        *self = inner;
        Some(parts)
    }

    /// Through the IP header of what an EtherType names: `data`, the end of `around`, still within the frame.
    fn typed(
        &mut self,
        kind: u16,
        data: &'a [u8],
        around: &Packet<'a>,
        header: &mut Header,
    ) -> Result<Parts<'a>, Skip> {
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
