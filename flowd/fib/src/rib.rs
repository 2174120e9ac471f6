//! The routes as they change: what the kernel tells goes in, states of it come out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::address::{Address, Prefix};
use crate::fib::{Fib, Routes, Step, To, Way};
use crate::link::{Link, Links};
use crate::route::{self, Hop, Hops, Kind, NextHop, Outcome, Route};
use crate::rule::{Rule, Selector};
use crate::sets::Sets;
use crate::tree::Table;

/// One thing the kernel tells of one family.
#[derive(Clone, Debug)]
pub enum Entry<A> {
    /// A route is there.
    Add {
        /// Its table.
        table: u32,
        /// Its destination.
        prefix: Prefix<A>,
        /// The route.
        route: Route,
        /// It takes the place of the one of its priority.
        replace: bool,
    },
    /// A route is gone.
    Remove {
        /// Its table.
        table: u32,
        /// Its destination.
        prefix: Prefix<A>,
        /// The route.
        route: Route,
    },
    /// A rule is there.
    Rule(Rule<A>),
    /// A rule is gone.
    RuleGone(Rule<A>),
}

/// One thing the kernel tells.
#[derive(Clone, Debug)]
pub enum Change {
    /// An IPv4 route or rule.
    V4(Entry<u32>),
    /// An IPv6 route or rule.
    V6(Entry<u128>),
    /// A nexthop object is there, or is another now.
    NextHop(u32, NextHop),
    /// A nexthop object is gone.
    NextHopGone(u32),
    /// An interface is there, or has changed.
    Link(Link),
    /// An interface is gone.
    LinkGone(u32),
}

/// What is to be done after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Nothing: all is as before.
    None,
    /// A new state can be had from [`Rib::fib`].
    Changed,
    /// The change does not tell what the routes are now: they have to be read anew. While they are read, in the kernel's
    /// order, it says nothing.
    Doubt,
}

/// Everything the kernel has told.
#[derive(Default)]
pub struct Rib {
    v4: Family<u32>,
    v6: Family<u128>,
    sets: Sets,
    objects: BTreeMap<u32, NextHop>,
    links: BTreeMap<u32, Link>,
    /// Routes that had to be left out: more than 16 million different ones.
    left_out: u64,
    ways: Option<(u64, Arc<[Way]>)>,
}

struct Family<A> {
    tables: BTreeMap<u32, Table<A>>,
    rules: Vec<Rule<A>>,
    joins: bool,
}

impl Default for Family<u32> {
    fn default() -> Self {
        Family {
            tables: BTreeMap::new(),
            rules: Vec::new(),
            joins: false,
        }
    }
}

impl Default for Family<u128> {
    fn default() -> Self {
        Family {
            tables: BTreeMap::new(),
            rules: Vec::new(),
            joins: true,
        }
    }
}

impl Rib {
    /// Takes over what the kernel says.
    pub fn change(&mut self, change: Change) -> Effect {
        match change {
            Change::V4(entry) => self.v4.change(entry, &mut self.sets, &mut self.left_out),
            Change::V6(entry) => self.v6.change(entry, &mut self.sets, &mut self.left_out),
            Change::NextHop(id, object) => {
                self.ways = None;
                self.objects.insert(id, object);
                Effect::Changed
            }
            Change::NextHopGone(id) => {
                self.ways = None;
                // Routes that led to it are gone too, and nobody is told of each.
                self.objects
                    .remove(&id)
                    .map_or(Effect::None, |_| Effect::Doubt)
            }
            Change::Link(link) => {
                let fate = |link: &Link| (link.state, link.master);
                match self.links.insert(link.index, link.clone()) {
                    Some(old) if fate(&old) != fate(&link) => Effect::Doubt,
                    Some(old) if old == link => Effect::None,
                    _ => Effect::Changed,
                }
            }
            Change::LinkGone(index) => self
                .links
                .remove(&index)
                .map_or(Effect::None, |_| Effect::Doubt),
        }
    }

    /// Prefixes, IPv4 and IPv6, over all tables.
    pub fn len(&self) -> (usize, usize) {
        (self.v4.len(), self.v6.len())
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.len() == (0, 0)
    }

    /// Rules that name what cannot be known here, such as a tunnel's identifier; they never apply.
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

    /// Routes that found no room: there are 16 million different lists of hops at most.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The present state. Its cost grows with the interfaces, rules and different ways out, not with the routes.
    pub fn fib(&mut self) -> Fib {
        let version = self.sets.version();
        let ways = match &self.ways {
            Some((of, ways)) if *of == version => ways.clone(),
            _ => {
                let way = |list| way(list, &self.objects);
                let ways: Arc<[Way]> = self.sets.lists().map(way).collect();
                self.ways = Some((version, ways.clone()));
                ways
            }
        };
        let links = Arc::new(Links::new(&self.links));
        let vrfs = self
            .links
            .values()
            .filter_map(|link| link.vrf_table)
            .collect();
        Fib {
            v4: self.v4.routes(&self.links, &vrfs, &ways, &links),
            v6: self.v6.routes(&self.links, &vrfs, &ways, &links),
            links,
        }
    }
}

impl<A: Address> Family<A> {
    fn len(&self) -> usize {
        self.tables.values().map(Table::len).sum()
    }

    fn change(&mut self, entry: Entry<A>, sets: &mut Sets, left_out: &mut u64) -> Effect {
        let (number, prefix, added, route, replace) = match entry {
            Entry::Add {
                table,
                prefix,
                route,
                replace,
            } => (table, prefix, true, route, replace),
            Entry::Remove {
                table,
                prefix,
                route,
            } => (table, prefix, false, route, false),
            Entry::Rule(rule) => {
                if self.rules.contains(&rule) {
                    return Effect::None;
                }
                let at = self
                    .rules
                    .partition_point(|other| other.priority <= rule.priority);
                self.rules.insert(at, rule);
                return Effect::Changed;
            }
            Entry::RuleGone(rule) => {
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
            route::add(sets.list(had), route, replace, self.joins)
        } else {
            route::remove(sets.list(had), &route, self.joins)
        };
        let (list, effect) = match outcome {
            Outcome::Same => return Effect::None,
            Outcome::Routes(list) => (list, Effect::Changed),
            Outcome::Doubt(list) => (list, Effect::Doubt),
        };
        let has = if list.is_empty() {
            None
        } else {
            sets.take(&list)
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
        sets.leave(had);
        effect
    }

    fn routes(
        &mut self,
        interfaces: &BTreeMap<u32, Link>,
        vrfs: &BTreeSet<u32>,
        ways: &Arc<[Way]>,
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
            to: To::new(rule.action, table, place, at + 1),
        });
        Routes {
            steps: steps.collect(),
            vrfs: vrfs
                .iter()
                .filter_map(|number| Some((*number, table(*number)?)))
                .collect(),
            ways: ways.clone(),
            links: links.clone(),
        }
    }
}

/// The way of the best route that works.
fn way(list: &[Route], objects: &BTreeMap<u32, NextHop>) -> Way {
    let nowhere = Way {
        kind: None,
        hops: Arc::new([]),
        weight: 0,
    };
    for route in list {
        if route.kind != Kind::Forward {
            return Way {
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
            return Way {
                kind: Some(Kind::Discard),
                ..nowhere
            };
        }
        hops.retain(|hop| !hop.dead);
        if !hops.is_empty() {
            return Way {
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
