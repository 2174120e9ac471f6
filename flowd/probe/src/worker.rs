//! A capture thread: ring → headers → monitors → batches. It owns its ring and its caches; others ask.

mod asks;
mod handle;
mod monitors;
mod port;
mod report;
mod ring;

use std::sync::Arc;

use capture::Source;
use mailbox::Mailbox;
use meter::{Burst, Routing};
use system::routes::Reader;
use wire::at;

use super::settle::Settling;
use super::window::Window;
use asks::Ask;
pub(crate) use asks::{Layouts, Piece};
pub(crate) use handle::{Asker, Worker};
use port::Port;
pub(crate) use port::{Metering, MonitorReport};
pub(crate) use report::Report;
pub(crate) use ring::Capturing;
use service::clock;

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
    mailbox: Mailbox<Ask>,
}

impl Capture {
    /// Without monitors and without a ring, held until it gets one.
    fn new(capturing: Capturing, mailbox: Mailbox<Ask>) -> Capture {
        let now = clock::moment();
        Capture {
            interface: capturing.config.interface.as_str().into(),
            down: Some("not there yet".to_owned()),
            capturing,
            source: None,
            retry_ns: 0,
            burst: Burst::default(),
            routes: None,
            ports: Vec::new(),
            window: Window::ALWAYS,
            held: true,
            seed: now.now_ns,
            stepped_ns: now.stepped_ns,
            settling: None,
            mailbox,
        }
    }

    fn run(&mut self) {
        // A commit that is given up drops the handle, and with it the sender of the mailbox.
        while self.held {
            let Ok(ask) = self.mailbox.wait() else {
                return;
            };
            if !self.obey(ask) {
                return;
            }
        }
        loop {
            self.wait();
            self.read();
            let now_ns = clock::unix_ns();
            for port in &mut self.ports {
                port.monitor.expire(now_ns);
            }
            self.hand_on(false);
            self.mailbox.silence();
            // Those that come meanwhile wait for the next block to be read.
            let mut asks = self.mailbox.len();
            while asks > 0 || self.held {
                asks = asks.saturating_sub(1);
                let Ok(ask) = self.mailbox.wait() else {
                    return;
                };
                if !self.obey(ask) {
                    return;
                }
            }
        }
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
                port.monitor.clock_stepped(by_ns);
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
}

/// Every monitor's share of a burst.
#[inline]
fn meter(burst: &mut Burst, ports: &mut [Port]) {
    for port in ports {
        port.monitor.burst(burst);
    }
    burst.clear();
}
