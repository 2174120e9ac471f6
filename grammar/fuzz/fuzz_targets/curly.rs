//! Any octets as text in braces.
#![no_main]

#[path = "../property/base.rs"]
mod base;
#[path = "../property/language.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        property::holds(text, language::Dialect::Curly);
    }
});
