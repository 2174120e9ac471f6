//! What must hold of a tracker whatever it is shown: for the fuzzer, and for the tests that replay what it found.

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
            tell(&mut tracker, domain, datagram);
        }
    }
    tracker.forget(&mut budget);
    assert_eq!(budget.left, BUDGET);
}

/// Who is told what is known knows the same.
fn tell(tracker: &mut Tracker, domain: u16, live: &[u8]) {
    let domain = tracker.domain(domain);
    let announced = domain.announce(live, 1400);
    let mut told = Tracker::default();
    let mut budget = Budget::new(2 * BUDGET);
    for datagram in &announced {
        assert!(datagram.len() <= MAX_PAYLOAD);
        assert!(told.observe(datagram, NOW, &mut budget).announces);
    }
    assert_eq!((budget.refused, budget.malformed), (0, 0));
    let told = told
        .domains()
        .first()
        .map_or(&[][..], |told| &told.templates);
    assert_eq!(told.len(), domain.templates.len());
    for (a, b) in told.iter().zip(&domain.templates) {
        assert_eq!((&a.template, &a.records), (&b.template, &b.records));
    }
}
