//! `/v1/flow/monitors/NAME/top`: the largest flows of a monitor, their share of everything, and how fast they are.

use api::flow::{CacheFlows, Field, Flow, FlowValue, MonitorTop, Rate, TopMeasure, TopRow};
use api::ledger::{LossLedger, RecordTally};
use api::query::{CacheQuery, TopQuery};
use api::routes;
use probe::Cancelled;
use service::clock;

use super::blocking;
use super::endpoint::{Answer, Call, Endpoint};
use super::error::ApiError;
use super::flow::Waiting;
use crate::control::Control;
use health::Reading;

/// Number of flows that are read of a cache, those with most octets first. A flow that grows fast is soon among them.
pub(super) const READ: u64 = 5000;
/// Number of rows in an answer if the query does not give one.
pub(super) const TOP: u64 = 10;
/// What flows are put together by, as far as a record has it.
const KEY: &[&str] = &[
    "sourceIPv4Address",
    "destinationIPv4Address",
    "sourceIPv6Address",
    "destinationIPv6Address",
    "protocolIdentifier",
    "sourceTransportPort",
    "destinationTransportPort",
];
/// The most fields of a record that has none of them.
const OTHERS: usize = 4;

/// The route that is answered here.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::new(routes::MONITOR_TOP, top)]
}

pub(super) async fn top(call: Call<TopQuery>) -> Answer<MonitorTop> {
    let waiting = Waiting(Cancelled::default());
    let cancelled = waiting.0.clone();
    let answer = move || {
        let Call {
            control,
            name,
            query,
            ..
        } = call;
        let by = query.by.unwrap_or(TopMeasure::Bytes);
        let cache = read(&control, &name, by, &cancelled)?;
        let total = in_cache(&control.engine.services.ledger(), &name);
        let metered = metered(&control.engine.services.ledger(), &name);
        let rate = match query.scaled {
            Some(true) => cache.sampling_rate.unwrap_or(1),
            _ => 1,
        };
        let before = query.after.and_then(|name| control.readings.take(&name));
        let mut reading = Reading::new(clock::monotonic());
        let most = usize::try_from(query.top.unwrap_or(TOP)).unwrap_or(usize::MAX);
        let mut counted = Counted {
            reading: &mut reading,
            before: before.as_ref(),
            scale: rate.into(),
        };
        let mut answer = counted.top(cache, by, total, metered);
        answer.rows.truncate(most);
        answer.next = control.readings.keep(reading);
        Ok(answer)
    };
    blocking(answer).await?
}

/// Reads the largest flows, put together by what the record has of [`KEY`].
fn read(
    control: &Control,
    monitor: &str,
    by: TopMeasure,
    cancelled: &Cancelled,
) -> Result<CacheFlows, ApiError> {
    let ask = |query: CacheQuery| -> Result<CacheFlows, ApiError> {
        let query = probe::CacheQuery::try_from(query)?;
        let answer = control.probe.cache(monitor, &query, cancelled)?;
        let text = serde_json::to_vec(&answer).map_err(ApiError::internal)?;
        serde_json::from_slice(&text).map_err(ApiError::internal)
    };
    let one = CacheQuery {
        limit: Some(1),
        ..CacheQuery::default()
    };
    let fields = ask(one)?.fields;
    let keys = fields.iter().filter(|field| field.key);
    let known = keys
        .clone()
        .filter(|field| KEY.contains(&field.name.as_str()));
    let mut aggregate: Vec<String> = known.map(|field| field.words.clone()).collect();
    if aggregate.is_empty() {
        aggregate = keys.take(OTHERS).map(|field| field.words.clone()).collect();
    }
    let measure = match by {
        TopMeasure::Bytes => "counter bytes",
        TopMeasure::Packets => "counter packets",
        TopMeasure::Flows => "counter flows",
    };
    ask(CacheQuery {
        aggregate,
        sort: Some(measure.to_owned()),
        top: Some(READ),
        ..CacheQuery::default()
    })
}

