//! Reading a cache piece by piece.

use super::*;

#[test]
fn a_cache_is_read_in_pieces_while_packets_come() {
    let mut monitor = Monitor::new(
        Settings {
            entries: 100_000,
            ..settings()
        },
        1,
    );
    let packet = |number: u32| {
        let mut header = header(1, 17, 0, 100);
        header.set(at::DESTINATION_IPV4, &number.to_be_bytes());
        header
    };
    let flows = 2 * SLOTS_PER_COPY as u32 + 100;
    for number in 0..flows {
        monitor.packet(&mut packet(number), S);
    }
    for port in 0..7u8 {
        let mut header = v6(header(port, 17, 0, 100));
        header.set(at::SOURCE_PORT, &[0, port]);
        monitor.packet(&mut header, S);
    }
    // Every third flow, at most 1000 a piece; packets arrive between the pieces.
    let wanted = |flow: &Flow<'_>| {
        let last = flow.octets[usize::from(at::DESTINATION_IPV4.at) + 3];
        flow.layout.family == Family::V6 || last.is_multiple_of(3)
    };
    let mut out = Batch::with_capacity(monitor.layouts()[0].clone().unwrap(), SLOTS_PER_COPY);
    let (mut next, mut seen, mut read) = (Some(Position::default()), 0, HashMap::new());
    let mut most = 0;
    while let Some(from) = next {
        let copied = monitor.copy(from, 1000, wanted, &mut out);
        assert!(out.len() <= 1000 && copied.seen <= SLOTS_PER_COPY);
        most = most.max(copied.seen);
        seen += copied.seen;
        for flow in out.iter() {
            assert!(wanted(&flow));
            *read.entry(flow.octets.to_vec()).or_insert(0) += 1;
        }
        next = copied.next;
        for number in 0..50 {
            monitor.packet(&mut packet(number), 2 * S);
        }
    }
    assert_eq!(seen, flows as usize + 7);
    assert!(most > 1000, "what is not wanted takes no room");
    let third = |last: u32| {
        (0..last)
            .filter(|number| (number % 256).is_multiple_of(3))
            .count()
    };
    assert_eq!(read.len(), third(flows) + 7);
    assert!(read.values().all(|times| *times == 1));
    let past = Position {
        family: 9,
        slot: u32::MAX,
    };
    assert_eq!(
        monitor.copy(past, 10, wanted, &mut out),
        Copied {
            seen: 0,
            next: None
        }
    );
}

#[test]
fn a_family_without_a_cache_has_no_flows_to_copy() {
    let record = Record {
        name: "R".into(),
        keys: vec![Record::key_field("ipv4 source address").unwrap()],
        collects: vec![Record::collect_field("counter packets").unwrap()],
    };
    let mut monitor = Monitor::new(
        Settings {
            record,
            ..settings()
        },
        1,
    );
    monitor.packet(&mut header(1, 17, 0, 100), S);
    let mut out = Batch::with_capacity(monitor.layouts()[0].clone().unwrap(), SLOTS_PER_COPY);
    let (mut next, mut read) = (Some(Position::default()), 0);
    while let Some(from) = next {
        next = monitor.copy(from, 10, |_| true, &mut out).next;
        read += out.len();
    }
    assert_eq!(read, 1);
}
