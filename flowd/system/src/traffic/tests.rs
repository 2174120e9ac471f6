use super::*;

fn interface(packets: u64) -> Interface {
    Interface {
        index: 2,
        received: Traffic {
            packets,
            octets: packets * 100,
            ..Traffic::default()
        },
        ..Interface::default()
    }
}

#[test]
fn rates_are_averages_of_a_minute_and_of_five() {
    let (history, start) = (TrafficHistory::default(), service::clock::monotonic());
    let at = |second: u64| start + Duration::from_secs(second);
    history.note(&[interface(0)], at(0));
    assert_eq!(history.rates(2), Default::default());
    // Ten packets a second for ten minutes, then a hundred for a minute.
    for second in (2..=600).step_by(2) {
        history.note(&[interface(second * 10)], at(second));
    }
    for second in (602..=660).step_by(2) {
        history.note(&[interface(6000 + (second - 600) * 100)], at(second));
    }
    let (received, sent) = history.rates(2);
    let expected = TrafficRates {
        packets_1m: Some(100.0),
        packets_5m: Some(28.0),
        bits_1m: Some(80_000.0),
        bits_5m: Some(22_400.0),
    };
    assert_eq!(received, expected);
    assert_eq!(sent.packets_5m, Some(0.0));
    assert!(history.0.lock()[&2].len() < 160);
    // Another interface of that number begins anew.
    history.note(&[interface(1)], at(662));
    assert_eq!(history.rates(2).0, TrafficRates::default());
    history.note(&[], at(664));
    assert!(history.0.lock().is_empty());
}
