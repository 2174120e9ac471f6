//! NetFlow v5, v9 and IPFIX in both directions: what is packed can be read, and errors name the place of the
//! damage.

use proptest::collection::vec;
use proptest::prelude::*;
use wire::{Contents, DecodeError, FieldSpec, Problem, Set, Template, ipfix, v5, v9};

fn spec(id: u16, len: u16) -> FieldSpec {
    FieldSpec {
        id,
        len,
        enterprise: 0,
    }
}

fn v9_sets(datagram: &[u8]) -> Vec<Result<Set<'_>, DecodeError>> {
    v9::Message::parse(datagram).unwrap().sets().collect()
}

fn ipfix_sets(datagram: &[u8]) -> Vec<Result<Set<'_>, DecodeError>> {
    ipfix::Message::parse(datagram).unwrap().sets().collect()
}

/// A datagram of version 9 with these octets behind its header.
fn v9_datagram(sets: &[u8]) -> Vec<u8> {
    [
        &[0, 9, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4][..],
        sets,
    ]
    .concat()
}

/// A message with these octets behind its header.
fn ipfix_message(sets: &[u8]) -> Vec<u8> {
    let len = (16 + sets.len() as u16).to_be_bytes();
    [
        &[0, 10, len[0], len[1], 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3][..],
        sets,
    ]
    .concat()
}

/// The templates of all sets, in order, errors as text.
fn templates(sets: Vec<Result<Set<'_>, DecodeError>>) -> Vec<Result<Template, String>> {
    let flat = sets.into_iter().flat_map(|set| match set {
        Ok(set) => set.templates().collect(),
        Err(error) => vec![Err(error)],
    });
    flat.map(|template| template.map_err(|error| error.to_string()))
        .collect()
}

#[test]
fn v5_header_and_records_as_tables_b3_and_b4_have_them() {
    let mut datagram = vec![0, 5, 0, 1];
    datagram.extend(0x01..=0x12);
    datagram.extend([0x80, 100]);
    datagram.extend([192, 0, 2, 1, 198, 51, 100, 2, 203, 0, 113, 3]);
    datagram.extend(0x01..=0x18);
    datagram.extend([
        0, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x21, 0, 0,
    ]);
    let message = v5::Message::parse(&datagram).unwrap();
    assert_eq!(message.header.flow_sequence, 0x0d0e_0f10);
    assert_eq!(
        (message.header.engine_type, message.header.engine_id),
        (0x11, 0x12)
    );
    assert_eq!(message.header.sampling_mode, v5::SamplingMode::Random);
    assert_eq!((message.header.sampling_interval, message.count), (100, 1));
    let records: Vec<_> = message.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(records[0].next_hop, [203, 0, 113, 3]);
    assert_eq!(
        (records[0].input, records[0].last_ms, records[0].tcp_flags),
        (0x0102, 0x1112_1314, 0x19)
    );
    assert_eq!(
        (records[0].source_as, records[0].destination_mask),
        (0x1c1d, 0x21)
    );

    // If the header announces more records than there are, those present are read; if fewer, the rest is ignored.
    datagram[3] = 2;
    let records: Vec<_> = v5::Message::parse(&datagram).unwrap().records().collect();
    assert_eq!((records.len(), records[0].is_ok()), (2, true));
    let error = records[1].unwrap_err();
    assert_eq!(
        error.to_string(),
        "offset 24: 2 records announced, 48 octets of records follow"
    );
    datagram[3] = 0;
    let records: Vec<_> = v5::Message::parse(&datagram).unwrap().records().collect();
    assert!(matches!(
        records[..],
        [Err(DecodeError {
            problem: Problem::Count {
                counted: 0,
                octets: 48
            },
            ..
        })]
    ));
    datagram[1] = 6;
    assert_eq!(
        v5::Message::parse(&datagram).unwrap_err().to_string(),
        "offset 0: version 6"
    );
    assert_eq!(
        v5::Message::parse(&datagram[..1]).unwrap_err().to_string(),
        "offset 0: 2 octets expected, 1 left"
    );
}

