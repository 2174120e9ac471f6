//! Reads tunnel headers, from the payload of an IP packet to the packet inside.

use crate::header::{Header, at};
use crate::ip::next;
use crate::link::ethertype;
use crate::transport::protocol;

/// A kind of tunnel that can be entered, named by its keyword in the configuration (`capture decapsulate`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Tunnel {
    /// Frames mirrored in GRE: ERSPAN types I and II (protocol 0x88be) and III (0x22eb), draft-foschiano-erspan.
    Erspan,
    /// GENEVE (RFC 8926), UDP port 6081.
    Geneve,
    /// GRE (RFC 2784, RFC 2890) carrying IP, Ethernet, MPLS or VLAN tags. Neither ERSPAN nor version 1 of PPTP.
    Gre,
    /// User data of GTP version 1 (3GPP TS 29.281), UDP port 2152.
    GtpU,
    /// IP in IP, IPv4 and IPv6 in any combination (RFC 2003, RFC 4213, RFC 2473).
    IpIp,
    /// Ethernet over MPLS with or without a control word (RFC 4448).
    Pseudowire,
    /// VXLAN (RFC 7348) and VXLAN-GPE, on UDP port 4789 unless configured otherwise.
    Vxlan,
}

impl Tunnel {
    /// Every kind, in declaration order.
    pub const ALL: [Tunnel; 7] = [
        Tunnel::Erspan,
        Tunnel::Geneve,
        Tunnel::Gre,
        Tunnel::GtpU,
        Tunnel::IpIp,
        Tunnel::Pseudowire,
        Tunnel::Vxlan,
    ];

    /// The keyword in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Tunnel::Erspan => "erspan",
            Tunnel::Geneve => "geneve",
            Tunnel::Gre => "gre",
            Tunnel::GtpU => "gtp-u",
            Tunnel::IpIp => "ipip",
            Tunnel::Pseudowire => "pseudowire",
            Tunnel::Vxlan => "vxlan",
        }
    }

    /// The kind with this keyword.
    pub fn by_name(name: &str) -> Option<Tunnel> {
        Tunnel::ALL.into_iter().find(|tunnel| tunnel.name() == name)
    }
}

/// The set of tunnel kinds to enter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tunnels {
    /// A bit for each [`Tunnel`].
    kinds: u8,
    vxlan_ports: Vec<u16>,
}

impl Tunnels {
    /// A set of `kinds`. VXLAN is recognised on `vxlan_ports`, or on [`VXLAN_PORT`] if that is empty.
    pub fn new(kinds: impl IntoIterator<Item = Tunnel>, vxlan_ports: &[u16]) -> Tunnels {
        Tunnels {
            kinds: kinds
                .into_iter()
                .fold(0, |kinds, kind| kinds | 1 << kind as u8),
            vxlan_ports: match vxlan_ports {
                [] => vec![VXLAN_PORT],
                ports => ports.to_vec(),
            },
        }
    }

    /// Adds a kind.
    #[must_use]
    pub fn with(self, kind: Tunnel) -> Tunnels {
        Tunnels::new(self.kinds().chain([kind]), &self.vxlan_ports)
    }

    /// The kinds in the set, in declaration order.
    pub fn kinds(&self) -> impl Iterator<Item = Tunnel> {
        Tunnel::ALL.into_iter().filter(|kind| self.has(*kind))
    }

    /// Whether tunnels of this kind are entered.
    #[inline]
    pub fn has(&self, kind: Tunnel) -> bool {
        self.kinds & 1 << kind as u8 != 0
    }

    /// Whether no tunnel is entered.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.kinds == 0
    }
}

/// UDP port of VXLAN (RFC 7348 §5).
pub const VXLAN_PORT: u16 = 4789;
/// UDP port of GENEVE (RFC 8926 §3.3).
const GENEVE_PORT: u16 = 6081;
/// UDP port of GTP-U (3GPP TS 29.281 §4.4.2).
const GTP_U_PORT: u16 = 2152;
/// Most extension headers followed in one GTP-U header.
const MAX_GTP_EXTENSIONS: usize = 8;

/// Protocol types in GRE that are not plain EtherTypes.
mod gre {
    /// Version 0 is GRE's own (RFC 2784 §2.3.1), 1 is PPTP's (RFC 2637 §4.1).
    pub(super) const VERSION: u16 = 0x0007;
    pub(super) const CHECKSUM: u16 = 0x8000;
    /// The source routes of RFC 1701 are not in use, and RFC 2784 §2.3 refuses them.
    pub(super) const ROUTING: u16 = 0x4000;
    pub(super) const KEY: u16 = 0x2000;
    pub(super) const SEQUENCE: u16 = 0x1000;
    pub(super) const ERSPAN: u16 = 0x88be;
    pub(super) const ERSPAN_III: u16 = 0x22eb;
}

