//! The export thread, which owns all exporters, and the handle to it.

mod preview;
mod routes;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use clock::Moment;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use mailbox::{Answer, Reply};
use parking_lot::Mutex;
use tracing::error;

use crate::change::{Change, Plan, TemplateStep};
use crate::exporter::Exporter;
use crate::feed::Feed;
use crate::lane::Lane;
use crate::message::{Message, Users};
use crate::opener::{Opened, Opener};
use crate::settings::{Interface, Monitor};
use crate::statistics::{ExporterStatistics, Retired};
use routes::Routes;

/// How often the thread looks for work that is due when no message comes.
pub(crate) const TICK: Duration = Duration::from_millis(200);

/// The clock. A savefile has its own.
pub type Clock = Arc<dyn Fn() -> Moment + Send + Sync>;

/// Lists the interfaces of this host at the time of the call.
pub type Interfaces = Arc<dyn Fn() -> Vec<Interface> + Send + Sync>;

/// How often the interfaces are listed for `option interface-table`, nanoseconds.
const LIST_NS: u64 = 5_000_000_000;

/// The handle to the export thread. Dropping it ends the thread, after it has sent what was handed to it.
#[derive(Debug)]
pub struct Worker {
    sender: Sender<Message>,
    routes: Mutex<Routes>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Worker {
    /// Starts the thread, with nothing to export. `interfaces` is asked while an exporter has `option interface-table`;
    /// `queue` is how many batches may wait for the thread.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(clock: Clock, interfaces: Interfaces, queue: usize) -> io::Result<Worker> {
        let (sender, receiver) = crossbeam_channel::bounded(queue);
        let (opened, sockets) = crossbeam_channel::unbounded();
        let state = State {
            clock,
            stepped_ns: 0,
            exporters: BTreeMap::new(),
            monitors: BTreeMap::new(),
            interfaces,
            listed: Vec::new(),
            listed_ns: 0,
            opener: Opener::start(opened)?,
            sockets,
        };
        let thread = std::thread::Builder::new()
            .name("export".into())
            .spawn(move || state.run(&receiver))?;
        Ok(Worker {
            routes: Mutex::new(Routes::new(sender.clone())),
            sender,
            thread: Mutex::new(Some(thread)),
        })
    }

