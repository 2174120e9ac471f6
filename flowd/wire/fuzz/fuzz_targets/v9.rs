//! Any NetFlow v9 datagram: no panic, no endless loop, and records stay inside their sets.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::Template;
use wire::v9::Message;

fuzz_target!(|bytes: &[u8]| {
    let Ok(message) = Message::parse(bytes) else {
        return;
    };
    let mut known: Vec<Template> = Vec::new();
    for set in message.sets().flatten() {
        let _ = set.contents();
        for template in set.templates() {
            match template {
                // A few templates only, because every set is tried with every template.
                Ok(template) if known.len() < 8 => known.push(template),
                Ok(_) => {}
                Err(error) => assert!(error.offset <= bytes.len() && !error.to_string().is_empty()),
            }
        }
        for template in &known {
            let mut octets = 0;
            for record in set.records(template) {
                match record {
                    Ok(record) => {
                        let fields: usize = record.fields().map(|(_, value)| value.len()).sum();
                        assert!(fields <= record.octets().len());
                        assert!(record.octets().len() >= template.shortest_record());
                        octets += record.octets().len();
                    }
                    Err(error) => assert!(error.offset <= bytes.len()),
                }
            }
            assert!(octets <= set.octets().len());
        }
    }
});
