//! V111

use crate::diagnostic::Diagnostic;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A template prints a list or an object as it is.
    ///
    /// ## Why is this bad?
    ///
    /// The model sees Python's notation, `['a', 'b']` with single quotes, `True` and `None`, which is neither prose nor JSON,
    /// and which a change of the template engine may change.
    ///
    /// ## What it does
    ///
    /// It looks at what is printed, at the operands of `~`, at the items that `join` writes, and at filters for texts such as
    /// `upper`. `| tojson`, `| join` over texts and numbers, and an explicit `| string` are left alone. `--unsafe-fixes` appends
    /// `| join(", ")` to a printed list of texts or numbers, and `| tojson` to others.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/mail.yaml
    /// variables:
    ///   topics: {type: array, items: {type: string}}
    /// messages:
    ///   - {role: user, content: "Write about {{ topics }}."}
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
    COLLECTION_PRINTED: "V111" "collection-printed" Warning fix Unsafe, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    context.report_typed(&COLLECTION_PRINTED, findings);
}
