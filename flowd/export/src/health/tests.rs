use super::*;
use crate::packer::Content;
use crate::testing::SECOND;

/// Makes NetFlow v9 datagrams of one record each.
fn datagrams(from: u32, count: u32) -> Vec<Datagram> {
    (from..from + count)
        .map(|sequence| {
            let mut bytes = vec![0; 20];
            bytes[1] = 9;
            bytes[12..16].copy_from_slice(&sequence.to_be_bytes());
            let tally = RecordTally {
                records: 1,
                packets: 10,
                octets: 100,
            };
            Datagram {
                bytes,
                contents: vec![Content {
                    client: 3,
                    tally,
                    bytes: 40,
                }],
                records: 1,
            }
        })
        .collect()
}

fn head(sequence: u32) -> Vec<u8> {
    datagrams(sequence, 1).remove(0).bytes
}

/// Passes a notice at a given time. Returns the change, and how many datagrams and records were refused by it.
fn notice(health: &mut Health, head: &[u8], now_ns: u64) -> (Option<HealthChange>, u64, u64) {
    let (mut datagrams, mut records) = (0, 0);
    let turn = health.noticed(Unreachable::Port, head, now_ns, |sent| {
        datagrams += sent.datagrams;
        records += sent
            .contents
            .iter()
            .map(|(client, tally)| {
                assert_eq!(*client, 3);
                tally.records
            })
            .sum::<u64>();
    });
    (turn, datagrams, records)
}

#[test]
fn what_is_refused_is_known_from_the_answers() {
    let mut health = Health::default();
    // Ten datagrams a second for ten seconds. The port is closed from the 31st to the 70th, and the host answers once a second.
    let (mut refused, mut turns) = (0, Vec::new());
    for sequence in 0..100 {
        let now_ns = u64::from(sequence) * SECOND / 10;
        health.sent(&datagrams(sequence, 1), now_ns);
        if (30..70).contains(&sequence) && sequence % 10 == 0 {
            let (turn, datagrams, records) = notice(&mut health, &head(sequence), now_ns + 1000);
            assert_eq!(datagrams, records);
            refused += datagrams;
            turns.extend(turn);
        }
        turns.extend(health.poll(now_ns + 2000));
    }
    // Of the datagrams after the last answer it is not known that they were refused.
    assert_eq!(refused, 31);
    let [HealthChange::Failed(cause), HealthChange::Back(failed)] = turns[..] else {
        panic!("{turns:?}")
    };
    assert_eq!(cause.to_string(), "port unreachable");
    assert_eq!((failed.refused, failed.records), (31, 31));
    assert_eq!(failed.since_ns, 3 * SECOND + 1000);
}

#[test]
fn the_first_answer_is_about_its_datagram_and_later_ones() {
    let mut health = Health::default();
    for sequence in 0..10 {
        health.sent(&datagrams(sequence, 1), u64::from(sequence) * SECOND / 10);
    }
    // The answer comes late, from far away.
    let (turn, refused, _) = notice(&mut health, &head(7), SECOND);
    assert_eq!(
        (turn, refused),
        (
            Some(HealthChange::Failed(Cause::Answer(Unreachable::Port))),
            1
        )
    );
    assert_eq!(health.unjudged(), 2);
    let (turn, refused, _) = notice(&mut health, &head(9), SECOND);
    assert_eq!((turn, refused), (None, 2));
    let failed = health.failed().unwrap();
    assert_eq!((failed.refused, health.unjudged()), (3, 0));
}

#[test]
fn an_answer_without_the_datagram_is_about_the_latest() {
    let mut health = Health::default();
    health.sent(&datagrams(0, 5), 0);
    health.sent(&datagrams(5, 2), SECOND);
    assert_eq!(notice(&mut health, &[], SECOND + 1000).1, 2);
}

#[test]
fn a_collector_is_back_when_something_sent_since_was_not_refused() {
    let mut health = Health::default();
    health.sent(&datagrams(0, 1), 0);
    notice(&mut health, &head(0), 1000);
    // Nothing was sent, so nothing is known.
    assert_eq!(health.poll(100 * SECOND), None);
    health.sent(&datagrams(1, 1), 100 * SECOND);
    assert_eq!(health.poll(101 * SECOND), None);
    assert!(matches!(
        health.poll(102 * SECOND),
        Some(HealthChange::Back(_))
    ));
    // The collector fails again at once, so the next time nothing may be refused for longer.
    health.sent(&datagrams(2, 1), 103 * SECOND);
    notice(&mut health, &head(2), 103 * SECOND);
    health.sent(&datagrams(3, 1), 104 * SECOND);
    assert_eq!(health.poll(107 * SECOND), None);
    assert!(matches!(
        health.poll(108 * SECOND),
        Some(HealthChange::Back(_))
    ));
}

#[test]
fn what_the_kernel_refuses_fails_and_recovers_alike() {
    let mut health = Health::default();
    health.sent(&datagrams(0, 4), 0);
    let turn = health.dropped(DropReason::NoRoute, 2, 50, SECOND);
    assert_eq!(
        turn,
        Some(HealthChange::Failed(Cause::Refusal(DropReason::NoRoute)))
    );
    assert_eq!(health.poll(9 * SECOND), None);
    health.sent(&datagrams(6, 1), 9 * SECOND);
    let Some(HealthChange::Back(failed)) = health.poll(11 * SECOND) else {
        panic!()
    };
    assert_eq!((failed.refused, failed.records), (2, 50));
    assert_eq!(failed.cause.to_string(), "no route to it");
}

#[test]
fn a_healthy_collector_costs_little_memory() {
    let mut health = Health::default();
    for number in 0..100_000_u32 {
        health.sent(&datagrams(number, 1), u64::from(number) * SECOND / 10_000);
        health.poll(u64::from(number) * SECOND / 10_000);
    }
    assert!(health.unjudged.len() <= 110, "{}", health.unjudged.len());
}
