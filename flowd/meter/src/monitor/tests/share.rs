//! Several monitors on one interface: headers are read once, and no monitor sees what another does to them.

use super::*;

/// UDP between a few hosts, in both directions.
fn frames() -> Vec<Vec<u8>> {
    let frame = |n: u8| {
        let (from, to) = if n.is_multiple_of(3) { (2, 1) } else { (1, 2) };
        let mut frame = vec![0; 12];
        frame.extend([0x08, 0x00, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0]);
        frame.extend([10, 0, 0, from, 10, 0, 0, to]);
        let (source, destination) = if from == 1 { (n % 5, 53) } else { (53, n % 5) };
        frame.extend([0, source, 0, destination, 0, 8, 0, 0]);
        frame
    };
    (0..200).map(frame).collect()
}

fn settings_of_several() -> [Settings; 4] {
    let with_sampler = Record {
        name: "R".into(),
        keys: ["ipv4 source address", "flow sampler"]
            .iter()
            .map(|words| Record::key_field(words).unwrap())
            .collect(),
        collects: vec![],
    };
    let update = Duration::from_secs(10);
    [
        Settings {
            record: with_sampler.clone(),
            sampler: Some((Mode::Deterministic, 3, 9)),
            ..settings()
        },
        Settings {
            record: with_sampler,
            ..settings()
        },
        Settings {
            record: Record::netflow_original().bidirectional().unwrap(),
            ..settings()
        },
        Settings {
            cache_type: CacheType::Permanent { update },
            sampler: Some((Mode::Deterministic, 2, 4)),
            ..settings()
        },
    ]
}

type Seen = Vec<(Vec<u8>, u64, u64)>;

fn flows(monitor: &Monitor) -> Seen {
    let mut seen = Seen::new();
    monitor.each_flow(|flow| {
        seen.push((
            flow.octets.to_vec(),
            flow.totals.packets,
            flow.totals.octets,
        ));
    });
    seen.sort();
    seen
}

/// Meters the frames with all of these monitors at once.
fn run(settings: &[Settings]) -> Vec<(Seen, Ledger)> {
    let mut monitors: Vec<_> = settings
        .iter()
        .map(|one| Monitor::new(one.clone(), 1))
        .collect();
    let mut burst = Burst::default();
    let frames = frames();
    for (n, data) in frames.iter().enumerate() {
        burst.observe(&Packet {
            time_ns: n as u64 * S / 10,
            data,
            wire_len: 60,
            link: LinkType::Ethernet,
            tag: None,
            outgoing: false,
        });
        if burst.is_full() || n + 1 == frames.len() {
            monitors
                .iter_mut()
                .for_each(|monitor| monitor.burst(&mut burst));
            burst.clear();
        }
    }
    let of = |monitor: &Monitor| (flows(monitor), monitor.ledger().clone());
    monitors.iter().map(of).collect()
}

#[test]
fn together_they_meter_what_each_would_alone() {
    let settings = settings_of_several();
    let together = run(&settings);
    for (one, seen) in settings.iter().zip(&together) {
        assert_eq!(run(std::slice::from_ref(one)), std::slice::from_ref(seen));
    }
    let packets = together.iter().map(|(_, ledger)| ledger.metered.packets);
    assert_eq!(packets.collect::<Vec<_>>(), [67, 200, 200, 100]);
    let backwards: Vec<_> = settings.iter().rev().cloned().collect();
    let mut reversed = run(&backwards);
    reversed.reverse();
    assert_eq!(reversed, together, "in whatever order");
}