#[test]
fn v9_sets_of_rfc_3954_appendix() {
    #[rustfmt::skip]
    let datagram = v9_datagram(&[
        // A template, an options template with padding, data with padding, options data.
        0, 0, 0, 16, 1, 0, 0, 2, 0, 8, 0, 4, 0, 4, 0, 1,
        0, 1, 0, 20, 1, 2, 0, 4, 0, 4, 0, 1, 0, 4, 0, 34, 0, 4, 0, 0,
        1, 0, 0, 16, 192, 0, 2, 1, 6, 192, 0, 2, 2, 17, 0, 0,
        1, 2, 0, 12, 10, 0, 0, 1, 0, 0, 0, 100,
    ]);
    let message = v9::Message::parse(&datagram).unwrap();
    assert_eq!(
        message.header,
        v9::Header {
            sys_uptime_ms: 1,
            unix_secs: 2,
            sequence: 3,
            source_id: 4
        }
    );
    let sets: Vec<_> = message.sets().collect::<Result<_, _>>().unwrap();
    let contents: Vec<_> = sets.iter().map(Set::contents).collect();
    assert_eq!(
        contents,
        [
            Contents::Templates,
            Contents::OptionsTemplates,
            Contents::Data(256),
            Contents::Data(258)
        ]
    );
    let template = sets[0].templates().next().unwrap().unwrap();
    assert_eq!(
        (template.id, template.options, &template.fields[..]),
        (256, false, &[spec(8, 4), spec(4, 1)][..])
    );
    let options = sets[1].templates().next().unwrap().unwrap();
    assert_eq!(
        (options.id, options.options, options.scopes),
        (258, true, 1)
    );
    assert_eq!(options.fields, [spec(v9::scope::SYSTEM, 4), spec(34, 4)]);
    assert_eq!(sets[1].templates().count(), 1);
    let records: Vec<_> = sets[2]
        .records(&template)
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(
        records
            .iter()
            .map(|record| record.octets())
            .collect::<Vec<_>>(),
        [&[192, 0, 2, 1, 6], &[192, 0, 2, 2, 17]]
    );
    let record = sets[3].records(&options).next().unwrap().unwrap();
    let fields: Vec<_> = record.fields().collect();
    assert_eq!(
        fields,
        [
            (spec(1, 4), &[10, 0, 0, 1][..]),
            (spec(34, 4), &[0, 0, 0, 100])
        ]
    );
    // A template set has no records, a data set no templates.
    assert_eq!(
        (
            sets[0].records(&template).count(),
            sets[2].templates().count()
        ),
        (0, 0)
    );
}

#[test]
fn ipfix_enterprise_fields_variable_lengths_and_withdrawals() {
    #[rustfmt::skip]
    let message = ipfix_message(&[
        // Two templates, one with an enterprise field of variable length (RFC 7011 §3.2, §7).
        0, 2, 0, 28, 1, 0, 0, 2, 0, 8, 0, 4, 0x80, 1, 0xff, 0xff, 0, 0, 0x72, 0x79, 1, 1, 0, 1, 0, 1, 0, 8,
        // An options template with one scope field of two.
        0, 3, 0, 20, 1, 2, 0, 2, 0, 1, 0x01, 0x2e, 0, 4, 0x01, 0x31, 0, 4, 0, 0,
        // Withdrawals (§8.1): one template, all options templates.
        0, 2, 0, 8, 1, 0, 0, 0, 0, 3, 0, 8, 0, 3, 0, 0,
        // Records with a value of 3 octets, none, and 2 octets in the long form.
        1, 0, 0, 28, 1, 1, 1, 1, 3, b'a', b'b', b'c', 2, 2, 2, 2, 0, 3, 3, 3, 3, 255, 0, 2, b'd', b'e', 0, 0,
    ]);
    let sets: Vec<_> = ipfix_sets(&message)
        .into_iter()
        .collect::<Result<_, _>>()
        .unwrap();
    let all = templates(ipfix_sets(&message))
        .into_iter()
        .collect::<Result<Vec<_>, _>>()
        .unwrap();
    let ids: Vec<_> = all
        .iter()
        .map(|it| (it.id, it.options, it.scopes, it.is_withdrawal()))
        .collect();
    assert_eq!(
        ids,
        [
            (256, false, 0, false),
            (257, false, 0, false),
            (258, true, 1, false),
            (256, false, 0, true),
            (3, true, 0, true)
        ]
    );
    assert_eq!(
        all[0].fields[1],
        FieldSpec {
            id: 1,
            len: ipfix::VARIABLE,
            enterprise: 29_305
        }
    );
    assert_eq!((all[0].shortest_record(), all[1].shortest_record()), (5, 8));
    let records: Vec<_> = sets[4].records(&all[0]).collect::<Result<_, _>>().unwrap();
    let values: Vec<_> = records
        .iter()
        .map(|record| record.fields().last().unwrap().1)
        .collect();
    assert_eq!(values, [&b"abc"[..], b"", b"de"]);
    // A withdrawn template has no records.
    assert_eq!(sets[4].records(&all[3]).count(), 0);
}

