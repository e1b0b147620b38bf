//! S: secrets, personal data, text from strangers.

mod pii;
mod secret;

use crate::lint::rule::Rule;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[&secret::SECRET, &pii::PII];
