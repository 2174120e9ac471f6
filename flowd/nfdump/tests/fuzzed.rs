//! The property that the fuzzer looks after, of generated files on the stable compiler.

#[path = "../fuzz/property/file.rs"]
mod file;

use proptest::collection::vec;
use proptest::prelude::*;

/// A record of a type with these octets; sometimes its length is wrong.
fn record() -> impl Strategy<Value = Vec<u8>> {
    let kind = prop_oneof![4 => 7u16..17, 1 => Just(0x8001), 1 => Just(0x8002), 1 => any::<u16>()];
    let extension = (0u16..40, vec(any::<u8>(), 0..70)).prop_map(|(id, octets)| {
        let len = 4 + octets.len() as u16;
        [&id.to_le_bytes()[..], &len.to_le_bytes(), &octets].concat()
    });
    let content = prop_oneof![
        vec(0u8..9, 0..80),
        vec(extension, 0..6).prop_map(|it| [&[0; 8][..], &it.concat()].concat()),
    ];
    (kind, content, any::<u8>()).prop_map(|(kind, content, wrong)| {
        let len = 4 + content.len() as u16 + u16::from(wrong < 10) * u16::from(wrong);
        [&kind.to_le_bytes()[..], &len.to_le_bytes(), &content].concat()
    })
}

proptest! {
    #[test]
    fn files(
        compression in 0u8..6,
        blocks in vec((vec(record(), 0..5), 0u16..2, any::<u8>()), 0..4),
        cut in 0usize..30,
    ) {
        let mut octets = vec![0x0c, 0xa5, 2, 0];
        octets.resize(40, 0);
        octets[16] = compression;
        for (records, flags, wrong) in blocks {
            let body = records.concat();
            octets.extend(1u32.to_le_bytes());
            octets.extend((body.len() as u32 + u32::from(wrong == 0)).to_le_bytes());
            octets.extend([3, 0]);
            octets.extend(flags.to_le_bytes());
            octets.extend(body);
        }
        octets.truncate(octets.len() - cut.min(octets.len()));
        file::check(&octets);
    }
}
