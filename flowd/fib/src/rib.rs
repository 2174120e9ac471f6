//! The routes as they change: changes reported by the kernel go in, immutable states come out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::address::{Address, Prefix};
use crate::fib::{Fib, ResolvedRoutes, Routes, Step, Target};
use crate::link::{Link, Links};
use crate::route::{self, Hop, Hops, Kind, NextHop, Outcome, Route};
use crate::route_lists::RouteLists;
use crate::rule::{Rule, Selector};
use crate::tree::Table;

/// A change of one address family's routes or rules.
#[derive(Clone, Debug)]
pub enum Entry<A> {
    /// A route was added.
    AddRoute {
        /// Routing table.
        table: u32,
        /// Destination.
        prefix: Prefix<A>,
        /// The route.
        route: Route,
        /// Whether it replaces the route with its priority.
        replace: bool,
    },
    /// A route was removed.
    RemoveRoute {
        /// Routing table.
        table: u32,
        /// Destination.
        prefix: Prefix<A>,
        /// The route.
        route: Route,
    },
    /// A rule was added.
    AddRule(Rule<A>),
    /// A rule was removed.
    RemoveRule(Rule<A>),
}

/// A change reported by the kernel.
#[derive(Clone, Debug)]
pub enum Change {
    /// An IPv4 route or rule changed.
    V4(Entry<u32>),
    /// An IPv6 route or rule changed.
    V6(Entry<u128>),
    /// A nexthop object was added or changed.
    NextHop(u32, NextHop),
    /// A nexthop object was removed.
    NextHopGone(u32),
    /// An interface was added or changed.
    Link(Link),
    /// An interface was removed.
    LinkGone(u32),
}

/// What has to be done after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Nothing: the routes are as before.
    None,
    /// The routes changed: [`Rib::fib`] returns the new state.
    Changed,
    /// The report does not tell which routes there are now, so they have to be read from the kernel again. Ignored
    /// while they are being read in the kernel's order.
    Reread,
}

/// Everything the kernel reported about routes: rules, tables, nexthop objects and interfaces.
#[derive(Default)]
pub struct Rib {
    v4: Family<u32>,
    v6: Family<u128>,
    route_lists: RouteLists,
    objects: BTreeMap<u32, NextHop>,
    links: BTreeMap<u32, Link>,
    /// Number of routes left out because there were more than 16 million different ones.
    left_out: u64,
    resolved: Option<(u64, Arc<[ResolvedRoutes]>)>,
}

struct Family<A> {
    tables: BTreeMap<u32, Table<A>>,
    rules: Vec<Rule<A>>,
    joins_hops: bool,
}

impl Default for Family<u32> {
    fn default() -> Self {
        Family {
            tables: BTreeMap::new(),
            rules: Vec::new(),
            joins_hops: false,
        }
    }
}

impl Default for Family<u128> {
    fn default() -> Self {
        Family {
            tables: BTreeMap::new(),
            rules: Vec::new(),
            joins_hops: true,
        }
    }
}

impl Rib {
    /// Applies a change reported by the kernel.
    pub fn apply(&mut self, change: Change) -> Effect {
        match change {
            Change::V4(entry) => self
                .v4
                .change(entry, &mut self.route_lists, &mut self.left_out),
            Change::V6(entry) => self
                .v6
                .change(entry, &mut self.route_lists, &mut self.left_out),
            Change::NextHop(id, object) => {
                self.resolved = None;
                self.objects.insert(id, object);
                Effect::Changed
            }
            Change::NextHopGone(id) => {
                self.resolved = None;
                // Routes that used it are gone as well, and the kernel does not report each.
                self.objects
                    .remove(&id)
                    .map_or(Effect::None, |_| Effect::Reread)
            }
            Change::Link(link) => {
                let routing_state = |link: &Link| (link.state, link.master);
                match self.links.insert(link.index, link.clone()) {
                    Some(old) if routing_state(&old) != routing_state(&link) => Effect::Reread,
                    Some(old) if old == link => Effect::None,
                    _ => Effect::Changed,
                }
            }
            Change::LinkGone(index) => self
                .links
                .remove(&index)
                .map_or(Effect::None, |_| Effect::Reread),
        }
    }

    /// Number of prefixes over all tables, of IPv4 and of IPv6.
    pub fn len(&self) -> (usize, usize) {
        (self.v4.len(), self.v6.len())
    }

    /// Whether there are no prefixes.
    pub fn is_empty(&self) -> bool {
        self.len() == (0, 0)
    }

    /// Number of rules by a criterion that cannot be known here, such as a tunnel identifier. They never apply.
    pub fn unknown_rules(&self) -> usize {
        let unknown = |unknown: &bool| *unknown;
        self.v4
            .rules
            .iter()
            .map(|rule| rule.unknown)
            .filter(unknown)
            .count()
            + self
                .v6
                .rules
                .iter()
                .map(|rule| rule.unknown)
                .filter(unknown)
                .count()
    }

