//! A capture thread: ring → headers → monitors → batches. It owns its ring and its caches; other threads send it requests.

mod attached;
mod handle;
mod monitors;
mod report;
mod request;
mod ring;

use std::sync::Arc;

use capture::Source;
use mailbox::Mailbox;
use meter::{Burst, Routing};
use system::routes::Reader;
use wire::at;

use super::clock_step::ClockStep;
use super::cutover::Window;
use attached::AttachedMonitor;
pub(crate) use attached::{MonitorConfig, MonitorReport};
pub(crate) use handle::{ThreadRequests, Worker};
pub(crate) use report::Report;
use request::Request;
pub(crate) use request::{Layouts, Piece};
pub(crate) use ring::SourceConfig;
use service::clock;

/// The state of a capture thread.
struct Capture {
    interface: Arc<str>,
    source_config: SourceConfig,
    source: Option<Source>,
    /// Why there is no source; `None` if there is one.
    down: Option<String>,
    retry_ns: u64,
    burst: Burst,
    routes: Option<Reader>,
    monitors: Vec<AttachedMonitor>,
    /// The span of time from which packets are metered.
    window: Window,
    /// Whether the thread reads no packets until a request resumes it.
    paused: bool,
    seed: u64,
    /// The sum of the clock's steps that the monitors know of.
    stepped_ns: i64,
    clock_step: Option<ClockStep>,
    mailbox: Mailbox<Request>,
}

impl Capture {
    /// Makes a thread's state without monitors and ring; the thread is paused until it gets a ring.
    fn new(source_config: SourceConfig, mailbox: Mailbox<Request>) -> Capture {
        let now = clock::moment();
        Capture {
            interface: source_config.config.interface.as_str().into(),
            down: Some("not there yet".to_owned()),
            source_config,
            source: None,
            retry_ns: 0,
            burst: Burst::default(),
            routes: None,
            monitors: Vec::new(),
            window: Window::ALWAYS,
            paused: true,
            seed: now.now_ns,
            stepped_ns: now.stepped_ns,
            clock_step: None,
            mailbox,
        }
    }

    fn run(&mut self) {
        // A commit that is aborted drops the handle, and with it the sender of the mailbox.
        while self.paused {
            let Ok(request) = self.mailbox.wait() else {
                return;
            };
            if !self.handle(request) {
                return;
            }
        }
        loop {
            self.wait();
            self.read();
            let now_ns = clock::unix_ns();
            for attached in &mut self.monitors {
                attached.monitor.expire(now_ns);
            }
            self.deliver_batches(false);
            self.mailbox.silence();
            // Requests that arrive meanwhile wait until the next block is read.
            let mut requests = self.mailbox.len();
            while requests > 0 || self.paused {
                requests = requests.saturating_sub(1);
                let Ok(request) = self.mailbox.wait() else {
                    return;
                };
                if !self.handle(request) {
                    return;
                }
            }
        }
    }

    /// Tells the monitors when the clock of day was set, since packets have its time.
    fn follow_clock(&mut self) {
        let moment = clock::moment();
        let (now_ns, steady_ns) = (moment.now_ns, moment.steady_ns());
        self.clock_step = self
            .clock_step
            .and_then(|clock_step| clock_step.at(now_ns, steady_ns));
        let by_ns = moment.stepped_ns - self.stepped_ns;
        if by_ns != 0 {
            self.stepped_ns = moment.stepped_ns;
            self.clock_step = Some(ClockStep::new(by_ns, now_ns, steady_ns));
            self.window = Window::ALWAYS;
            for attached in &mut self.monitors {
                attached.monitor.clock_stepped(by_ns);
            }
        }
    }

    /// Meters all packets that the ring has now: each is parsed once, then seen by every monitor.
    fn read(&mut self) {
        self.follow_clock();
        let Capture {
            source: Some(source),
            burst,
            routes,
            monitors,
            clock_step,
            window,
            ..
        } = self
        else {
            self.burst.set_routing(None);
            return;
        };
        let interface = source.interface_index();
        burst.set_routing(routes.as_ref().map(|routes| Routing {
            fib: routes.fib(),
            interface,
        }));
        let index = interface.to_be_bytes();
        let result = source.read(|packet| {
            if !window.contains(packet.time_ns) {
                return;
            }
            let observed = burst.observe(packet);
            let interface = if packet.outgoing {
                at::OUTPUT
            } else {
                at::INPUT
            };
            observed.header.set(interface, &index);
            if let Some(clock_step) = clock_step {
                observed.time_ns = clock_step.time_ns(observed.time_ns);
            }
            if burst.is_full() {
                meter(burst, monitors);
            }
        });
        meter(burst, monitors);
        if let Err(error) = result {
            self.close_after_failure(&error.to_string());
        }
    }

    /// Hands the batches that are ready to the export thread. With `wait`, it waits for room; without, it never does.
    fn deliver_batches(&mut self, wait: bool) {
        for attached in &mut self.monitors {
            for batch in attached.monitor.drain() {
                // The feed counts a batch that it has no room for.
                let _ = if wait {
                    attached.config.feed.deliver(batch)
                } else {
                    attached.config.feed.offer(batch)
                };
            }
        }
    }
}

/// Meters a burst by every monitor.
#[inline]
fn meter(burst: &mut Burst, monitors: &mut [AttachedMonitor]) {
    for attached in monitors {
        attached.monitor.burst(burst);
    }
    burst.clear();
}
