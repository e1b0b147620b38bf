//! C: the prose of prompts.

mod blank_lines;
mod contradiction;
mod doubled_word;
mod list_gap;
mod markdown;
mod mixed_indentation;
mod placeholder;
mod trailing_white_space;
mod unclosed_tag;
mod unfilled_variable;

use crate::lint::rule::Rule;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[
    &trailing_white_space::TRAILING_WHITE_SPACE,
    &blank_lines::BLANK_LINES,
    &mixed_indentation::MIXED_INDENTATION,
    &contradiction::CONTRADICTION,
    &placeholder::PLACEHOLDER,
    &unfilled_variable::UNFILLED_VARIABLE,
    &unclosed_tag::UNCLOSED_TAG,
    &list_gap::LIST_GAP,
    &doubled_word::DOUBLED_WORD,
];

#[cfg(test)]
mod tests;
