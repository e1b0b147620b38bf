//! N103

use crate::diagnostic::Diagnostic;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::span::Span;

rule! {
    /// A prompt does not say what it is for.
    ///
    /// ## Why is this bad?
    ///
    /// Lists of prompts show the description. Without it whoever looks for a prompt must read them all, and writes
    /// another one instead.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// description: The first words to a new customer.
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    MISSING_DESCRIPTION: "N103" "missing-description" Info off, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let prompt = context.prompt;
    if prompt.file.description.as_ref().is_none_or(|text| text.trim().is_empty()) {
        findings.push(
            MISSING_DESCRIPTION
                .at(
                    &prompt.document.file,
                    Span::at(0),
                    format!("`{}` has no description", prompt.name),
                )
                .help("say in a sentence what it is for: `description: …`"),
        );
    }
}
