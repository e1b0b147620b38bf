//! V103

use crate::diagnostic::Diagnostic;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A template does with a variable what values of its type cannot do.
    ///
    /// ## Why is this bad?
    ///
    /// Rendering fails as soon as the line is reached, for every value that the variable may have.
    ///
    /// ## What it does
    ///
    /// It gives each variable the type of its schema and follows it through attributes, subscripts, filters, operators,
    /// loops, `set`, `with`, calls of macros and included partials, with what conditions say: in `{% if x is string %}` the
    /// variable is a text. What is not known stays unknown, and nothing is said of it; a value that may have several types is
    /// only reported when none of them fits.
    ///
    /// It reports operators, filters, methods, attributes, loops and calls on which the engine fails. What merely prints
    /// oddly is the subject of V111, comparisons that have one outcome of V112. `--unsafe-fixes` writes `~` for a `+` between
    /// a text and something else, and `| items` where the loop takes pairs from an object.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/invoice.yaml
    /// variables:
    ///   count: integer
    /// messages:
    ///   - {role: user, content: "Write {{ 'a list of ' + count }} invoices."}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/invoice.yaml
    /// variables:
    ///   count: integer
    /// messages:
    ///   - {role: user, content: "Write {{ 'a list of ' ~ count }} invoices."}
    /// ```
    TYPE_MISMATCH: "V103" "type-mismatch" Error fix Unsafe, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    context.report_typed(&TYPE_MISMATCH, findings);
}
