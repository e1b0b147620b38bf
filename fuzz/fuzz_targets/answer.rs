//! Any bytes as what a model answers: they are judged by every assertion.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pf_fuzz::answer(data));
