//! T208

use crate::diagnostic::Diagnostic;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A template loops over a list from someone untrusted that may be of any length.
    ///
    /// ## Why is this bad?
    ///
    /// Whoever sends the list decides how long the prompt is, and what it costs.
    ///
    /// ## What it does
    ///
    /// It follows variables with `trust: untrusted` whose type is an array without `maxItems`, through filters that keep the
    /// length. A slice such as `[:20]` bounds the loop.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/answer.yaml
    /// variables:
    ///   reviews: {type: array, items: {type: string, maxLength: 2000}, trust: untrusted}
    /// messages:
    ///   - {role: user, content: "Sum up.{% for review in reviews %}\n- {{ review }}{% endfor %}"}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/answer.yaml
    /// variables:
    ///   reviews: {type: array, maxItems: 20, items: {type: string, maxLength: 2000}, trust: untrusted}
    /// messages:
    ///   - {role: user, content: "Sum up.{% for review in reviews %}\n- {{ review }}{% endfor %}"}
    /// ```
    UNBOUNDED_LOOP: "T208" "unbounded-loop" Info, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    context.report_typed(&UNBOUNDED_LOOP, findings);
}
