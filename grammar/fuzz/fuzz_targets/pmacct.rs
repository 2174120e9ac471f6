//! Any octets as a configuration of pmacctd.
#![no_main]

#[path = "../property/import.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        property::pmacct(text);
    }
});
