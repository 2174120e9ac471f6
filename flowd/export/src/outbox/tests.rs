use flow::RecordTally;
use proptest::prelude::*;

use super::*;

/// A message of `len` octets with some records of client 0, its number in the last octets.
fn message(number: u8, len: usize, records: u32) -> Datagram {
    let mut bytes = vec![number; len.max(16)];
    bytes[SEQUENCE].copy_from_slice(&[0xff; 4]);
    let tally = RecordTally {
        records: records.into(),
        packets: records.into(),
        octets: 0,
    };
    Datagram {
        bytes,
        contents: vec![Content {
            client: 0,
            tally,
            bytes: 0,
        }],
        records,
    }
}

fn sequences(written: &[u8], lens: &[usize]) -> Vec<u32> {
    let mut at = 0;
    lens.iter()
        .map(|len| {
            let place: [u8; 4] = written[at..][SEQUENCE].try_into().unwrap();
            at += len;
            u32::from_be_bytes(place)
        })
        .collect()
}

#[test]
fn sequence_numbers_count_the_records_of_a_session() {
    let mut outbox = Outbox::new(1000);
    for number in 1..=3 {
        outbox.push(message(number, 20, 5)).unwrap();
    }
    outbox.begin(vec![message(0, 16, 0)]);
    let (mut written, mut sent) = (Vec::new(), 0);
    let write = |octets: &[u8]| {
        written.extend_from_slice(octets);
        Ok(octets.len())
    };
    outbox.write(write, |_| sent += 1).unwrap();
    assert_eq!(sent, 4);
    assert_eq!(sequences(&written, &[16, 20, 20, 20]), [0, 0, 5, 10]);
    assert!(outbox.is_empty() && outbox.room() == (0, 1000));
    // What the collector has acknowledged is not lost when the connection ends.
    outbox.acknowledged(40);
    let lost = outbox.end();
    assert_eq!((lost.messages, lost.octets), (2, 40));
}

#[test]
fn a_message_that_was_begun_is_sent_whole_in_the_next_session() {
    let mut outbox = Outbox::new(1000);
    outbox.push(message(1, 20, 5)).unwrap();
    outbox.push(message(2, 20, 5)).unwrap();
    outbox.begin(Vec::new());
    let mut room = 27;
    let write = |octets: &[u8]| {
        let taken = octets.len().min(room);
        room -= taken;
        match taken {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            taken => Ok(taken),
        }
    };
    let mut sent = Vec::new();
    outbox
        .write(write, |message| sent.push(message.bytes[0]))
        .unwrap();
    assert_eq!(sent, [1]);
    assert_eq!(outbox.end().messages, 1);
    outbox.begin(Vec::new());
    let mut written = Vec::new();
    let write = |octets: &[u8]| {
        written.extend_from_slice(octets);
        Ok(octets.len())
    };
    outbox
        .write(write, |message| sent.push(message.bytes[0]))
        .unwrap();
    assert_eq!(sent, [1, 2]);
    assert_eq!(written.len(), 20);
    assert_eq!(sequences(&written, &[20]), [0]);
}

#[test]
fn what_has_no_room_comes_back() {
    let mut outbox = Outbox::new(50);
    outbox.push(message(1, 20, 1)).unwrap();
    outbox.push(message(2, 20, 1)).unwrap();
    let back = outbox.push(message(3, 20, 1)).unwrap_err();
    assert_eq!(back.bytes[0], 3);
    let dropped = outbox.give_up();
    let dropped: Vec<u8> = dropped.iter().map(|message| message.bytes[0]).collect();
    assert_eq!(dropped, [1, 2]);
    assert_eq!(outbox.room(), (0, 50));
}

proptest! {
    /// Whatever the kernel takes at a time and whenever the connection breaks: messages arrive whole and in order, none twice, and each
    /// is sent, waits, or is told as lost.
    #[test]
    fn nothing_is_split_doubled_or_forgotten(
        lens in prop::collection::vec(16usize..60, 1..30),
        takes in prop::collection::vec(0usize..70, 1..200),
        breaks in prop::collection::vec(any::<bool>(), 200),
    ) {
        let mut outbox = Outbox::new(usize::MAX);
        for (number, len) in lens.iter().enumerate() {
            outbox.push(message(number as u8, *len, 1)).unwrap();
        }
        outbox.begin(Vec::new());
        let (mut session, mut arrived, mut sent) = (Vec::<u8>::new(), Vec::new(), 0u64);
        // The collector has what whole messages it got; it acknowledges nothing.
        let whole = |session: &[u8]| {
            let (mut at, mut all) = (0, Vec::new());
            while at < session.len() {
                let number = session[at];
                let len = lens[usize::from(number)];
                if at + len > session.len() {
                    break;
                }
                all.push(number);
                at += len;
            }
            all
        };
        let mut told = 0;
        for (take, breaks) in takes.iter().zip(breaks) {
            let mut room = *take;
            let write = |octets: &[u8]| {
                let taken = octets.len().min(room);
                room -= taken;
                session.extend_from_slice(&octets[..taken]);
                if taken == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(taken) }
            };
            outbox.write(write, |_| sent += 1).unwrap();
            if breaks {
                arrived.extend(whole(&session));
                session.clear();
                told += outbox.end().messages;
                outbox.begin(Vec::new());
            }
        }
        arrived.extend(whole(&session));
        told += outbox.end().messages;
        let expected: Vec<u8> = (0..sent as u8).collect();
        prop_assert_eq!(arrived, expected);
        prop_assert_eq!(told, sent);
        prop_assert_eq!(outbox.pending().count() as u64 + sent, lens.len() as u64);
    }
}
