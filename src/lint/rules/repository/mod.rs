//! R: what only shows across files.

mod bad_suppression;
mod unexplained_suppression;
mod unused_suppression;

use crate::lint::rule::Rule;

pub(crate) use self::bad_suppression::BAD_SUPPRESSION;
pub(crate) use self::unexplained_suppression::UNEXPLAINED_SUPPRESSION;
pub(crate) use self::unused_suppression::UNUSED_SUPPRESSION;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[
    &unexplained_suppression::UNEXPLAINED_SUPPRESSION,
    &unused_suppression::UNUSED_SUPPRESSION,
    &bad_suppression::BAD_SUPPRESSION,
];