    fn routes(&self) -> parking_lot::MutexGuard<'_, Routes> {
        self.routes.lock()
    }

    /// Returns the feed of a monitor, which lives as long as the worker. A monitor that no plan has named yet has no exporters.
    pub fn feed(&self, monitor: &str) -> Feed {
        self.routes().feed(monitor)
    }

    /// Puts a plan into force as [`Worker::change`] does. Exporters and monitors that it does not name are removed.
    pub fn apply(&self, plan: Plan) -> Vec<Retired> {
        let (gone, gone_monitors) = self.routes().others(&plan);
        self.change(Change {
            exporters: plan.exporters,
            gone,
            monitors: plan.monitors,
            gone_monitors,
        })
    }

    /// Puts a change into force and waits until it is. What the change does not name stays as it is, at no cost. Batches handed over
    /// before it are sent under the configuration before it; no batch is lost in between. Returns the final accounts of the monitors and
    /// exporters that no longer belong together.
    pub fn change(&self, change: Change) -> Vec<Retired> {
        let mut routes = self.routes();
        let (rerouted, users) = routes.change(&change);
        // First the feeds stop handing flows to exporters that leave, then the change is made, then flows go to those that are new.
        for monitor in &rerouted {
            let stays = |lane: &&Arc<Lane>| monitor.lanes.iter().any(|new| Arc::ptr_eq(new, lane));
            let lanes = monitor.feed.lanes();
            monitor
                .feed
                .set_lanes(lanes.iter().filter(stays).cloned().collect());
        }
        let retired = self.ask(|done| Message::Apply {
            change: Box::new(change),
            users,
            done,
        });
        for monitor in rerouted {
            monitor.feed.set_lanes(monitor.lanes.into());
        }
        retired.unwrap_or_default()
    }

    /// Returns the templates that a change would send and withdraw. Nothing changes.
    pub fn preview(&self, change: Change) -> Vec<TemplateStep> {
        let (_, users) = self.routes().clone().change(&change);
        let steps = self.ask(|done| Message::Preview {
            change: Box::new(change),
            users,
            done,
        });
        steps.unwrap_or_default()
    }

    /// Returns the counts of every exporter, in the order of their names.
    pub fn statistics(&self) -> Vec<ExporterStatistics> {
        self.ask_statistics(true)
    }

    /// Returns the same without the templates, which are most of it where there are many exporters.
    pub fn accounts(&self) -> Vec<ExporterStatistics> {
        self.ask_statistics(false)
    }

    fn ask_statistics(&self, templates: bool) -> Vec<ExporterStatistics> {
        let statistics = self.ask(|done| Message::Statistics { templates, done });
        statistics.unwrap_or_default()
    }

    /// Sets the statistics of an exporter to zero, but not its ledger. `false`: there is no exporter of that name.
    pub fn clear(&self, exporter: &str) -> bool {
        self.ask(|done| Message::Clear {
            exporter: exporter.into(),
            done,
        })
        .unwrap_or(false)
    }

    /// Sends an exporter's templates and options again. Returns `false` when its protocol has none or nothing can be sent, and `None`
    /// when there is no exporter of that name.
    pub fn replay(&self, exporter: &str) -> Option<bool> {
        self.ask(|done| Message::Replay {
            exporter: exporter.into(),
            done,
        })
        .flatten()
    }

    /// Sends everything handed over so far, and waits until it is sent or dropped.
    pub fn flush(&self) {
        self.ask(Message::Flush);
    }

    /// Asks the thread for a sign of life. `None`: its queue had no room `by` then.
    pub fn ping(&self, by: Instant) -> Option<Answer<()>> {
        let (reply, answer) = mailbox::reply();
        let sent = self.sender.send_deadline(Message::Ping(reply), by);
        sent.ok().map(|()| answer)
    }

    /// Sends everything handed over so far and ends the thread.
    pub fn stop(&self) {
        let thread = self.thread.lock().take();
        if let Some(thread) = thread {
            // Without a receiver the thread has ended by itself.
            let _ = self.sender.send(Message::Stop);
            if thread.join().is_err() {
                error!("the export thread failed");
            }
        }
    }

    fn ask<T>(&self, message: impl FnOnce(Reply<T>) -> Message) -> Option<T> {
        let (reply, answer) = mailbox::reply();
        self.sender.send(message(reply)).ok()?;
        answer.wait()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The state of the export thread.
struct State {
    clock: Clock,
    /// [`Moment::stepped_ns`] as the exporters know it.
    stepped_ns: i64,
    exporters: BTreeMap<String, Exporter>,
    monitors: BTreeMap<String, Monitor>,
    interfaces: Interfaces,
    /// The interfaces when they were listed last.
    listed: Vec<Interface>,
    listed_ns: u64,
    opener: Opener,
    sockets: Receiver<Opened>,
}

impl State {
    /// Returns the time that timers go by. If the clock of day was set, all exporters are adjusted first.
    fn now_ns(&mut self) -> u64 {
        let moment = (self.clock)();
        if moment.stepped_ns != self.stepped_ns {
            self.stepped_ns = moment.stepped_ns;
            for exporter in self.exporters.values_mut() {
                exporter.set_stepped(moment.stepped_ns, moment.steady_ns());
            }
        }
        moment.steady_ns()
    }

    fn run(mut self, receiver: &Receiver<Message>) {
        let mut ticked_ns = self.now_ns();
        loop {
            let message = receiver.recv_timeout(TICK);
            let now_ns = self.now_ns();
            let idle = matches!(message, Err(RecvTimeoutError::Timeout));
            match message {
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(message) => self.handle(message, now_ns),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if idle || Duration::from_nanos(now_ns.abs_diff(ticked_ns)) >= TICK {
                ticked_ns = now_ns;
                self.tick(now_ns);
            }
        }
        let now_ns = self.now_ns();
        // Batches that were handed over while the thread was being stopped.
        while let Ok(message) = receiver.try_recv() {
            self.handle(message, now_ns);
        }
        self.exporters
            .values_mut()
            .for_each(|exporter| exporter.flush(now_ns));
    }

    fn handle(&mut self, message: Message, now_ns: u64) {
        match message {
            Message::Batch {
                batch,
                tally,
                lanes,
            } => {
                for lane in lanes.iter() {
                    let exporter = self.exporters.get_mut(&*lane.exporter);
                    if !exporter.is_some_and(|exporter| exporter.take(lane, &batch, tally, now_ns))
                    {
                        lane.remove(tally);
                    }
                }
            }
            Message::Apply {
                change,
                users,
                done,
            } => {
                let retired = self.apply(*change, users, now_ns);
                done.send(retired);
            }
            Message::Preview {
                change,
                users,
                done,
            } => {
                done.send(self.preview(&change, &users));
            }
            Message::Statistics { templates, done } => {
                let exporters = self.exporters.values();
                done.send(exporters.map(|one| one.statistics(templates)).collect());
            }
            Message::Clear { exporter, done } => {
                let known = self.exporters.get_mut(&exporter);
                done.send(known.map(|known| known.clear(now_ns)).is_some());
            }
            Message::Replay { exporter, done } => {
                let known = self.exporters.get_mut(&exporter);
                done.send(known.map(|known| known.replay(now_ns)));
            }
            Message::Flush(done) => {
                self.exporters
                    .values_mut()
                    .for_each(|exporter| exporter.flush(now_ns));
                done.send(());
            }
            Message::Ping(done) => done.send(()),
            Message::Stop => {}
        }
    }

    fn apply(&mut self, change: Change, users: Users, now_ns: u64) -> Vec<Retired> {
        let mut retired = Vec::new();
        let gone = change.gone.iter();
        for exporter in gone.filter_map(|name| self.exporters.remove(name)) {
            retired.extend(exporter.retire(now_ns));
        }
        for name in &change.gone_monitors {
            self.monitors.remove(name);
        }
        for monitor in change.monitors {
            self.monitors.insert(monitor.name.clone(), monitor);
        }
        for (settings, prepared) in change.exporters {
            let exporter = match self.exporters.entry(settings.name.clone()) {
                Entry::Occupied(known) => {
                    let exporter = known.into_mut();
                    exporter.configure(&settings, prepared, now_ns);
                    exporter
                }
                Entry::Vacant(free) => free.insert(Exporter::new(&settings, prepared, now_ns)),
            };
            // A new stream must know the steps of the clock, too.
            exporter.set_stepped(self.stepped_ns, now_ns);
        }
        let changed = self.list_interfaces(now_ns);
        for (name, lanes) in users {
            if let Some(exporter) = self.exporters.get_mut(&name) {
                retired.extend(join(exporter, &self.monitors, lanes, &self.listed, now_ns));
            }
        }
        if changed {
            self.send_interfaces(now_ns);
        }
        retired
    }

    /// Lists the interfaces, if an exporter sends them. Returns whether they have changed.
    fn list_interfaces(&mut self, now_ns: u64) -> bool {
        if !self.exporters.values().any(Exporter::lists_interfaces) {
            return false;
        }
        self.listed_ns = now_ns;
        let listed = (self.interfaces)();
        // Every host has an interface. An empty list means that listing failed, for example for lack of a file descriptor.
        let changed = !listed.is_empty() && listed != self.listed;
        if changed {
            self.listed = listed;
        }
        changed
    }

    fn send_interfaces(&mut self, now_ns: u64) {
        let exporters = self.exporters.values_mut();
        for exporter in exporters.filter(|exporter| exporter.lists_interfaces()) {
            let lanes = exporter.lanes();
            // No account is closed, because the lanes stay the same.
            join(exporter, &self.monitors, lanes, &self.listed, now_ns);
        }
    }

    fn tick(&mut self, now_ns: u64) {
        if now_ns.abs_diff(self.listed_ns) >= LIST_NS && self.list_interfaces(now_ns) {
            self.send_interfaces(now_ns);
        }
        while let Ok(opened) = self.sockets.try_recv() {
            if let Some(exporter) = self.exporters.get_mut(&opened.settings.name) {
                exporter.opened(opened, now_ns);
            }
        }
        for exporter in self.exporters.values_mut() {
            exporter.tick(now_ns);
            if let Some(request) = exporter.wants_socket(now_ns) {
                self.opener.open(request);
            }
        }
    }
}

/// Has an exporter serve the monitors of these lanes.
fn join(
    exporter: &mut Exporter,
    monitors: &BTreeMap<String, Monitor>,
    lanes: Vec<Arc<Lane>>,
    interfaces: &[Interface],
    now_ns: u64,
) -> Vec<Retired> {
    let users: Vec<(&Monitor, Arc<Lane>)> = lanes
        .into_iter()
        .filter_map(|lane| Some((monitors.get(&*lane.monitor)?, lane)))
        .collect();
    exporter.join(&users, interfaces, now_ns)
}

#[cfg(test)]
mod tests;
