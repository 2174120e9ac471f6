use super::*;

const NOW: u64 = 1_700_000_000_000_000_000;
const LIMIT: usize = 1400;

fn budget() -> Budget {
    Budget::new(1 << 20)
}

fn v9(sequence: u32, domain: u32, fill: impl FnOnce(&mut v9::Packer)) -> Vec<u8> {
    let mut packer = v9::Packer::new(60_000);
    fill(&mut packer);
    let header = v9::Header {
        sys_uptime_ms: 5,
        unix_secs: 6,
        sequence,
        source_id: domain,
    };
    packer.finish(&header).to_vec()
}

fn ipfix(sequence: u32, domain: u32, fill: impl FnOnce(&mut ipfix::Packer)) -> Vec<u8> {
    let mut packer = ipfix::Packer::new(60_000);
    fill(&mut packer);
    let header = ipfix::Header {
        export_time_secs: 6,
        sequence,
        domain,
    };
    packer.finish(&header).to_vec()
}

fn data(sequence: u32, domain: u32) -> Vec<u8> {
    v9(sequence, domain, |packer| {
        packer.record(256, 5).unwrap().fill(1);
    })
}

/// Templates by identifier and number of fields, and records, of announced datagrams.
fn read(datagrams: &[Vec<u8>]) -> (Vec<(u16, usize)>, Vec<Vec<u8>>) {
    let mut tracker = Tracker::default();
    let mut budget = budget();
    for datagram in datagrams {
        assert!(tracker.observe(datagram, NOW, &mut budget).announces);
    }
    assert_eq!((budget.malformed, budget.refused), (0, 0));
    let domain = &tracker.domains()[0];
    let templates = domain.templates.iter();
    let mut records: Vec<Vec<u8>> = templates
        .clone()
        .flat_map(|kept| kept.records.values().map(|record| record.to_vec()))
        .collect();
    records.sort();
    let templates = templates.map(|kept| (kept.template.id, kept.template.fields.len()));
    (templates.collect(), records)
}

#[test]
fn announcements_lead_up_to_the_live_datagram_v9() {
    let mut tracker = Tracker::default();
    let mut budget = budget();
    let mut observe = |datagram: &[u8]| tracker.observe(datagram, NOW, &mut budget);
    // Data before any template: nothing to keep, and the domain is told all the same.
    let seen = observe(&data(1, 7));
    assert_eq!((seen.id, seen.domain, seen.announces), (7, None, false));
    let seen = observe(&v9(2, 7, |packer| {
        packer.template(256, &[(8, 4), (4, 1)]).unwrap();
        packer
            .options_template(257, &[(v9::scope::SYSTEM, 4)], &[(48, 1), (50, 4)])
            .unwrap();
    }));
    assert_eq!((seen.domain, seen.announces), (Some(0), true));
    // Two samplers have the same scope, and are two.
    for (sampler, interval) in [(1, 10), (2, 20), (1, 30)] {
        let seen = observe(&v9(3, 7, |packer| {
            let record = [192, 0, 2, 1, sampler, 0, 0, 0, interval];
            packer.record(257, 9).unwrap().copy_from_slice(&record);
        }));
        assert!(seen.announces);
    }
    let live = data(100, 7);
    let seen = observe(&live);
    assert_eq!((seen.domain, seen.announces), (Some(0), false));
    let announced = tracker.domain(0).announce(&live, LIMIT);
    let message = v9::Message::parse(&announced[0]).unwrap();
    assert_eq!(announced.len(), 1);
    assert_eq!((message.header.sequence, message.header.unix_secs), (99, 6));
    assert_eq!(message.count, 4);
    let (templates, records) = read(&announced);
    assert_eq!(templates, [(256, 2), (257, 3)]);
    assert_eq!(
        records,
        [
            [192, 0, 2, 1, 1, 0, 0, 0, 30],
            [192, 0, 2, 1, 2, 0, 0, 0, 20]
        ]
    );
}

#[test]
fn many_templates_take_many_datagrams_and_numbers_of_their_own() {
    let mut tracker = Tracker::default();
    let mut budget = budget();
    for id in 256..400_u16 {
        let seen = tracker.observe(
            &ipfix(0, 9, |packer| {
                packer.template(id, &[(8, 4); 20]).unwrap();
                packer
                    .options_template(id + 1000, &[(144, 4)], &[(41, 8)])
                    .unwrap();
                packer.record(id + 1000, 12).unwrap().fill(1);
            }),
            NOW,
            &mut budget,
        );
        assert!(seen.announces);
    }
    let live = ipfix(5000, 9, |packer| {
        packer.record(256, 80).unwrap().fill(1);
    });
    let announced = tracker.domain(0).announce(&live, LIMIT);
    assert!(announced.len() > 8);
    let (templates, records) = read(&announced);
    assert_eq!((templates.len(), records.len()), (288, 144));
    // Each says how many records were sent before it; the live one follows the last.
    let mut sequence = 5000 - 144;
    for datagram in &announced {
        assert!(datagram.len() <= LIMIT);
        let message = ipfix::Message::parse(datagram).unwrap();
        assert_eq!(message.header.sequence, sequence);
        let records = message
            .sets()
            .map(Result::unwrap)
            .filter(|set| matches!(set.contents(), Contents::Data(_)))
            .map(|set| set.octets().len() / 12);
        sequence += records.sum::<usize>() as u32;
    }
    assert_eq!(sequence, 5000);
    // A template longer than the limit has a datagram of its own.
    let long = ipfix(0, 9, |packer| {
        packer.template(300, &[(8, 4); 900]).unwrap();
    });
    tracker.observe(&long, NOW, &mut budget);
    let announced = tracker.domain(0).announce(&live, LIMIT);
    assert_eq!(
        announced
            .iter()
            .filter(|datagram| datagram.len() > LIMIT)
            .count(),
        1
    );
    assert_eq!(read(&announced).0.len(), 288);
}

