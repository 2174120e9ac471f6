//! Writer of the `set` lines of a samplicator.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;

use language::schema::MAX_RECEIVERS;

use super::super::super::MAX_PAIRS;
use super::super::super::names;
use super::super::super::prefix::Prefix;
use super::super::super::probe::Collector;
use super::super::super::report::Remarks;
use super::super::receivers::Balance;
use super::super::tags::TagMap;
use super::super::{NAME, WHOLE};
use super::{Daemon, Tee};

/// Default ports of nfacctd and sfacctd.
const NETFLOW_PORT: u16 = 2100;
const SFLOW_PORT: u16 = 6343;

/// The receivers of each pool, by plugin and pool.
type Members = BTreeMap<(usize, usize), Vec<usize>>;

/// A receiver of the samplicator.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Receiver {
    to: Collector,
    spoof: bool,
    source_port: Option<u16>,
    dscp: Option<u64>,
}

/// A target of rules: a receiver or a group.
struct Target {
    name: String,
    /// The family of exporters whose datagrams it can get (true for IPv4); `None` for both.
    family: Option<bool>,
    plugin: usize,
    pool: usize,
}

/// Returns the `set` lines; empty if there is no receiver.
pub(super) fn statements(daemon: &Daemon, tees: &[Tee], remarks: &mut Remarks) -> String {
    let family = match daemon.listen.as_slice() {
        [] => None,
        listen => {
            let ipv4 = |text: &String| !text.contains(':');
            let first = listen.iter().all(ipv4);
            (first || !listen.iter().any(ipv4)).then_some(first)
        }
    };
    let port = daemon.port.unwrap_or(match daemon.is_sflow {
        true => SFLOW_PORT,
        false => NETFLOW_PORT,
    });
    let (receivers, members) = receivers(daemon, tees, (port, family), remarks);
    if receivers.is_empty() {
        remarks.lost(WHOLE, "pmacct", "there is no receiver to send to");
        return String::new();
    }
    let idle = idle(daemon, tees, &members, remarks);
    let hosts: Vec<(&str, u16)> = receivers
        .iter()
        .map(|receiver| (receiver.to.host.as_str(), receiver.to.port))
        .collect();
    let names = names::of(&hosts);
    let mut out = String::new();
    let mut set = |statement: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "set flow samplicator {NAME} {statement}");
    };
    for address in &daemon.listen {
        set(format_args!("listen-address {address}"));
    }
    set(format_args!("port {port}"));
    if let Some(octets) = daemon.buffer {
        set(format_args!("receive-buffer {octets}"));
    }
    for (id, (receiver, name)) in receivers.iter().zip(&names).enumerate() {
        let mut set = |leaf: std::fmt::Arguments<'_>| set(format_args!("receiver {name} {leaf}"));
        set(format_args!("address {}", receiver.to.host));
        set(format_args!("port {}", receiver.to.port));
        if receiver.spoof {
            set(format_args!("spoof-source"));
        }
        if let Some(port) = receiver.source_port {
            set(format_args!("source-port {port}"));
        }
        if let Some(dscp) = receiver.dscp {
            set(format_args!("dscp {dscp}"));
        }
        if idle.contains(&id) {
            set(format_args!("disable"));
        }
    }
    let mut targets = Vec::new();
    let mut groups: BTreeSet<String> = BTreeSet::new();
    for (plugin, tee) in tees.iter().enumerate() {
        for (index, pool) in tee.pools.iter().flatten().enumerate() {
            let own: Vec<usize> = members.get(&(plugin, index)).cloned().unwrap_or_default();
            let mut target = |name: &str, family| {
                targets.push(Target {
                    name: name.to_owned(),
                    family,
                    plugin,
                    pool: index,
                });
            };
            let spoofed = |id: &usize| receivers[*id].spoofed_family();
            match pool.balance.filter(|_| own.len() > 1) {
                Some(by) => {
                    let taken =
                        |name: &str| groups.contains(name) || names.iter().any(|one| one == name);
                    let name = names::free(&format!("pool-{}", pool.id), |name| !taken(name));
                    for id in &own {
                        set(format_args!(
                            "balance group {name} receivers {}",
                            names[*id]
                        ));
                    }
                    set(format_args!(
                        "balance group {name} by {}",
                        Balance::word(by)
                    ));
                    let families: BTreeSet<Option<bool>> = own.iter().map(spoofed).collect();
                    let one = families.first().copied().flatten();
                    target(&name, one.filter(|_| families.len() == 1));
                    groups.insert(name);
                }
                None => own.iter().for_each(|id| target(&names[*id], spoofed(id))),
            }
        }
    }
    if daemon.tells_exporters_apart(tees) {
        sources(daemon, tees, &targets, remarks, &mut set);
    }
    out
}

