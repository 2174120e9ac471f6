//! Any sFlow datagram: no panic, no endless loop; what was read of it and packed again reads the same.

use wire::sflow::{Message, Packer, Sample};

/// # Panics
/// When it is not so.
pub(crate) fn check(datagram: &[u8]) {
    let Some(once) = again(datagram) else {
        return;
    };
    // What has been packed has no damage: nothing is lost any more, and packing it again changes nothing.
    let message = Message::parse(&once).expect("it was packed");
    for sample in message.samples() {
        let whole = match sample.expect("it was packed") {
            Sample::Flow(it) => it.records().all(|it| it.is_ok()),
            Sample::Discarded(it) => it.records().all(|it| it.is_ok()),
            Sample::Counters(it) => it.records().all(|it| it.is_ok()),
            Sample::Other(_) => true,
        };
        assert!(whole);
    }
    assert_eq!(again(&once).as_ref(), Some(&once));
}

/// Packs what can be read of a datagram. `None`: it has no header, or its samples became larger than a datagram is.
fn again(datagram: &[u8]) -> Option<Vec<u8>> {
    let message = Message::parse(datagram).ok()?;
    let mut packer = Packer::new(wire::MAX_DATAGRAM, message.header.agent);
    let mut values = 0;
    for sample in message.samples() {
        let sample = match sample {
            Ok(sample) => sample,
            Err(error) => {
                assert!(error.offset <= datagram.len() && !error.to_string().is_empty());
                continue;
            }
        };
        let added = match sample {
            Sample::Flow(it) => {
                let records: Vec<_> = it.records().flatten().collect();
                records
                    .iter()
                    .for_each(|it| it.each(&mut |_, _| values += 1));
                records.iter().for_each(parsed);
                packer.flow(&it.header, &records)
            }
            Sample::Discarded(it) => {
                let records: Vec<_> = it.records().flatten().collect();
                packer.discarded(&it.header, &records)
            }
            Sample::Counters(it) => {
                let records: Vec<_> = it.records().flatten().collect();
                records
                    .iter()
                    .for_each(|it| it.each(&mut |_, _| values += 1));
                packer.counters(it.sequence, it.source, &records)
            }
            Sample::Other(it) => {
                assert!(it.octets().len() <= datagram.len());
                Ok(())
            }
        };
        added.ok()?;
    }
    Some(packer.finish(&message.header).to_vec())
}

/// The sampled octets of a packet are read as a captured packet's are, and lists by their items.
fn parsed(record: &wire::sflow::FlowRecord) {
    match record {
        wire::sflow::FlowRecord::Header(it) => {
            if let Some(packet) = it.packet() {
                let mut header = wire::Header::empty();
                let _ = wire::parse(&packet, &mut header);
            }
        }
        wire::sflow::FlowRecord::Gateway(it) => {
            let _ = it.destination_path.systems().count() + it.communities.iter().count();
        }
        _ => {}
    }
}
