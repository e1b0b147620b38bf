//! Any bytes as a file of stored answers: what is read can be written.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pf_fuzz::exchange(data));
