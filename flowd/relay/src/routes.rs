//! Routes: to which receivers the datagrams of a source go, by the rule of the longest prefix and by balanced groups.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use crate::settings::{Action, BalanceBy, MAX_RECEIVERS, SamplicatorSettings};

/// A receiver's number in every table. It stays the same for as long as the receiver's name is configured.
pub(crate) type Slot = u16;

/// A set of receivers, a bit for each slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slots([u64; MAX_RECEIVERS / 64]);

impl Slots {
    #[inline]
    pub(crate) fn contains(&self, slot: Slot) -> bool {
        self.0
            .get(usize::from(slot / 64))
            .is_some_and(|word| word >> (slot % 64) & 1 == 1)
    }

    #[inline]
    pub(crate) fn set(&mut self, slot: Slot, to: bool) {
        if let Some(word) = self.0.get_mut(usize::from(slot / 64)) {
            *word = *word & !(1 << (slot % 64)) | u64::from(to) << (slot % 64);
        }
    }
}

/// The receivers and groups that the datagrams of some sources go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// The prefix of the rule; none for sources that no rule matches.
    pub(crate) prefix: Option<IpNet>,
    /// Whether the rule drops their datagrams.
    pub(crate) denied: bool,
    /// Each of these receivers gets each datagram.
    pub(crate) receivers: Vec<Slot>,
    /// One member of each of these groups gets each datagram.
    pub(crate) groups: Vec<usize>,
}

/// The routes of a samplicator.
#[derive(Debug)]
pub(crate) struct Routes {
    routes: Vec<Route>,
    /// By address family: the prefix lengths that occur, longest first, and the prefixes of each length.
    tables: [Vec<(u8, HashMap<u128, u32>)>; 2],
    groups: Vec<Members>,
}

/// The members of a balanced group.
#[derive(Debug)]
pub(crate) struct Members {
    pub(crate) by: BalanceBy,
    /// The receivers, and the hashes of their names.
    members: Vec<(Slot, u64)>,
}

/// The number of the route for sources that no rule matches.
const UNMATCHED: u32 = 0;

impl Routes {
    /// Compiles checked settings. `slot` returns the slot of a receiver by name; none when the receiver is disabled.
    pub(crate) fn new(
        settings: &SamplicatorSettings,
        slot: impl Fn(&str) -> Option<Slot>,
    ) -> Routes {
        let group_of = |name: &String| settings.groups.iter().position(|group| group.name == *name);
        let route = |prefix, denied, names: Vec<&String>| {
            let mut route = Route {
                prefix,
                denied,
                receivers: names.iter().filter_map(|name| slot(name)).collect(),
                groups: names.iter().filter_map(|name| group_of(name)).collect(),
            };
            // No receiver gets a datagram twice, even if a rule names it twice.
            route.receivers.sort_unstable();
            route.receivers.dedup();
            route.groups.sort_unstable();
            route.groups.dedup();
            route
        };
        let named = |name: &String| {
            settings.rules.iter().any(
                |rule| matches!(&rule.action, Action::Relay(targets) if targets.contains(name)),
            )
        };
        let grouped = |name: &String| {
            settings
                .groups
                .iter()
                .any(|group| group.receivers.contains(name))
        };
        let rest = settings
            .receivers
            .iter()
            .map(|receiver| &receiver.name)
            .filter(|name| !grouped(name))
            .chain(settings.groups.iter().map(|group| &group.name))
            .filter(|name| !named(name))
            .collect();
        let mut routes = vec![route(None, false, rest)];
        let mut tables: [Vec<(u8, HashMap<u128, u32>)>; 2] = Default::default();
        for rule in &settings.rules {
            let prefix = rule.prefix.trunc();
            routes.push(match &rule.action {
                Action::Deny => route(Some(prefix), true, Vec::new()),
                Action::Relay(names) => route(Some(prefix), false, names.iter().collect()),
            });
            let table = &mut tables[usize::from(prefix.addr().is_ipv6())];
            let len = prefix.prefix_len();
            let place = table.partition_point(|(longer, _)| *longer > len);
            if table.get(place).is_none_or(|(same, _)| *same != len) {
                table.insert(place, (len, HashMap::new()));
            }
            let number = (routes.len() - 1) as u32;
            table[place].1.insert(bits(prefix.addr()), number);
        }
        let groups = settings
            .groups
            .iter()
            .map(|group| Members {
                by: group.by,
                members: group
                    .receivers
                    .iter()
                    .filter_map(|name| Some((slot(name)?, hash(0, name.as_bytes()))))
                    .collect(),
            })
            .collect();
        Routes {
            routes,
            tables,
            groups,
        }
    }

