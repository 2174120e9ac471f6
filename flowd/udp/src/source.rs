//! The source addresses of datagrams: which of a host's addresses reaches a destination.

use std::io;
use std::net::{IpAddr, SocketAddr};

use nix::ifaddrs::getifaddrs;
use nix::net::if_::if_nametoindex;
use nix::sys::socket::SockaddrStorage;
use socket2::Socket;

/// The source address of datagrams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// The address that the kernel chooses by the route to the destination.
    #[default]
    Any,
    /// This local address.
    Address(IpAddr),
    /// The primary address of this interface, of the destination's family.
    Interface(String),
}

/// Why datagrams cannot be sent from a source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// No interface of that name.
    #[error("there is no interface `{0}`")]
    NoInterface(String),
    /// The interface has no address of the destination's family.
    #[error("interface `{interface}` has no {family} address to send from")]
    NoInterfaceAddress {
        /// The interface.
        interface: String,
        /// `IPv4` or `IPv6`.
        family: &'static str,
    },
    /// The interface has only an address that no other host can answer.
    #[error(
        "interface `{interface}` has only the address {address}, from which no other host can be reached; give it another \
         address, or choose another source"
    )]
    OnlyThisHost {
        /// The interface.
        interface: String,
        /// Its address.
        address: IpAddr,
    },
    /// The address is not one of this host's.
    #[error("source address {0} is not an address of this host")]
    NotLocal(IpAddr),
    /// Source and destination are of different families.
    #[error("source {source_address} and destination {destination} are not of the same family")]
    Family {
        /// The source address.
        source_address: IpAddr,
        /// The destination's address.
        destination: IpAddr,
    },
    /// The addresses of this host cannot be read.
    #[error("the addresses of this host cannot be read: {0}")]
    Unknown(&'static str),
}

impl SourceError {
    /// Whether the source lacks nothing but an address, which may come at any time.
    pub fn awaits_address(&self) -> bool {
        matches!(
            self,
            SourceError::NoInterfaceAddress { .. } | SourceError::OnlyThisHost { .. }
        )
    }
}

impl Source {
    /// Chooses the first of a destination's addresses that can be sent to from here, which must be at least one. Returns
    /// it with the address to send from; `None` leaves that to the kernel.
    ///
    /// # Errors
    /// The source has no address for any of them.
    pub fn choose(&self, addresses: &[IpAddr]) -> Result<(IpAddr, Option<IpAddr>), SourceError> {
        let first = addresses[0];
        match self {
            Source::Any => Ok((first, None)),
            Source::Address(source) => addresses
                .iter()
                .find(|address| address.is_ipv4() == source.is_ipv4())
                .map(|address| (*address, Some(*source)))
                .ok_or(SourceError::Family {
                    source_address: *source,
                    destination: first,
                }),
            Source::Interface(name) => {
                let own = interface_addresses(name)?;
                let usable = addresses
                    .iter()
                    .find_map(|address| Some((*address, Some(primary(&own, *address)?))));
                usable.ok_or_else(|| {
                    let loopback = own
                        .iter()
                        .find(|own| own.is_loopback() && own.is_ipv4() == first.is_ipv4());
                    match loopback {
                        Some(address) => SourceError::OnlyThisHost {
                            interface: name.clone(),
                            address: *address,
                        },
                        None => SourceError::NoInterfaceAddress {
                            interface: name.clone(),
                            family: if first.is_ipv4() { "IPv4" } else { "IPv6" },
                        },
                    }
                })
            }
        }
    }

    /// Makes the socket address of a destination. A link-local destination without a scope is on the source's interface.
    pub fn destination(&self, address: IpAddr, port: u16) -> SocketAddr {
        let mut peer = SocketAddr::new(address, port);
        if let (SocketAddr::V6(peer), Source::Interface(name)) = (&mut peer, self)
            && peer.ip().is_unicast_link_local()
        {
            peer.set_scope_id(if_nametoindex(name.as_str()).unwrap_or(0));
        }
        peer
    }
}

/// Binds a socket to a source address, and to `port` unless that is 0, to send to `peer`.
///
/// # Errors
/// Those of `bind(2)`: `EADDRNOTAVAIL` when the address is not this host's.
pub fn bind_source(socket: &Socket, source: IpAddr, port: u16, peer: SocketAddr) -> io::Result<()> {
    let mut name = SocketAddr::new(source, port);
    if let (SocketAddr::V6(name), SocketAddr::V6(peer)) = (&mut name, peer) {
        name.set_scope_id(peer.scope_id());
    }
    socket.bind(&name.into())
}

