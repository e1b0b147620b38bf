//! T201

use crate::diagnostic::Diagnostic;
use crate::lint::context::{PromptContext, TextContext};
use crate::lint::rule::{Check, rule};
use crate::project::FileKind;

rule! {
    /// A template is no valid Jinja.
    ///
    /// ## Why is this bad?
    ///
    /// The prompt cannot be rendered at all.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {name: string}
    /// messages:
    ///   - role: user
    ///     content: |
    ///       Greet
    ///       {% if name %}{{ name }}.
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {name: string}
    /// messages:
    ///   - role: user
    ///     content: |
    ///       Greet
    ///       {% if name %}{{ name }}{% endif %}.
    /// ```
    TEMPLATE_SYNTAX: "T201" "template-syntax" Error, Check::prompt(check).and_text(check_partial)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    context.report(&TEMPLATE_SYNTAX, findings);
}

/// The same for a partial that no prompt may include yet.
fn check_partial(context: &TextContext<'_>, findings: &mut Vec<Diagnostic>) {
    if *context.kind != FileKind::Partial {
        return;
    }
    if let Err(problem) = crate::template::analysis::analyze(context.file.text()) {
        let mut finding = TEMPLATE_SYNTAX.at(context.file, problem.span, problem.message);
        finding.help.extend(problem.help);
        findings.push(finding);
    }
}
