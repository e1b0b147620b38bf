//! K: tokens, caches, money.

mod cache_minimum;
mod cache_prefix;
mod prefix;
mod repeated_instruction;
mod token_budget;

use crate::lint::rule::Rule;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[
    &token_budget::TOKEN_BUDGET,
    &cache_prefix::CACHE_PREFIX,
    &cache_minimum::CACHE_MINIMUM,
    &repeated_instruction::REPEATED_INSTRUCTION,
];
