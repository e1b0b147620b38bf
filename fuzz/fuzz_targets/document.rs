//! Any bytes as YAML: places lie inside the file.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pf_fuzz::document(data));
