//! What the handlers of the management API share: the configuration engine, and the services that answer questions of
//! their own.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use config::{Engine, StartError};
use flowd_log::Log;
use health::{Alarms, Readings};
use metrics::{Measured, Metrics};
use probe::Probe;
use relay::Relay;
use service::Service;
use service::metric::Family;
use system::TrafficHistory;

use crate::connections::Connections;
use crate::services::SERVICES;

/// The parts of the daemon that handlers use.
pub(crate) struct Control {
    /// Configuration, revisions, sessions, and the services as a list.
    pub engine: Arc<Engine>,
    /// Metering and export.
    pub probe: Arc<Probe>,
    /// Samplicators.
    pub relay: Arc<Relay>,
    /// flowd's own log.
    pub log: Arc<Log>,
    /// Where Prometheus asks.
    pub metrics: Arc<Metrics>,
    /// The users who are connected.
    pub connections: Arc<Connections>,
    /// Counters that were read before, for rates.
    pub readings: Readings,
    /// What is wrong now.
    pub alarms: Alarms,
    /// What interfaces have received and sent lately.
    pub traffic: TrafficHistory,
    /// When the daemon started, by the monotonic clock.
    pub started: Instant,
    /// When the daemon started, milliseconds since 1970.
    pub started_ms: i64,
}

impl Control {
    /// Opens the revisions under `state` and starts the services with nothing configured. `started` and `started_ms`
    /// (since 1970) are now.
    ///
    /// # Errors
    /// See [`Engine::open`].
    pub(crate) fn open(
        state: &Path,
        started: Instant,
        started_ms: i64,
    ) -> Result<Control, StartError> {
        let engine = Arc::new(Engine::open(state, SERVICES, started_ms)?);
        Ok(Control {
            probe: listed(&engine),
            relay: listed(&engine),
            log: listed(&engine),
            metrics: listed(&engine),
            engine,
            connections: Arc::default(),
            readings: Readings::default(),
            alarms: Alarms::default(),
            traffic: TrafficHistory::default(),
            started,
            started_ms,
        })
    }
}

/// Has the metrics service collect what all services and the daemon itself count. `state` is the daemon's directory.
pub(crate) fn measure(control: &Arc<Control>, state: &Path) {
    let measured = Arc::downgrade(control);
    control.metrics.collect_from(state, move || {
        let Some(control) = measured.upgrade() else {
            return Measured::default();
        };
        let mut families = vec![
            Family::gauge("flowd_build_info", "The program that answers")
                .with(&[("version", env!("CARGO_PKG_VERSION"))], true),
            Family::gauge(
                "flowd_running_revision",
                "The number of the running revision",
            )
            .with(&[], control.engine.running().id.unwrap_or(0)),
            control.alarms.metrics(),
        ];
        families.extend(control.engine.services.metrics());
        Measured {
            families,
            ledger: control.engine.services.ledger(),
        }
    });
}

/// Returns a service of the list.
fn listed<S: Service>(engine: &Engine) -> Arc<S> {
    engine
        .services
        .get()
        .expect("the services that handlers ask are in the list")
}
