//! V104

use crate::diagnostic::Diagnostic;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A template reads a property that the object cannot have.
    ///
    /// ## Why is this bad?
    ///
    /// Rendering fails as soon as the line is reached: the schema of the variable lists its properties and allows no others.
    ///
    /// ## What it does
    ///
    /// It reports properties of objects whose schema says `additionalProperties: false`, and attributes of `loop`. Where the
    /// object may have other properties, or where the template asks before it reads, see V113. `--unsafe-fixes` writes the
    /// declared property that resembles it.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   user:
    ///     type: object
    ///     properties: {name: {type: string}}
    ///     additionalProperties: false
    /// messages:
    ///   - {role: user, content: "Greet {{ user.nmae }}."}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   user:
    ///     type: object
    ///     properties: {name: {type: string}}
    ///     additionalProperties: false
    /// messages:
    ///   - {role: user, content: "Greet {{ user.name }}."}
    /// ```
    UNKNOWN_PROPERTY: "V104" "unknown-property" Error fix Unsafe, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    context.report_typed(&UNKNOWN_PROPERTY, findings);
}
