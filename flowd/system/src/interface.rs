//! Interfaces as the kernel reports them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use futures_util::TryStreamExt;
use ipnet::IpNet;
use rtnetlink::Handle;
use rtnetlink::packet_route::address::AddressAttribute;
use rtnetlink::packet_route::link::{LinkAttribute, LinkFlags};

use crate::Error;

/// The present state of an interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// Name.
    pub name: String,
    /// `ifIndex`.
    pub index: u32,
    /// MAC address as text; `None` if the link has none of six octets.
    pub mac: Option<String>,
    /// MTU in octets.
    pub mtu: u32,
    /// Whether it is administratively up.
    pub up: bool,
    /// Whether it has a carrier and is operational.
    pub running: bool,
    /// Whether it is promiscuous, by the interface flag or by a packet socket.
    pub promiscuous: bool,
    /// Whether it is a loopback interface.
    pub loopback: bool,
    /// `ifAlias`.
    pub description: Option<String>,
    /// Addresses with their prefix lengths, in the kernel's order.
    pub addresses: Vec<IpNet>,
    /// What it has received.
    pub received: Traffic,
    /// What it has sent.
    pub sent: Traffic,
}

/// What an interface has received or sent, as the kernel counts it (IFLA_STATS64).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Packets.
    pub packets: u64,
    /// Octets, with link headers.
    pub octets: u64,
    /// Packets that were damaged, or could not be sent.
    pub errors: u64,
    /// Packets that there was no room for.
    pub dropped: u64,
}

/// Requests all interfaces and their addresses.
pub(crate) async fn list(handle: &Handle) -> Result<Vec<Interface>, Error> {
    let mut found = BTreeMap::new();
    let mut links = handle.link().get().execute();
    while let Some(message) = links.try_next().await? {
        let flags = message.header.flags;
        let mut interface = Interface {
            index: message.header.index,
            up: flags.contains(LinkFlags::Up),
            running: flags.contains(LinkFlags::Running),
            promiscuous: flags.contains(LinkFlags::Promisc),
            loopback: flags.contains(LinkFlags::Loopback),
            ..Interface::default()
        };
        for attribute in message.attributes {
            match attribute {
                LinkAttribute::IfName(name) => interface.name = name,
                LinkAttribute::Mtu(mtu) => interface.mtu = mtu,
                LinkAttribute::Address(octets) => interface.mac = mac(&octets),
                LinkAttribute::IfAlias(text) => interface.description = Some(text),
                LinkAttribute::Stats64(stats) => {
                    interface.received = Traffic {
                        packets: stats.rx_packets,
                        octets: stats.rx_bytes,
                        errors: stats.rx_errors,
                        dropped: stats.rx_dropped,
                    };
                    interface.sent = Traffic {
                        packets: stats.tx_packets,
                        octets: stats.tx_bytes,
                        errors: stats.tx_errors,
                        dropped: stats.tx_dropped,
                    };
                }
                // IFLA_PROMISCUITY also counts packet sockets, which the flag does not show.
                LinkAttribute::Promiscuity(users) => interface.promiscuous |= users > 0,
                _ => {}
            }
        }
        found.insert(interface.index, interface);
    }
    let mut addresses = handle.address().get().execute();
    while let Some(message) = addresses.try_next().await? {
        // On a point-to-point link, ADDRESS is that of the peer and LOCAL is ours.
        let mut local: Option<IpAddr> = None;
        for attribute in &message.attributes {
            match attribute {
                AddressAttribute::Local(address) => local = Some(*address),
                AddressAttribute::Address(address) if local.is_none() => local = Some(*address),
                _ => {}
            }
        }
        let net = local.and_then(|address| IpNet::new(address, message.header.prefix_len).ok());
        if let (Some(interface), Some(net)) = (found.get_mut(&message.header.index), net) {
            interface.addresses.push(net);
        }
    }
    Ok(found.into_values().collect())
}

fn mac(octets: &[u8]) -> Option<String> {
    let [a, b, c, d, e, f] = *octets else {
        return None;
    };
    Some(format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}"))
}
