//! A capture thread: ring → headers → monitors → batches. It owns its ring and its caches; others ask.

use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use capture::{Config, Engine, LinkState, Source, Statistics};
use crossbeam_channel::{Receiver, Sender, unbounded};
use export::Feed;
use flow::{Batch, EndReason, Flow, Layout};
use meter::{Burst, Clear, Copied, Position, Reading, ReadingCounts, Routing};
use nix::sys::eventfd::{EfdFlags, EventFd};
use system::routes::Reader;
use wire::{Lines, at};

pub use super::port::MonitorReport;
use super::port::Port;
use super::query::Keep;
use super::settle::Settling;
use super::window::Window;
use crate::clock;

/// Longest the thread sleeps: flows age, and a ring block is handed over, at least this often.
const WAIT: Duration = Duration::from_millis(200);
/// How often an interface that is gone is tried again.
const REOPEN_NS: u64 = 2_000_000_000;
/// How long a ring that takes no new packets is read for those it has; the kernel hands blocks over sooner.
const DRAIN_NS: u64 = 500_000_000;
/// How long a ring that is replaced may still be given packets that were stamped before.
const STAMPED_NS: u64 = 20_000_000;

/// How an interface is captured.
#[derive(Clone, Debug)]
pub struct Capturing {
    /// Ring or libpcap.
    pub engine: Engine,
    /// Interface, direction, filter.
    pub config: Config,
}

impl Capturing {
    /// Opens it: packets from this moment on.
    ///
    /// # Errors
    /// What the capture says.
    pub fn open(&self) -> Result<Source, capture::Error> {
        Source::open(self.engine, &self.config)
    }
}

/// A monitor on this thread's interface.
#[derive(Clone, Debug)]
pub struct Metering {
    /// The monitor's name.
    pub monitor: Arc<str>,
    /// What the meter does.
    pub settings: meter::Settings,
    /// Where its batches go.
    pub feed: Feed,
    /// The host's routes, when the record speaks of them.
    pub routes: Option<Reader>,
}

/// What the thread says of itself.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its interface.
    pub interface: Arc<str>,
    /// The ring's counters since it was opened.
    pub ring: Statistics,
    /// What came of reading more than the outermost header, since the thread started.
    pub reading: ReadingCounts,
    /// Why there is no ring, when there is none.
    pub down: Option<String>,
    /// Its monitors.
    pub monitors: Vec<MonitorReport>,
}

/// How a monitor's flows lie, by family.
pub type Layouts = [Option<Arc<Layout>>; 2];

/// A piece of a monitor's cache that is wanted.
pub struct Piece {
    /// The monitor.
    pub monitor: Arc<str>,
    /// Where to begin.
    pub from: Position,
    /// Flows that are wanted at most.
    pub room: usize,
    /// Which flows are wanted.
    pub keep: Option<Keep>,
    /// Where they go: memory that is there already, so that the capture thread needs none.
    pub into: Batch,
}

enum Ask {
    Configure(Vec<Metering>),
    ReadAs(Reading),
    Hold(Sender<()>),
    Replace(Capturing, Option<Source>, u64),
    Inherit(Vec<MonitorReport>),
    Report(Sender<Report>),
    Layouts(Arc<str>, Sender<Option<Layouts>>),
    Copy(Piece, Sender<(Batch, Copied)>),
    Clear(Arc<str>, Clear, Sender<u64>),
    ClearStatistics(Arc<str>),
    Stop(u64, Sender<Report>),
}

/// The handle of a capture thread.
pub struct Worker {
    asker: Asker,
    thread: Option<JoinHandle<()>>,
}

/// Asks a capture thread, as long as it runs.
#[derive(Clone)]
pub struct Asker {
    asks: Sender<Ask>,
    wake: Arc<EventFd>,
}

impl Worker {
    /// Starts a thread on `source`, metering the packets from `moment_ns` on; without one it opens one as soon as that
    /// succeeds.
    ///
    /// # Errors
    /// When the thread or its wake-up descriptor cannot be made.
    pub fn start(
        capturing: Capturing,
        source: Option<Source>,
        moment_ns: u64,
        meterings: Vec<Metering>,
    ) -> std::io::Result<Worker> {
        let (asks, inbox) = unbounded();
        let wake = Arc::new(EventFd::from_flags(
            EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC,
        )?);
        let mut capture = Capture {
            interface: capturing.config.interface.as_str().into(),
            down: source.is_none().then(|| "not there yet".to_owned()),
            capturing,
            source,
            retry_ns: 0,
            burst: Burst::default(),
            routes: None,
            ports: Vec::new(),
            window: Window::from(moment_ns),
            held: false,
            seed: moment_ns,
            stepped_ns: clock::moment().stepped_ns,
            settling: None,
            inbox,
            wake: wake.clone(),
        };
        // Before the first packet is read.
        capture.configure(meterings);
        let name = format!("cap {}", capture.interface)
            .chars()
            .take(15)
            .collect();
        let thread = std::thread::Builder::new()
            .name(name)
            .spawn(move || capture.run())?;
        Ok(Worker {
            asker: Asker { asks, wake },
            thread: Some(thread),
        })
    }