/// Returns the receivers that get nothing, because no datagram has the tag that their pools want if no map sets tags.
fn idle(
    daemon: &Daemon,
    tees: &[Tee],
    members: &Members,
    remarks: &mut Remarks,
) -> BTreeSet<usize> {
    let mut idle = BTreeSet::<usize>::new();
    let mut busy = BTreeSet::<usize>::new();
    if daemon.tells_exporters_apart(tees) {
        return idle;
    }
    for ((plugin, pool), own) in members {
        let pool = tees
            .get(*plugin)
            .and_then(|tee| tee.pools.as_ref()?.get(*pool));
        let Some(pool) = pool else { continue };
        if pool.wanted.as_ref().is_none_or(|wanted| wanted.takes(0)) {
            busy.extend(own);
            continue;
        }
        idle.extend(own);
        let why = "no pre_tag_map gives that tag, so its receivers get nothing, as in pmacct: delete their `disable` to send them everything";
        remarks.differs(pool.place, &format!("tag={}", pool.tags), why);
    }
    idle.into_iter().filter(|id| !busy.contains(id)).collect()
}

impl Receiver {
    /// The family of exporters whose address it can be sent, IPv4 is true; `None`: it is sent from ours, or it is a name.
    fn spoofed_family(&self) -> Option<bool> {
        let address = self.to.host.parse::<IpAddr>().ok();
        address
            .filter(|_| self.spoof)
            .map(|address| address.is_ipv4())
    }
}

/// The receivers, each once, and those of each pool.
fn receivers(
    daemon: &Daemon,
    tees: &[Tee],
    (port, family): (u16, Option<bool>),
    remarks: &mut Remarks,
) -> (Vec<Receiver>, Members) {
    let mut receivers: Vec<Receiver> = Vec::new();
    let mut members = Members::new();
    let too_many = format!("{MAX_RECEIVERS} receivers are possible");
    for (plugin, tee) in tees.iter().enumerate() {
        for (index, pool) in tee.pools.iter().flatten().enumerate() {
            for to in &pool.receivers {
                let shown = format!("ip={}:{}", to.host, to.port);
                let receiver = Receiver {
                    to: to.clone(),
                    spoof: tee.transparent,
                    source_port: pool.source_port,
                    dscp: tee.dscp.filter(|dscp| *dscp > 0),
                };
                let own = daemon.listen.contains(&to.host);
                let spoofed = receiver.spoofed_family();
                let known = receivers.iter().position(|one| *one == receiver);
                let why = match known {
                    _ if own && to.port == port => {
                        "it is the samplicator itself; datagrams would go round"
                    }
                    _ if spoofed.zip(family).is_some_and(|(to, from)| to != from) => {
                        "tee_transparent: a datagram of one family cannot have a source of the other"
                    }
                    None if receivers.len() == MAX_RECEIVERS => too_many.as_str(),
                    _ => {
                        let id = known.unwrap_or(receivers.len());
                        if known.is_none() {
                            receivers.push(receiver);
                        }
                        members.entry((plugin, index)).or_default().push(id);
                        continue;
                    }
                };
                remarks.lost(pool.place, &shown, why);
            }
        }
    }
    (receivers, members)
}

/// Writes which exporters' datagrams go to which receivers, if not all go to all.
fn sources(
    daemon: &Daemon,
    tees: &[Tee],
    targets: &[Target],
    remarks: &mut Remarks,
    set: &mut impl FnMut(std::fmt::Arguments<'_>),
) {
    let pool = |target: &Target| tees[target.plugin].pools.as_ref()?.get(target.pool);
    let takes = |target: &Target, prefix: Prefix| {
        let tags = tees[target.plugin].tags.as_ref();
        let tag = tags.map_or(0, |tags| tags.tag(prefix));
        pool(target).is_some_and(|pool| pool.wanted.as_ref().is_none_or(|wanted| wanted.takes(tag)))
    };
    let maps = tees.iter().filter_map(|tee| tee.tags.as_ref());
    let mut prefixes: BTreeSet<Prefix> = maps.flat_map(TagMap::prefixes).collect();
    prefixes.extend(daemon.allowed.iter().flatten().copied());
    prefixes.extend([Prefix::any(true), Prefix::any(false)]);
    let pairs = prefixes.len().saturating_mul(targets.len());
    if pairs > MAX_PAIRS {
        let why = format!("{pairs} pairs of a source and a receiver; {MAX_PAIRS} are possible");
        remarks.lost(WHOLE, "pre_tag_map", why);
        prefixes.clear();
    }
    let mut served = BTreeSet::new();
    for prefix in prefixes {
        let allowed = daemon.allowed.as_ref();
        let allowed = allowed.is_none_or(|all| all.iter().any(|one| one.contains(prefix)));
        let own: BTreeSet<&str> = targets
            .iter()
            .filter(|target| target.family.is_none_or(|ipv4| ipv4 == prefix.ipv4))
            .filter(|target| allowed && takes(target, prefix))
            .map(|target| target.name.as_str())
            .collect();
        for name in &own {
            set(format_args!("source {prefix} receiver {name}"));
        }
        if own.is_empty() {
            set(format_args!("source {prefix} deny"));
        }
        served.extend(own);
    }
    let mut told = BTreeSet::new();
    for target in targets {
        let Some(pool) = pool(target).filter(|pool| pool.wanted.is_some()) else {
            continue;
        };
        if !served.contains(target.name.as_str()) && told.insert((target.plugin, target.pool)) {
            let why = "no exporter has that tag, so its receivers get nothing";
            remarks.differs(pool.place, &format!("tag={}", pool.tags), why);
        }
    }
}
