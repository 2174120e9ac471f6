use super::*;

fn wrong(kind: AlarmKind, subject: &str, text: &str) -> Seen {
    Seen {
        kind,
        subject: subject.into(),
        finding: Finding::Wrong(text.into()),
    }
}

fn counted(count: u64) -> Seen {
    Seen {
        kind: AlarmKind::EmergencyExpiry,
        subject: "flow monitor M".into(),
        finding: Finding::Counted(count),
    }
}

fn texts(events: Vec<Event>) -> Vec<String> {
    events.into_iter().map(|event| event.text).collect()
}

#[test]
fn an_alarm_begins_once_lasts_and_ends_once() {
    let (alarms, start) = (Alarms::default(), clock::monotonic());
    let update = |second: u64, seen: Vec<Seen>| {
        let now = start + Duration::from_secs(second);
        texts(alarms.update(seen, now, 1000 * i64::try_from(second).unwrap()))
    };
    let down = || wrong(AlarmKind::InterfaceDown, "interface eth1", "is down");
    assert_eq!(update(10, vec![down()]), ["interface eth1 is down"]);
    assert_eq!(update(12, vec![down()]), [""; 0]);
    let listed = alarms.list();
    assert_eq!(
        (listed[0].text.as_str(), listed[0].since.as_str()),
        ("interface eth1 is down", "1970-01-01T00:00:10Z")
    );
    let other = wrong(
        AlarmKind::ExporterDown,
        "flow exporter E",
        "is down: no route",
    );
    assert_eq!(
        update(27, vec![other]),
        [
            "flow exporter E is down: no route",
            "interface eth1 is up again after 17 s"
        ]
    );
    assert_eq!(alarms.count(), 1);
}

#[test]
fn what_is_counted_is_an_alarm_while_it_grows() {
    let (alarms, start) = (Alarms::default(), clock::monotonic());
    let update = |second: u64, count: u64| {
        let now = start + Duration::from_secs(second);
        texts(alarms.update(
            vec![counted(count)],
            now,
            1000 * i64::try_from(second).unwrap(),
        ))
    };
    // Counting begins with the object, not with the first look at it.
    let begun = "flow monitor M: flows that ended early because the cache was full began";
    assert_eq!(update(0, 7), [begun]);
    assert_eq!(update(2, 9), [""; 0]);
    assert_eq!(update(4, 19), [""; 0]);
    assert_eq!(
        alarms.list()[0].text,
        "flow monitor M: flows that ended early because the cache was full: 19"
    );
    assert_eq!(update(30, 19), [""; 0]);
    assert_eq!(
        update(34, 19),
        [
            "flow monitor M: flows that ended early because the cache was full: 19 (ended, begun 34 s ago)"
        ]
    );
    assert_eq!(alarms.count(), 0);
    // The counter was cleared.
    assert_eq!(update(36, 3), [begun]);
}
