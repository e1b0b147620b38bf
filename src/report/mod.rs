//! What is found, shown: one file per format. Functions from values to a `Write`; nothing here decides anything.

pub mod annotations;
pub mod answer;
pub mod cache;
pub mod breakdown;
pub mod cells;
pub mod compare;
pub mod coverage;
pub mod csv;
pub mod diff;
pub mod estimate;
pub mod evaluation;
pub mod finding;
pub mod fmt;
pub mod foreign;
pub mod history;
pub mod html;
pub mod import;
pub mod json;
pub mod junit;
pub mod kept;
pub mod lint;
pub mod markdown;
pub mod measures;
pub mod merge;
pub mod models;
pub mod notes;
pub mod patch;
pub mod run;
pub mod schemas;
pub mod spot_check;
pub mod table;
pub mod trends;

#[cfg(test)]
mod testing;
