//! What a commit changes of the probe, as data: a check tells it, a commit carries it out. Pure.

use std::collections::{BTreeMap, BTreeSet};

use meter::RebuildReason;

use super::settings::{Attachment, PortSettings, Settings};
use service::named::changed;

/// What leads from one configuration of the probe to another. What is not in it stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// Exporters that are new, have changed, or come into or out of use.
    pub exporters: BTreeMap<String, Link>,
    /// Exporters that go.
    pub gone_exporters: Vec<String>,
    /// Monitors of which exporters have to know something else: their record, their exporters, their sampling.
    pub monitors: BTreeSet<String>,
    /// Monitors that go.
    pub gone_monitors: Vec<String>,
    /// Interfaces that are captured on, with what becomes of ring and caches.
    pub ports: BTreeMap<String, Port>,
}

/// What becomes of an exporter's socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// There is none, and none is needed.
    None,
    /// It stays.
    Keep,
    /// There was none.
    Open,
    /// Another takes its place: it leads elsewhere, or comes from elsewhere.
    Reopen,
    /// Nobody exports by it any more.
    Close,
}

/// What becomes of a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ring {
    /// It stays.
    Keep,
    /// There was none.
    Open,
    /// Another takes its place, at a moment: no packet is lost or metered twice.
    Reopen,
    /// It goes.
    Close,
}

/// An interface whose capture threads have to know something.
#[derive(Clone, Debug, PartialEq)]
pub struct Port {
    /// Its ring.
    pub ring: Ring,
    /// The caches of its monitors, by the monitors' names.
    pub caches: BTreeMap<String, Cache>,
}

/// What becomes of a monitor's cache on an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cache {
    /// It stays, with its flows.
    Keep,
    /// There was none.
    Make,
    /// Its flows are exported, and it begins anew.
    Rebuild(RebuildReason),
    /// Its flows are exported, and it goes.
    Drop,
}

/// What leads from `old` to `new`.
pub(crate) fn difference(old: &Settings, new: &Settings) -> Difference {
    let mut difference = Difference::default();
    difference.exporters(old, new);
    let mut touched: BTreeSet<&str> = BTreeSet::new();
    for (name, was, is) in changed(&old.monitors, &new.monitors) {
        touched.insert(name);
        match (was, is) {
            (_, None) => difference.gone_monitors.push(name.clone()),
            (Some(was), Some(is)) if is.exports_as(was) => {}
            _ => drop(difference.monitors.insert(name.clone())),
        }
    }
    let samplers: BTreeSet<&str> = changed(&old.samplers, &new.samplers)
        .map(|(name, ..)| name.as_str())
        .collect();
    difference.ports(old, new, &touched, &samplers);
    difference
}

impl Difference {
    fn exporters(&mut self, old: &Settings, new: &Settings) {
        let (was_used, is_used) = match new.uses_as(old) {
            true => {
                let used = new.used_exporters();
                (used.clone(), used)
            }
            false => (old.used_exporters(), new.used_exporters()),
        };
        for (name, was, is) in changed(&old.exporters, &new.exporters) {
            let Some(is) = is else {
                self.gone_exporters.push(name.clone());
                continue;
            };
            let used = |used: &BTreeSet<&str>| used.contains(name.as_str());
            let same = was.is_some_and(|was| was.export.same_socket(&is.export));
            let link = Link::of(was.is_some() && used(&was_used), used(&is_used), same);
            self.exporters.insert(name.clone(), link);
        }
        for name in was_used.symmetric_difference(&is_used) {
            if new.exporters.contains_key(name) && !self.exporters.contains_key(*name) {
                let link = Link::of(was_used.contains(name), is_used.contains(name), true);
                self.exporters.insert((*name).to_owned(), link);
            }
        }
    }

    fn ports(
        &mut self,
        old: &Settings,
        new: &Settings,
        monitors: &BTreeSet<&str>,
        samplers: &BTreeSet<&str>,
    ) {
        for (name, was, is) in changed(&old.ports, &new.ports) {
            let attached = |port: &PortSettings| {
                let attached = port.attachments.iter();
                attached.map(|at| at.monitor.clone()).collect::<Vec<_>>()
            };
            // Where a monitor is attached decides by what it is sampled.
            for monitor in [was, is]
                .into_iter()
                .flatten()
                .flat_map(|port| attached(port))
            {
                if new.monitors.contains_key(&monitor) {
                    self.monitors.insert(monitor);
                }
            }
            let port = port(old, new, was.map(AsRef::as_ref), is.map(AsRef::as_ref));
            self.ports.insert(name.clone(), port);
        }
        if monitors.is_empty() && samplers.is_empty() {
            return;
        }
        for (name, is) in new.ports.iter() {
            let speaks = |at: &Attachment| {
                let sampler = at.sampler.as_deref();
                let sampled = sampler.is_some_and(|sampler| samplers.contains(sampler));
                (sampled, sampled || monitors.contains(at.monitor.as_str()))
            };
            let mut any = false;
            for at in &is.attachments {
                let (sampled, speaks) = speaks(at);
                any |= speaks;
                if sampled {
                    self.monitors.insert(at.monitor.clone());
                }
            }
            if any && !self.ports.contains_key(name) {
                self.ports
                    .insert(name.clone(), port(old, new, Some(is), Some(is)));
            }
        }
    }
}

impl Link {
    /// By whether it was and is used, and whether the same socket does.
    fn of(was: bool, is: bool, same: bool) -> Link {
        match (was, is, same) {
            (false, false, _) => Link::None,
            (true, false, _) => Link::Close,
            (false, true, _) => Link::Open,
            (true, true, true) => Link::Keep,
            (true, true, false) => Link::Reopen,
        }
    }
}

fn port(
    old: &Settings,
    new: &Settings,
    was: Option<&PortSettings>,
    is: Option<&PortSettings>,
) -> Port {
    let ring = match (was, is) {
        (Some(was), Some(is)) if was.ring_key() == is.ring_key() => Ring::Keep,
        (Some(_), Some(_)) => Ring::Reopen,
        (None, _) => Ring::Open,
        (_, None) => Ring::Close,
    };
    let of = |port: Option<&PortSettings>, settings: &Settings| -> BTreeMap<String, _> {
        let attachments = port.into_iter().flat_map(|port| &port.attachments);
        let named = attachments.filter_map(|at| {
            let monitor = settings.monitors.get(&at.monitor)?;
            Some((at.monitor.clone(), monitor.clone()))
        });
        named.collect()
    };
    let (before, after) = (of(was, old), of(is, new));
    let mut caches = BTreeMap::new();
    for (name, is) in &after {
        let cache = match before.get(name) {
            None => Cache::Make,
            Some(was) => match meter::rebuild_reason(&was.meter(), &is.meter()) {
                None => Cache::Keep,
                Some(why) => Cache::Rebuild(why),
            },
        };
        caches.insert(name.clone(), cache);
    }
    for name in before.into_keys().filter(|name| !after.contains_key(name)) {
        caches.insert(name, Cache::Drop);
    }
    Port { ring, caches }
}

#[cfg(test)]
mod tests;
