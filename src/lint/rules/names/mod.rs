//! N: names and other words about a file.

mod bad_name;
mod metadata;

use crate::lint::rule::Rule;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[&bad_name::BAD_NAME, &metadata::METADATA];
