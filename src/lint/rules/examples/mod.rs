//! X: few-shot examples.

mod example_input;
mod example_output;
mod examples_not_sent;

use crate::lint::rule::Rule;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[
    &example_input::EXAMPLE_INPUT,
    &example_output::EXAMPLE_OUTPUT,
    &examples_not_sent::EXAMPLES_NOT_SENT,
];