    /// Sets the monitors.
    pub fn configure(&self, meterings: Vec<Metering>) {
        self.asker.ask(Ask::Configure(meterings));
    }

    /// Sets how much of a packet is read.
    pub fn read_as(&self, reading: Reading) {
        self.asker.ask(Ask::ReadAs(reading));
    }

    /// Has the thread read no more packets until it is told to [replace](Worker::replace) its source or to
    /// [stop](Worker::stop). All that it has metered was captured before this returns.
    pub fn hold(&self) {
        self.asker.answer(Ask::Hold);
    }

    /// Meters the packets of another source from `moment_ns` on, and those of the present one until then.
    pub fn replace(&self, capturing: Capturing, source: Option<Source>, moment_ns: u64) {
        self.asker.ask(Ask::Replace(capturing, source, moment_ns));
    }

    /// Goes on from what a thread that has ended said of its monitors.
    pub fn inherit(&self, reports: Vec<MonitorReport>) {
        self.asker.ask(Ask::Inherit(reports));
    }

    /// A consistent moment of everything the thread counts.
    pub fn report(&self) -> Option<Report> {
        self.asker.answer(Ask::Report)
    }

    /// What asks it for flows while others change the probe.
    pub fn asker(&self) -> Asker {
        self.asker.clone()
    }

    /// Empties a monitor's cache. Returns the flows it had.
    pub fn clear(&self, monitor: &str, how: Clear) -> u64 {
        self.asker
            .answer(|reply| Ask::Clear(monitor.into(), how, reply))
            .unwrap_or_default()
    }

    /// Sets a monitor's screen counters to zero.
    pub fn clear_statistics(&self, monitor: &str) {
        self.asker.ask(Ask::ClearStatistics(monitor.into()));
    }

    /// Meters what the ring holds from before `moment_ns`, ends every flow, hands them on, and ends the thread. Returns
    /// the last it has to say.
    pub fn stop(mut self, moment_ns: u64) -> Option<Report> {
        let report = self.asker.answer(|reply| Ask::Stop(moment_ns, reply));
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a capture thread panicked");
        }
        report
    }
}

impl Asker {
    /// How a monitor's flows lie; `None` when it is not there.
    pub fn layouts(&self, monitor: &Arc<str>) -> Option<Layouts> {
        self.answer(|reply| Ask::Layouts(monitor.clone(), reply))?
    }

    /// A piece of a monitor's cache; `None` when the thread has ended.
    pub fn copy(&self, piece: Piece) -> Option<(Batch, Copied)> {
        self.answer(|reply| Ask::Copy(piece, reply))
    }

    fn ask(&self, ask: Ask) {
        // A thread that is gone has nothing to say; stop() reports why.
        let _ = self.asks.send(ask);
        let _ = self.wake.write(1);
    }

    fn answer<T>(&self, ask: impl FnOnce(Sender<T>) -> Ask) -> Option<T> {
        let (reply, answer) = crossbeam_channel::bounded(1);
        self.ask(ask(reply));
        answer.recv().ok()
    }
}

struct Capture {
    interface: Arc<str>,
    capturing: Capturing,
    source: Option<Source>,
    down: Option<String>,
    retry_ns: u64,
    burst: Burst,
    routes: Option<Reader>,
    ports: Vec<Port>,
    /// The packets that are this ring's to meter.
    window: Window,
    /// Reads none until it is told how to go on.
    held: bool,
    seed: u64,
    /// By how much the clock has been set, as the monitors know it.
    stepped_ns: i64,
    settling: Option<Settling>,
    inbox: Receiver<Ask>,
    wake: Arc<EventFd>,
}

impl Capture {
    fn run(&mut self) {
        loop {
            self.wait();
            self.read();
            let now_ns = clock::unix_ns();
            for port in &mut self.ports {
                port.monitor.expire(now_ns);
            }
            self.hand_on(false);
            let _ = self.wake.read();
            // Those that come meanwhile wait for the next block to be read.
            let mut asks = self.inbox.len();
            while asks > 0 || self.held {
                asks = asks.saturating_sub(1);
                let Ok(ask) = self.inbox.recv() else {
                    return;
                };
                if !self.obey(ask) {
                    return;
                }
            }
        }
    }

