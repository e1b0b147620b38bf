//! Any bytes as YAML: the quick reader sees what the full parser sees.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pf_fuzz::quick(data));
