//! Everything that is tested through the binary and over the files of the repository, in one program that links once.

#![expect(
    clippy::disallowed_methods,
    reason = "tests set their own scene; what the library may read and write does not bind them"
)]

mod console;
mod examples;
mod exit_codes;
mod generated;
mod gsm8k;
mod readme;
mod server;
mod support;
mod tidy;
