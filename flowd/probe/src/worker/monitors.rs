//! The monitors on a capture thread.

use flow::EndReason;
use wire::Lines;

use super::Capture;
use super::port::{Metering, Port};

impl Capture {
    pub(super) fn ports_of<'a>(
        &'a mut self,
        monitor: &'a str,
    ) -> impl Iterator<Item = &'a mut Port> {
        self.ports
            .iter_mut()
            .filter(move |port| &*port.metering.monitor == monitor)
    }

    /// Monitors that stay keep their caches; those that go are flushed to their exporters.
    pub(super) fn configure(&mut self, meterings: Vec<Metering>) {
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
        let monitors = self.ports.iter().map(|port| port.monitor.wanted_lines());
        self.burst
            .set_wanted_lines(monitors.fold(Lines::COMMON, Lines::and));
        let mut routes = self.ports.iter().map(|port| &port.metering.routes);
        self.routes = routes.find_map(Clone::clone);
        self.hand_on(true);
    }
}
