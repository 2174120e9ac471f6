//! Any datagram: never a panic or a loop, and the set headers stay inside it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::Outline;

fuzz_target!(|bytes: &[u8]| {
    let Some(outline) = Outline::read(bytes) else {
        return;
    };
    let mut octets = 0;
    for set in outline.sets.into_iter().flatten() {
        // Only the last one may be cut off.
        assert!(octets <= bytes.len());
        octets += usize::from(set.len);
    }
});
