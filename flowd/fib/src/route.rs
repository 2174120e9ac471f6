//! Routes as the kernel tells them, without what a flow has no use for.

use std::net::IpAddr;
use std::sync::Arc;

/// What becomes of a packet that takes a route (the kernel's `rtm_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// It goes on to a hop: `unicast`.
    Forward,
    /// It is for this host: `local`, `broadcast`, `anycast`, `multicast`.
    Local,
    /// It goes nowhere: `blackhole`, `unreachable`, `prohibit`.
    Discard,
    /// The next rule decides: `throw`.
    Throw,
}

/// Where a route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hop {
    /// `ifIndex` the packet leaves by.
    pub output: u32,
    /// The router it goes to; none where the destination is on the link.
    pub gateway: Option<IpAddr>,
    /// Its share among the route's hops, at least 1.
    pub weight: u16,
    /// The kernel does not use it now: its link is down.
    pub dead: bool,
}

impl Hop {
    /// The same hop, whatever its weight and state are.
    pub(crate) fn is(&self, other: &Hop) -> bool {
        (self.output, self.gateway) == (other.output, other.gateway)
    }
}

/// The hops of a route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hops {
    /// These; none for a route that leads nowhere.
    List(Arc<[Hop]>),
    /// Those of the nexthop object with this identifier (`ip nexthop`).
    Object(u32),
}

impl Hops {
    /// The same hops, whatever their weights and states are.
    fn are(&self, other: &Hops) -> bool {
        match (self, other) {
            (Hops::Object(one), Hops::Object(other)) => one == other,
            (Hops::List(one), Hops::List(other)) => {
                one.len() == other.len()
                    && one
                        .iter()
                        .all(|hop| other.iter().any(|other| hop.is(other)))
            }
            _ => false,
        }
    }
}

/// One route to a prefix. Several differ in their priority; the lowest is used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Route {
    /// The metric.
    pub priority: u32,
    /// What becomes of the packet.
    pub kind: Kind,
    /// Where it leads.
    pub hops: Hops,
    /// Another of the same priority stands behind it, which shows when this one goes (`ip route append`).
    pub shadows: bool,
}

impl Route {
    /// The same route, whatever the weights and states of its hops are.
    fn is(&self, other: &Route) -> bool {
        self.kind == other.kind && self.hops.are(&other.hops)
    }
}

/// A nexthop object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextHop {
    /// One hop.
    Hop(Hop),
    /// Other objects with their weights.
    Group(Vec<(u32, u16)>),
    /// What takes it is discarded.
    Discard,
}

/// What a notification made of a prefix's routes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// These are its routes now, by priority.
    Routes(Vec<Route>),
    /// As before.
    Same,
    /// The notification does not tell: the kernel has to be asked.
    Doubt(Vec<Route>),
}

/// The routes of a prefix after the kernel told of `route`. IPv6 `joins` hops of one priority into one route.
pub(crate) fn add(routes: &[Route], route: Route, replace: bool, joins: bool) -> Outcome {
    let mut routes = routes.to_vec();
    let Some(at) = routes.iter().position(|old| old.priority == route.priority) else {
        let at = routes.partition_point(|old| old.priority < route.priority);
        routes.insert(at, route);
        return Outcome::Routes(routes);
    };
    let old = &mut routes[at];
    if *old == route {
        return Outcome::Same;
    }
    if replace || old.is(&route) {
        *old = Route {
            shadows: old.shadows,
            ..route
        };
        return Outcome::Routes(routes);
    }
    match (&old.hops, &route.hops) {
        (Hops::List(have), Hops::List(more)) if joins && old.kind == route.kind => {
            let kept = have
                .iter()
                .filter(|hop| !more.iter().any(|more| more.is(hop)));
            old.hops = Hops::List(kept.chain(more.iter()).copied().collect());
            Outcome::Routes(routes)
        }
        // Before or behind the old one: only the kernel knows. Who reads them in the kernel's order has the first.
        _ => {
            old.shadows = true;
            Outcome::Doubt(routes)
        }
    }
}

/// The routes of a prefix after the kernel told that `route` is gone.
pub(crate) fn remove(routes: &[Route], route: &Route, joins: bool) -> Outcome {
    let mut routes = routes.to_vec();
    let Some(at) = routes.iter().position(|old| old.priority == route.priority) else {
        return Outcome::Same;
    };
    let old = &mut routes[at];
    if old.is(route) {
        let shadows = old.shadows;
        routes.remove(at);
        return if shadows {
            Outcome::Doubt(routes)
        } else {
            Outcome::Routes(routes)
        };
    }
    match (&old.hops, &route.hops) {
        (Hops::List(have), Hops::List(gone)) if joins && old.kind == route.kind => {
            let kept: Arc<[Hop]> = have
                .iter()
                .filter(|hop| !gone.iter().any(|gone| gone.is(hop)))
                .copied()
                .collect();
            if kept.is_empty() {
                routes.remove(at);
            } else {
                old.hops = Hops::List(kept);
            }
            Outcome::Routes(routes)
        }
        _ => Outcome::Doubt(routes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(output: u32) -> Hop {
        Hop {
            output,
            gateway: None,
            weight: 1,
            dead: false,
        }
    }

    fn route(priority: u32, outputs: &[u32]) -> Route {
        Route {
            priority,
            kind: Kind::Forward,
            hops: Hops::List(outputs.iter().copied().map(hop).collect()),
            shadows: false,
        }
    }

    #[test]
    fn routes_lie_by_priority_and_are_replaced_by_it() {
        let Outcome::Routes(two) = add(&[route(20, &[1])], route(10, &[2]), false, false) else {
            panic!("two routes")
        };
        assert_eq!(two, [route(10, &[2]), route(20, &[1])]);
        assert_eq!(
            add(&two, route(20, &[3]), true, false),
            Outcome::Routes(vec![route(10, &[2]), route(20, &[3])])
        );
        assert_eq!(
            add(&two, route(20, &[1]), false, false),
            Outcome::Same,
            "told twice"
        );
        assert_eq!(
            remove(&two, &route(10, &[2]), false),
            Outcome::Routes(vec![route(20, &[1])])
        );
        assert_eq!(remove(&two, &route(30, &[2]), false), Outcome::Same);
    }

    #[test]
    fn ipv6_hops_of_one_priority_are_one_route() {
        let one = [route(1024, &[1])];
        let Outcome::Routes(two) = add(&one, route(1024, &[2]), false, true) else {
            panic!("two hops")
        };
        assert_eq!(two, [route(1024, &[1, 2])]);
        assert_eq!(
            remove(&two, &route(1024, &[1]), true),
            Outcome::Routes(vec![route(1024, &[2])])
        );
        assert_eq!(
            remove(&two, &route(1024, &[2, 1]), true),
            Outcome::Routes(vec![])
        );
    }

    #[test]
    fn what_only_the_kernel_knows_is_doubt() {
        let one = [route(0, &[1])];
        let shadowing = [Route {
            shadows: true,
            ..route(0, &[1])
        }];
        assert_eq!(
            add(&one, route(0, &[2]), false, false),
            Outcome::Doubt(shadowing.to_vec())
        );
        assert!(matches!(
            remove(&one, &route(0, &[2]), false),
            Outcome::Doubt(_)
        ));
        assert_eq!(
            remove(&shadowing, &route(0, &[1]), false),
            Outcome::Doubt(vec![])
        );
    }
}
