//! X307

use std::collections::HashMap;

use super::inputs::{Inputs, Likeness};
use crate::diagnostic::Diagnostic;
use crate::digest;
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::metric::shingle::Signature;

rule! {
    /// Two few-shot examples have nearly the same input and the same output.
    ///
    /// ## Why is this bad?
    ///
    /// Both cost tokens in every call, and the second teaches little: examples help by covering different inputs.
    ///
    /// ## What it does
    ///
    /// Texts of eight words and more are nearly the same when four fifths of their runs of five words are; all other
    /// variables must be equal. Examples whose outputs differ are left alone: showing where the line lies is what such
    /// pairs are for.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/sort.yaml
    /// variables: {ticket: string}
    /// messages:
    ///   - examples: {}
    ///   - {role: user, content: "{{ ticket }}"}
    /// examples:
    ///   - variables: {ticket: "I ordered a blue lamp three weeks ago, it has not come, and I want my money back today!"}
    ///     output: refund
    ///   - variables: {ticket: "I ordered a blue lamp three weeks ago, it has not come, and I want my money back please."}
    ///     output: refund
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/sort.yaml
    /// variables: {ticket: string}
    /// messages:
    ///   - examples: {}
    ///   - {role: user, content: "{{ ticket }}"}
    /// examples:
    ///   - variables: {ticket: "I ordered a blue lamp three weeks ago, it has not come, and I want my money back today!"}
    ///     output: refund
    ///   - variables: {ticket: You charged my card twice for one order.}
    ///     output: refund
    /// ```
    NEAR_DUPLICATE_EXAMPLE: "X307" "near-duplicate-example" Info, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let prompt = context.prompt;
    let examples = &prompt.file.examples;
    if examples.len() < 2 {
        return;
    }
    let outputs: Vec<String> =
        examples.iter().map(|example| digest::canonical_json(&example.output)).collect();
    let mut times: HashMap<&str, usize> = HashMap::new();
    for output in &outputs {
        *times.entry(output).or_default() += 1;
    }
    // Most examples have an output of their own, and a signature costs more than all else that is done with a prompt.
    if times.values().all(|times| *times < 2) {
        return;
    }
    let inputs: Vec<Inputs> =
        examples.iter().map(|example| Inputs::of(prompt, &example.variables)).collect();
    let mut met: HashMap<u64, Vec<usize>> = HashMap::new();
    for (number, own) in inputs.iter().enumerate() {
        if times[outputs[number].as_str()] < 2 || own.longest().is_none() {
            continue;
        }
        let Some(signature) = Signature::of(&own.joined()) else { continue };
        let mut candidates = Vec::new();
        for bucket in signature.buckets() {
            let before = met.entry(bucket).or_default();
            candidates.extend_from_slice(before);
            // A bucket that is met often holds examples of one form: the first few stand for all.
            if before.len() < MOST_IN_BUCKET {
                before.push(number);
            }
        }
        candidates.sort_unstable();
        candidates.dedup();
        let near = candidates.into_iter().find(|other| {
            examples[*other].output == examples[number].output
                && inputs[*other].likeness(own) == Some(Likeness::Near)
        });
        let Some(other) = near else { continue };
        let document = &prompt.document;
        let place = |number: usize| document.span(&Route::root().key("examples").index(number));
        findings.push(
            NEAR_DUPLICATE_EXAMPLE
                .at(
                    &document.file,
                    place(number),
                    format!("example {} is nearly the same as example {}", number + 1, other + 1),
                )
                .related(&document.file, place(other), "the first one")
                .help("replace one of them by an input of another kind"),
        );
    }
}

/// The examples that a bucket remembers.
const MOST_IN_BUCKET: usize = 8;
