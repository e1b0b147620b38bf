//! X303

use std::collections::HashMap;

use super::inputs::Inputs;
use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// Two few-shot examples have the same input.
    ///
    /// ## Why is this bad?
    ///
    /// The second costs tokens in every call and teaches nothing new. Where their outputs differ, the model learns that
    /// the answer is arbitrary.
    ///
    /// ## What it does
    ///
    /// It compares the declared variables, defaults included, without regard to case and spacing. Examples without
    /// variables are left alone unless their outputs are the same.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/sort.yaml
    /// variables: {ticket: string}
    /// messages:
    ///   - examples: {}
    ///   - {role: user, content: "{{ ticket }}"}
    /// examples:
    ///   - {variables: {ticket: Where is my refund?}, output: refund}
    ///   - {variables: {ticket: where is my refund?}, output: question}
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
    ///   - {variables: {ticket: Where is my refund?}, output: refund}
    /// ```
    DUPLICATE_EXAMPLE: "X303" "duplicate-example" Warning, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let prompt = context.prompt;
    let examples = &prompt.file.examples;
    if examples.len() < 2 {
        return;
    }
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (number, example) in examples.iter().enumerate() {
        let inputs = Inputs::of(prompt, &example.variables);
        let Some(first) = seen.get(&inputs.joined()).copied() else {
            seen.insert(inputs.joined(), number);
            continue;
        };
        let same = examples[first].output == example.output;
        if inputs.is_empty() && !same {
            continue;
        }
        let message = match same {
            true => format!("example {} is the same as example {}", number + 1, first + 1),
            false => format!(
                "example {} has the input of example {} and another output",
                number + 1,
                first + 1
            ),
        };
        let document = &prompt.document;
        let place = |number: usize| document.span(&Route::root().key("examples").index(number));
        findings.push(
            DUPLICATE_EXAMPLE
                .at(&document.file, place(number), message)
                .related(&document.file, place(first), "the first one")
                .help(if same { "drop one of them" } else { "drop the one that is wrong" }),
        );
    }
}
