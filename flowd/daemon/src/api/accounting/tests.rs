use std::time::Duration;

use api::ledger::PacketTally;
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
