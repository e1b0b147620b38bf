//! X: few-shot examples.

mod contamination;
mod duplicate_example;
mod example_input;
mod example_out_of_reach;
mod example_output;
mod examples_not_sent;
mod inputs;
mod label_imbalance;
mod near_duplicate_example;
mod number_of_examples;

use crate::lint::rule::Rule;
use crate::project::prompt::{ContentTemplate, Entry, PartTemplate, Prompt};
use crate::template::analysis::analyze;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[
    &example_input::EXAMPLE_INPUT,
    &example_output::EXAMPLE_OUTPUT,
    &duplicate_example::DUPLICATE_EXAMPLE,
    &label_imbalance::LABEL_IMBALANCE,
    &contamination::CONTAMINATION,
    &number_of_examples::NUMBER_OF_EXAMPLES,
    &near_duplicate_example::NEAR_DUPLICATE_EXAMPLE,
    &examples_not_sent::EXAMPLES_NOT_SENT,
    &example_out_of_reach::EXAMPLE_OUT_OF_REACH,
];

/// How many examples of a prompt reach the model, from the top: as many as an `examples` entry sends, all where a message
/// reads `examples` itself.
fn sent(prompt: &Prompt) -> usize {
    let all = prompt.file.examples.len();
    if all == 0 {
        return 0;
    }
    // The word alone may well be prose.
    let reads = |text: &str| {
        text.contains("examples")
            && analyze(text).is_ok_and(|analysis| {
                analysis.variables.iter().any(|used| used.path[0] == "examples")
            })
    };
    let most = prompt.file.messages.iter().map(|entry| match entry {
        Entry::Examples(entry) => entry.examples.max.unwrap_or(all),
        Entry::Message(message) => {
            let reads = match &message.content {
                ContentTemplate::Text(text) => reads(text),
                ContentTemplate::Parts(parts) => parts.iter().any(|part| match part {
                    PartTemplate::Text(text) | PartTemplate::Image(text) => reads(text),
                }),
            };
            if reads { all } else { 0 }
        }
        Entry::Insert(_) => 0,
    });
    most.max().unwrap_or(0).min(all)
}

#[cfg(test)]
mod tests;
