//! Metrics: pure functions of two texts or of many labels, each checked against the reference implementation that people quote.

pub mod classification;
mod edit_distance;
pub mod shingle;

pub use edit_distance::{levenshtein, similarity_ratio};
