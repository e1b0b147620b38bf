//! Any bytes as the files of a project: fixing ends, and what is fixed says the same.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pf_fuzz::fix(data));
