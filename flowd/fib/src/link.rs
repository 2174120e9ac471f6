//! Interfaces, as far as routing depends on them.

use std::collections::{BTreeMap, BTreeSet};

/// An interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// `ifIndex`.
    pub index: u32,
    /// Name.
    pub name: String,
    /// Whether it is administratively up, and whether it has a carrier. When they change, the kernel removes and
    /// restores IPv4 routes without reporting it.
    pub state: (bool, bool),
    /// `ifIndex` of the bridge, bond or VRF it belongs to.
    pub master: Option<u32>,
    /// Routing table, if the interface is the device of a VRF.
    pub vrf_table: Option<u32>,
    /// MAC address.
    pub mac: Option<[u8; 6]>,
}

/// Most masters followed upwards from an interface.
const MASTERS: usize = 8;

/// How the packets of an interface are routed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Routed {
    /// `ifIndex` they are routed on: the bridge or bond for its members.
    pub(crate) interface: u32,
    /// `ifIndex` of the VRF device; 0 without a VRF.
    pub(crate) vrf: u32,
    pub(crate) table: u32,
}

/// The interfaces at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Links {
    macs: BTreeSet<[u8; 6]>,
    /// Interfaces that have a master or are a VRF device.
    upper: BTreeMap<u32, Routed>,
}

impl Links {
    pub(crate) fn new(links: &BTreeMap<u32, Link>) -> Links {
        let upper = links
            .values()
            .filter(|link| link.master.is_some() || link.vrf_table.is_some());
        Links {
            macs: links.values().filter_map(|link| link.mac).collect(),
            upper: upper
                .map(|link| (link.index, routed(links, link)))
                .collect(),
        }
    }

    /// Whether frames to this MAC address are for this host.
    pub(crate) fn has_mac(&self, mac: [u8; 6]) -> bool {
        self.macs.contains(&mac)
    }

    /// How the packets of an interface are routed.
    #[inline]
    pub(crate) fn routed(&self, index: u32) -> Routed {
        let plain = Routed {
            interface: index,
            vrf: 0,
            table: 0,
        };
        if self.upper.is_empty() {
            return plain;
        }
        self.upper.get(&index).copied().unwrap_or(plain)
    }
}

/// Follows the masters upwards: a bridge or bond routes for its members, a VRF only provides the table.
fn routed(links: &BTreeMap<u32, Link>, link: &Link) -> Routed {
    let mut here = link;
    for _ in 0..MASTERS {
        let master = here.master.and_then(|master| links.get(&master));
        let vrf = [Some(here), master]
            .into_iter()
            .flatten()
            .find_map(|link| Some((link.index, link.vrf_table?)));
        if let Some((vrf, table)) = vrf {
            return Routed {
                interface: here.index,
                vrf,
                table,
            };
        }
        match master {
            Some(master) => here = master,
            None => break,
        }
    }
    Routed {
        interface: here.index,
        vrf: 0,
        table: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_routed_on_their_bridge_and_in_its_vrf() {
        let link = |index, master, vrf_table| Link {
            index,
            name: format!("eth{index}"),
            state: (true, true),
            master,
            vrf_table,
            mac: Some([2, 0, 0, 0, 0, index as u8]),
        };
        let links = Links::new(
            &[
                link(1, None, None),
                link(2, Some(3), None),
                link(3, Some(9), None),
                link(4, Some(9), None),
                link(5, Some(6), None),
                link(6, None, None),
                link(9, None, Some(100)),
            ]
            .map(|link| (link.index, link))
            .into(),
        );
        let of = |index| {
            let Routed {
                interface,
                vrf,
                table,
            } = links.routed(index);
            (interface, vrf, table)
        };
        assert_eq!([of(1), of(2), of(3)], [(1, 0, 0), (3, 9, 100), (3, 9, 100)]);
        assert_eq!([of(4), of(9)], [(4, 9, 100), (9, 9, 100)]);
        assert_eq!([of(5), of(6)], [(6, 0, 0), (6, 0, 0)]);
        assert!(links.has_mac([2, 0, 0, 0, 0, 4]) && !links.has_mac([2, 0, 0, 0, 0, 7]));
    }
}