#[test]
fn errors_nest_and_spare_the_siblings() {
    let good = [1, 1, 0, 1, 0, 1, 0, 8];
    let set = |id: u16, body: &[u8]| {
        [
            &id.to_be_bytes()[..],
            &(4 + body.len() as u16).to_be_bytes(),
            body,
        ]
        .concat()
    };
    let text = |sets: Vec<Result<Set<'_>, DecodeError>>| -> Vec<String> {
        templates(sets)
            .into_iter()
            .map(|it| it.map_or_else(|text| text, |it| format!("template {}", it.id)))
            .collect()
    };
    // A template of a reserved identifier ends its set; the next set is read.
    let sets = [set(2, &[0, 255, 0, 1, 0, 1, 0, 8]), set(2, &good)].concat();
    assert_eq!(
        text(ipfix_sets(&ipfix_message(&sets))),
        [
            "in set 1, offset 20: template identifier 255",
            "template 257"
        ]
    );
    // More fields than octets.
    let sets = [set(0, &[1, 0, 0, 3, 0, 8, 0, 4]), set(0, &good)].concat();
    assert_eq!(
        text(v9_sets(&v9_datagram(&sets))),
        [
            "in set 1, template 256, offset 32: 2 octets of a template expected, 0 left",
            "template 257"
        ]
    );
    // Known length, unknown meaning: the next template of the same set is read.
    let bad_scope = [
        &[1, 0, 0, 1, 0, 2, 0, 8, 0, 4][..],
        &[1, 1, 0, 1, 0, 1, 0, 8, 0, 4],
    ]
    .concat();
    assert_eq!(
        text(ipfix_sets(&ipfix_message(&set(3, &bad_scope)))),
        [
            "in set 1, template 256, offset 20: 2 scope fields of 1",
            "template 257"
        ]
    );
    let odd = [
        &[1, 0, 0, 3, 0, 1, 0, 0, 0, 0][..],
        &[1, 1, 0, 4, 0, 0, 0, 1, 0, 4],
    ]
    .concat();
    assert_eq!(
        text(v9_sets(&v9_datagram(&set(1, &odd)))),
        [
            "in set 1, template 256, offset 24: 3 octets of fields of four octets",
            "template 257"
        ]
    );
    let many = [&[1, 0, 4, 1][..], &[0, 8, 0, 4].repeat(1025), &good].concat();
    assert_eq!(
        text(v9_sets(&v9_datagram(&set(0, &many)))),
        [
            "in set 1, template 256, offset 24: 1025 fields in one template",
            "template 257"
        ]
    );
    // Where the next set starts is not known.
    for (bad, error) in [
        (&[1, 0, 0, 3, 0][..], "in set 2, offset 32: set length 3"),
        (
            &[1, 0, 0, 30, 0],
            "in set 2, offset 32: set length 30 where 5 octets are left",
        ),
        (&[1, 0, 0], "in set 2, offset 34: 2 octets expected, 1 left"),
    ] {
        let sets = [&set(0, &good)[..], bad].concat();
        let mut datagram = v9_datagram(&sets);
        assert_eq!(text(v9_sets(&datagram)), ["template 257", error]);
        // Zeros behind the last set are no set.
        datagram.truncate(32);
        datagram.extend([0; 7]);
        assert_eq!(text(v9_sets(&datagram)), ["template 257"]);
    }
    // A message that is cut off between its sets.
    let mut message = ipfix_message(&set(2, &good));
    message[3] += 12;
    assert_eq!(
        text(ipfix_sets(&message)),
        [
            "template 257",
            "offset 2: message length 40 in a datagram of 28 octets"
        ]
    );
    message[3] = 15;
    assert_eq!(
        ipfix::Message::parse(&message).unwrap_err().to_string(),
        "offset 2: message length 15"
    );
    assert_eq!(
        ipfix::message_len(&message).unwrap_err().problem.reason(),
        "message-length"
    );
    // What follows a message is not part of it.
    let mut message = ipfix_message(&set(2, &good));
    message.extend(b"next");
    assert_eq!(ipfix::Message::parse(&message).unwrap().rest, b"next");
    // A value that runs out of its set, behind a good record.
    let sets = [
        set(2, &[1, 0, 0, 1, 0, 82, 0xff, 0xff]),
        set(256, &[1, b'a', 9, b'b', b'c', b'd']),
    ]
    .concat();
    let message = ipfix_message(&sets);
    let sets = ipfix_sets(&message)
        .into_iter()
        .collect::<Result<Vec<_>, _>>()
        .unwrap();
    let template = sets[0].templates().next().unwrap().unwrap();
    let records: Vec<_> = sets[1]
        .records(&template)
        .map(|it| it.map(|it| it.octets().to_vec()))
        .collect();
    assert_eq!(
        (records.len(), records[0].as_deref()),
        (2, Ok(&[1, b'a'][..]))
    );
    let error = records[1].as_ref().unwrap_err().to_string();
    assert_eq!(
        error,
        "in set 2, template 256, offset 35: 9 octets expected, 3 left"
    );
}

