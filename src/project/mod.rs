//! The definitions of a project: configuration, prompts, datasets, suites.

pub mod config;
pub mod prompt;
pub mod suite;
pub mod variable;
