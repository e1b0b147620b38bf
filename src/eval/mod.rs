//! Running suites: a plan of cells, their answers, their scores, and the gates.
//!
//! `plan` reads everything and finds what is wrong before anything is paid for; `runner` answers and scores the cells in
//! the order of the plan and emits events; `run` sums them up, with `labels`, `agreement` and `repeats` for what is more than a mean. A cell is one (suite, prompt, model, case, repeat).

pub mod agreement;
pub mod bench;
pub mod budget;
pub mod cases;
pub mod cell;
mod command;
pub mod compare;
pub mod contract;
pub mod coverage;
pub mod estimate;
pub mod footprint;
pub mod gate;
pub mod labels;
pub mod last;
pub mod merge;
pub mod once;
pub mod noted;
pub mod plan;
pub mod proven;
pub mod repeats;
pub mod run;
pub mod rivals;
pub mod runner;
pub mod saved;
pub mod score;
pub mod session;
pub mod shard;
pub mod spot_check;
pub mod touched;
pub mod trends;
