//! The properties of a tracker that hold for any datagrams: for the fuzzer, and for the tests that replay its findings.

use udp::MAX_PAYLOAD;

use super::{Budget, Tracker};

const NOW: u64 = 1_700_000_000_000_000_000;
const BUDGET: usize = 1 << 16;

/// Shows a tracker datagrams, each of them behind its length in two octets.
///
/// # Panics
/// When something does not hold.
pub(crate) fn exercise(mut input: &[u8]) {
    let mut tracker = Tracker::default();
    let mut budget = Budget::new(BUDGET);
    while let Some((len, rest)) = input.split_first_chunk() {
        let len = usize::from(u16::from_be_bytes(*len)).min(rest.len());
        let (datagram, rest) = rest.split_at(len);
        input = rest;
        let seen = tracker.observe(datagram, NOW, &mut budget);
        let kept: usize = tracker
            .domains()
            .iter()
            .flat_map(|domain| &domain.templates)
            .map(|kept| kept.octets)
            .sum();
        assert_eq!(kept + budget.left, BUDGET, "every octet is accounted for");
        if let Some(domain) = seen.domain {
            check_replay(&mut tracker, domain, datagram);
        }
    }
    tracker.forget(&mut budget);
    assert_eq!(budget.left, BUDGET);
}

/// Checks that a tracker which sees the replay knows the same as the one that made it.
fn check_replay(tracker: &mut Tracker, domain: u16, live: &[u8]) {
    let domain = tracker.domain(domain);
    let announced = domain.announce(live, 1400);
    let mut replayed = Tracker::default();
    let mut budget = Budget::new(2 * BUDGET);
    for datagram in &announced {
        assert!(datagram.len() <= MAX_PAYLOAD);
        assert!(replayed.observe(datagram, NOW, &mut budget).announces);
    }
    assert_eq!((budget.refused, budget.malformed), (0, 0));
    let replayed = replayed
        .domains()
        .first()
        .map_or(&[][..], |replayed| &replayed.templates);
    assert_eq!(replayed.len(), domain.templates.len());
    for (a, b) in replayed.iter().zip(&domain.templates) {
        assert_eq!((&a.template, &a.records), (&b.template, &b.records));
    }
}
