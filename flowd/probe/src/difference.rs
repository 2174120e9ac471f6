//! The difference between two settings of the probe, as data: `commit check` describes it, a commit carries it out. Pure.

use std::collections::{BTreeMap, BTreeSet};

use meter::RebuildReason;

use super::settings::{InterfaceSettings, Settings};
use service::named::changed;

/// The changes from one configuration of the probe to another. Whatever is not in it stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// Exporters that are new, have changed, or begin or cease to be used.
    pub exporters: BTreeMap<String, SocketChange>,
    /// Exporters that are deleted.
    pub gone_exporters: Vec<String>,
    /// Monitors that exporters must be told about: their record, their exporters or their sampling has changed.
    pub monitors: BTreeSet<String>,
    /// Monitors that are deleted.
    pub gone_monitors: Vec<String>,
    /// Metered interfaces of which something changes, with what happens to their rings and caches.
    pub interfaces: BTreeMap<String, InterfaceChange>,
}

/// What happens to an exporter's socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketChange {
    /// There is none, since no attached monitor uses the exporter.
    None,
    /// It is kept.
    Keep,
    /// It is opened.
    Open,
    /// It is replaced, because destination or source has changed.
    Reopen,
    /// It is closed, since no attached monitor uses the exporter any more.
    Close,
}

/// What happens to the rings of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingChange {
    /// They are kept.
    Keep,
    /// They are opened.
    Open,
    /// They are replaced between two packets: none is lost or metered twice.
    Reopen,
    /// They are closed.
    Close,
}

/// What happens to the rings and caches of an interface.
#[derive(Clone, Debug, PartialEq)]
pub struct InterfaceChange {
    /// Its rings.
    pub ring: RingChange,
    /// The caches of its monitors, by the monitors' names.
    pub caches: BTreeMap<String, CacheChange>,
}

/// What happens to a monitor's cache on an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheChange {
    /// It is kept, with its flows.
    Keep,
    /// It is made.
    Make,
    /// Its flows are exported, and an empty one replaces it.
    Rebuild(RebuildReason),
    /// Its flows are exported, and it is removed.
    Drop,
}

/// Returns the changes from `old` to `new`.
pub(crate) fn difference(old: &Settings, new: &Settings) -> Difference {
    let mut difference = Difference::default();
    difference.exporters(old, new);
    let mut touched: BTreeSet<&str> = BTreeSet::new();
    for (name, was, is) in changed(&old.monitors, &new.monitors) {
        touched.insert(name);
        match (was, is) {
            (_, None) => difference.gone_monitors.push(name.clone()),
            (Some(was), Some(is)) if is.same_for_exporters(was) => {}
            _ => drop(difference.monitors.insert(name.clone())),
        }
    }
    let samplers: BTreeSet<&str> = changed(&old.samplers, &new.samplers)
        .map(|(name, ..)| name.as_str())
        .collect();
    difference.interfaces(old, new, &touched, &samplers);
    difference
}

impl Difference {
    fn exporters(&mut self, old: &Settings, new: &Settings) {
        let (was_used, is_used) = match new.same_monitors_and_interfaces(old) {
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
            let link = SocketChange::of(was.is_some() && used(&was_used), used(&is_used), same);
            self.exporters.insert(name.clone(), link);
        }
        for name in was_used.symmetric_difference(&is_used) {
            if new.exporters.contains_key(name) && !self.exporters.contains_key(*name) {
                let link = SocketChange::of(was_used.contains(name), is_used.contains(name), true);
                self.exporters.insert((*name).to_owned(), link);
            }
        }
    }

    fn interfaces(
        &mut self,
        old: &Settings,
        new: &Settings,
        monitors: &BTreeSet<&str>,
        samplers: &BTreeSet<&str>,
    ) {
        for (name, was, is) in changed(&old.interfaces, &new.interfaces) {
            let attached = |settings: &InterfaceSettings| {
                let attached = settings.attachments.iter();
                attached.map(|at| at.monitor.clone()).collect::<Vec<_>>()
            };
            // Its attachments decide how a monitor is sampled, which exporters must know.
            for monitor in [was, is]
                .into_iter()
                .flatten()
                .flat_map(|settings| attached(settings))
            {
                if new.monitors.contains_key(&monitor) {
                    self.monitors.insert(monitor);
                }
            }
            let change = interface_change(old, new, was.map(AsRef::as_ref), is.map(AsRef::as_ref));
            self.interfaces.insert(name.clone(), change);
        }
        if monitors.is_empty() && samplers.is_empty() {
            return;
        }
        for (name, is) in new.interfaces.iter() {
            let mut affected = false;
            for at in &is.attachments {
                let sampler = at.sampler.as_deref();
                let sampler_changed = sampler.is_some_and(|sampler| samplers.contains(sampler));
                if sampler_changed {
                    self.monitors.insert(at.monitor.clone());
                }
                affected |= sampler_changed || monitors.contains(at.monitor.as_str());
            }
            if affected && !self.interfaces.contains_key(name) {
                self.interfaces
                    .insert(name.clone(), interface_change(old, new, Some(is), Some(is)));
            }
        }
    }
}

impl SocketChange {
    /// Returns the change for an exporter that was or was not used, is or is not used now, and can or cannot keep its
    /// socket.
    fn of(was_used: bool, is_used: bool, same_socket: bool) -> SocketChange {
        match (was_used, is_used, same_socket) {
            (false, false, _) => SocketChange::None,
            (true, false, _) => SocketChange::Close,
            (false, true, _) => SocketChange::Open,
            (true, true, true) => SocketChange::Keep,
            (true, true, false) => SocketChange::Reopen,
        }
    }
}

fn interface_change(
    old: &Settings,
    new: &Settings,
    was: Option<&InterfaceSettings>,
    is: Option<&InterfaceSettings>,
) -> InterfaceChange {
    let ring = match (was, is) {
        (Some(was), Some(is)) if was.ring_key() == is.ring_key() => RingChange::Keep,
        (Some(_), Some(_)) => RingChange::Reopen,
        (None, _) => RingChange::Open,
        (_, None) => RingChange::Close,
    };
    let of = |interface: Option<&InterfaceSettings>, settings: &Settings| -> BTreeMap<String, _> {
        let attachments = interface
            .into_iter()
            .flat_map(|settings| &settings.attachments);
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
            None => CacheChange::Make,
            Some(was) => match meter::rebuild_reason(&was.meter(), &is.meter()) {
                None => CacheChange::Keep,
                Some(why) => CacheChange::Rebuild(why),
            },
        };
        caches.insert(name.clone(), cache);
    }
    for name in before.into_keys().filter(|name| !after.contains_key(name)) {
        caches.insert(name, CacheChange::Drop);
    }
    InterfaceChange { ring, caches }
}

#[cfg(test)]
mod tests;
