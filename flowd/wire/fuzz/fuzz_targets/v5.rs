//! Any datagram: no panic, and packing what was read gives the same octets except unused ones.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::v5::{HEADER_LEN, MAX_RECORDS, Message, Packer, RECORD_LEN};

fuzz_target!(|datagram: &[u8]| {
    let Ok(message) = Message::parse(datagram) else {
        return;
    };
    let mut packer = Packer::new(usize::MAX);
    let mut records = 0;
    for record in message.records().flatten().take(MAX_RECORDS) {
        packer.record(&record).expect("thirty records fit");
        records += 1;
    }
    let again = packer.finish(&message.header);
    assert_eq!(again.len(), HEADER_LEN + records * RECORD_LEN);
    for (at, (ours, theirs)) in again.iter().zip(datagram).enumerate() {
        let unused = at >= HEADER_LEN && matches!((at - HEADER_LEN) % RECORD_LEN, 36 | 46 | 47);
        let count = at == 2 || at == 3;
        assert!(ours == theirs || unused || count, "octet {at}");
    }
});
