//! What is found, shown: one file per format. Functions from values to a `Write`; nothing here decides anything.

pub mod breakdown;
pub mod cells;
pub mod diff;
pub mod evaluation;
pub mod finding;
pub mod fmt;
pub mod foreign;
pub mod import;
pub mod json;
pub mod junit;
pub mod lint;
pub mod measures;
pub mod patch;
pub mod run;
pub mod schemas;
pub mod table;
