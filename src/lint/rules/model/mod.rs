//! M: which model is asked, and with which parameters.

mod floating_model;
mod unknown_model;
mod window_overflow;

use crate::lint::rule::Rule;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[
    &unknown_model::UNKNOWN_MODEL,
    &floating_model::FLOATING_MODEL,
    &window_overflow::WINDOW_OVERFLOW,
    &window_overflow::WINDOW_MAY_OVERFLOW,
];
