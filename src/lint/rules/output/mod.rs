//! O: the contract of the answer.

mod invalid_schema;

use crate::lint::rule::Rule;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[&invalid_schema::INVALID_SCHEMA];
