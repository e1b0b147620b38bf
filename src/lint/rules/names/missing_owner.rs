//! N104

use crate::diagnostic::Diagnostic;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::span::Span;

rule! {
    /// A prompt does not say whom to ask.
    ///
    /// ## Why is this bad?
    ///
    /// A prompt that nobody owns is changed by everyone, and nobody looks at its evaluations.
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
    /// owner: "@acme/support"
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    MISSING_OWNER: "N104" "missing-owner" Info off, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let prompt = context.prompt;
    if prompt.file.owner.as_ref().is_none_or(|text| text.trim().is_empty()) {
        findings.push(
            MISSING_OWNER
                .at(&prompt.document.file, Span::at(0), format!("`{}` has no owner", prompt.name))
                .help("name the person or team to ask: `owner: …`"),
        );
    }
}
