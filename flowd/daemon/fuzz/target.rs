//! The fuzz target of the management API; `api.rs` has what it does.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| daemon::fuzz::run(data));
