//! Any bytes as a dataset in each format: rows and findings lie inside the file.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pf_fuzz::dataset(data));
