//! Any datagrams of an exporter: never a panic, memory accounted for, and who is told what is known knows the same.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| relay::exercise(input));
