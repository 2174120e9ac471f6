//! The fields that records can have.

use api::flow::{Fields, KnownField};
use registry::FIELDS;

/// Returns the fields that records can have: only those with elements of enterprises, only others, or all.
pub fn fields(enterprise: Option<bool>) -> Fields {
    let known = FIELDS.iter().map(|field| KnownField {
        words: field.words.to_owned(),
        element: field.name().to_owned(),
        number: field.element.number,
        enterprise: (field.element.enterprise != 0).then_some(field.element.enterprise),
        octets: field.len,
        key: field.key,
        collect: field.collect,
        help: field.help.to_owned(),
    });
    let wanted =
        |field: &KnownField| enterprise.is_none_or(|wanted| field.enterprise.is_some() == wanted);
    Fields {
        fields: known.filter(wanted).collect(),
    }
}
