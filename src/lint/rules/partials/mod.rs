//! P: files that templates include.

mod cyclic_include;
mod dynamic_include;
mod include_depth;
mod missing_ignored;
mod missing_partial;
mod unused_partial;

use crate::lint::rule::Rule;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[
    &missing_partial::MISSING_PARTIAL,
    &cyclic_include::CYCLIC_INCLUDE,
    &unused_partial::UNUSED_PARTIAL,
    &include_depth::INCLUDE_DEPTH,
    &dynamic_include::DYNAMIC_INCLUDE,
    &missing_ignored::MISSING_IGNORED,
];
