//! Metrics: pure functions of texts or of labels, each checked against the reference implementation that people quote.

pub mod classification;
mod edit_distance;
mod plausible;
mod repetition;
pub mod shingle;
mod words;

pub mod script;

pub use edit_distance::{levenshtein, similarity_ratio};
pub use plausible::plausible_share;
pub use repetition::longest_run;
pub use words::Words;
