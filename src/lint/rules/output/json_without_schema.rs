//! O252

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::project::prompt::OutputFormat;

rule! {
    /// A prompt wants JSON and does not say of which shape.
    ///
    /// ## Why is this bad?
    ///
    /// Any JSON then counts as right, and whoever reads the answer finds out about a missing key in production. With a
    /// schema the provider can hold the model to it, `pf run` can ask again, and `pf diff` tells callers what changed.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/sort.yaml
    /// messages:
    ///   - {role: user, content: "Sort this ticket. Answer in JSON."}
    /// output: {format: json}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/sort.yaml
    /// messages:
    ///   - {role: user, content: "Sort this ticket. Answer in JSON."}
    /// output:
    ///   format: json
    ///   schema: {type: object, required: [label], properties: {label: {enum: [refund, bug]}}}
    /// ```
    JSON_WITHOUT_SCHEMA: "O252" "json-without-schema" Info, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(output) = &context.prompt.file.output else { return };
    if output.format == OutputFormat::Json && output.schema.is_none() {
        let document = &context.prompt.document;
        let span = document.span(&Route::root().key("output").key("format"));
        findings.push(
            JSON_WITHOUT_SCHEMA
                .at(&document.file, span, "the answer is JSON of any shape")
                .help("describe it with `output.schema`"),
        );
    }
}
