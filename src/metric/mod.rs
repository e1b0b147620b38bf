//! Metrics: pure functions of texts or of labels, each checked against the reference implementation that people quote.

// What an answer says, beside what it should say.
pub mod bleu;
pub mod chrf;
mod edit_distance;
pub mod rouge;
pub mod squad;

// The text of an answer by itself.
mod plausible;
mod repetition;
pub mod script;
mod words;

// Many labels together.
pub mod classification;
pub mod krippendorff;

// Texts that resemble each other.
pub mod shingle;

// What the metrics of overlap are made of.
mod lcs;
mod ngram;
mod porter;
mod vocabulary;

pub use edit_distance::{levenshtein, similarity_ratio};
pub use plausible::plausible_share;
pub use repetition::longest_run;
pub use words::Words;

#[cfg(test)]
mod tests;
