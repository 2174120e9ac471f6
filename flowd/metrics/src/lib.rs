//! The metrics service, which applies `service metrics`: what the appliance counts and measures, for Prometheus.
//!
//! Every service says what it measures ([`service::Service::metrics`]), and the loss ledger is here made metrics of, so that a
//! counter has one number wherever it is read.

mod difference;
mod exposition;
mod host;
mod ledger;
mod server;
mod settings;
#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use api::ledger::LossLedger;
use api::metrics::{Metrics as Status, MetricsListener};
use api::session::Impact;
use language::{Code, Finding, Tree};
use service::metric::Family;
use service::{Before, Detail, Occasion, Service};

pub use difference::Difference;
use server::{Opened, Server};
pub use settings::Settings;

/// How often an address that could not be listened on is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// The metrics service.
pub struct Metrics {
    server: Server,
}

/// A change that is prepared: its sockets are open, and nobody is answered there yet.
pub struct Staged {
    settings: Settings,
    difference: Difference,
    opened: Opened,
}

/// Everything that the daemon's services count and measure at a moment.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// What is no part of the ledger.
    pub families: Vec<Family>,
    /// The loss ledger.
    pub ledger: LossLedger,
}

impl Service for Metrics {
    type Settings = Settings;
    type Difference = Difference;
    type Staged = Staged;

    const NAME: &'static str = "metrics";
    const ROWS: &'static [&'static str] = &["service metrics"];

    fn start() -> io::Result<Arc<Metrics>> {
        let metrics = Arc::new(Metrics {
            server: Server::start()?,
        });
        retry(Arc::downgrade(&metrics))?;
        Ok(metrics)
    }

    fn settings(tree: &Tree, _: Option<Before<'_, Settings>>) -> Result<Settings, Vec<Finding>> {
        Ok(Settings::from_tree(tree))
    }

    fn difference(old: &Settings, new: &Settings) -> Option<Difference> {
        difference::difference(old, new)
    }

    fn prepare(
        &self,
        new: &Settings,
        difference: Difference,
        occasion: Occasion,
    ) -> Result<Staged, Vec<Finding>> {
        let opened = self.server.open(new);
        if occasion == Occasion::Commit && !opened.down.is_empty() {
            let refused = opened.down.iter().map(|(at, why)| Finding {
                path: settings::PATH
                    .iter()
                    .map(|word| (*word).to_owned())
                    .collect(),
                message: format!("listening on {at} is not possible: {why}"),
                code: Code::HostRefuses,
            });
            return Err(refused.collect());
        }
        Ok(Staged {
            settings: new.clone(),
            difference,
            opened,
        })
    }

    fn warnings(_: &Staged) -> Vec<String> {
        Vec::new()
    }

    fn impact(&self, staged: &Staged, _: Detail) -> Vec<Impact> {
        difference::impact(&staged.difference)
    }

    fn apply(&self, staged: Staged) -> Vec<String> {
        let down = staged.opened.down.clone();
        self.server.apply(staged.settings, staged.opened);
        for (at, why) in down {
            tracing::warn!("metrics cannot be had at {at}: {why}; trying again");
        }
        Vec::new()
    }

    fn metrics(&self) -> Vec<Family> {
        let scrapes = self.server.counts().scrapes.load(Ordering::Relaxed);
        let denied = self.server.counts().denied.load(Ordering::Relaxed);
        vec![
            Family::counter("flowd_metrics_scrapes", "Answers with metrics").with(&[], scrapes),
            Family::counter(
                "flowd_metrics_denied_connections",
                "Connections of hosts that may not ask for metrics",
            )
            .with(&[], denied),
        ]
    }

    fn stop(&self) {
        self.server.stop();
    }
}

impl Metrics {
    /// Says how everything is collected for an answer. `state` is the daemon's directory.
    pub fn collect_from(
        &self,
        state: &Path,
        measure: impl Fn() -> Measured + Send + Sync + 'static,
    ) {
        let state = state.to_owned();
        self.server.collect_by(Arc::new(move || {
            let measured = measure();
            let mut all = measured.families;
            all.extend(host::families(Some(&state)));
            all.extend(ledger::families(&measured.ledger));
            all
        }));
    }

    /// `GET /v1/service/metrics`.
    pub fn status(&self) -> Status {
        let listeners = self.server.listeners().into_iter();
        Status {
            allow: self.server.allowed(),
            listeners: listeners
                .map(|(at, down)| MetricsListener {
                    address: at.ip(),
                    port: at.port(),
                    down,
                })
                .collect(),
            scrapes: self.server.counts().scrapes.load(Ordering::Relaxed),
            denied: self.server.counts().denied.load(Ordering::Relaxed),
        }
    }
}

/// Starts a thread that tries again to listen where that was not possible, until the service is gone.
fn retry(metrics: Weak<Metrics>) -> io::Result<()> {
    let retry = move || {
        while let Some(metrics) = metrics.upgrade() {
            for at in metrics.server.retry() {
                tracing::info!("metrics can be had at {at}");
            }
            drop(metrics);
            thread::park_timeout(RETRY);
        }
    };
    thread::Builder::new()
        .name("metrics-retry".into())
        .spawn(retry)
        .map(drop)
}
