//! Running suites: a plan of cells, their answers, their scores, and the gates.
//!
//! `plan` reads everything and finds what is wrong before anything is paid for; `runner` answers and scores the cells in
//! the order of the plan and emits events; `run` sums them up. A cell is one (suite, prompt, model, case, repeat).

pub mod cell;
pub mod gate;
pub mod plan;
pub mod run;
pub mod runner;
pub mod score;
