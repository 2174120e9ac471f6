//! Random packets: no path counts differently, nothing is lost or counted twice.

use super::*;

proptest! {
    /// The fast path gives the same flows as the general one.
    #[test]
    fn the_fast_path_and_the_general_one_agree(
        packets in prop::collection::vec((0u8..40, 0u16..0x40, 20u32..1500, any::<[bool; 2]>(), 0u8..20), 1..400),
    ) {
        let all = Settings { output: true, entries: 32, ..settings() };
        let mut monitors = [Monitor::new(all.clone(), 3), Monitor::new(all, 3)];
        prop_assert!(monitors[0].fast_path);
        for (number, packets) in packets.chunks(32).enumerate() {
            let now_ns = number as u64 * S;
            let burst: Vec<Observed> = packets.iter().map(|(source, flags, octets, [is_v6, outgoing], skip)| {
                let header = header(*source, 6, *flags, *octets);
                let mut observed = observed(if *is_v6 { v6(header) } else { header }, now_ns);
                observed.outgoing = *outgoing;
                if *skip == 0 {
                    observed.parsed = Err(SkipReason::NotIp);
                }
                observed
            }).collect();
            monitors[0].packets::<true>(&mut burst.clone(), None);
            monitors[1].packets::<false>(&mut burst.clone(), None);
            prop_assert_eq!(monitors[0].ledger(), monitors[1].ledger());
            prop_assert!(monitors[0].ledger().balanced());
            monitors.iter_mut().for_each(|monitor| monitor.expire(now_ns));
        }
        let [fast, other] = monitors.each_mut().map(|monitor| {
            monitor.flush(EndReason::Forced);
            let mut flows = drained(monitor);
            flows.sort_by_key(|(source, totals)| (*source, totals.first_ns, totals.octets));
            flows
        });
        prop_assert_eq!(fast, other);
    }
}

proptest! {
    /// Sums by key are exact, the ledger balances, and the cache keeps to its size.
    #[test]
    fn nothing_is_lost_or_counted_twice(
        packets in prop::collection::vec((0u8..40, prop::sample::select(vec![1u8, 6, 17, 132]), 0u16..0x40, 20u32..1500, 0u64..20_000, any::<bool>()), 1..600),
        entries in 1usize..64,
        inactive in 1u64..40,
        active in 1u64..90,
    ) {
        let timeouts = Timeouts::active_inactive(Duration::from_secs(active), Duration::from_secs(inactive));
        let mut monitor = Monitor::new(Settings { entries, timeouts, ..settings() }, 3);
        let mut now = 1_600_000_000 * S;
        let mut expected: HashMap<(bool, u8, u8), (u64, u64)> = HashMap::new();
        let mut got: HashMap<(bool, u8, u8), (u64, u64)> = HashMap::new();
        let mut collect = |monitor: &mut Monitor| {
            for batch in monitor.drain() {
                for flow in batch.iter() {
                    let is_v6 = flow.layout.family == Family::V6;
                    let protocol = flow.octets[usize::from(at::PROTOCOL.at)];
                    let sums = got.entry((is_v6, flow.octets[3], protocol)).or_default();
                    sums.0 += flow.totals.packets;
                    sums.1 += flow.totals.octets;
                    // The search for expired flows runs once a second, on whole seconds.
                    assert!(flow.totals.last_ns - flow.totals.first_ns <= (active + 2) * S);
                }
            }
        };
        for (source, protocol, flags, octets, gap_ms, is_v6) in packets {
            now += gap_ms * 1_000_000;
            monitor.expire(now);
            let flags = if protocol == 6 { flags } else { 0 };
            let mut packet = header(source, protocol, flags, octets);
            if is_v6 { packet.family = Family::V6; }
            monitor.packet(&mut packet, now);
            let sums = expected.entry((is_v6, source, protocol)).or_default();
            sums.0 += 1;
            sums.1 += u64::from(octets);
            prop_assert!(monitor.len() <= entries.max(1));
            prop_assert!(monitor.ledger().balanced());
            let mut scanned = 0;
            monitor.each_flow(|flow| scanned += flow.totals.packets);
            prop_assert_eq!(scanned, monitor.ledger().cached.packets);
            collect(&mut monitor);
        }
        now += (inactive + 2) * S;
        monitor.expire(now);
        prop_assert!(monitor.is_empty());
        collect(&mut monitor);
        prop_assert_eq!(got, expected);
    }
}
