//! The words after `match` and `collect` are declared twice, because the language does not depend on the data path:
//! here the two tables are held together.

use std::collections::BTreeSet;

#[test]
fn the_language_and_the_registry_have_the_same_fields() {
    let language: BTreeSet<_> = language::FIELDS
        .iter()
        .map(|field| (field.words, field.key, field.collect))
        .collect();
    let registry: BTreeSet<_> = registry::FIELDS
        .iter()
        .map(|field| (field.words, field.key, field.collect))
        .collect();
    assert_eq!(language, registry);
    assert!(registry.len() > 50);
}

#[test]
fn they_refuse_the_same_fields() {
    let language: BTreeSet<_> = language::REFUSED_FIELDS
        .iter()
        .map(|(words, _)| *words)
        .collect();
    let registry: BTreeSet<_> = registry::field::REFUSED
        .iter()
        .map(|(words, _)| *words)
        .collect();
    assert_eq!(language, registry);
}

#[test]
fn what_the_language_takes_the_registry_finds() {
    for field in language::FIELDS {
        let words = field.example();
        let found = if field.collect {
            flow::Record::collect_field(&words)
        } else {
            flow::Record::key_field(&words)
        };
        let found = found.unwrap_or_else(|error| panic!("{words}: {error}"));
        assert_eq!(found.words, words);
        // IPv4 comes first, IPv6 second.
        let family = found.family.map(|family| 4 + 2 * family as u8);
        assert_eq!((family, found.help), (field.family, field.help), "{words}");
    }
}

#[test]
fn they_have_the_same_predefined_records() {
    let names: Vec<&str> = language::PREDEFINED.iter().map(|(name, _)| *name).collect();
    let records: Vec<&str> = registry::PREDEFINED
        .iter()
        .map(|record| record.name)
        .collect();
    assert_eq!(names, records);
}