    /// Returns the number of the route for a source.
    pub(crate) fn find(&self, source: IpAddr) -> u32 {
        let bits = bits(source);
        self.tables[usize::from(source.is_ipv6())]
            .iter()
            .find_map(|(len, table)| table.get(&masked(bits, *len, source)).copied())
            .unwrap_or(UNMATCHED)
    }

    #[inline]
    pub(crate) fn get(&self, route: u32) -> &Route {
        &self.routes[route as usize]
    }

    #[inline]
    pub(crate) fn group(&self, group: usize) -> &Members {
        &self.groups[group]
    }
}

impl Members {
    /// Chooses the member for a key: the one whose hash with the key is highest (rendezvous hashing). When a member is removed,
    /// only its own share moves; when one is added, only the share that becomes its own.
    #[inline]
    pub(crate) fn choose(&self, key: u64) -> Option<Slot> {
        self.members
            .iter()
            .max_by_key(|(_, name)| mix(key ^ *name))
            .map(|(slot, _)| *slot)
    }

    /// Chooses among the members that have not failed: a share of the others goes back when its member does. Chooses among all when
    /// all have failed.
    #[inline]
    pub(crate) fn choose_healthy(&self, key: u64, failed: &Slots) -> Option<Slot> {
        let healthy = self
            .members
            .iter()
            .filter(|(slot, _)| !failed.contains(*slot))
            .max_by_key(|(_, name)| mix(key ^ *name));
        match healthy {
            Some((slot, _)) => Some(*slot),
            None => self.choose(key),
        }
    }

    /// Returns the member whose turn it is, by a number that counts up; one that has failed is passed over.
    pub(crate) fn turn(&self, number: &mut usize, failed: &Slots) -> Option<Slot> {
        for _ in 0..self.members.len() {
            let (slot, _) = self.members[*number % self.members.len()];
            *number += 1;
            if !failed.contains(slot) {
                return Some(slot);
            }
        }
        let (slot, _) = self.members.get(*number % self.members.len().max(1))?;
        Some(*slot)
    }

    pub(crate) fn contains(&self, slot: Slot) -> bool {
        self.members.iter().any(|(member, _)| *member == slot)
    }

    /// Returns the key of a datagram: datagrams of one key go to one member.
    #[inline]
    pub(crate) fn key(&self, source: SocketAddr, domain: u32) -> u64 {
        let address = bits(source.ip());
        let exporter = mix(mix(address as u64) ^ (address >> 64) as u64);
        match self.by {
            BalanceBy::Exporter => exporter,
            BalanceBy::Domain | BalanceBy::RoundRobin => mix(exporter ^ u64::from(domain)),
        }
    }
}

/// Returns an address as a number, to be compared under a prefix.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

fn masked(bits: u128, len: u8, family: IpAddr) -> u128 {
    let width = if family.is_ipv4() { 32 } else { 128 };
    let host = width - u32::from(len);
    bits.checked_shr(host).map_or(0, |prefix| prefix << host)
}

