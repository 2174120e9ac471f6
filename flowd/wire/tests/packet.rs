//! Random frames, whole and damaged: the parser agrees with etherparse and never panics.

#[allow(dead_code, reason = "shared with other tests")]
mod frames;
mod oracle;

use std::cell::Cell;

use frames::{damaged, frame};
use oracle::{Agreed, compare};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use wire::{Header, LINE, Lines, LinkType, Packet, Tag};

/// Compares many frames and returns how many were compared down to the transport header.
fn run(cases: u32, frames: impl Strategy<Value = Vec<u8>>) -> u32 {
    let compared = Cell::new(0);
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    runner
        .run(&frames, |frame| {
            let agreed = compare(&frame)
                .map_err(|why| TestCaseError::fail(format!("{why}\n{frame:02x?}")))?;
            compared.set(compared.get() + u32::from(agreed == Agreed::Transport));
            Ok(())
        })
        .unwrap();
    compared.get()
}

#[test]
fn whole_frames_are_read_as_etherparse_reads_them() {
    let compared = run(4000, frame());
    assert!(compared > 1000, "only {compared} were compared to the end");
}

#[test]
fn damaged_frames_are_read_as_etherparse_reads_them() {
    let compared = run(8000, damaged(frame()));
    assert!(compared > 1000, "only {compared} were compared to the end");
}

proptest! {
    #![proptest_config(Config::with_cases(4000))]
    #[test]
    fn the_first_line_alone_reads_as_with_the_others(
        data in prop_oneof![frame(), damaged(frame())],
        cut in 0usize..40,
        outgoing: bool,
    ) {
        let packet = Packet {
            time_ns: 0,
            data: data.get(..data.len() - cut.min(data.len())).unwrap_or_default(),
            wire_len: data.len() as u32,
            link: LinkType::Ethernet,
            tag: None,
            outgoing,
        };
        let (mut all, mut first) = (Header::empty(), Header::empty());
        first.bytes.fill(0xff);
        (first.octets, first.tcp_flags, first.protocol) = (u32::MAX, u16::MAX, u8::MAX);
        let result = wire::parse(&packet, &mut all);
        prop_assert_eq!(result, wire::parse_lines(&packet, Lines::COMMON, &mut first));
        if result.is_ok() {
            prop_assert_eq!(&all.bytes[..LINE], &first.bytes[..LINE]);
            prop_assert_eq!(
                (all.octets, all.tcp_flags, all.protocol, all.family),
                (first.octets, first.tcp_flags, first.protocol, first.family)
            );
        }
    }
}

proptest! {
    #[test]
    fn any_octets_of_any_link_type(
        data in prop_oneof![damaged(frame()), vec(any::<u8>(), 0..120)],
        link in prop_oneof![
            prop::sample::select(vec![0u32, 1, 9, 12, 50, 51, 101, 104, 108, 113, 228, 229, 276]), any::<u32>(),
        ],
        skip in 0usize..30,
        tag in prop::option::of(any::<(u16, u16)>()),
        wire_len in prop_oneof![0u32..200, any::<u32>()],
        outgoing: bool,
    ) {
        let packet = Packet {
            time_ns: 0,
            data: data.get(skip..).unwrap_or_default(),
            wire_len,
            link: LinkType::from(link),
            tag: tag.map(|(tpid, tci)| Tag { tpid, tci }),
            outgoing,
        };
        // The previous content of the header makes no difference.
        let (mut fresh, mut stale) = (Header::empty(), Header::empty());
        stale.bytes.fill(0xff);
        (stale.octets, stale.tcp_flags, stale.protocol) = (u32::MAX, u16::MAX, u8::MAX);
        let result = wire::parse(&packet, &mut fresh);
        prop_assert_eq!(result, wire::parse(&packet, &mut stale));
        if result.is_ok() {
            prop_assert_eq!(fresh.bytes, stale.bytes);
            prop_assert_eq!(
                (fresh.octets, fresh.tcp_flags, fresh.protocol, fresh.family),
                (stale.octets, stale.tcp_flags, stale.protocol, stale.family)
            );
            prop_assert!(fresh.octets >= 20);
        }
    }
}
