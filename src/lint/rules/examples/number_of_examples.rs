//! X306

use super::sent;
use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A prompt sends one few-shot example only, or very many.
    ///
    /// ## Why is this bad?
    ///
    /// One example is copied rather than understood: its length, its label and its words come back in the answers. Beyond
    /// twenty the gain is small and each call pays for all of them.
    ///
    /// ## What it does
    ///
    /// Off by default: one example is enough to show a form, and large models make good use of hundreds.
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
    ///   - {variables: {ticket: The page is blank.}, output: bug}
    /// ```
    NUMBER_OF_EXAMPLES: "X306" "number-of-examples" Info off, Check::prompt(check)
}

/// Beyond this, examples are many.
const MANY: usize = 20;

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let message = match sent(context.prompt) {
        1 => "one example alone is copied rather than understood".to_owned(),
        many if many > MANY => format!("{many} examples are sent with each call"),
        _ => return,
    };
    let document = &context.prompt.document;
    let span = document.key_span(&Route::root().key("examples"));
    let finding = NUMBER_OF_EXAMPLES.at(&document.file, span, message);
    findings.push(match sent(context.prompt) {
        1 => finding.help("add one with another label, or describe the form instead"),
        _ => finding.help(
            "keep those that differ most; `examples: {max: 8}` in `messages` sends the first eight",
        ),
    });
}
