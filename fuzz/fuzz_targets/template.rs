//! Any bytes as a template: it is analysed, compiled and rendered within its budget.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pf_fuzz::template(data));
