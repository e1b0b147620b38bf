//! N105

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::schema;

rule! {
    /// The metadata of a prompt violates the `metadata_schema` of `pf.yaml`.
    ///
    /// ## Why is this bad?
    ///
    /// Reports and other tools that read the metadata rely on its shape.
    ///
    /// ## Example
    ///
    /// ```yaml pf.yaml
    /// metadata_schema: {required: [ticket], properties: {ticket: {type: string, pattern: "^AI-[0-9]+$"}}}
    /// ```
    ///
    /// ```yaml prompts/greet.yaml
    /// metadata: {ticket: 12}
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// metadata: {ticket: AI-12}
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    METADATA: "N105" "metadata" Error, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(schema) = &context.project.config.metadata_schema else { return };
    let document = &context.prompt.document;
    let validator = match schema::compile(&Value::Object(schema.clone())) {
        Ok(validator) => validator,
        Err(error) => {
            // It is the same for each prompt: the place makes them one finding.
            if let Some(config) = &context.project.config_document {
                let span = config.key_span(&Route::root().key("metadata_schema"));
                findings.push(METADATA.at(
                    &config.file,
                    span,
                    format!("the schema is not valid: {error}"),
                ));
            }
            return;
        }
    };
    let metadata = Value::Object(context.prompt.file.metadata.clone());
    for (within, message) in schema::violations(&validator, &metadata) {
        let route = Route::root().key("metadata");
        let place: Route = route.segments().iter().chain(within.segments()).cloned().collect();
        findings.push(METADATA.at(
            &document.file,
            document.span(&place),
            format!("metadata: {message}"),
        ));
    }
}
