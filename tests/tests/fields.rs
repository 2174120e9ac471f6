//! The words after `match` and `collect` are declared twice, because the language does not depend on the data path:
//! here the two tables are held together.

use std::collections::BTreeSet;

#[test]
fn the_language_and_the_registry_have_the_same_fields() {
    let language: BTreeSet<_> = grammar::FIELDS
        .iter()
        .map(|field| (field.words, field.key, field.collect))
        .collect();
    let registry: BTreeSet<_> = flow::FIELDS
        .iter()
        .map(|field| (field.words, field.key, field.collect))
        .collect();
    assert_eq!(language, registry);
    assert!(registry.len() > 50);
}

#[test]
fn they_refuse_the_same_fields() {
    let language: BTreeSet<_> = grammar::REFUSED_FIELDS
        .iter()
        .map(|(words, _)| *words)
        .collect();
    let registry: BTreeSet<_> = flow::field::REFUSED
        .iter()
        .map(|(words, _)| *words)
        .collect();
    assert_eq!(language, registry);
}
