//! The properties that the fuzzers look after, of generated octets on the stable compiler.

#[path = "../fuzz/property/fixed.rs"]
mod fixed;
#[path = "../fuzz/property/lists.rs"]
mod lists;
#[path = "../fuzz/property/sflow.rs"]
mod sflow;
#[path = "../fuzz/property/templates.rs"]
mod templates;

use proptest::collection::vec;
use proptest::prelude::*;

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// Mostly small words, so that counts and lengths are often possible.
fn word() -> impl Strategy<Value = u32> {
    prop_oneof![3 => 0u32..5, 1 => any::<u32>()]
}

fn sflow_record() -> impl Strategy<Value = Vec<u8>> {
    let formats = prop_oneof![
        1u32..8,
        1001u32..1043,
        2000u32..2011,
        2100u32..2105,
        Just(4300 << 12 | 5)
    ];
    (formats, vec(word(), 0..30), any::<u8>()).prop_map(|(format, content, wrong)| {
        let len = content.len() as u32 * 4 + u32::from(wrong == 0);
        words(&[&[format, len], &content[..]].concat())
    })
}

/// Datagrams whose samples have records, some of them damaged.
fn sflow_datagram() -> impl Strategy<Value = Vec<u8>> {
    let sample = (1u32..7, vec(any::<u32>(), 10), vec(sflow_record(), 0..5));
    (vec(sample, 0..5), 0usize..40, 1u32..3).prop_map(|(samples, cut, agent)| {
        let address = [1, 4].get(agent as usize - 1).copied().unwrap_or(1);
        let mut octets = words(
            &[
                &[5, agent],
                &vec![7; address][..],
                &[2, 3, 4, samples.len() as u32],
            ]
            .concat(),
        );
        for (format, head, records) in samples {
            let head_words = match format {
                1 | 5 => 7,
                2 => 2,
                3 => 10,
                _ => 3,
            };
            let mut sample = words(&head[..head_words]);
            sample.extend((records.len() as u32).to_be_bytes());
            sample.extend(records.concat());
            octets.extend(words(&[format, sample.len() as u32]));
            octets.extend(sample);
        }
        octets.truncate(octets.len() - cut.min(octets.len()));
        octets
    })
}

fn small() -> impl Strategy<Value = u8> {
    prop_oneof![4 => 0u8..6, 1 => any::<u8>()]
}

proptest! {
    #[test]
    fn sflow_datagrams(datagram in sflow_datagram()) {
        sflow::check(&datagram);
    }

    #[test]
    fn sflow_octets(octets in vec(small(), 0..400)) {
        sflow::check(&[&words(&[5, 1, 1, 2, 3, 4])[..], &octets].concat());
    }

    #[test]
    fn fixed_records(version in prop_oneof![Just(1u8), Just(5), Just(7)], count in 0u8..4, octets in vec(any::<u8>(), 0..250)) {
        fixed::check(&[&[0, version, 0, count][..], &octets].concat());
    }

    #[test]
    fn lists_of_lists(octets in vec(prop_oneof![3 => small(), 1 => Just(1u8), 1 => 35u8..38], 0..200)) {
        lists::check(&octets);
    }

    #[test]
    fn sets_of_templates(kind in 0u8..4, octets in vec(small(), 0..200)) {
        templates::check(&[&[kind][..], &octets].concat());
    }
}
