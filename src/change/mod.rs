//! What changed between two versions of a prompt, and whom it breaks.

pub mod schema;
