//! T201

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::lint::context::{PromptContext, TextContext};
use crate::lint::rule::{Check, Rule, rule};
use crate::project::FileKind;
use crate::template::Partial;

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
    findings.extend(of_partial(context, &TEMPLATE_SYNTAX));
}

/// Why a file is no template, in the words of the rule whose matter that is.
pub(super) fn of_partial(context: &TextContext<'_>, rule: &Rule) -> Option<Diagnostic> {
    if *context.kind != FileKind::Partial {
        return None;
    }
    let problem = Partial::new(Arc::clone(context.file)).problem()?;
    (problem.code == rule.code).then_some(problem)
}
