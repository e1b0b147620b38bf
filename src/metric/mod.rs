//! Text metrics: pure functions of two texts, each checked against the reference implementation that people quote.

mod edit_distance;
pub mod shingle;

pub use edit_distance::{levenshtein, similarity_ratio};