/// FNV-1a and a finalizer: shares must be the same after a restart, and on every machine.
fn hash(seed: u64, octets: &[u8]) -> u64 {
    let fnv = octets
        .iter()
        .fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash, octet| {
            (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3)
        });
    mix(fnv)
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood 2014).
#[inline]
fn mix(mut value: u64) -> u64 {
    value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Group, Receiver, Rule};

    fn settings(
        receivers: &[&str],
        rules: &[(&str, &[&str])],
        groups: &[&[&str]],
    ) -> SamplicatorSettings {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        SamplicatorSettings {
            receivers: receivers
                .iter()
                .map(|name| Receiver::new(name, "192.0.2.1"))
                .collect(),
            rules: rules
                .iter()
                .map(|(prefix, names)| Rule {
                    prefix: prefix.parse().unwrap(),
                    action: match names {
                        [] => Action::Deny,
                        names => Action::Relay(owned(names)),
                    },
                })
                .collect(),
            groups: groups
                .iter()
                .enumerate()
                .map(|(number, names)| Group {
                    name: format!("g{number}"),
                    receivers: owned(names),
                    by: BalanceBy::Domain,
                })
                .collect(),
            ..SamplicatorSettings::new("s")
        }
    }

    fn routes(settings: &SamplicatorSettings) -> Routes {
        Routes::new(settings, |name| {
            let place = |receiver: &Receiver| receiver.name == name && !receiver.disabled;
            settings
                .receivers
                .iter()
                .position(place)
                .map(|at| at as Slot)
        })
    }

    fn to(routes: &Routes, source: &str) -> (bool, Vec<Slot>, Vec<usize>) {
        let route = routes.get(routes.find(source.parse().unwrap())).clone();
        (route.denied, route.receivers, route.groups)
    }

    #[test]
    fn the_longest_prefix_decides_alone() {
        let settings = settings(
            &["a", "b", "c", "d"],
            &[
                ("10.0.0.0/8", &["a", "a"]),
                ("10.1.0.0/16", &["b", "c"]),
                ("10.1.2.3/32", &[]),
                ("2001:db8::/32", &["c"]),
                ("2001:db8:1::/48", &[]),
            ],
            &[],
        );
        let routes = routes(&settings);
        assert_eq!(to(&routes, "10.2.0.1"), (false, vec![0], vec![]));
        assert_eq!(to(&routes, "10.1.0.1"), (false, vec![1, 2], vec![]));
        assert_eq!(to(&routes, "10.1.2.3"), (true, vec![], vec![]));
        // A source that no rule matches goes to the receivers that no rule names.
        assert_eq!(to(&routes, "192.0.2.1"), (false, vec![3], vec![]));
        assert_eq!(to(&routes, "2001:db8::1"), (false, vec![2], vec![]));
        assert_eq!(to(&routes, "2001:db8:1::1"), (true, vec![], vec![]));
        // An IPv4 prefix says nothing about an IPv6 address of the same number.
        assert_eq!(to(&routes, "::a00:1"), (false, vec![3], vec![]));
    }

    #[test]
    fn a_prefix_of_length_zero_catches_all_of_its_family() {
        let settings = settings(&["a", "b"], &[("0.0.0.0/0", &["a"]), ("::/0", &[])], &[]);
        let routes = routes(&settings);
        assert_eq!(to(&routes, "255.255.255.255"), (false, vec![0], vec![]));
        assert_eq!(to(&routes, "ffff::1"), (true, vec![], vec![]));
    }

    #[test]
    fn without_rules_everything_goes_to_everybody_and_members_by_their_group() {
        let settings = settings(&["a", "b", "c"], &[], &[&["b", "c"]]);
        assert_eq!(
            to(&routes(&settings), "192.0.2.1"),
            (false, vec![0], vec![0])
        );
    }

    #[test]
    fn a_member_that_leaves_takes_only_its_own_share() {
        let mut settings = settings(&["a", "b", "c", "d"], &[], &[&["a", "b", "c", "d"]]);
        let before = routes(&settings);
        settings.receivers[1].disabled = true;
        let after = routes(&settings);
        let mut shares = [0; 4];
        for exporter in 0..4000_u32 {
            let source = SocketAddr::new(std::net::Ipv4Addr::from(exporter).into(), 2055);
            let key = before.group(0).key(source, 7);
            assert_eq!(key, after.group(0).key(source, 7));
            let old = before.group(0).choose(key).unwrap();
            let new = after.group(0).choose(key).unwrap();
            shares[usize::from(old)] += 1;
            assert!(new != 1 && (old == 1 || old == new));
        }
        assert!(
            shares.iter().all(|share| (800..1200).contains(share)),
            "{shares:?}"
        );
    }

    #[test]
    fn a_failed_members_share_goes_to_the_others_and_comes_back() {
        let settings = settings(&["a", "b", "c"], &[], &[&["a", "b", "c"]]);
        let routes = routes(&settings);
        let group = routes.group(0);
        let (mut failed, none) = (Slots::default(), Slots::default());
        failed.set(1, true);
        let mut moved = 0;
        for exporter in 0..1000_u32 {
            let source = SocketAddr::new(std::net::Ipv4Addr::from(exporter).into(), 2055);
            let key = group.key(source, 7);
            let well = group.choose_healthy(key, &none).unwrap();
            assert_eq!(Some(well), group.choose(key));
            let now = group.choose_healthy(key, &failed).unwrap();
            assert!(now != 1 && (well == 1 || now == well));
            moved += u32::from(now != well);
        }
        assert!((250..420).contains(&moved), "{moved}");
        // In turn: those that are well, and any when none is.
        let mut number = 0;
        let turns: Vec<_> = (0..4)
            .filter_map(|_| group.turn(&mut number, &failed))
            .collect();
        assert_eq!(turns, [0, 2, 0, 2]);
        failed.set(0, true);
        failed.set(2, true);
        assert!(group.turn(&mut number, &failed).is_some());
        assert!(group.choose_healthy(7, &failed).is_some());
    }
}
