//! V113

use crate::diagnostic::Diagnostic;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A template reads a property that looks misspelt, or that is never there.
    ///
    /// ## Why is this bad?
    ///
    /// Where the template asks first, or where a filter such as `map(attribute="…")` takes what is missing for empty, nothing
    /// fails: the text is just never there.
    ///
    /// ## What it does
    ///
    /// For an object that allows no other properties it reports every property that is not declared and does not make
    /// rendering fail (V104 has the others). For an object that may have others it speaks only where a declared property
    /// resembles the name. `--unsafe-fixes` writes that one.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   user: {type: object, properties: {name: {type: string}}}
    /// messages:
    ///   - {role: user, content: "Greet {{ user.nmae }}."}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   user: {type: object, properties: {name: {type: string}}}
    /// messages:
    ///   - {role: user, content: "Greet {{ user.name }}."}
    /// ```
    UNDECLARED_PROPERTY: "V113" "undeclared-property" Warning fix Unsafe, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    context.report_typed(&UNDECLARED_PROPERTY, findings);
}
