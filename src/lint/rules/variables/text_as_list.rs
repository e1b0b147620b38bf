//! V114

use crate::diagnostic::Diagnostic;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A template treats a text as a list.
    ///
    /// ## Why is this bad?
    ///
    /// A text is taken apart into its characters: `{{ name | join(", ") }}` prints `A, d, a`.
    ///
    /// ## What it does
    ///
    /// It reports loops over texts, and the filters `join`, `map`, `select`, `reject`, `selectattr`, `rejectattr`, `groupby` and
    /// `sum` on them. `first`, `last`, `length` and `list` have their uses on texts and are left alone.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/mail.yaml
    /// variables:
    ///   topics: string
    /// messages:
    ///   - {role: user, content: "Write about {{ topics | join(', ') }}."}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/mail.yaml
    /// variables:
    ///   topics: {type: array, items: {type: string}}
    /// messages:
    ///   - {role: user, content: "Write about {{ topics | join(', ') }}."}
    /// ```
    TEXT_AS_LIST: "V114" "text-as-list" Warning, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    context.report_typed(&TEXT_AS_LIST, findings);
}
