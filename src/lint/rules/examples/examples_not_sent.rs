//! X309

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::project::prompt::Entry;

rule! {
    /// A prompt has few-shot examples that are never sent.
    ///
    /// ## Why is this bad?
    ///
    /// Examples stand where `messages` has an `examples` entry, or where a template reads `examples`. Without either
    /// they only look as if they shaped the answer.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/sort.yaml
    /// messages:
    ///   - {role: user, content: Sort this.}
    /// examples:
    ///   - {output: refund}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/sort.yaml
    /// messages:
    ///   - examples: {}
    ///   - {role: user, content: Sort this.}
    /// examples:
    ///   - {output: refund}
    /// ```
    EXAMPLES_NOT_SENT: "X309" "examples-not-sent" Warning, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let prompt = context.prompt;
    let entry = prompt.file.messages.iter().any(|entry| matches!(entry, Entry::Examples(_)));
    if prompt.file.examples.is_empty()
        || entry
        || context.uses.iter().any(|used| used.path[0] == "examples")
    {
        return;
    }
    let document = &prompt.document;
    findings.push(
        EXAMPLES_NOT_SENT
            .at(
                &document.file,
                document.key_span(&Route::root().key("examples")),
                "the examples are never sent",
            )
            .help("add `- examples: {}` to `messages`, before the last user message"),
    );
}
