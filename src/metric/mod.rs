//! Text metrics: pure functions of two texts, each checked against the reference implementation that people quote.

pub mod bleu;
pub mod chrf;
mod edit_distance;
mod lcs;
mod ngram;
mod porter;
pub mod rouge;
pub mod shingle;
pub mod squad;
mod words;

pub use edit_distance::{levenshtein, similarity_ratio};

#[cfg(test)]
mod tests;
