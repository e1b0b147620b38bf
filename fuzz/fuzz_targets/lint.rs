//! Any bytes as the files of a project: it is checked, and findings lie inside their files.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pf_fuzz::lint(data));