/// Returns the addresses of an interface in the kernel's order: primary before secondary.
fn interface_addresses(name: &str) -> Result<Vec<IpAddr>, SourceError> {
    if if_nametoindex(name).is_err() {
        return Err(SourceError::NoInterface(name.into()));
    }
    let all = getifaddrs().map_err(|errno| SourceError::Unknown(errno.desc()))?;
    let own = all.filter(|entry| entry.interface_name == name);
    Ok(own
        .filter_map(|entry| entry.address.as_ref().and_then(ip))
        .collect())
}

/// Returns the addresses of this host; none when they cannot be read.
pub fn local_addresses() -> Vec<IpAddr> {
    let Ok(all) = getifaddrs() else {
        return Vec::new();
    };
    all.filter_map(|entry| entry.address.as_ref().and_then(ip))
        .collect()
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = address
        .as_sockaddr_in()
        .map(|address| IpAddr::V4(address.ip()));
    v4.or_else(|| {
        address
            .as_sockaddr_in6()
            .map(|address| IpAddr::V6(address.ip()))
    })
}

/// How far an address reaches.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Host,
    Link,
    Global,
}

fn scope(address: IpAddr) -> Scope {
    match address {
        address if address.is_loopback() => Scope::Host,
        IpAddr::V6(address) if address.is_unicast_link_local() => Scope::Link,
        _ => Scope::Global,
    }
}

/// Chooses the address to reach `peer` from: of its family and scope. This host is reached from every address that is not
/// link-local.
pub(crate) fn primary(own: &[IpAddr], peer: IpAddr) -> Option<IpAddr> {
    let same = || own.iter().filter(|own| own.is_ipv4() == peer.is_ipv4());
    let of = |wanted: Scope| same().copied().find(|own| scope(*own) == wanted);
    match scope(peer) {
        Scope::Host => of(Scope::Host).or_else(|| of(Scope::Global)),
        other => of(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_primary_address_is_of_the_peers_family_and_scope() {
        let own: Vec<IpAddr> = ["192.0.2.1", "192.0.2.2", "fe80::1", "2001:db8::1"]
            .map(|text| text.parse().unwrap())
            .into();
        let from = |peer: &str| primary(&own, peer.parse().unwrap()).map(|own| own.to_string());
        assert_eq!(from("198.51.100.1").as_deref(), Some("192.0.2.1"));
        assert_eq!(from("2001:db8::9").as_deref(), Some("2001:db8::1"));
        assert_eq!(from("fe80::9").as_deref(), Some("fe80::1"));
        assert_eq!(primary(&own[..1], "2001:db8::9".parse().unwrap()), None);
    }

    #[test]
    fn other_hosts_are_not_reached_from_a_loopback_address() {
        let own: Vec<IpAddr> = ["127.0.0.1", "203.0.113.1", "::1", "2001:db8::1"]
            .map(|text| text.parse().unwrap())
            .into();
        let from = |own: &[IpAddr], peer: &str| {
            primary(own, peer.parse().unwrap()).map(|own| own.to_string())
        };
        assert_eq!(from(&own, "192.0.2.9").as_deref(), Some("203.0.113.1"));
        assert_eq!(from(&own, "127.0.0.1").as_deref(), Some("127.0.0.1"));
        assert_eq!(from(&own, "2001:db8::9").as_deref(), Some("2001:db8::1"));
        assert_eq!(from(&own[..1], "192.0.2.9"), None);
        assert_eq!(
            from(&own[1..2], "127.0.0.1").as_deref(),
            Some("203.0.113.1")
        );
    }

    #[test]
    fn a_loopback_interface_without_another_address_is_told() {
        let source = Source::Interface("lo".into());
        let here: IpAddr = "127.0.0.1".parse().unwrap();
        assert_eq!(source.choose(&[here]), Ok((here, Some(here))));
        // A machine whose loopback has a global address would choose that.
        if let Err(error) = source.choose(&["192.0.2.9".parse().unwrap()]) {
            assert!(error.awaits_address());
            assert_eq!(
                error.to_string(),
                "interface `lo` has only the address 127.0.0.1, from which no other host can be reached; give it another \
                 address, or choose another source"
            );
        }
    }
}