/// What an IP packet carries, seen as a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TunnelPayload<'a> {
    /// The packet is no tunnel, or none that is to be entered.
    NotATunnel,
    /// The packet is a tunnel whose header is cut off, damaged, or of an unknown kind.
    Unreadable,
    /// The tunnel carries an Ethernet frame without its FCS.
    Ethernet(&'a [u8]),
    /// The tunnel carries what this EtherType says.
    EtherType(u16, &'a [u8]),
    /// The tunnel carries IPv4 or IPv6, as the version nibble says.
    Ip(&'a [u8]),
}

/// Looks for a tunnel to enter behind the IP header in `header`. `payload` is what was captured behind its
/// extension headers; it is empty in a later fragment.
pub(crate) fn payload<'a>(
    header: &Header,
    payload: &'a [u8],
    tunnels: &Tunnels,
) -> TunnelPayload<'a> {
    let first = header.get(at::FRAGMENT_OFFSET) == [0, 0];
    let enters = match header.protocol {
        protocol::GRE => tunnels.has(Tunnel::Gre) || tunnels.has(Tunnel::Erspan),
        next::IPV4 | next::IPV6 => tunnels.has(Tunnel::IpIp),
        // A later fragment has no ports, so whether it belongs to a tunnel over UDP is unknown.
        protocol::UDP => first,
        _ => false,
    };
    if !enters {
        return TunnelPayload::NotATunnel;
    }
    if !first {
        return TunnelPayload::Unreadable;
    }
    let inside = match header.protocol {
        protocol::GRE => generic(payload, tunnels),
        next::IPV4 => Some(TunnelPayload::EtherType(ethertype::IPV4, payload)),
        next::IPV6 => Some(TunnelPayload::EtherType(ethertype::IPV6, payload)),
        _ => datagram(payload, tunnels),
    };
    inside.unwrap_or(TunnelPayload::Unreadable)
}

/// Reads a GRE header (RFC 2784 §2, RFC 2890 §2). Returns `None` if it is cut off or damaged.
fn generic<'a>(data: &'a [u8], tunnels: &Tunnels) -> Option<TunnelPayload<'a>> {
    let (&[f0, f1, t0, t1], rest) = data.split_first_chunk()?;
    let flags = u16::from_be_bytes([f0, f1]);
    let kind = u16::from_be_bytes([t0, t1]);
    let wanted = match kind {
        gre::ERSPAN | gre::ERSPAN_III => Tunnel::Erspan,
        _ => Tunnel::Gre,
    };
    if flags & gre::VERSION == 1 || !tunnels.has(wanted) {
        return Some(TunnelPayload::NotATunnel);
    }
    if flags & (gre::VERSION | gre::ROUTING) != 0 {
        return None;
    }
    let optional = [gre::CHECKSUM, gre::KEY, gre::SEQUENCE];
    let words = optional.iter().filter(|flag| flags & **flag != 0).count();
    let rest = rest.get(4 * words..)?;
    match kind {
        // ERSPAN type I has no header of its own and does not use GRE's sequence number.
        gre::ERSPAN if flags & gre::SEQUENCE == 0 => Some(TunnelPayload::Ethernet(rest)),
        gre::ERSPAN => erspan_ii(rest),
        gre::ERSPAN_III => erspan_iii(rest),
        _ => typed(kind, rest),
    }
}

/// Interprets what follows a protocol type of GRE or GENEVE.
fn typed(kind: u16, rest: &[u8]) -> Option<TunnelPayload<'_>> {
    match kind {
        ethertype::BRIDGED => Some(TunnelPayload::Ethernet(rest)),
        // Cisco MetaData lies between GRE and its payload: the payload's type, then a security group tag.
        ethertype::CISCO_METADATA => {
            let (&[t0, t1, _, words], rest) = rest.split_first_chunk()?;
            match u16::from_be_bytes([t0, t1]) {
                ethertype::CISCO_METADATA => None,
                kind => typed(kind, rest.get(4 * usize::from(words)..)?),
            }
        }
        // WCCP version 2 has a redirect header of four octets before the packet, version 1 has none.
        ethertype::WCCP => {
            let redirect = if rest.first()? >> 4 == 4 { 0 } else { 4 };
            Some(TunnelPayload::EtherType(
                ethertype::IPV4,
                rest.get(redirect..)?,
            ))
        }
        // Numbers below 0x0600 are lengths, not EtherTypes; GRE keepalives have 0.
        ..ethertype::MIN => None,
        kind => Some(TunnelPayload::EtherType(kind, rest)),
    }
}

/// Reads an ERSPAN type II header, which has version 1 and eight octets.
fn erspan_ii(data: &[u8]) -> Option<TunnelPayload<'_>> {
    let (&[version, ..], frame) = data.split_first_chunk::<8>()?;
    (version >> 4 == 1).then_some(TunnelPayload::Ethernet(frame))
}

