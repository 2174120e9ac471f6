//! Which monitor feeds which exporters. The cost of a change is proportional to what it changes. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crossbeam_channel::Sender;

use crate::change::{Change, Plan};
use crate::feed::Feed;
use crate::lane::Lane;
use crate::message::{Message, Users};
use crate::settings::Monitor;

/// A monitor's feed and the lanes that a change gives it.
#[derive(Debug)]
pub(super) struct Rerouted {
    pub(super) feed: Feed,
    pub(super) lanes: Vec<Arc<Lane>>,
}

#[derive(Clone, Debug)]
pub(super) struct Routes {
    sender: Sender<Message>,
    feeds: BTreeMap<String, Feed>,
    exporters: BTreeSet<String>,
    /// The exporters that each monitor names, whether they are there or not.
    monitors: BTreeMap<String, Vec<String>>,
    /// The monitors that name each exporter.
    named_by: BTreeMap<String, BTreeSet<String>>,
    /// The lanes by exporter and monitor, where both are there.
    lanes: BTreeMap<(String, String), Arc<Lane>>,
}

impl Routes {
    pub(super) fn new(sender: Sender<Message>) -> Routes {
        Routes {
            sender,
            feeds: BTreeMap::new(),
            exporters: BTreeSet::new(),
            monitors: BTreeMap::new(),
            named_by: BTreeMap::new(),
            lanes: BTreeMap::new(),
        }
    }

    /// Returns the feed of a monitor, which is made if there is none.
    pub(super) fn feed(&mut self, monitor: &str) -> Feed {
        if let Some(feed) = self.feeds.get(monitor) {
            return feed.clone();
        }
        let feed = Feed::new(monitor, self.sender.clone());
        self.feeds.insert(monitor.into(), feed.clone());
        feed
    }

    /// Returns the exporters and the monitors that a plan does not name.
    pub(super) fn others(&self, plan: &Plan) -> (Vec<String>, Vec<String>) {
        let exporters: BTreeSet<&str> = plan
            .exporters
            .iter()
            .map(|(settings, _)| settings.name.as_str())
            .collect();
        let monitors: BTreeSet<&str> = plan
            .monitors
            .iter()
            .map(|monitor| monitor.name.as_str())
            .collect();
        let gone = self.exporters.iter();
        let gone = gone.filter(|name| !exporters.contains(name.as_str()));
        let silent = self.monitors.keys();
        let silent = silent.filter(|name| !monitors.contains(name.as_str()));
        (gone.cloned().collect(), silent.cloned().collect())
    }

    /// Applies a change. Returns the monitors whose lanes may have changed, and the lanes of each exporter that is concerned.
    pub(super) fn change(&mut self, change: &Change) -> (Vec<Rerouted>, Users) {
        let mut monitors: BTreeSet<String> = BTreeSet::new();
        let mut exporters: BTreeSet<String> = BTreeSet::new();
        for name in &change.gone_monitors {
            self.forget(name, &mut exporters);
            monitors.insert(name.clone());
        }
        for monitor in &change.monitors {
            self.forget(&monitor.name, &mut exporters);
            self.know(monitor, &mut exporters);
            monitors.insert(monitor.name.clone());
        }
        for name in &change.gone {
            self.exporters.remove(name);
            monitors.extend(self.named_by.get(name).into_iter().flatten().cloned());
        }
        for (settings, _) in &change.exporters {
            exporters.insert(settings.name.clone());
            if self.exporters.insert(settings.name.clone()) {
                let users = self.named_by.get(&settings.name);
                monitors.extend(users.into_iter().flatten().cloned());
            }
        }
        let gone = |(exporter, monitor): &(String, String)| {
            let names = self.named_by.get(exporter);
            !self.exporters.contains(exporter)
                || !names.is_some_and(|names| names.contains(monitor))
        };
        // A lane is removed with its exporter, or when its monitor no longer names the exporter.
        let parted: BTreeSet<&String> = exporters.iter().chain(&change.gone).collect();
        for exporter in parted {
            let first = (exporter.clone(), String::new());
            let lanes = self.lanes.range(first..);
            let lanes = lanes.take_while(|((of, _), _)| of == exporter);
            let old: Vec<_> = lanes.map(|(key, _)| key.clone()).filter(gone).collect();
            for key in old {
                self.lanes.remove(&key);
            }
        }
        let rerouted = monitors
            .iter()
            .map(|monitor| self.reroute(monitor))
            .collect();
        let users = exporters
            .into_iter()
            .filter(|exporter| self.exporters.contains(exporter))
            .map(|exporter| {
                let lanes = self.lanes_of(&exporter);
                (exporter, lanes)
            });
        (rerouted, users.collect())
    }

    /// Forgets the exporters that a monitor names, and adds them to `touched`.
    fn forget(&mut self, monitor: &str, touched: &mut BTreeSet<String>) {
        for exporter in self.monitors.remove(monitor).into_iter().flatten() {
            if let Some(users) = self.named_by.get_mut(&exporter) {
                users.remove(monitor);
                if users.is_empty() {
                    self.named_by.remove(&exporter);
                }
            }
            touched.insert(exporter);
        }
    }

    fn know(&mut self, monitor: &Monitor, touched: &mut BTreeSet<String>) {
        for exporter in &monitor.exporters {
            let users = self.named_by.entry(exporter.clone()).or_default();
            users.insert(monitor.name.clone());
            touched.insert(exporter.clone());
        }
        self.monitors
            .insert(monitor.name.clone(), monitor.exporters.clone());
    }

    /// Makes the lanes of a monitor, in the order in which it names its exporters, each once.
    fn reroute(&mut self, monitor: &str) -> Rerouted {
        let feed = self.feed(monitor);
        let mut lanes: Vec<Arc<Lane>> = Vec::new();
        for exporter in self.monitors.get(monitor).into_iter().flatten() {
            if !self.exporters.contains(exporter) {
                continue;
            }
            let key = (exporter.clone(), monitor.to_owned());
            let new = || Arc::new(Lane::new(exporter, monitor));
            let lane = self.lanes.entry(key).or_insert_with(new);
            if !lanes.iter().any(|known| Arc::ptr_eq(known, lane)) {
                lanes.push(Arc::clone(lane));
            }
        }
        Rerouted { feed, lanes }
    }

    fn lanes_of(&self, exporter: &str) -> Vec<Arc<Lane>> {
        let first = (exporter.to_owned(), String::new());
        let lanes = self.lanes.range(first..);
        let lanes = lanes.take_while(|((of, _), _)| of == exporter);
        lanes.map(|(_, lane)| Arc::clone(lane)).collect()
    }
}