#[test]
fn what_there_is_of_a_set_that_is_cut_off_is_read() {
    // A template of four octets, then a set of three records whose last is cut off.
    #[rustfmt::skip]
    let sets = [
        1, 0, 0, 1, 0, 8, 0, 4,
        1, 0, 0, 16, 10, 0, 0, 1, 10, 0, 0, 2, 10, 0,
    ];
    let first = |template_set: u8| [&[0, template_set, 0, 12][..], &sets].concat();
    let v9 = v9_datagram(&first(0));
    let mut ipfix = ipfix_message(&first(2));
    ipfix[3] += 2;
    for (sets, error, reason) in [
        (
            v9_sets(&v9),
            "in set 2, offset 32: set length 16 where 14 octets are left",
            "set-length",
        ),
        (
            ipfix_sets(&ipfix),
            "offset 2: message length 44 in a datagram of 42 octets",
            "message-length",
        ),
    ] {
        let [Ok(templates), Ok(data), Err(found)] = &sets[..] else {
            panic!("{sets:?}");
        };
        assert_eq!(
            (found.to_string().as_str(), found.problem.reason()),
            (error, reason)
        );
        let template = templates.templates().next().unwrap().unwrap();
        let records: Vec<_> = data
            .records(&template)
            .flatten()
            .map(|it| it.octets())
            .collect();
        assert_eq!(records, [[10, 0, 0, 1], [10, 0, 0, 2]]);
        // A set that waited for its template is read by the octets that were kept.
        let kept = data.octets().to_vec();
        let later: Vec<_> = template
            .records(&kept)
            .flatten()
            .map(|it| it.octets())
            .collect();
        assert_eq!(later, records);
        assert!(
            Template::new(256, false, 0, Vec::new())
                .records(&kept)
                .next()
                .is_none()
        );
    }
}

#[test]
fn zeros_behind_records_of_variable_length_are_padding() {
    let template = Template::new(256, false, 0, vec![spec(82, ipfix::VARIABLE), spec(4, 1)]);
    assert!(template.is_variable() && template.shortest_record() == 2);
    let read = |set: &[u8]| -> Vec<Result<Vec<u8>, String>> {
        let records = template.records(set);
        records
            .map(|it| {
                it.map(|it| it.octets().to_vec())
                    .map_err(|it| it.to_string())
            })
            .collect()
    };
    assert_eq!(read(&[1, b'a', 6, 0]), [Ok(vec![1, b'a', 6])]);
    let error = "template 256, offset 4: 2 octets expected, 1 left".to_owned();
    assert_eq!(
        read(&[1, b'a', 6, 2, 0]),
        [Ok(vec![1, b'a', 6]), Err(error)]
    );
}

