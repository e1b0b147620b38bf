//! V112

use crate::diagnostic::Diagnostic;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A comparison has the same outcome for every value that the variable may have.
    ///
    /// ## Why is this bad?
    ///
    /// The text behind it is never sent, or always. Mostly the value is misspelt, or was renamed in the list of choices.
    ///
    /// ## What it does
    ///
    /// It compares the choices of an `enum` or `const`, and the types of both sides, with `==`, `!=`, `in`, `not in`, `<`, `>`
    /// and the test `eq`, and knows what earlier branches have dealt with. Comparisons with none are left alone, as are
    /// settings that the template made itself with `set`. In a partial, which other prompts may include with other choices,
    /// it speaks only where a choice resembles the value. `--unsafe-fixes` writes that choice.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   tier: {enum: [free, pro]}
    /// messages:
    ///   - {role: user, content: "Say hello.{% if tier == 'prro' %} Offer a call.{% endif %}"}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   tier: {enum: [free, pro]}
    /// messages:
    ///   - {role: user, content: "Say hello.{% if tier == 'pro' %} Offer a call.{% endif %}"}
    /// ```
    IMPOSSIBLE_COMPARISON: "V112" "impossible-comparison" Warning fix Unsafe, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    context.report_typed(&IMPOSSIBLE_COMPARISON, findings);
}
