//! Tunnel headers: from what an IP header carries to the packet inside.

use crate::header::{Header, at};
use crate::ip::next;
use crate::link::ethertype;
use crate::transport::protocol;

/// A kind of tunnel that can be entered, by its word in the configuration (`capture decapsulate`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Tunnel {
    /// Mirrored frames in GRE: ERSPAN types I and II (protocol 0x88be) and III (0x22eb),
    /// draft-foschiano-erspan.
    Erspan,
    /// GENEVE (RFC 8926), UDP port 6081.
    Geneve,
    /// GRE (RFC 2784, RFC 2890) with IP, Ethernet, MPLS or tags inside; not ERSPAN, and not PPTP's version 1.
    Gre,
    /// User data of GTP version 1 (3GPP TS 29.281), UDP port 2152.
    GtpU,
    /// IP in IP, either family in either (RFC 2003, RFC 4213, RFC 2473).
    IpIp,
    /// Ethernet over MPLS with or without a control word (RFC 4448).
    Pseudowire,
    /// VXLAN (RFC 7348) and VXLAN-GPE, UDP port 4789 unless told otherwise.
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

    /// Its word in the configuration.
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

    /// The kind of that word.
    pub fn by_name(name: &str) -> Option<Tunnel> {
        Tunnel::ALL.into_iter().find(|tunnel| tunnel.name() == name)
    }
}

/// The tunnels to enter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tunnels {
    /// A bit for each [`Tunnel`].
    kinds: u8,
    vxlan_ports: Vec<u16>,
}

impl Tunnels {
    /// These kinds, VXLAN on `vxlan_ports`; on [`VXLAN_PORT`] when that is empty.
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

    /// These and one more.
    #[must_use]
    pub fn with(self, kind: Tunnel) -> Tunnels {
        Tunnels::new(self.kinds().chain([kind]), &self.vxlan_ports)
    }

    /// The kinds, in declaration order.
    pub fn kinds(&self) -> impl Iterator<Item = Tunnel> {
        Tunnel::ALL.into_iter().filter(|kind| self.has(*kind))
    }

    /// Whether that kind is entered.
    #[inline]
    pub fn has(&self, kind: Tunnel) -> bool {
        self.kinds & 1 << kind as u8 != 0
    }

    /// Whether none is.
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
    /// RFC 1701's source routes: nobody has them, and RFC 2784 §2.3 refuses them.
    pub(super) const ROUTING: u16 = 0x4000;
    pub(super) const KEY: u16 = 0x2000;
    pub(super) const SEQUENCE: u16 = 0x1000;
    pub(super) const ERSPAN: u16 = 0x88be;
    pub(super) const ERSPAN_III: u16 = 0x22eb;
}

/// What a packet carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inside<'a> {
    /// No tunnel, or none that is to be entered.
    Nothing,
    /// A tunnel whose header is cut off, damaged, or of a kind that nobody knows.
    Unread,
    /// A whole Ethernet frame without its FCS.
    Ethernet(&'a [u8]),
    /// What follows that EtherType.
    EtherType(u16, &'a [u8]),
    /// IPv4 or IPv6, as the version nibble says.
    Ip(&'a [u8]),
}

/// Looks for a tunnel to enter behind the IP header that `header` has; `payload` is what was captured behind its
/// extension headers, empty in a later fragment.
pub(crate) fn inside<'a>(header: &Header, payload: &'a [u8], tunnels: &Tunnels) -> Inside<'a> {
    let first = header.get(at::FRAGMENT_OFFSET) == [0, 0];
    let enters = match header.protocol {
        protocol::GRE => tunnels.has(Tunnel::Gre) || tunnels.has(Tunnel::Erspan),
        next::IPV4 | next::IPV6 => tunnels.has(Tunnel::IpIp),
        // The ports of a later fragment are not known.
        protocol::UDP => first,
        _ => false,
    };
    if !enters {
        return Inside::Nothing;
    }
    if !first {
        return Inside::Unread;
    }
    let inside = match header.protocol {
        protocol::GRE => generic(payload, tunnels),
        next::IPV4 => Some(Inside::EtherType(ethertype::IPV4, payload)),
        next::IPV6 => Some(Inside::EtherType(ethertype::IPV6, payload)),
        _ => datagram(payload, tunnels),
    };
    inside.unwrap_or(Inside::Unread)
}

/// GRE (RFC 2784 §2, RFC 2890 §2). `None`: cut off or damaged.
fn generic<'a>(data: &'a [u8], tunnels: &Tunnels) -> Option<Inside<'a>> {
    let (&[f0, f1, t0, t1], rest) = data.split_first_chunk()?;
    let flags = u16::from_be_bytes([f0, f1]);
    let kind = u16::from_be_bytes([t0, t1]);
    let wanted = match kind {
        gre::ERSPAN | gre::ERSPAN_III => Tunnel::Erspan,
        _ => Tunnel::Gre,
    };
    if flags & gre::VERSION == 1 || !tunnels.has(wanted) {
        return Some(Inside::Nothing);
    }
    if flags & (gre::VERSION | gre::ROUTING) != 0 {
        return None;
    }
    let optional = [gre::CHECKSUM, gre::KEY, gre::SEQUENCE];
    let words = optional.iter().filter(|flag| flags & **flag != 0).count();
    let rest = rest.get(4 * words..)?;
    match kind {
        // Type I has no header of its own, nor GRE's sequence number.
        gre::ERSPAN if flags & gre::SEQUENCE == 0 => Some(Inside::Ethernet(rest)),
        gre::ERSPAN => erspan_ii(rest),
        gre::ERSPAN_III => erspan_iii(rest),
        _ => typed(kind, rest),
    }
}

