//! Running suites: a plan of cells, their answers, their scores, and the gates.
//!
//! A cell is one (suite, prompt, model, case, repeat). The way of a run:
//!
//! - before anything is paid for: `plan` (with `cases`, `shard`, `touched`, `last` for which of them, `rivals` for another
//!   version beside it, `proven` for what notes know already), `estimate` and `coverage`;
//! - answering and judging: `runner`, with `session` and `bench` for assertions that ask, `score`, `budget`;
//! - what it came to: `run`, with `labels`, `agreement`, `repeats` and `footprint` for what is more than a mean, `gate`;
//! - beside other runs: `compare`, `saved`, `merge`, `spot_check`, `trends`, `noted`.
//!
//! One answer alone, for `pf run`, is `once` with its `contract`.

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
pub mod noted;
pub mod once;
pub mod plan;
pub mod proven;
pub mod repeats;
pub mod rivals;
pub mod run;
pub mod runner;
pub mod saved;
pub mod score;
pub mod session;
pub mod shard;
pub mod spot_check;
pub mod touched;
pub mod trends;