    /// Number of routes left out for lack of room: there are at most 16 million different lists of routes.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The present state. Its cost grows with the number of interfaces, rules and different route lists, not with
    /// the number of routes.
    pub fn fib(&mut self) -> Fib {
        let version = self.route_lists.version();
        let resolved = match &self.resolved {
            Some((of, resolved)) if *of == version => resolved.clone(),
            _ => {
                let resolve = |list| resolve(list, &self.objects);
                let resolved: Arc<[ResolvedRoutes]> =
                    self.route_lists.lists().map(resolve).collect();
                self.resolved = Some((version, resolved.clone()));
                resolved
            }
        };
        let links = Arc::new(Links::new(&self.links));
        let vrfs = self
            .links
            .values()
            .filter_map(|link| link.vrf_table)
            .collect();
        Fib {
            v4: self.v4.routes(&self.links, &vrfs, &resolved, &links),
            v6: self.v6.routes(&self.links, &vrfs, &resolved, &links),
            links,
        }
    }
}

impl<A: Address> Family<A> {
    fn len(&self) -> usize {
        self.tables.values().map(Table::len).sum()
    }

    fn change(
        &mut self,
        entry: Entry<A>,
        route_lists: &mut RouteLists,
        left_out: &mut u64,
    ) -> Effect {
        let (number, prefix, added, route, replace) = match entry {
            Entry::AddRoute {
                table,
                prefix,
                route,
                replace,
            } => (table, prefix, true, route, replace),
            Entry::RemoveRoute {
                table,
                prefix,
                route,
            } => (table, prefix, false, route, false),
            Entry::AddRule(rule) => {
                if self.rules.contains(&rule) {
                    return Effect::None;
                }
                let at = self
                    .rules
                    .partition_point(|other| other.priority <= rule.priority);
                self.rules.insert(at, rule);
                return Effect::Changed;
            }
            Entry::RemoveRule(rule) => {
                let before = self.rules.len();
                self.rules.retain(|other| *other != rule);
                return if self.rules.len() < before {
                    Effect::Changed
                } else {
                    Effect::None
                };
            }
        };
        let table = self.tables.entry(number).or_default();
        let had = table.get(prefix).unwrap_or(0);
        let outcome = if added {
            route::add(route_lists.list(had), route, replace, self.joins_hops)
        } else {
            route::remove(route_lists.list(had), &route, self.joins_hops)
        };
        let (list, effect) = match outcome {
            Outcome::Same => return Effect::None,
            Outcome::Routes(list) => (list, Effect::Changed),
            Outcome::Reread(list) => (list, Effect::Reread),
        };
        let has = if list.is_empty() {
            None
        } else {
            route_lists.acquire(&list)
        };
        match has {
            Some(has) if has != had => table.set(prefix, has),
            Some(_) => {}
            None => {
                table.remove(prefix);
                *left_out += u64::from(!list.is_empty());
            }
        }
        if table.len() == 0 {
            self.tables.remove(&number);
        }
        route_lists.release(had);
        effect
    }

    fn routes(
        &mut self,
        interfaces: &BTreeMap<u32, Link>,
        vrfs: &BTreeSet<u32>,
        resolved: &Arc<[ResolvedRoutes]>,
        links: &Arc<Links>,
    ) -> Routes<A> {
        let index = |name: &str| {
            let mut named = interfaces.values().filter(|link| link.name == name);
            named.next().map(|link| link.index)
        };
        let trees: BTreeMap<u32, _> = self
            .tables
            .iter_mut()
            .map(|(number, table)| (*number, table.tree()))
            .collect();
        let table = |number| trees.get(&number).cloned();
        let place = |priority| self.rules.partition_point(|rule| rule.priority < priority);
        let steps = self.rules.iter().enumerate().map(|(at, rule)| Step {
            selector: Selector::new(rule, index),
            suppress_len: rule.suppress_len,
            target: Target::new(rule.action, table, place, at + 1),
        });
        Routes {
            steps: steps.collect(),
            vrfs: vrfs
                .iter()
                .filter_map(|number| Some((*number, table(*number)?)))
                .collect(),
            resolved: resolved.clone(),
            links: links.clone(),
        }
    }
}

/// Resolves a list of routes to the hops of the best one that works.
fn resolve(list: &[Route], objects: &BTreeMap<u32, NextHop>) -> ResolvedRoutes {
    let nowhere = ResolvedRoutes {
        kind: None,
        hops: Arc::new([]),
        weight: 0,
    };
    for route in list {
        if route.kind != Kind::Forward {
            return ResolvedRoutes {
                kind: Some(route.kind),
                ..nowhere
            };
        }
        let mut hops = Vec::new();
        let mut discard = false;
        match &route.hops {
            Hops::List(list) => hops.extend_from_slice(list),
            Hops::Object(id) => {
                match objects.get(id) {
                    Some(NextHop::Hop(hop)) => hops.push(*hop),
                    Some(NextHop::Group(members)) => {
                        hops.extend(members.iter().filter_map(
                            |(id, weight)| match objects.get(id) {
                                Some(NextHop::Hop(hop)) => Some(Hop {
                                    weight: *weight,
                                    ..*hop
                                }),
                                _ => None,
                            },
                        ));
                    }
                    Some(NextHop::Discard) => discard = true,
                    None => {}
                }
            }
        }
        if discard {
            return ResolvedRoutes {
                kind: Some(Kind::Discard),
                ..nowhere
            };
        }
        hops.retain(|hop| !hop.dead);
        if !hops.is_empty() {
            return ResolvedRoutes {
                kind: Some(Kind::Forward),
                weight: hops.iter().map(|hop| u32::from(hop.weight)).sum(),
                hops: hops.into(),
            };
        }
    }
    nowhere
}

#[cfg(test)]
mod tests;
