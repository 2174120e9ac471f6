//! What the management API asks of the running probe.

use std::net::IpAddr;

use flow::Batch;
use meter::Clear;
use serde_json::Value as Json;

use super::settings::ACCOUNTING;
use super::{Probe, Unknown, show};

/// What of a cache is wanted.
#[derive(Clone, Debug, Default, serde::Deserialize)]
pub struct CacheQuery {
    /// Field to sort by (its words or its IANA name).
    pub sort: Option<String>,
    /// Smallest first.
    #[serde(default)]
    pub lowest: bool,
    /// At most so many flows.
    pub top: Option<usize>,
}

/// What of the flow-accounting table is wanted.
#[derive(Clone, Debug, Default, serde::Deserialize)]
pub struct AccountingQuery {
    /// This interface only.
    pub interface: Option<String>,
    /// Source or destination address.
    pub host: Option<IpAddr>,
    /// Source or destination port: `22`, `80-89` or `53,123`.
    pub port: Option<String>,
    /// So many flows, most octets first.
    pub top: Option<usize>,
    /// At most so many flows.
    pub count: Option<usize>,
}

impl Probe {
    /// `GET /v1/flow/…`; `what` is `records samplers interfaces monitors exporters loss`, `name` one of them.
    ///
    /// # Errors
    /// When there is nothing of that name.
    pub fn show(&self, what: &str, name: Option<&str>) -> Result<Json, Unknown> {
        let state = self.state();
        let settings = &state.settings;
        let known = |kind: &str, has: &dyn Fn(&str) -> bool| match name {
            Some(name) if !has(name) => Err(Unknown(format!("there is no {kind} {name}"))),
            _ => Ok(()),
        };
        Ok(match what {
            "records" => {
                known("flow record", &|name| {
                    settings.records.contains_key(name) || name == "netflow-original"
                })?;
                show::records(settings, name)
            }
            "samplers" => {
                known("sampler", &|name| settings.samplers.contains_key(name))?;
                show::samplers(settings, &state.sampler_ids, name)
            }
            "interfaces" => {
                known("interface with a flow monitor", &|name| {
                    settings.ports.contains_key(name)
                })?;
                show::interfaces(settings, &state.reports(), name)
            }
            "monitors" => {
                known("flow monitor", &|name| settings.monitors.contains_key(name))?;
                show::monitors(settings, &state.reports(), name)
            }
            "exporters" => {
                known("flow exporter", &|name| {
                    settings.exporters.contains_key(name)
                })?;
                show::exporters(settings, &state.export.statistics(), name)
            }
            "loss" => show::loss(&state.reports(), &state.export.statistics()),
            other => return Err(Unknown(format!("nothing is known of {other}"))),
        })
    }

    /// `GET /v1/flow/monitors/NAME/cache`.
    ///
    /// # Errors
    /// When there is no such monitor or field.
    pub fn cache(&self, monitor: &str, query: &CacheQuery) -> Result<Json, Unknown> {
        let state = self.state();
        let settings = state.monitor(monitor)?.clone();
        let batches: Vec<Batch> = state
            .workers()
            .flat_map(|(_, worker)| worker.flows(monitor))
            .collect();
        let reports = state.reports();
        drop(state);
        show::cache(monitor, &settings, &reports, &batches, query)
    }

    /// `GET /v1/flow-accounting`.
    ///
    /// # Errors
    /// VyOS's own: not running, not configured on that interface, no in-memory table.
    pub fn accounting(&self, query: &AccountingQuery) -> Result<Json, Unknown> {
        let state = self.state();
        match state.settings.accounting_table {
            None => return Err(Unknown("flow-accounting is not running".into())),
            Some(false) => return Err(Unknown("In-memory table is not available".into())),
            Some(true) => {}
        }
        let has_accounting = |interface: &str| {
            state
                .settings
                .ports
                .get(interface)
                .is_some_and(|port| port.attachments.iter().any(|a| a.monitor == ACCOUNTING))
        };
        if let Some(interface) = &query.interface
            && !has_accounting(interface)
        {
            return Err(Unknown(format!(
                "flow-accounting not configured on [{interface}]"
            )));
        }
        let tables = state
            .ports
            .iter()
            .filter(|(interface, _)| has_accounting(interface))
            .filter(|(interface, _)| {
                query
                    .interface
                    .as_ref()
                    .is_none_or(|wanted| wanted == *interface)
            })
            .map(|(interface, port)| {
                (
                    interface.clone(),
                    port.workers
                        .iter()
                        .flat_map(|worker| worker.flows(ACCOUNTING))
                        .collect(),
                )
            })
            .collect();
        drop(state);
        show::accounting(tables, query)
    }

    /// `POST /v1/clear/monitor/NAME`: `what` is `cache`, `statistics` or `force-export`. Returns the flows it ended.
    ///
    /// # Errors
    /// When there is no such monitor or nothing of that kind to clear.
    pub fn clear_monitor(&self, monitor: &str, what: &str) -> Result<u64, Unknown> {
        let state = self.state();
        state.monitor(monitor)?;
        let how = match what {
            "cache" => Clear::Discard,
            "force-export" => Clear::Export,
            "statistics" => {
                state
                    .workers()
                    .for_each(|(_, worker)| worker.clear_statistics(monitor));
                return Ok(0);
            }
            other => {
                return Err(Unknown(format!(
                    "cannot clear {other}; cache, statistics or force-export"
                )));
            }
        };
        Ok(state
            .workers()
            .map(|(_, worker)| worker.clear(monitor, how))
            .sum())
    }

    /// `POST /v1/clear/exporter/NAME`.
    ///
    /// # Errors
    /// When there is no such exporter.
    pub fn clear_exporter(&self, exporter: &str) -> Result<(), Unknown> {
        let state = self.state();
        if !state.settings.exporters.contains_key(exporter) {
            return Err(Unknown(format!("there is no flow exporter {exporter}")));
        }
        state.export.clear(exporter);
        Ok(())
    }

    /// `POST /v1/clear/flow-accounting`: the table starts anew; what was in it is exported. Returns the flows it ended.
    ///
    /// # Errors
    /// When flow-accounting is not configured.
    pub fn clear_accounting(&self) -> Result<u64, Unknown> {
        let state = self.state();
        if state.settings.accounting_table.is_none() {
            return Err(Unknown("flow-accounting is not running".into()));
        }
        Ok(state
            .workers()
            .map(|(_, worker)| worker.clear(ACCOUNTING, Clear::Export))
            .sum())
    }
}
