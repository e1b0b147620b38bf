//! Running suites: a plan of cells, their answers, their scores, and the gates.
//!
//! `plan` reads everything and finds what is wrong before anything is paid for; `runner` answers and scores the cells in
//! the order of the plan and emits events; `run` sums them up, with `labels`, `agreement` and `repeats` for what is more than a mean. A cell is one (suite, prompt, model, case, repeat).

pub mod agreement;
pub mod budget;
pub mod cell;
pub mod estimate;
pub mod gate;
pub mod labels;
pub mod plan;
pub mod repeats;
pub mod run;
pub mod runner;
pub mod score;
pub mod spot_check;
