//! Any datagram of NetFlow v1, v5, v7: no panic; packing what was read gives the same octets except unused ones and the count.

use wire::{Format, v1, v5, v7};

/// # Panics
/// When it is not so.
pub(crate) fn check(datagram: &[u8]) {
    match Format::of(datagram) {
        Some(Format::V1) => version1(datagram),
        Some(Format::V5) => version5(datagram),
        Some(Format::V7) => version7(datagram),
        _ => {}
    }
}

/// `unused` says which octets of a record are written as zero.
fn same(
    ours: &[u8],
    theirs: &[u8],
    (header, record): (usize, usize),
    unused: &dyn Fn(usize) -> bool,
) {
    assert!(ours.len() <= theirs.len());
    for (at, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        let place = at.checked_sub(header).map(|at| at % record);
        let skipped = place.map_or_else(|| at == 2 || at == 3 || unused(usize::MAX - at), unused);
        assert!(ours == theirs || skipped, "octet {at}");
    }
}

fn version1(datagram: &[u8]) {
    let Ok(message) = v1::Message::parse(datagram) else {
        return;
    };
    let longer = v1::HEADER_LEN + usize::from(message.count) * 52 == datagram.len();
    let mut packer = v1::Packer::new(usize::MAX);
    for record in message.records().flatten().take(v1::MAX_RECORDS) {
        packer.record(&record).expect("as many fit");
    }
    let ours = packer.finish(&message.header);
    if !longer {
        let sizes = (v1::HEADER_LEN, v1::RECORD_LEN);
        same(ours, datagram, sizes, &|at| matches!(at, 36 | 37 | 41..=47));
    }
}

fn version5(datagram: &[u8]) {
    let Ok(message) = v5::Message::parse(datagram) else {
        return;
    };
    let mut packer = v5::Packer::new(usize::MAX);
    for record in message.records().flatten().take(v5::MAX_RECORDS) {
        packer.record(&record).expect("as many fit");
    }
    let sizes = (v5::HEADER_LEN, v5::RECORD_LEN);
    let ours = packer.finish(&message.header);
    same(ours, datagram, sizes, &|at| matches!(at, 36 | 46 | 47));
}

fn version7(datagram: &[u8]) {
    let Ok(message) = v7::Message::parse(datagram) else {
        return;
    };
    let mut packer = v7::Packer::new(usize::MAX);
    for record in message.records().flatten().take(v7::MAX_RECORDS) {
        packer.record(&record).expect("as many fit");
    }
    let sizes = (v7::HEADER_LEN, v7::RECORD_LEN);
    let ours = packer.finish(&message.header);
    // The header's last four octets are reserved.
    let reserved = |at: usize| at > usize::MAX / 2 && usize::MAX - at >= 20;
    same(ours, datagram, sizes, &|at| at == 36 || reserved(at));
}
