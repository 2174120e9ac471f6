//! Any octets as a line typed in any mode.
#![no_main]

#[path = "../property/base.rs"]
mod base;
#[path = "../property/commands.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    property::typed(&String::from_utf8_lossy(data));
});
