use super::*;

/// Returns the times of the flows of a message, milliseconds since 1970, as a collector computes them from uptimes and the time
/// in the header or the record.
fn absolute(message: &Message, template: &Seen) -> Vec<(u64, u64)> {
    let Some(Set::Data { records, .. }) = message.sets.last() else {
        panic!("{message:?}")
    };
    let at = |element: u16| template.fields.iter().position(|(id, _)| *id == element);
    let number = |octets: &[u8]| {
        octets
            .iter()
            .fold(0, |sum: u64, octet| sum << 8 | u64::from(*octet))
    };
    let times = |record: &Vec<Vec<u8>>| {
        let uptimes = [22, 21].map(|element| number(&record[at(element).unwrap()]));
        match at(160) {
            Some(base) => uptimes.map(|uptime| number(&record[base]) + uptime),
            None => uptimes.map(|uptime| {
                // Nothing has wrapped.
                let ago = u64::from(message.uptime_ms).strict_sub(uptime);
                u64::from(message.secs) * 1000 - ago
            }),
        }
    };
    records.iter().map(times).map(Into::into).collect()
}

#[test]
fn times_are_right_however_long_the_uptime() {
    const WRAP: u64 = (1 << 32) * 1_000_000;
    const HOUR: u64 = 3600 * SECOND;
    let uptimes = ["timestamp sys-uptime first", "timestamp sys-uptime last"];
    let layout = layout(&["ipv4 protocol"], &uptimes, Family::V4);
    let monitor = monitor("M", vec![Arc::clone(&layout)], Sampling::None);
    for protocol in [Protocol::NetflowV9, Protocol::Ipfix] {
        let mut stream = stream(&settings(protocol), &[&monitor]);
        let mut collector = Collector::default();
        for (first, last, now) in [
            (0, HOUR, HOUR),
            (WRAP / 4, WRAP / 4 + HOUR, WRAP / 4 + HOUR),
            (WRAP * 3 / 4 - HOUR, WRAP * 3 / 4, WRAP * 3 / 4),
            (WRAP / 2 - SECOND, WRAP / 2 + HOUR, WRAP / 2 + HOUR),
            (WRAP - HOUR, WRAP - SECOND, WRAP + SECOND),
            (WRAP - HOUR, WRAP + HOUR, WRAP + HOUR),
            (WRAP + SECOND, WRAP + HOUR, WRAP + HOUR),
            (5 * WRAP - 7 * 24 * HOUR, 5 * WRAP, 5 * WRAP + SECOND),
        ] {
            let mut flows = Batch::with_capacity(Arc::clone(&layout), 1);
            let totals = flow::Totals {
                first_ns: BOOT_NS + first,
                last_ns: BOOT_NS + last,
                ..flow::Totals::default()
            };
            flows.push(totals, &vec![0; layout.len()]);
            stream.add(0, &flows, BOOT_NS + now, &mut nothing_dropped);
            stream.flush(BOOT_NS + now);
            let messages = collector.take(&mut stream);
            let of_flows = |seen: &&Seen| seen.fields.iter().any(|(element, _)| *element == 21);
            let template = collector.templates.values().find(of_flows).unwrap();
            let ms = |ns: u64| ns / 1_000_000;
            assert_eq!(
                absolute(messages.last().unwrap(), template),
                [(ms(totals.first_ns), ms(totals.last_ns))],
                "{protocol:?} {first} {last}"
            );
        }
    }
}

#[test]
fn uptimes_go_on_and_times_of_day_change_when_the_clock_is_set() {
    const HOUR: i64 = 3600 * SECOND as i64;
    let monitor = monitor("M", vec![original(Family::V4)], Sampling::None);
    for protocol in [Protocol::NetflowV5, Protocol::NetflowV9] {
        let mut stream = stream(&settings(protocol), &[&monitor]);
        let mut parser = NetflowParser::default();
        // Waiting times are measured by the clock without steps; flows and headers have the time of day.
        for (steady, stepped) in [(100, 0), (101, 2 * HOUR), (102, -3 * HOUR), (103, 0)] {
            let steady_ns = BOOT_NS + steady * SECOND;
            let set_ns = steady_ns.strict_add_signed(stepped);
            stream.set_stepped(stepped, steady_ns);
            stream.add(
                0,
                &batch(&monitor.layouts[0], 1, set_ns),
                steady_ns,
                &mut nothing_dropped,
            );
            stream.flush(steady_ns);
            let datagrams = stream.take();
            assert_eq!(datagrams.len(), 1);
            let message = decode(&mut parser, &datagrams[0].bytes);
            let header_ns = u64::from(message.secs) * SECOND + u64::from(message.nsecs);
            assert!(
                header_ns.abs_diff(set_ns) < SECOND,
                "{protocol:?} {stepped}"
            );
            assert!(u64::from(message.uptime_ms).abs_diff(steady * 1000) < 1000);
            if protocol == Protocol::NetflowV5 {
                assert_eq!(u64::from(message.v5[0].last), steady * 1000);
            }
        }
    }
}

#[test]
fn headers_are_never_earlier_than_the_flows_in_them() {
    let monitor = monitor("M", vec![original(Family::V4)], Sampling::None);
    let flows = batch(&monitor.layouts[0], 1, BOOT_NS + 100 * SECOND);
    for protocol in [Protocol::NetflowV5, Protocol::NetflowV9, Protocol::Ipfix] {
        let mut stream = stream(&settings(protocol), &[&monitor]);
        // The clock has been set back since.
        stream.add(0, &flows, BOOT_NS + SECOND, &mut nothing_dropped);
        stream.flush(BOOT_NS + SECOND);
        let message = &Collector::default().take(&mut stream)[0];
        let ns = u64::from(message.secs) * SECOND + u64::from(message.nsecs);
        assert!(ns / 1_000_000 >= (BOOT_NS + 100 * SECOND) / 1_000_000);
    }
}
