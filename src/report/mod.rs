//! What is found, shown: one file per format. Functions from values to a `Write`; nothing here decides anything.

pub mod diff;
pub mod finding;
pub mod foreign;
pub mod json;