    fn wait(&mut self) {
        let Some(source) = &mut self.source else {
            self.wait_without_source();
            return;
        };
        match source.wait(self.wake.as_fd(), WAIT) {
            Ok(ready) if ready.link == Some(LinkState::Gone) => {
                self.read();
                self.lose("the interface is gone");
            }
            Ok(_) => {}
            Err(error) => self.lose(&error.to_string()),
        }
    }

    fn wait_without_source(&mut self) {
        let mut polled = [nix::poll::PollFd::new(
            self.wake.as_fd(),
            nix::poll::PollFlags::POLLIN,
        )];
        let _ = nix::poll::poll(
            &mut polled,
            u16::try_from(WAIT.as_millis()).unwrap_or(u16::MAX),
        );
        let now_ns = clock::unix_ns();
        if now_ns.abs_diff(self.retry_ns) < REOPEN_NS {
            return;
        }
        self.retry_ns = now_ns;
        match self.capturing.open() {
            Ok(source) => {
                tracing::info!(interface = %self.interface, "capture started");
                self.source = Some(source);
                self.down = None;
            }
            Err(error) => self.down = Some(error.to_string()),
        }
    }

    fn lose(&mut self, why: &str) {
        tracing::warn!(interface = %self.interface, why, "capture stopped; trying again every 2 s");
        self.down = Some(why.to_owned());
        self.part_from_ring();
        self.retry_ns = clock::unix_ns();
    }

    /// Tells the monitors when the clock of day was set: packets have its time.
    fn mind_clock(&mut self) {
        let moment = clock::moment();
        let (now_ns, steady_ns) = (moment.now_ns, moment.steady_ns());
        self.settling = self
            .settling
            .and_then(|settling| settling.at(now_ns, steady_ns));
        let by_ns = moment.stepped_ns - self.stepped_ns;
        if by_ns != 0 {
            self.stepped_ns = moment.stepped_ns;
            self.settling = Some(Settling::new(by_ns, now_ns, steady_ns));
            self.window = Window::ALWAYS;
            for port in &mut self.ports {
                port.monitor.step(by_ns);
            }
        }
    }

    /// Meters everything the ring has now: headers once, then every monitor.
    fn read(&mut self) {
        self.mind_clock();
        let Capture {
            source: Some(source),
            burst,
            routes,
            ports,
            settling,
            window,
            ..
        } = self
        else {
            self.burst.route_by(None);
            return;
        };
        let interface = source.interface_index();
        burst.route_by(routes.as_ref().map(|routes| Routing {
            fib: routes.fib(),
            interface,
        }));
        let index = interface.to_be_bytes();
        let result = source.read(|packet| {
            if !window.has(packet.time_ns) {
                return;
            }
            let observed = burst.observe(packet);
            let interface = if packet.outgoing {
                at::OUTPUT
            } else {
                at::INPUT
            };
            observed.header.set(interface, &index);
            if let Some(settling) = settling {
                observed.time_ns = settling.time_ns(observed.time_ns);
            }
            if burst.is_full() {
                meter(burst, ports);
            }
        });
        meter(burst, ports);
        if let Err(error) = result {
            self.lose(&error.to_string());
        }
    }

    /// Takes no new packets, and meters what the ring still has from before a moment.
    fn drain(&mut self, moment_ns: u64) {
        self.window = self.window.until(moment_ns);
        // The kernel stamps a packet a little before the ring gets it.
        while moment_ns < u64::MAX && clock::unix_ns() < moment_ns + STAMPED_NS {
            self.read();
            let Some(source) = &mut self.source else {
                return;
            };
            let _ = source.wait(self.wake.as_fd(), Duration::from_millis(2));
            let _ = self.wake.read();
        }
        let until_ns = clock::steady_ns() + DRAIN_NS;
        if let Some(source) = &mut self.source
            && let Err(error) = source.stop()
        {
            tracing::warn!(interface = %self.interface, %error, "the ring cannot be stopped");
        }
        while clock::steady_ns() < until_ns {
            self.read();
            let Some(source) = &mut self.source else {
                return;
            };
            if source
                .statistics()
                .is_ok_and(|statistics| statistics.waiting() == 0)
            {
                return;
            }
            let _ = source.wait(self.wake.as_fd(), WAIT);
            let _ = self.wake.read();
        }
    }

    /// Passes the batches that are ready on. Only at the end of the thread does it wait for room.
    fn hand_on(&mut self, wait: bool) {
        for port in &mut self.ports {
            for batch in port.monitor.drain() {
                // The feed counts what it cannot take.
                let _ = if wait {
                    port.metering.feed.deliver(batch)
                } else {
                    port.metering.feed.offer(batch)
                };
            }
        }
    }

