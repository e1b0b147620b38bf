//! P211

use crate::diagnostic::Diagnostic;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A template includes a file that does not exist.
    ///
    /// ## Why is this bad?
    ///
    /// The prompt cannot be rendered. Partials are named by their path below the prompts folder, and come from the same
    /// worktree, index or commit as the prompt.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: 'Greet. {% include "shared/tnoe.md" %}'}
    /// ```
    ///
    /// ```text prompts/shared/tone.md
    /// Be brief.
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: 'Greet. {% include "shared/tone.md" %}'}
    /// ```
    MISSING_PARTIAL: "P211" "missing-partial" Error fix Safe, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    context.report(&MISSING_PARTIAL, findings);
}
