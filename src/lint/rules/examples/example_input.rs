//! X301

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::template::{Binder, Origin};

rule! {
    /// The variables of a few-shot example do not fit the variables that the prompt declares.
    ///
    /// ## Why is this bad?
    ///
    /// The example is rendered with the prompt's own user message. With a missing, unknown or wrong value it cannot be
    /// rendered, or it shows the model something that no real input looks like.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/sort.yaml
    /// variables:
    ///   ticket: string
    /// messages:
    ///   - examples: {}
    ///   - {role: user, content: "{{ ticket }}"}
    /// examples:
    ///   - {variables: {tickte: Where is it?}, output: refund}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/sort.yaml
    /// variables:
    ///   ticket: string
    /// messages:
    ///   - examples: {}
    ///   - {role: user, content: "{{ ticket }}"}
    /// examples:
    ///   - {variables: {ticket: Where is it?}, output: refund}
    /// ```
    EXAMPLE_INPUT: "X301" "example-input" Error, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let prompt = context.prompt;
    if prompt.file.examples.is_empty() {
        return;
    }
    let binder = Binder::new(prompt);
    for (index, example) in prompt.file.examples.iter().enumerate() {
        let Err(problems) = binder.bind(&example.variables, Origin::Typed) else { continue };
        for problem in problems {
            let route =
                Route::root().key("examples").index(index).key("variables").key(&problem.variable);
            let mut finding = EXAMPLE_INPUT.at(
                &prompt.document.file,
                prompt.document.key_span(&route),
                format!("example {}: {problem}", index + 1),
            );
            let unknown = !prompt.file.variables.contains_key(&problem.variable);
            finding.help = match problem.variable.as_str() {
                key @ ("output" | "tags") if unknown => {
                    vec![format!("`{key}` stands beside `variables`, not inside it")]
                }
                "assert" | "expected" | "id" if unknown => {
                    vec!["an example is shown, not tested: cases stand in a suite".to_owned()]
                }
                _ => problem.help,
            };
            findings.push(finding);
        }
    }
}