#[test]
fn redefined_and_withdrawn_templates_are_forgotten_with_their_records() {
    let mut tracker = Tracker::default();
    let mut budget = budget();
    let whole = budget.left;
    let options = |packer: &mut ipfix::Packer, len| {
        packer
            .options_template(256, &[(149, 4)], &[(41, len)])
            .unwrap();
        packer.template(300, &[(8, 4)]).unwrap();
        packer
            .record(256, 4 + usize::from(len))
            .unwrap()
            .fill(len as u8);
    };
    let mut observe = |datagram: &[u8], tracker: &mut Tracker| {
        assert!(tracker.observe(datagram, NOW, &mut budget).announces);
        budget.left
    };
    observe(&ipfix(0, 1, |packer| options(packer, 8)), &mut tracker);
    let left = observe(&ipfix(0, 1, |packer| options(packer, 4)), &mut tracker);
    assert_eq!(
        observe(&ipfix(0, 1, |packer| options(packer, 4)), &mut tracker),
        left,
        "the same again costs nothing"
    );
    let kept = &tracker.domains()[0].templates;
    assert_eq!(
        (kept.len(), kept[0].records.len() + kept[1].records.len()),
        (2, 1)
    );
    let withdraw = |id: u16| {
        ipfix(0, 1, |packer| {
            let none: [(u16, u16); 0] = [];
            packer.template(id, &none).unwrap();
        })
    };
    let left = observe(&withdraw(256), &mut tracker);
    let kept = &tracker.domains()[0].templates;
    assert_eq!((kept.len(), kept[0].template.id), (1, 300));
    assert!(left < whole);
    let left = observe(&withdraw(ipfix::TEMPLATE_SET), &mut tracker);
    assert!(tracker.domains()[0].templates.is_empty());
    assert_eq!(left, whole);
}

#[test]
fn everything_a_peer_controls_is_bounded() {
    let mut tracker = Tracker::default();
    let mut budget = Budget::new(10_000);
    for domain in 0..1000 {
        let datagram = v9(0, domain, |packer| {
            packer.template(256, &[(8, 4); 20]).unwrap();
        });
        let seen = tracker.observe(&datagram, NOW + u64::from(domain), &mut budget);
        assert!(seen.announces);
    }
    assert_eq!(tracker.domains().len(), MAX_DOMAINS);
    assert!(budget.left < 300 && budget.refused > 0);
    tracker.forget(&mut budget);
    assert_eq!(budget.left, 10_000);
}

#[test]
fn other_versions_have_their_engine_for_a_domain() {
    let mut tracker = Tracker::default();
    let mut budget = budget();
    let mut v5 = vec![0; 24];
    v5[..2].copy_from_slice(&[0, 5]);
    v5[20..22].copy_from_slice(&[1, 2]);
    let mut sflow = vec![0, 0, 0, 5, 0, 0, 0, 1, 192, 0, 2, 1];
    sflow.extend([0, 0, 0, 9]);
    for (datagram, id) in [(v5, 0x0102), (sflow, 9), (vec![], 0), (vec![0, 9, 0], 0)] {
        let seen = tracker.observe(&datagram, NOW, &mut budget);
        assert_eq!((seen.id, seen.domain, seen.announces), (id, None, false));
    }
}

#[test]
fn slots_are_bits() {
    let mut slots = Slots::default();
    for slot in [0, 63, 64, 255] {
        assert!(!slots.contains(slot));
        slots.set(slot, true);
        assert!(slots.contains(slot));
    }
    slots.set(64, false);
    assert!(!slots.contains(64) && slots.contains(63) && !slots.contains(256));
}

#[test]
fn what_the_fuzzer_found_stays_harmless() {
    let fuzz = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz");
    let mut inputs = 0;
    // The corpus is there only where the fuzzer ran.
    for folder in ["seeds", "corpus"] {
        let entries = std::fs::read_dir(format!("{fuzz}/{folder}/tracker"));
        for entry in entries.into_iter().flatten().flatten() {
            exercise::exercise(&std::fs::read(entry.path()).unwrap());
            inputs += 1;
        }
    }
    assert!(inputs > 0);
}
