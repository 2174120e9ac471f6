//! `/v1/flow-accounting…`: the table of flow-accounting, and how fast its flows are.

use api::flow::{
    Accounting, AccountingRates, Cleared, Flow, FlowRate, FlowValue, InterfaceRate, RateOrder,
};
use api::ledger::LossLedger;
use api::query::{AccountingQuery, AccountingRatesQuery};
use api::routes;
use probe::{ACCOUNTING, Cancelled};
use service::clock;

use super::blocking;
use super::endpoint::{Answer, Call, Endpoint};
use super::flow::Waiting;
use crate::readings::Reading;

/// The routes that are answered here.
#[rustfmt::skip]
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(routes::ACCOUNTING, table),
        Endpoint::new(routes::ACCOUNTING_RATES, rates),
        Endpoint::new(routes::CLEAR_ACCOUNTING, clear),
    ]
}

/// The flows that are read, those with most octets first: a flow that grows fast is soon among them.
const READ: u64 = 5000;
/// The flows of an answer that says nothing of their number.
const TOP: u64 = 10;

pub(super) async fn table(call: Call<AccountingQuery>) -> Answer<Accounting> {
    let waiting = Waiting(Cancelled::default());
    let cancelled = waiting.0.clone();
    let answer = move || call.control.probe.accounting(&call.query, &cancelled);
    Ok(blocking(answer).await??)
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
        let table = control.probe.accounting(&asked, &cancelled)?;
        let ledger = control.engine.services.ledger();
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
    Ok(blocking(move || call.control.probe.clear_accounting()).await??)
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
mod tests {
    use std::time::Duration;

    use api::flow::AccountedInterface;
    use api::ledger::{MonitorLedger, PacketTally};
    use serde_json::{from_value, json};

    use super::*;

    fn table(flows: &[(u16, u64)]) -> Accounting {
        let flow = |(port, octets): &(u16, u64)| -> Flow {
            from_value(
                json!({"sourceIPv4Address": "10.0.0.1", "destinationIPv4Address": "10.0.0.2", "protocolIdentifier": 6,
                    "sourceTransportPort": port, "destinationTransportPort": 443,
                    "packetDeltaCount": octets / 100, "octetDeltaCount": octets}),
            )
            .unwrap()
        };
        let interface = AccountedInterface {
            interface: "eth1".into(),
            entries: flows.len() as u64,
            flows: flows.iter().map(flow).collect(),
            ..AccountedInterface::default()
        };
        Accounting {
            interfaces: vec![interface],
        }
    }

    fn ledger(octets: u64) -> LossLedger {
        let monitor = |name: &str, octets: u64| MonitorLedger {
            monitor: name.into(),
            interface: "eth1".into(),
            metered: PacketTally {
                packets: octets / 100,
                octets,
            },
            ..MonitorLedger::default()
        };
        LossLedger {
            monitors: vec![monitor(ACCOUNTING, octets), monitor("M", 7)],
            ..LossLedger::default()
        }
    }

    #[test]
    fn rates_are_what_moved_since_the_last_look() {
        let start = clock::monotonic();
        let at = |millis: u64| Reading::new(start + Duration::from_millis(millis));
        let mut first = at(10_000);
        let rates = counted(
            &table(&[(1, 1_000_000), (2, 500)]),
            &ledger(2_000_000),
            &mut first,
            None,
        );
        assert!(
            rates
                .flows
                .iter()
                .all(|row| row.rate.octets_per_second.is_none()),
            "nothing to compare with"
        );
        assert_eq!(rates.interfaces[0].rate.octets_per_second, None);

        // Port 1 stands still, port 2 moves, port 3 is new, port 2 comes again below what it was.
        let mut second = at(12_000);
        let flows = [(1, 1_000_000), (2, 4_500), (3, 600)];
        let mut rates = counted(
            &table(&flows),
            &ledger(2_004_600),
            &mut second,
            Some(&first),
        );
        let octets = |rates: &AccountingRates| -> Vec<_> {
            rates
                .flows
                .iter()
                .map(|row| row.rate.octets_per_second)
                .collect()
        };
        assert_eq!(octets(&rates), [Some(0.0), Some(2000.0), Some(300.0)]);
        assert_eq!(rates.interfaces[0].rate.octets_per_second, Some(2300.0));
        assert_eq!(rates.interfaces[0].rate.packets_per_second, Some(23.0));
        let mut third = at(13_000);
        let again = counted(
            &table(&[(2, 100)]),
            &ledger(2_004_700),
            &mut third,
            Some(&second),
        );
        assert_eq!(octets(&again), [Some(100.0)]);
        // The clock did not move: no rate.
        let still = counted(
            &table(&[(2, 200)]),
            &ledger(2_004_800),
            &mut at(13_000),
            Some(&third),
        );
        assert_eq!(octets(&still), [None]);

        sort(&mut rates.flows, RateOrder::Bits);
        assert_eq!(octets(&rates), [Some(2000.0), Some(300.0), Some(0.0)]);
        sort(&mut rates.flows, RateOrder::Total);
        assert_eq!(octets(&rates), [Some(0.0), Some(2000.0), Some(300.0)]);
        sort(&mut rates.flows, RateOrder::Packets);
        assert_eq!(octets(&rates), [Some(2000.0), Some(300.0), Some(0.0)]);
    }
}
