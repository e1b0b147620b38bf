//! P216

use crate::diagnostic::Diagnostic;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// The name of an included file is computed.
    ///
    /// ## Why is this bad?
    ///
    /// What a prompt is made of must be known without rendering it: its digest, its versions and the review of a changed
    /// partial rest on it. A value must never choose which file is read.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {tone: {enum: [warm, plain]}}
    /// messages:
    ///   - {role: user, content: 'Greet. {% include tone %}'}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {tone: {enum: [warm, plain]}}
    /// messages:
    ///   - role: user
    ///     content: 'Greet. {% if tone == "warm" %}{% include "warm.md" %}{% endif %}'
    /// ```
    ///
    /// ```text prompts/warm.md
    /// Be warm.
    /// ```
    DYNAMIC_INCLUDE: "P216" "dynamic-include" Error, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    context.report(&DYNAMIC_INCLUDE, findings);
}