/// What follows a protocol type of GRE, GENEVE and the like.
fn typed(kind: u16, rest: &[u8]) -> Option<Inside<'_>> {
    match kind {
        ethertype::BRIDGED => Some(Inside::Ethernet(rest)),
        // Cisco MetaData between GRE and what it carries: a security group tag, the real type before it.
        ethertype::CISCO_METADATA => {
            let (&[t0, t1, _, words], rest) = rest.split_first_chunk()?;
            match u16::from_be_bytes([t0, t1]) {
                ethertype::CISCO_METADATA => None,
                kind => typed(kind, rest.get(4 * usize::from(words)..)?),
            }
        }
        // WCCP: version 2 has a redirect header of four octets before the packet, version 1 has none.
        ethertype::WCCP => {
            let redirect = if rest.first()? >> 4 == 4 { 0 } else { 4 };
            Some(Inside::EtherType(ethertype::IPV4, rest.get(redirect..)?))
        }
        // Numbers that are lengths: GRE's keepalives have 0.
        ..ethertype::MIN => None,
        kind => Some(Inside::EtherType(kind, rest)),
    }
}

/// ERSPAN type II: version 1, eight octets.
fn erspan_ii(data: &[u8]) -> Option<Inside<'_>> {
    let (&[version, ..], frame) = data.split_first_chunk::<8>()?;
    (version >> 4 == 1).then_some(Inside::Ethernet(frame))
}

/// ERSPAN type III: version 2, twelve octets, and eight more for a platform when the last bit says so.
fn erspan_iii(data: &[u8]) -> Option<Inside<'_>> {
    let (&[version, .., high, low], rest) = data.split_first_chunk::<12>()?;
    if version >> 4 != 2 {
        return None;
    }
    let rest = rest.get(if low & 1 == 1 { 8 } else { 0 }..)?;
    // Frame type: 0 Ethernet, 2 an IP packet.
    match high >> 2 & 0x1f {
        0 => Some(Inside::Ethernet(rest)),
        2 => Some(Inside::Ip(rest)),
        _ => None,
    }
}

/// Tunnels over UDP, told by the destination port.
fn datagram<'a>(data: &'a [u8], tunnels: &Tunnels) -> Option<Inside<'a>> {
    let Some((&[_, _, p0, p1, ..], rest)) = data.split_first_chunk::<8>() else {
        // Without a whole UDP header nobody knows whether it is one.
        return Some(Inside::Nothing);
    };
    let port = u16::from_be_bytes([p0, p1]);
    match port {
        GENEVE_PORT if tunnels.has(Tunnel::Geneve) => geneve(rest),
        GTP_U_PORT if tunnels.has(Tunnel::GtpU) => gtp_u(rest),
        port if tunnels.has(Tunnel::Vxlan) && tunnels.vxlan_ports.contains(&port) => vxlan(rest),
        _ => Some(Inside::Nothing),
    }
}

/// VXLAN (RFC 7348 §5); with the P flag its generic protocol extension, which names what is inside.
fn vxlan(data: &[u8]) -> Option<Inside<'_>> {
    const VNI: u8 = 0x08;
    const NEXT_PROTOCOL: u8 = 0x04;
    let (&[flags, _, _, next, ..], rest) = data.split_first_chunk::<8>()?;
    if flags & NEXT_PROTOCOL != 0 {
        return match next {
            1 => Some(Inside::EtherType(ethertype::IPV4, rest)),
            2 => Some(Inside::EtherType(ethertype::IPV6, rest)),
            3 => Some(Inside::Ethernet(rest)),
            _ => None,
        };
    }
    (flags & VNI != 0).then_some(Inside::Ethernet(rest))
}

/// GENEVE (RFC 8926 §3.4).
fn geneve(data: &[u8]) -> Option<Inside<'_>> {
    const CONTROL: u8 = 0x80;
    let (&[first, flags, t0, t1, ..], rest) = data.split_first_chunk::<8>()?;
    if first >> 6 != 0 {
        return None;
    }
    if flags & CONTROL != 0 {
        return Some(Inside::Nothing);
    }
    let rest = rest.get(4 * usize::from(first & 0x3f)..)?;
    typed(u16::from_be_bytes([t0, t1]), rest)
}

/// GTP version 1's user plane (3GPP TS 29.281 §5.1): only a G-PDU carries a packet.
fn gtp_u(data: &[u8]) -> Option<Inside<'_>> {
    const G_PDU: u8 = 255;
    const EXTENSION: u8 = 0x04;
    const OPTIONAL: u8 = 0x07;
    let (&[flags, kind, ..], mut rest) = data.split_first_chunk::<8>()?;
    // Version 1, and GTP, not GTP'.
    if flags >> 4 != 0x3 {
        return None;
    }
    if kind != G_PDU {
        return Some(Inside::Nothing);
    }
    if flags & OPTIONAL != 0 {
        let (&[_, _, _, mut next], after) = rest.split_first_chunk()?;
        rest = after;
        if flags & EXTENSION == 0 {
            next = 0;
        }
        // §5.2.1: the length in words, the content, the type of the next one.
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
    Some(Inside::Ip(rest))
}

/// What lies behind an MPLS stack and is no IP: Ethernet behind a control word, whose first nibble is 0 (RFC 4385
/// §3), or without one. 1 is the associated channel (§5), which is not user data.
pub(crate) fn pseudowire(data: &[u8]) -> [Inside<'_>; 2] {
    match data.first().map(|octet| octet >> 4) {
        None | Some(1) => [Inside::Nothing; 2],
        // An address may start so, too.
        Some(0) => [
            data.get(4..).map_or(Inside::Unread, Inside::Ethernet),
            Inside::Ethernet(data),
        ],
        Some(_) => [Inside::Ethernet(data), Inside::Nothing],
    }
}

#[cfg(test)]
mod tests;
