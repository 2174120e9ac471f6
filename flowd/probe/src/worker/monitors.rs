//! The monitors on a capture thread.

use flow::EndReason;
use wire::Lines;

use super::Capture;
use super::attached::{AttachedMonitor, MonitorConfig};

impl Capture {
    /// Returns the monitors with a name: one, or none.
    pub(super) fn monitors_named<'a>(
        &'a mut self,
        monitor: &'a str,
    ) -> impl Iterator<Item = &'a mut AttachedMonitor> {
        self.monitors
            .iter_mut()
            .filter(move |attached| &*attached.config.monitor == monitor)
    }

    /// Replaces the monitors. Those that stay keep their caches; the flows of the others are exported.
    pub(super) fn configure(&mut self, configs: Vec<MonitorConfig>) {
        let drops = self.drops();
        for attached in &mut self.monitors {
            if !configs
                .iter()
                .any(|config| config.monitor == attached.config.monitor)
            {
                attached.monitor.flush(EndReason::Forced);
            }
        }
        self.deliver_batches(true);
        let mut monitors = Vec::with_capacity(configs.len());
        for config in configs {
            self.seed = self
                .seed
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .wrapping_add(1);
            let known = self
                .monitors
                .iter()
                .position(|attached| attached.config.monitor == config.monitor);
            monitors.push(match known.map(|at| self.monitors.swap_remove(at)) {
                Some(mut attached) => {
                    attached.reconfigure(config, self.seed);
                    attached
                }
                None => AttachedMonitor::new(config, self.seed, drops),
            });
        }
        self.monitors = monitors;
        let monitors = self
            .monitors
            .iter()
            .map(|attached| attached.monitor.wanted_lines());
        self.burst
            .set_wanted_lines(monitors.fold(Lines::COMMON, Lines::and));
        let mut routes = self.monitors.iter().map(|attached| &attached.config.routes);
        self.routes = routes.find_map(Clone::clone);
        self.deliver_batches(true);
    }
}
