//! What the handlers of the management API share: the configuration engine, and the services that answer questions of
//! their own.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use config::{Engine, StartError};
use flowd_log::Log;
use probe::Probe;
use relay::Relay;
use service::Service;

use crate::alarms::Alarms;
use crate::readings::Readings;
use crate::services::SERVICES;
use crate::traffic::History;

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
    /// Counters that were read before, for rates.
    pub readings: Readings,
    /// What is wrong now.
    pub alarms: Alarms,
    /// What interfaces have received and sent lately.
    pub traffic: History,
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
            engine,
            readings: Readings::default(),
            alarms: Alarms::default(),
            traffic: History::default(),
            started,
            started_ms,
        })
    }
}

/// Returns a service of the list.
fn listed<S: Service>(engine: &Engine) -> Arc<S> {
    engine
        .services
        .get()
        .expect("the services that handlers ask are in the list")
}
