//! `monitor flow-accounting`: the flows that move most, live.

use std::collections::HashMap;

use api::flow::{Accounting, Flow, FlowValue};
use api::ledger::LossLedger;
use api::{Nothing, routes};
use jiff::Timestamp;

use super::Shell;
use crate::screen::{self, InterfaceFlows, Moved, TopFrame, TopOrder};
use crate::trouble::Failure;

/// The number of flows that are asked for, those with most octets first: a flow that grows fast is soon among them.
const ASKED: u64 = 5000;
/// The number of flows that are shown where there is no screen to fill.
const ROWS: usize = 10;
/// The number of rows for headings and for the line about the keys.
const OTHER_ROWS: usize = 5;

/// The live table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Top {
    /// The only interface that is shown; `None` for all.
    pub(crate) interface: Option<String>,
    order: TopOrder,
    before: Option<Sample>,
    /// The flows on the screen. A key sorts them anew.
    rows: Vec<Moved<Flow>>,
    totals: Vec<Moved<InterfaceFlows>>,
}

/// The counters at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sample {
    millis: i64,
    /// The packets and octets of each flow, by its key.
    flows: HashMap<String, (u64, u64)>,
    /// The packets and octets of each interface.
    interfaces: HashMap<String, (u64, u64)>,
}

impl Top {
    pub(crate) fn new(interface: Option<String>) -> Top {
        Top {
            interface,
            ..Top::default()
        }
    }

    /// Asks the daemon, and shows what has changed since the last time.
    pub(super) fn frame(
        &mut self,
        shell: &mut Shell,
        rows: Option<usize>,
    ) -> Result<String, Failure> {
        let table = shell.accounting_table(self.interface.as_deref(), ASKED)?;
        let ledger = shell.client.get(routes::LOSS, &[], &Nothing {})?.answer;
        self.count(&table.answer, &ledger, Timestamp::now().as_millisecond());
        let most = rows.map_or(ROWS, |rows| {
            rows.saturating_sub(OTHER_ROWS + self.totals.len()).max(1)
        });
        let frame = TopFrame {
            totals: &self.totals,
            rows: &self.rows,
            most,
            order: self.order,
            screen: rows.is_some(),
        };
        Ok(screen::top(&frame))
    }

    /// Computes the rates since the last call. `millis` is the present time in milliseconds since 1970.
    fn count(&mut self, table: &Accounting, ledger: &LossLedger, millis: i64) {
        let before = self.before.take();
        let span = before
            .as_ref()
            .map(|before| millis - before.millis)
            .filter(|span| *span > 0);
        let moved = |old: Option<&(u64, u64)>, new: (u64, u64)| {
            let old = old.copied().unwrap_or_default();
            let rate = |old: u64, new: u64| {
                // A flow that ended and came again counts from nothing.
                let more = if new >= old { new - old } else { new };
                span.map(|span| more as f64 * 1000.0 / span as f64)
            };
            (rate(old.0, new.0), rate(old.1, new.1))
        };
        let mut sample = Sample {
            millis,
            flows: HashMap::new(),
            interfaces: HashMap::new(),
        };
        self.rows.clear();
        self.totals.clear();
        for interface in &table.interfaces {
            let name = &interface.interface;
            let counters = metered(ledger, name);
            let old = before
                .as_ref()
                .and_then(|before| before.interfaces.get(name));
            // Nothing before the first look is known.
            let old = old.or(before.is_none().then_some(&counters));
            self.totals.push(Moved::new(
                InterfaceFlows {
                    interface: name.clone(),
                    flows: interface.entries,
                },
                counters,
                moved(old, counters),
            ));
            sample.interfaces.insert(name.clone(), counters);
            for flow in &interface.flows {
                let number = |name: &str| {
                    flow.get(name)
                        .and_then(FlowValue::number)
                        .unwrap_or_default()
                };
                let counters = (number("packetDeltaCount"), number("octetDeltaCount"));
                let key = key(name, flow);
                let old = before.as_ref().and_then(|before| before.flows.get(&key));
                self.rows
                    .push(Moved::new(flow.clone(), counters, moved(old, counters)));
                sample.flows.insert(key, counters);
            }
        }
        self.before = Some(sample);
    }

    /// Sorts by what a key stands for. Returns false where it stands for nothing.
    pub(super) fn key(&mut self, key: char) -> bool {
        match TopOrder::of_key(key) {
            Some(order) => {
                self.order = order;
                true
            }
            None => false,
        }
    }
}

/// Returns the packets and octets that flow-accounting has metered on an interface, all its threads together.
fn metered(ledger: &LossLedger, interface: &str) -> (u64, u64) {
    let monitors = ledger.monitors.iter();
    monitors
        .filter(|monitor| monitor.monitor == "flow-accounting" && monitor.interface == interface)
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::filled::filled;

    fn table(flows: &[(u16, u64)]) -> Accounting {
        let flow = |(port, octets): &(u16, u64)| {
            json!({"sourceIPv4Address": "10.0.0.1", "destinationIPv4Address": "10.0.0.2", "protocolIdentifier": 6,
                "sourceTransportPort": port, "destinationTransportPort": 443,
                "packetDeltaCount": octets / 100, "octetDeltaCount": octets})
        };
        let flows: Vec<_> = flows.iter().map(flow).collect();
        filled(
            &json!({"interfaces": [{"interface": "eth1", "entries": flows.len(), "flows": flows}]}),
        )
    }

    fn ledger(octets: u64) -> LossLedger {
        let monitor = |name: &str, octets: u64| json!({"monitor": name, "interface": "eth1", "metered": {"packets": octets / 100, "octets": octets}});
        filled(&json!({"monitors": [monitor("flow-accounting", octets), monitor("M", 7)]}))
    }

    #[test]
    fn rates_are_what_moved_since_the_last_look() {
        let mut top = Top::new(None);
        top.count(
            &table(&[(1, 1_000_000), (2, 500)]),
            &ledger(2_000_000),
            10_000,
        );
        assert!(
            top.rows.iter().all(|row| row.octets_s.is_none()),
            "nothing to compare with"
        );
        assert_eq!(top.totals[0].octets_s, None);

        // Port 1 stands still, port 2 moves, port 3 is new, port 4 comes again below what it was.
        top.count(
            &table(&[(1, 1_000_000), (2, 4_500), (3, 600)]),
            &ledger(2_004_600),
            12_000,
        );
        let octets: Vec<_> = top.rows.iter().map(|row| row.octets_s).collect();
        assert_eq!(octets, [Some(0.0), Some(2000.0), Some(300.0)]);
        assert_eq!(top.totals[0].octets_s, Some(2300.0));
        assert_eq!(top.totals[0].packets_s, Some(23.0));
        top.count(&table(&[(2, 100)]), &ledger(2_004_700), 13_000);
        assert_eq!(top.rows[0].octets_s, Some(100.0));
        // The clock did not move: no rate.
        top.count(&table(&[(2, 200)]), &ledger(2_004_800), 13_000);
        assert_eq!(top.rows[0].octets_s, None);
    }

    #[test]
    fn keys_sort() {
        let mut top = Top::new(Some("eth1".into()));
        assert!(top.key('p') && top.key('t') && top.key('b'));
        assert!(!top.key('x'));
    }
}
