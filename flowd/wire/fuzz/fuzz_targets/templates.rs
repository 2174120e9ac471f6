//! See the property.
#![no_main]

#[path = "../property/templates.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| property::check(octets));
