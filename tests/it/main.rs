//! Everything that is tested through the binary and over the files of the repository, in one program that links once.
//!
//! The documents of `console` and `readme` are sessions in a POSIX shell.

#![expect(
    clippy::disallowed_methods,
    reason = "tests set their own scene; what the library may read and write does not bind them"
)]

mod against;
mod asking;
#[cfg(unix)]
mod console;
#[cfg(unix)]
mod durability;
mod examples;
mod exit_codes;
mod faults;
mod formatting;
mod generated;
mod gsm8k;
mod hostile;
mod judges;
#[cfg(unix)]
mod readme;
mod server;
mod shards;
mod spending;
mod support;
mod tidy;
