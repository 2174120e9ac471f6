//! Any octets as a list of RFC 6313: no panic, no endless loop, as many ends as starts, no deeper than the bound, and values
//! inside the list.

use wire::lists::{BASIC_LIST, Item, SUB_TEMPLATE_MULTI_LIST, walk};
use wire::{FieldSpec, MAX_LIST_DEPTH, Template};

/// The first octet says which list, the others are its content.
///
/// # Panics
/// When it is not so.
pub(crate) fn check(octets: &[u8]) {
    let Some((kind, list)) = octets.split_first() else {
        return;
    };
    let variable = |id| FieldSpec::from((id, u16::MAX));
    let field = |offset: u8| variable(BASIC_LIST + u16::from(offset % 3));
    let templates = [
        Template::new(256, false, 0, vec![(4, 1).into(), field(0), field(1)]),
        Template::new(257, false, 0, vec![field(2)]),
        Template::new(258, false, 0, vec![variable(82), (7, 2).into()]),
        Template::new(259, false, 0, Vec::new()),
    ];
    let find = |id: u16| templates.iter().find(|template| template.id == id);
    let (mut lists, mut records, mut deepest, mut values) = (0usize, 0usize, 0, 0);
    let result = walk(field(*kind), list, &find, &mut |item| match item {
        Item::Start(_) => {
            lists += 1;
            deepest = deepest.max(lists);
        }
        Item::End => lists = lists.checked_sub(1).expect("it started"),
        Item::Record(_) => records += 1,
        Item::RecordEnd => records = records.checked_sub(1).expect("it started"),
        Item::Value(_, value) => values += value.len(),
        Item::Unknown(part) => values += part.octets.len(),
        Item::Field(field) => assert!((BASIC_LIST..=SUB_TEMPLATE_MULTI_LIST).contains(&field.id)),
    });
    assert_eq!((lists, records), (0, 0));
    assert!(deepest <= MAX_LIST_DEPTH && values <= list.len());
    if let Err(error) = result {
        assert!(error.offset <= list.len() && !error.to_string().is_empty());
    }
}
