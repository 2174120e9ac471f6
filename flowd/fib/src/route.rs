//! Routes as the kernel reports them, reduced to what a flow record needs.

use std::net::IpAddr;
use std::sync::Arc;

/// What happens to a packet that takes a route (the kernel's `rtm_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Forwarded to a hop: `unicast`.
    Forward,
    /// Delivered to this host: `local`, `broadcast`, `anycast`, `multicast`.
    Local,
    /// Discarded: `blackhole`, `unreachable`, `prohibit`.
    Discard,
    /// Left to the next rule: `throw`.
    Throw,
}

/// A next hop of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hop {
    /// `ifIndex` of the output interface.
    pub output: u32,
    /// Next-hop router; `None` if the destination is on the link.
    pub gateway: Option<IpAddr>,
    /// Weight among the route's hops, at least 1.
    pub weight: u16,
    /// Whether the kernel does not use the hop now because its link is down.
    pub dead: bool,
}

impl Hop {
    /// Whether both are the same hop, apart from weight and state.
    pub(crate) fn is(&self, other: &Hop) -> bool {
        (self.output, self.gateway) == (other.output, other.gateway)
    }
}

/// The hops of a route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hops {
    /// The hops are listed here; none if the route leads nowhere.
    List(Arc<[Hop]>),
    /// The hops are those of the nexthop object with this identifier (`ip nexthop`).
    Object(u32),
}

impl Hops {
    /// Whether both have the same hops, apart from weights and states.
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

/// A route to a prefix. Of several routes to one prefix, the one with the lowest priority number is used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Route {
    /// The metric.
    pub priority: u32,
    /// What happens to the packet.
    pub kind: Kind,
    /// The next hops.
    pub hops: Hops,
    /// Whether another route of the same priority is hidden behind this one and appears when this one is removed
    /// (`ip route append`).
    pub shadows: bool,
}

impl Route {
    /// Whether both are the same route, apart from weights and states of the hops.
    fn is(&self, other: &Route) -> bool {
        self.kind == other.kind && self.hops.are(&other.hops)
    }
}

/// A nexthop object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextHop {
    /// One hop.
    Hop(Hop),
    /// A group: identifiers of other objects and their weights.
    Group(Vec<(u32, u16)>),
    /// Packets are discarded.
    Discard,
}

/// What a report of the kernel means for the routes of a prefix.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// These are the routes now, by priority.
    Routes(Vec<Route>),
    /// The routes are as before.
    Same,
    /// The report does not tell: the routes have to be read from the kernel again.
    Reread(Vec<Route>),
}

/// The routes of a prefix after `route` was added. With `joins_hops` (IPv6), hops of routes with one priority form
/// one route.
pub(crate) fn add(routes: &[Route], route: Route, replace: bool, joins_hops: bool) -> Outcome {
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
        (Hops::List(have), Hops::List(more)) if joins_hops && old.kind == route.kind => {
            let kept = have
                .iter()
                .filter(|hop| !more.iter().any(|more| more.is(hop)));
            old.hops = Hops::List(kept.chain(more.iter()).copied().collect());
            Outcome::Routes(routes)
        }
        // Only the kernel knows which of the two comes first. A reader that gets them in the kernel's order keeps
        // the first.
        _ => {
            old.shadows = true;
            Outcome::Reread(routes)
        }
    }
}

/// The routes of a prefix after `route` was removed.
pub(crate) fn remove(routes: &[Route], route: &Route, joins_hops: bool) -> Outcome {
    let mut routes = routes.to_vec();
    let Some(at) = routes.iter().position(|old| old.priority == route.priority) else {
        return Outcome::Same;
    };
    let old = &mut routes[at];
    if old.is(route) {
        let shadows = old.shadows;
        routes.remove(at);
        return if shadows {
            Outcome::Reread(routes)
        } else {
            Outcome::Routes(routes)
        };
    }
    match (&old.hops, &route.hops) {
        (Hops::List(have), Hops::List(gone)) if joins_hops && old.kind == route.kind => {
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
        _ => Outcome::Reread(routes),
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
            Outcome::Reread(shadowing.to_vec())
        );
        assert!(matches!(
            remove(&one, &route(0, &[2]), false),
            Outcome::Reread(_)
        ));
        assert_eq!(
            remove(&shadowing, &route(0, &[1]), false),
            Outcome::Reread(vec![])
        );
    }
}
