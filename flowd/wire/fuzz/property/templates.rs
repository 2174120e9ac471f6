//! Any octets as sets of templates, of both formats: no panic, bounds kept, and what IPFIX can carry reads the same after it
//! was packed.

use wire::{MAX_FIELDS, SetFormat, Template, ipfix, v9};

/// The first octet says which format and kind of set, the others are the set's content.
///
/// # Panics
/// When it is not so.
pub(crate) fn check(octets: &[u8]) {
    let Some((kind, content)) = octets.split_first() else {
        return;
    };
    let options = kind & 2 != 0;
    let content = content.get(..content.len().min(60_000)).unwrap_or_default();
    if kind & 1 == 0 {
        let templates = read(SetFormat::V9, options, content);
        assert!(
            templates
                .iter()
                .all(|it| it.fields.iter().all(|field| field.enterprise == 0))
        );
        return;
    }
    for template in read(SetFormat::Ipfix, options, content) {
        let mut packer = ipfix::Packer::new(wire::MAX_DATAGRAM);
        let (scopes, fields) = template.fields.split_at(template.scopes.into());
        let packed = if options && !template.is_withdrawal() {
            packer.options_template(template.id, scopes, fields)
        } else {
            packer.template(template.id, fields)
        };
        if packed.is_err() || options && template.is_withdrawal() {
            continue;
        }
        let message = packer.finish(&ipfix::Header::default());
        let content = message.get(20..).unwrap_or_default();
        assert_eq!(read(SetFormat::Ipfix, options, content), [template]);
    }
}

/// The templates of a set with this content.
fn read(format: SetFormat, options: bool, content: &[u8]) -> Vec<Template> {
    let id = if options {
        format.options_template_set()
    } else {
        format.template_set()
    };
    let header = if format == SetFormat::V9 {
        v9::HEADER_LEN
    } else {
        ipfix::HEADER_LEN
    };
    let len = |octets: usize| u16::try_from(octets).expect("it was bounded").to_be_bytes();
    let mut message = vec![0; header];
    let total = len(header + 4 + content.len());
    message[..2].copy_from_slice(&format.version().to_be_bytes());
    message[2..4].copy_from_slice(&total);
    message.extend(id.to_be_bytes());
    message.extend(len(4 + content.len()));
    message.extend(content);
    let sets = match format {
        SetFormat::V9 => v9::Message::parse(&message).map(|it| it.sets()),
        SetFormat::Ipfix => ipfix::Message::parse(&message).map(|it| it.sets()),
    };
    let mut found = Vec::new();
    for set in sets.expect("it has a header") {
        for template in set.expect("its length is right").templates() {
            match template {
                Ok(template) => {
                    assert!(template.fields.len() <= MAX_FIELDS);
                    assert!(usize::from(template.scopes) <= template.fields.len());
                    found.push(template);
                }
                Err(error) => {
                    assert!(error.offset <= message.len() && error.problem.reason() == "template");
                }
            }
        }
    }
    found
}
