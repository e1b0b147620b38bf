//! S: secrets, personal data, text from strangers.

mod secret;

use crate::lint::rule::Rule;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[&secret::SECRET];
