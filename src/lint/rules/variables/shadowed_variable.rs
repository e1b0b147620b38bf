//! V109

use crate::diagnostic::Diagnostic;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A template gives the name of a declared variable to something else.
    ///
    /// ## Why is this bad?
    ///
    /// From there on the value that the caller gives cannot be reached, and a reader who knows the declared variables reads
    /// the line wrongly.
    ///
    /// ## What it does
    ///
    /// It reports loop variables, `with` and `set`. A value that is made from the variable itself, as in `{% set x = x | trim
    /// %}`, tidies it up, and a `set` under an `if` overrides it in certain cases: both are left alone, as are the parameters
    /// of macros.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/mail.yaml
    /// variables:
    ///   item: string
    ///   items: {type: array, items: {type: string}}
    /// messages:
    ///   - role: user
    ///     content: |
    ///       {% for item in items %}- {{ item }}
    ///       {% endfor %}The most important one is {{ item }}.
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/mail.yaml
    /// variables:
    ///   item: string
    ///   items: {type: array, items: {type: string}}
    /// messages:
    ///   - role: user
    ///     content: |
    ///       {% for each in items %}- {{ each }}
    ///       {% endfor %}The most important one is {{ item }}.
    /// ```
    SHADOWED_VARIABLE: "V109" "shadowed-variable" Warning, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    context.report_typed(&SHADOWED_VARIABLE, findings);
}
