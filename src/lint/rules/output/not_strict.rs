//! O253

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::project::model;
use crate::schema::strict;

rule! {
    /// OpenAI cannot hold the answers of a prompt strictly to its schema.
    ///
    /// ## Why is this bad?
    ///
    /// In strict mode an answer is certain to fit. It is open to a part of JSON Schema alone: objects are closed, all of
    /// their properties are required, and some keywords do not exist. A schema that goes beyond is sent as a hint, and an
    /// answer may break it.
    ///
    /// ## What it does
    ///
    /// It looks at prompts whose model is OpenAI's, and reports the first place in each schema that is in the way.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/sort.yaml
    /// model: openai/gpt-5.4-2026-03-05
    /// messages:
    ///   - {role: user, content: Sort this.}
    /// output:
    ///   format: json
    ///   schema: {type: object, properties: {label: {type: string}}}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/sort.yaml
    /// model: openai/gpt-5.4-2026-03-05
    /// messages:
    ///   - {role: user, content: Sort this.}
    /// output:
    ///   format: json
    ///   schema: {type: object, additionalProperties: false, required: [label], properties: {label: {type: string}}}
    /// ```
    NOT_STRICT: "O253" "not-strict-compatible" Info, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let output = context.prompt.file.output.as_ref();
    let Some(schema) = output.and_then(|output| output.schema.as_ref()) else { return };
    let Ok(resolved) = context.model() else { return };
    let vendor = model::vendor(&context.project.config, &resolved.settings);
    if vendor.is_none_or(|vendor| vendor.name != "openai") {
        return;
    }
    let obstacles = strict::obstacles(schema);
    let Some((within, why)) = obstacles.first() else { return };
    let document = &context.prompt.document;
    let route = Route::root().key("output").key("schema");
    let route = route.segments().iter().chain(within.segments()).cloned().collect();
    let message = format!("OpenAI's strict mode does not take this schema: {why}");
    let finding = NOT_STRICT.at(&document.file, document.key_span(&route), message);
    findings.push(match obstacles.len() {
        1 => finding,
        2 => finding.help("one more place is in the way"),
        count => finding.help(format!("{} more places are in the way", count - 1)),
    });
}
