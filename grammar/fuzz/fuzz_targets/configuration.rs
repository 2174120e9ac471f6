//! Any octets as a text in any dialect, loaded in any mode at any level.
#![no_main]

#[path = "../property/base.rs"]
mod base;
#[path = "../property/language.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    property::meets(&String::from_utf8_lossy(data));
});
