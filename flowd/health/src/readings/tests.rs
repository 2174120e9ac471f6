use std::time::Duration;

use service::clock;

use super::*;

#[test]
fn a_reading_gives_way_to_newer_ones_and_is_taken_once() {
    let readings = Readings::default();
    let names: Vec<String> = (0..=KEPT)
        .map(|_| readings.keep(Reading::new(clock::monotonic())))
        .collect();
    assert!(readings.take(&names[0]).is_none());
    assert!(readings.take(&names[1]).is_some());
    assert!(readings.take(&names[1]).is_none());
    assert!(readings.take("x").is_none());
}

#[test]
fn what_was_not_there_before_or_was_more_counts_from_nothing() {
    let start = clock::monotonic();
    let mut first = Reading::new(start);
    let rate = first.count("a".into(), (10, 1000), None);
    assert_eq!(
        (rate.packets, rate.octets, rate.octets_per_second),
        (10, 1000, None)
    );
    let mut second = Reading::new(start + Duration::from_secs(2));
    let mut octets = |name: &str, octets: u64| {
        second
            .count(name.into(), (octets / 100, octets), Some(&first))
            .octets_per_second
    };
    assert_eq!(octets("a", 3000), Some(1000.0));
    assert_eq!(octets("b", 600), Some(300.0));
    assert_eq!(octets("a", 200), Some(100.0));
    // No time has passed: no rate.
    let mut third = Reading::new(start);
    assert_eq!(
        third
            .count("a".into(), (20, 2000), Some(&first))
            .octets_per_second,
        None
    );
}