/// What is in a monitor's cache, over all its threads.
fn in_cache(ledger: &LossLedger, monitor: &str) -> RecordTally {
    let own = ledger.monitors.iter().filter(|one| one.monitor == monitor);
    own.fold(RecordTally::default(), |sum, one| RecordTally {
        records: sum.records + one.cached.records,
        packets: sum.packets + one.cached.packets,
        octets: sum.octets + one.cached.octets,
    })
}

/// The packets and octets that a monitor has metered since it began.
fn metered(ledger: &LossLedger, monitor: &str) -> (u64, u64) {
    let own = ledger.monitors.iter().filter(|one| one.monitor == monitor);
    own.fold((0, 0), |(packets, octets), one| {
        (packets + one.metered.packets, octets + one.metered.octets)
    })
}

/// What rows are counted with.
struct Counted<'a> {
    reading: &'a mut Reading,
    before: Option<&'a Reading>,
    /// What packets and octets are multiplied by.
    scale: u64,
}

impl Counted<'_> {
    /// Makes the answer of the rows that were read, of what is in the cache, and of what was metered altogether.
    fn top(
        &mut self,
        cache: CacheFlows,
        by: TopMeasure,
        total: RecordTally,
        metered: (u64, u64),
    ) -> MonitorTop {
        let fields: Vec<Field> = cache.fields.into_iter().filter(|field| field.key).collect();
        let whole = match by {
            TopMeasure::Bytes => total.octets,
            TopMeasure::Packets => total.packets,
            TopMeasure::Flows => total.records,
        };
        let rows = cache.flows.iter().map(|flow| {
            let number = |name: &str| {
                flow.get(name)
                    .and_then(FlowValue::number)
                    .unwrap_or_default()
            };
            let flows = number("deltaFlowCount");
            let counters = (number("packetDeltaCount"), number("octetDeltaCount"));
            let part = match by {
                TopMeasure::Bytes => counters.1,
                TopMeasure::Packets => counters.0,
                TopMeasure::Flows => flows,
            };
            let key = key(flow, &fields);
            TopRow {
                flows,
                rate: self.count(named(&key), counters),
                // The cache goes on while it is read.
                share: if whole == 0 {
                    0.0
                } else {
                    (part as f64 / whole as f64).min(1.0)
                },
                key,
            }
        });
        let rows = rows.collect();
        let speed = self.count(String::new(), metered);
        MonitorTop {
            monitor: cache.monitor,
            sampling_rate: cache.sampling_rate,
            scaled: self.scale > 1,
            by,
            flows: total.records,
            total: Rate {
                packets: total.packets.saturating_mul(self.scale),
                octets: total.octets.saturating_mul(self.scale),
                ..speed
            },
            rows,
            next: String::new(),
            fields,
        }
    }

    fn count(&mut self, name: String, (packets, octets): (u64, u64)) -> Rate {
        let scaled = |number: u64| number.saturating_mul(self.scale);
        self.reading
            .count(name, (scaled(packets), scaled(octets)), self.before)
    }
}

/// The values of a row in the fields by which its flows are put together, and the names of their interfaces.
fn key(flow: &Flow, fields: &[Field]) -> Flow {
    let mut key = Flow::default();
    for field in fields {
        for name in [field.name.clone(), format!("{}Name", field.name)] {
            if let Some(value) = flow.get(&name) {
                key.0.insert(name, value.clone());
            }
        }
    }
    key
}

/// The name of a row's counters: its key, and something before it, since the whole has none.
fn named(key: &Flow) -> String {
    let values = key.0.values().map(ToString::to_string);
    format!("row {}", values.collect::<Vec<_>>().join(" "))
}

/// Multiplies a flow's packets and octets by the sampling rate.
pub(super) fn scale_flow(flow: &mut Flow, rate: u64) {
    for name in ["packetDeltaCount", "octetDeltaCount"] {
        if let Some(FlowValue::Number(number)) = flow.0.get_mut(name) {
            *number = number.saturating_mul(rate);
        }
    }
}

#[cfg(test)]
mod tests;