#[test]
fn a_file_has_messages_one_after_the_other() {
    let one = ipfix_message(&[0, 2, 0, 12, 1, 0, 0, 1, 0, 8, 0, 4]);
    let two = ipfix_message(&[1, 0, 0, 8, 10, 0, 0, 1]);
    let file = [&one[..], &two, &one[..20]].concat();
    let messages: Vec<_> = ipfix::Messages::new(&file)
        .collect::<Result<_, _>>()
        .unwrap();
    let sets: Vec<usize> = messages
        .iter()
        .map(|it| it.sets().filter(Result::is_ok).count())
        .collect();
    assert_eq!(sets, [1, 1, 1]);
    let last = messages[2].sets().last().unwrap().unwrap_err();
    assert_eq!(last.problem.reason(), "message-length");
    // What is no message ends the file, with its place.
    let file = [&one[..], &[0, 9, 0, 0]].concat();
    let mut messages = ipfix::Messages::new(&file);
    assert!(messages.next().unwrap().is_ok() && messages.offset() == 28);
    assert_eq!(
        messages.next().unwrap().unwrap_err().to_string(),
        "offset 28: version 9"
    );
    assert!(messages.next().is_none() && ipfix::Messages::new(&[]).next().is_none());
    // A stream tells each message's length in its first octets.
    for (octets, len) in [(&[][..], None), (&[0, 10, 0], None), (&one[..4], Some(28))] {
        assert_eq!(ipfix::message_len(octets), Ok(len));
    }
    assert_eq!(
        ipfix::message_len(&[0, 5]).unwrap_err().to_string(),
        "offset 0: version 5"
    );
}

proptest! {
    #[test]
    fn v5_records_come_back(octets in vec(any::<[u8; 48]>(), 0..=30), header in any::<[u8; 20]>()) {
        let mut octets = octets;
        for record in &mut octets {
            // Unused octets are written as zero.
            (record[36], record[46], record[47]) = (0, 0, 0);
        }
        let mut datagram = vec![0, 5, 0, octets.len() as u8];
        datagram.extend(header);
        datagram.extend(octets.concat());
        let message = v5::Message::parse(&datagram).unwrap();
        let mut packer = v5::Packer::new(datagram.len());
        for record in message.records() {
            packer.record(&record.unwrap()).unwrap();
        }
        prop_assert_eq!(packer.finish(&message.header), datagram);
    }

    #[test]
    fn variable_lengths_come_back(values in vec(vec(any::<u8>(), 0..600), 1..5)) {
        let mut packer = ipfix::Packer::new(4000);
        packer.template(256, &[(82, ipfix::VARIABLE)]).unwrap();
        for value in &values {
            let place = packer.record(256, ipfix::variable_len(value)).unwrap();
            prop_assert_eq!(ipfix::put_variable(value, place), Ok(ipfix::variable_len(value)));
        }
        let message = packer.finish(&ipfix::Header::default()).to_vec();
        let sets: Vec<_> = ipfix_sets(&message).into_iter().collect::<Result<_, _>>().unwrap();
        let template = sets[0].templates().next().unwrap().unwrap();
        let read: Vec<_> = sets[1]
            .records(&template)
            .map(|record| record.unwrap().fields().next().unwrap().1.to_vec())
            // If the shortest record has one octet, padding cannot be told from records.
            .take(values.len())
            .collect();
        prop_assert_eq!(read, values);
    }

    #[test]
    fn no_octets_panic_or_loop(octets in vec(any::<u8>(), 0..200), version in 0u8..3) {
        let mut datagram = octets;
        if let Some(place) = datagram.get_mut(..2) {
            place.copy_from_slice(&[0, [5, 9, 10][usize::from(version)]]);
        }
        if let Ok(message) = v5::Message::parse(&datagram) {
            let _ = message.records().count();
        }
        let v9 = v9::Message::parse(&datagram).map(|message| message.sets());
        let ipfix = ipfix::Message::parse(&datagram).map(|message| message.sets());
        for sets in v9.into_iter().chain(ipfix) {
            let mut known: Vec<Template> = Vec::new();
            for set in sets.flatten() {
                known.extend(set.templates().flatten());
                for template in &known {
                    for record in set.records(template).flatten() {
                        let _ = record.fields().count();
                    }
                }
            }
        }
    }
}