    fn obey(&mut self, ask: Ask) -> bool {
        match ask {
            Ask::Configure(meterings) => self.configure(meterings),
            Ask::ReadAs(reading) => self.burst.read_as(reading),
            Ask::Hold(reply) => {
                self.held = true;
                let _ = reply.send(());
            }
            Ask::Replace(capturing, source, moment_ns) => {
                self.held = false;
                self.drain(moment_ns);
                self.part_from_ring();
                self.window = Window::from(moment_ns);
                self.down = source.is_none().then(|| "not there yet".to_owned());
                (self.capturing, self.source, self.retry_ns) = (capturing, source, 0);
            }
            Ask::Inherit(reports) => {
                for report in reports {
                    if let Some(port) = self.ports_of(&report.monitor.clone()).next() {
                        port.inherit(report);
                    }
                }
            }
            Ask::Report(reply) => drop(reply.send(self.report())),
            Ask::Layouts(monitor, reply) => {
                let layouts = self.ports_of(&monitor).map(|port| port.monitor.layouts());
                let layouts = layouts.last();
                let _ = reply.send(layouts);
            }
            Ask::Copy(piece, reply) => drop(reply.send(self.copy(piece))),
            Ask::Clear(monitor, how, reply) => {
                let flows = self
                    .ports_of(&monitor)
                    .map(|port| port.monitor.clear(how))
                    .sum();
                self.hand_on(false);
                let _ = reply.send(flows);
            }
            Ask::ClearStatistics(monitor) => {
                self.ports_of(&monitor).for_each(Port::clear_statistics)
            }
            Ask::Stop(moment_ns, reply) => {
                self.drain(moment_ns);
                for port in &mut self.ports {
                    port.monitor.flush(EndReason::Forced);
                }
                self.hand_on(true);
                let _ = reply.send(self.report());
                return false;
            }
        }
        true
    }

    fn ports_of<'a>(&'a mut self, monitor: &'a str) -> impl Iterator<Item = &'a mut Port> {
        self.ports
            .iter_mut()
            .filter(move |port| &*port.metering.monitor == monitor)
    }

    /// Monitors that stay keep their caches; those that go are flushed to their exporters.
    fn configure(&mut self, meterings: Vec<Metering>) {
        let drops = self.drops();
        for port in &mut self.ports {
            if !meterings
                .iter()
                .any(|metering| metering.monitor == port.metering.monitor)
            {
                port.monitor.flush(EndReason::Forced);
            }
        }
        self.hand_on(true);
        let mut ports = Vec::with_capacity(meterings.len());
        for metering in meterings {
            self.seed = self
                .seed
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .wrapping_add(1);
            let known = self
                .ports
                .iter()
                .position(|port| port.metering.monitor == metering.monitor);
            ports.push(match known.map(|at| self.ports.swap_remove(at)) {
                Some(mut port) => {
                    port.reconfigure(metering, self.seed);
                    port
                }
                None => Port::new(metering, self.seed, drops),
            });
        }
        self.ports = ports;
        let monitors = self.ports.iter().map(|port| port.monitor.wanted());
        self.burst.want(monitors.fold(Lines::COMMON, Lines::and));
        let mut routes = self.ports.iter().map(|port| &port.metering.routes);
        self.routes = routes.find_map(Clone::clone);
        self.hand_on(true);
    }

    /// Closes the ring; what it has dropped is remembered, and what it still has is dropped.
    fn part_from_ring(&mut self) {
        let ring = self.ring();
        let drops = ring.dropped + ring.waiting();
        for port in &mut self.ports {
            port.part_from_ring(drops);
        }
        self.source = None;
    }

    fn drops(&mut self) -> u64 {
        self.ring().dropped
    }

    fn ring(&mut self) -> Statistics {
        self.source
            .as_mut()
            .and_then(|source| source.statistics().ok())
            .unwrap_or_default()
    }

    fn report(&mut self) -> Report {
        let ring = self.ring();
        let monitors = self.ports.iter().map(|port| port.report(ring.dropped));
        Report {
            interface: self.interface.clone(),
            ring,
            reading: self.burst.counts(),
            down: self.down.clone(),
            monitors: monitors.collect(),
        }
    }

    fn copy(&mut self, piece: Piece) -> (Batch, Copied) {
        let Piece {
            monitor,
            from,
            room,
            keep,
            mut into,
        } = piece;
        let copied = self.ports_of(&monitor).last().map(|port| {
            let keep = |flow: &Flow<'_>| keep.as_ref().is_none_or(|keep| keep(flow));
            port.monitor.copy(from, room, keep, &mut into)
        });
        let nothing = Copied {
            seen: 0,
            next: None,
        };
        (into, copied.unwrap_or(nothing))
    }
}

/// Every monitor's share of a burst.
#[inline]
fn meter(burst: &mut Burst, ports: &mut [Port]) {
    for port in ports {
        port.monitor.burst(burst);
    }
    burst.clear();
}
