//! A packet allocates no memory on its way to its flow, once the cache has had its largest number of flows.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

use flow::Record;
use meter::{Burst, CacheType, KeptTables, Monitor, Settings, Timeouts};
use wire::{LinkType, Packet};

thread_local! {
    /// Allocations of this thread; every test has its own thread.
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

/// The system allocator with a counter.
struct Counting;

impl Counting {
    fn count() {
        // A thread that is ending has no counter any more.
        let _ = COUNT.try_with(|count| count.set(count.get() + 1));
    }
}

// SAFETY: every call goes to the system allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Counting::count();
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Counting::count();
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Counting::count();
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(at, layout, size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const SECOND: u64 = 1_000_000_000;
/// New flows a second; each gets a second packet in the next second, and ends two seconds later.
const FLOWS: u32 = 3_000;
/// Allocations allowed before the steady state: which flows a full cache evicts depends on random hashes, and so
/// does, a little, the memory that takes.
const WARM_FLOWS: u32 = 4_000;
/// Seconds after which everything has reached its largest size.
const WARM: u64 = 20;
/// Number of seconds.
const SECONDS: u64 = 40;

fn allocations() -> u64 {
    COUNT.with(Cell::get)
}

/// A UDP datagram of a flow; one in ten is IPv6.
fn frame(flow: u32, out: &mut [u8; 62]) -> &[u8] {
    out.fill(0);
    let transport = if flow.is_multiple_of(10) {
        out[12..22].copy_from_slice(&[0x86, 0xdd, 0x60, 0, 0, 0, 0, 8, 17, 64]);
        out[22..54].fill(0x20);
        out[50..54].copy_from_slice(&flow.to_be_bytes());
        54
    } else {
        out[12..24].copy_from_slice(&[8, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17]);
        out[26..30].copy_from_slice(&[10, 0, 0, 1]);
        out[30..34].copy_from_slice(&flow.to_be_bytes());
        34
    };
    out[transport..transport + 6].copy_from_slice(&[4, 0, 1, 187, 0, 8]);
    &out[..transport + 8]
}

/// Meters a second of packets of old and new flows, then does what a capture thread does between two blocks.
/// Returns the allocations on the way to the cache, and those while flows end and are handed out.
fn second(monitor: &mut Monitor, burst: &mut Burst, second: u64) -> (u64, u64) {
    let before = allocations();
    let flows = if second <= WARM { WARM_FLOWS } else { FLOWS };
    let first = (second as u32 - 1) * flows;
    let mut octets = [0; 62];
    for number in 0..2 * flows {
        let packet = Packet {
            time_ns: second * SECOND + u64::from(number),
            data: frame(first + number, &mut octets),
            wire_len: 64,
            link: LinkType::Ethernet,
            tag: None,
            outgoing: false,
        };
        burst.observe(&packet);
        if burst.is_full() {
            monitor.burst(burst);
            burst.clear();
        }
    }
    monitor.burst(burst);
    burst.clear();
    let between = allocations();
    monitor.expire(second * SECOND + SECOND / 2);
    // The export thread releases a batch once it is sent.
    monitor.drain().for_each(drop);
    (between - before, allocations() - between)
}

/// Allocations in each second of the steady state, with a cache of `entries` flows, and the flows that end in it.
fn steady(entries: usize, cache_type: CacheType) -> (Vec<(u64, u64)>, u64) {
    let timeouts = Timeouts::active_inactive(Duration::from_secs(60), Duration::from_secs(2));
    let settings = Settings {
        record: Record::netflow_original(),
        entries,
        cache_type,
        timeouts,
        input: true,
        output: false,
        families: [true, true],
        sampler: None,
        statistics: KeptTables {
            protocol: true,
            size: true,
        },
    };
    let start = allocations();
    let mut monitor = Monitor::new(settings, 7);
    let mut burst = Burst::default();
    burst.set_wanted_lines(monitor.wanted_lines());
    assert!(allocations() > start, "the counter counts");
    for number in 1..=WARM {
        second(&mut monitor, &mut burst, number);
    }
    let before = monitor.ledger().expired.records;
    let mut counts = Vec::with_capacity(SECONDS as usize);
    for number in WARM + 1..=SECONDS {
        counts.push(second(&mut monitor, &mut burst, number));
    }
    let ledger = monitor.ledger();
    assert!(ledger.balanced());
    let flows = WARM * u64::from(WARM_FLOWS) + (SECONDS - WARM) * u64::from(FLOWS);
    assert_eq!(ledger.metered.packets, 2 * flows);
    (counts, ledger.expired.records - before)
}

#[test]
fn flows_come_and_go_without_allocation() {
    let (counts, ended) = steady(100_000, CacheType::Normal);
    assert!(ended > u64::from(FLOWS) * (SECONDS - WARM) / 2, "{ended}");
    assert!(
        counts.iter().all(|count| *count == (0, 0)),
        "on the way to the cache, and out of it, each second: {counts:?}"
    );
}

/// Flows are evicted while packets come in.
#[test]
fn a_cache_that_is_full_allocates_nothing() {
    let (counts, ended) = steady(4_096, CacheType::Normal);
    assert!(ended > u64::from(FLOWS) * (SECONDS - WARM) / 2, "{ended}");
    assert!(
        counts.iter().all(|count| *count == (0, 0)),
        "on the way to the cache, and out of it, each second: {counts:?}"
    );
}
