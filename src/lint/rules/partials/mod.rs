//! P: files that templates include.

mod cyclic_include;
mod dynamic_include;
mod missing_partial;

use crate::lint::rule::Rule;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[
    &missing_partial::MISSING_PARTIAL,
    &cyclic_include::CYCLIC_INCLUDE,
    &dynamic_include::DYNAMIC_INCLUDE,
];
