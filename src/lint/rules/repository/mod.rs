//! R: what only shows across files.

mod bad_suppression;
mod copied_block;
mod duplicate_prompt;
mod near_duplicate_prompt;
mod owner;
mod unexplained_suppression;
mod unused_suppression;

use crate::diagnostic::RuleId;
use crate::lint::rule::Rule;

pub(crate) use self::bad_suppression::BAD_SUPPRESSION;
pub(crate) use self::unexplained_suppression::UNEXPLAINED_SUPPRESSION;
pub(crate) use self::unused_suppression::UNUSED_SUPPRESSION;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[
    &owner::OWNER,
    &duplicate_prompt::DUPLICATE_PROMPT,
    &near_duplicate_prompt::NEAR_DUPLICATE_PROMPT,
    &copied_block::COPIED_BLOCK,
    &unexplained_suppression::UNEXPLAINED_SUPPRESSION,
    &unused_suppression::UNUSED_SUPPRESSION,
    &bad_suppression::BAD_SUPPRESSION,
];

/// The rules that need to know what the messages of all prompts say.
pub(crate) const COPIES: [RuleId; 3] = [
    duplicate_prompt::DUPLICATE_PROMPT.code,
    near_duplicate_prompt::NEAR_DUPLICATE_PROMPT.code,
    copied_block::COPIED_BLOCK.code,
];

#[cfg(test)]
mod tests;
