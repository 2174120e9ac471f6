//! See the property.
#![no_main]

#[path = "../property/file.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| property::check(octets));
