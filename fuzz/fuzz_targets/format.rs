//! Any bytes as YAML: a formatted file is settled and says what it said.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pf_fuzz::format(data));
