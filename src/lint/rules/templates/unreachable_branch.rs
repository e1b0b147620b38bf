//! T204

use crate::diagnostic::Diagnostic;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A condition is always true or always false.
    ///
    /// ## Why is this bad?
    ///
    /// One of its branches is text that no model ever sees, and that everybody maintains.
    ///
    /// ## What it does
    ///
    /// It looks at conditions that are constants, and at variables with an `enum` or `const` whose choices all count as true
    /// or that earlier branches have used up. A condition that is always true is only reported when something stands under its
    /// `else`. Comparisons that are never true are the subject of V112. In partials, which other prompts may include, only
    /// constants are reported; `x is defined` is left alone.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   tier: {enum: [free, pro]}
    /// messages:
    ///   - role: user
    ///     content: >-
    ///       Say hello.
    ///       {% if tier == "free" %}Offer the trial.{% elif tier == "pro" %}Offer a call.{% else %}Ask for the tier.{% endif %}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   tier: {enum: [free, pro]}
    /// messages:
    ///   - role: user
    ///     content: >-
    ///       Say hello.
    ///       {% if tier == "free" %}Offer the trial.{% else %}Offer a call.{% endif %}
    /// ```
    UNREACHABLE_BRANCH: "T204" "unreachable-branch" Warning, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    context.report_typed(&UNREACHABLE_BRANCH, findings);
}
