//! `/v1/flow-accounting…`: the table of flow-accounting, and how fast its flows are.

use api::flow::{
    AccountedInterface, Accounting, AccountingRates, Cleared, Flow, FlowRate, FlowValue,
    InterfaceRate, RateOrder,
};
use api::ledger::{LossLedger, MonitorLedger};
use api::query::{AccountingQuery, AccountingRatesQuery};
use api::routes;
use probe::{ACCOUNTING, Cancelled};
use service::clock;

use super::blocking;
use super::endpoint::{Answer, Call, Endpoint};
use super::flow::Waiting;
use super::top::{READ, TOP, scale_flow};
use health::Reading;

/// The routes that are answered here.
#[rustfmt::skip]
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(routes::ACCOUNTING, table),
        Endpoint::new(routes::ACCOUNTING_RATES, rates),
        Endpoint::new(routes::CLEAR_ACCOUNTING, clear),
    ]
}

pub(super) async fn table(call: Call<AccountingQuery>) -> Answer<Accounting> {
    let waiting = Waiting(Cancelled::default());
    let cancelled = waiting.0.clone();
    let answer = move || {
        let mut table = call.control.probe.accounting(&call.query, &cancelled)?;
        if call.query.scaled == Some(true) {
            table.interfaces.iter_mut().for_each(scale);
        }
        Ok(table)
    };
    blocking(answer).await?
}

pub(super) async fn rates(call: Call<AccountingRatesQuery>) -> Answer<AccountingRates> {
    let waiting = Waiting(Cancelled::default());
    let cancelled = waiting.0.clone();
    let answer = move || {
        let (control, query) = (call.control, call.query);
        let asked = AccountingQuery {
            interface: query.interface,
            count: Some(READ),
            ..AccountingQuery::default()
        };
        let mut table = control.probe.accounting(&asked, &cancelled)?;
        let mut ledger = control.engine.services.ledger();
        for interface in &mut table.interfaces {
            scale(interface);
            let rate = u64::from(interface.sampling_rate.unwrap_or(1));
            let monitors = ledger.monitors.iter_mut();
            let own = |one: &&mut MonitorLedger| one.interface == interface.interface;
            for monitor in monitors.filter(own) {
                monitor.metered.packets = monitor.metered.packets.saturating_mul(rate);
                monitor.metered.octets = monitor.metered.octets.saturating_mul(rate);
            }
        }
        let before = query.after.and_then(|name| control.readings.take(&name));
        let mut reading = Reading::new(clock::monotonic());
        let mut rates = counted(&table, &ledger, &mut reading, before.as_ref());
        let order = query.sort.unwrap_or(RateOrder::Bits);
        let top = usize::try_from(query.top.unwrap_or(TOP)).unwrap_or(usize::MAX);
        sort(&mut rates.flows, order);
        rates.flows.truncate(top);
        rates.next = control.readings.keep(reading);
        Ok(rates)
    };
    blocking(answer).await?
}

pub(super) async fn clear(call: Call) -> Answer<Cleared> {
    let user = call.peer.user;
    let cleared = blocking(move || call.control.probe.clear_accounting()).await??;
    let flows = cleared.flows;
    tracing::info!(
        msgid = "CLEAR",
        "{user} cleared flow-accounting: {flows} flows exported"
    );
    Ok(cleared)
}

/// Multiplies numbers of packets and octets by the sampling rate.
fn scale(interface: &mut AccountedInterface) {
    let rate = u64::from(interface.sampling_rate.unwrap_or(1));
    interface.scaled = rate > 1;
    interface.total_packets = interface.total_packets.saturating_mul(rate);
    interface.total_octets = interface.total_octets.saturating_mul(rate);
    for flow in &mut interface.flows {
        scale_flow(flow, rate);
    }
}

/// Joins the table's flows and the ledger's totals of their interfaces with what they were before.
fn counted(
    table: &Accounting,
    ledger: &LossLedger,
    reading: &mut Reading,
    before: Option<&Reading>,
) -> AccountingRates {
    let mut rates = AccountingRates::default();
    for interface in &table.interfaces {
        let name = &interface.interface;
        rates.interfaces.push(InterfaceRate {
            interface: name.clone(),
            sampling_rate: interface.sampling_rate,
            flows: interface.entries,
            rate: reading.count(name.clone(), metered(ledger, name), before),
        });
        for flow in &interface.flows {
            let number = |name: &str| {
                flow.get(name)
                    .and_then(FlowValue::number)
                    .unwrap_or_default()
            };
            let counters = (number("packetDeltaCount"), number("octetDeltaCount"));
            rates.flows.push(FlowRate {
                flow: flow.clone(),
                rate: reading.count(key(name, flow), counters, before),
            });
        }
    }
    rates
}

/// Returns the packets and octets that flow-accounting has metered on an interface, all its threads together.
fn metered(ledger: &LossLedger, interface: &str) -> (u64, u64) {
    let monitors = ledger.monitors.iter();
    monitors
        .filter(|monitor| monitor.monitor == ACCOUNTING && monitor.interface == interface)
        .fold((0, 0), |(packets, octets), monitor| {
            let metered = &monitor.metered;
            (packets + metered.packets, octets + metered.octets)
        })
}

/// Returns the key of a flow: everything but its counters and times.
fn key(interface: &str, flow: &Flow) -> String {
    let mut key = interface.to_owned();
    for name in [
        "sourceIPv4Address",
        "destinationIPv4Address",
        "sourceIPv6Address",
        "destinationIPv6Address",
        "protocolIdentifier",
        "sourceTransportPort",
        "destinationTransportPort",
        "ipClassOfService",
        "ingressInterface",
        "flowDirection",
    ] {
        key.push(' ');
        if let Some(value) = flow.get(name) {
            key.push_str(&value.to_string());
        }
    }
    key
}

/// Sorts flows, the fastest or the largest first.
fn sort(flows: &mut [FlowRate], order: RateOrder) {
    let value = |flow: &FlowRate| match order {
        RateOrder::Bits => flow.rate.octets_per_second.unwrap_or_default(),
        RateOrder::Packets => flow.rate.packets_per_second.unwrap_or_default(),
        RateOrder::Total => flow.rate.octets as f64,
    };
    flows.sort_by(|a, b| {
        let larger = b.rate.octets.cmp(&a.rate.octets);
        value(b).total_cmp(&value(a)).then(larger)
    });
}

#[cfg(test)]
mod tests;