/// Reads an ERSPAN type III header, which has version 2 and twelve octets, plus a platform-specific subheader of
/// eight if the last bit is set.
fn erspan_iii(data: &[u8]) -> Option<TunnelPayload<'_>> {
    let (&[version, .., high, low], rest) = data.split_first_chunk::<12>()?;
    if version >> 4 != 2 {
        return None;
    }
    let rest = rest.get(if low & 1 == 1 { 8 } else { 0 }..)?;
    // Frame type 0 is Ethernet, 2 an IP packet.
    match high >> 2 & 0x1f {
        0 => Some(TunnelPayload::Ethernet(rest)),
        2 => Some(TunnelPayload::Ip(rest)),
        _ => None,
    }
}

/// Recognises tunnels over UDP by the destination port.
fn datagram<'a>(data: &'a [u8], tunnels: &Tunnels) -> Option<TunnelPayload<'a>> {
    let Some((&[_, _, p0, p1, ..], rest)) = data.split_first_chunk::<8>() else {
        // The UDP header was not captured whole, so the port is unknown.
        return Some(TunnelPayload::NotATunnel);
    };
    let port = u16::from_be_bytes([p0, p1]);
    match port {
        GENEVE_PORT if tunnels.has(Tunnel::Geneve) => geneve(rest),
        GTP_U_PORT if tunnels.has(Tunnel::GtpU) => gtp_u(rest),
        port if tunnels.has(Tunnel::Vxlan) && tunnels.vxlan_ports.contains(&port) => vxlan(rest),
        _ => Some(TunnelPayload::NotATunnel),
    }
}

/// Reads a VXLAN header (RFC 7348 §5). With the P flag of the generic protocol extension, the header names its
/// payload.
fn vxlan(data: &[u8]) -> Option<TunnelPayload<'_>> {
    const VNI: u8 = 0x08;
    const NEXT_PROTOCOL: u8 = 0x04;
    let (&[flags, _, _, next, ..], rest) = data.split_first_chunk::<8>()?;
    if flags & NEXT_PROTOCOL != 0 {
        return match next {
            1 => Some(TunnelPayload::EtherType(ethertype::IPV4, rest)),
            2 => Some(TunnelPayload::EtherType(ethertype::IPV6, rest)),
            3 => Some(TunnelPayload::Ethernet(rest)),
            _ => None,
        };
    }
    (flags & VNI != 0).then_some(TunnelPayload::Ethernet(rest))
}

/// Reads a GENEVE header (RFC 8926 §3.4).
fn geneve(data: &[u8]) -> Option<TunnelPayload<'_>> {
    const CONTROL: u8 = 0x80;
    let (&[first, flags, t0, t1, ..], rest) = data.split_first_chunk::<8>()?;
    if first >> 6 != 0 {
        return None;
    }
    if flags & CONTROL != 0 {
        return Some(TunnelPayload::NotATunnel);
    }
    let rest = rest.get(4 * usize::from(first & 0x3f)..)?;
    typed(u16::from_be_bytes([t0, t1]), rest)
}

/// Reads a header of GTP version 1's user plane (3GPP TS 29.281 §5.1), where only a G-PDU carries a packet.
fn gtp_u(data: &[u8]) -> Option<TunnelPayload<'_>> {
    const G_PDU: u8 = 255;
    const EXTENSION: u8 = 0x04;
    const OPTIONAL: u8 = 0x07;
    let (&[flags, kind, ..], mut rest) = data.split_first_chunk::<8>()?;
    // Version 1, and protocol type GTP, not GTP'.
    if flags >> 4 != 0x3 {
        return None;
    }
    if kind != G_PDU {
        return Some(TunnelPayload::NotATunnel);
    }
    if flags & OPTIONAL != 0 {
        let (&[_, _, _, mut next], after) = rest.split_first_chunk()?;
        rest = after;
        if flags & EXTENSION == 0 {
            next = 0;
        }
        // §5.2.1: an extension header is its length in words, its content, and the type of the next one.
        for _ in 0..MAX_GTP_EXTENSIONS {
            if next == 0 {
                break;
            }
            let words = usize::from(*rest.first()?);
            let (extension, after) = rest.split_at_checked(4 * words)?;
            (next, rest) = (*extension.last()?, after);
        }
        if next != 0 {
            return None;
        }
    }
    Some(TunnelPayload::Ip(rest))
}

/// Interprets what lies behind an MPLS label stack and is not IP: Ethernet behind a control word, whose first
/// nibble is 0 (RFC 4385 §3), or Ethernet without one. A first nibble of 1 is the associated channel (§5), which is
/// not user data.
pub(crate) fn pseudowire(data: &[u8]) -> [TunnelPayload<'_>; 2] {
    match data.first().map(|octet| octet >> 4) {
        None | Some(1) => [TunnelPayload::NotATunnel; 2],
        // A control word starts with a zero nibble, but so may a MAC address: try both.
        Some(0) => [
            data.get(4..)
                .map_or(TunnelPayload::Unreadable, TunnelPayload::Ethernet),
            TunnelPayload::Ethernet(data),
        ],
        Some(_) => [TunnelPayload::Ethernet(data), TunnelPayload::NotATunnel],
    }
}

#[cfg(test)]
mod tests;
