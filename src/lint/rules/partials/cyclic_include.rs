//! P212

use crate::diagnostic::Diagnostic;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A partial includes itself, directly or by way of others.
    ///
    /// ## Why is this bad?
    ///
    /// Rendering would never end; it is stopped with an error.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: 'Greet. {% include "a.md" %}'}
    /// ```
    ///
    /// ```text prompts/a.md
    /// A {% include "b.md" %}
    /// ```
    ///
    /// ```text prompts/b.md
    /// B {% include "a.md" %}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```text prompts/b.md
    /// B
    /// ```
    CYCLIC_INCLUDE: "P212" "cyclic-include" Error, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    context.report(&CYCLIC_INCLUDE, findings);
}
