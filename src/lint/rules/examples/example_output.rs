//! X302

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::project::prompt::OutputFormat;
use crate::schema;

rule! {
    /// The output of a few-shot example violates the output contract of the prompt.
    ///
    /// ## Why is this bad?
    ///
    /// Models imitate examples more faithfully than they follow instructions: a wrong example teaches wrong answers.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/sort.yaml
    /// messages:
    ///   - examples: {}
    ///   - {role: user, content: Sort this.}
    /// examples:
    ///   - {output: {label: refnud}}
    /// output:
    ///   format: json
    ///   schema: {properties: {label: {enum: [refund, bug]}}}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/sort.yaml
    /// messages:
    ///   - examples: {}
    ///   - {role: user, content: Sort this.}
    /// examples:
    ///   - {output: {label: refund}}
    /// output:
    ///   format: json
    ///   schema: {properties: {label: {enum: [refund, bug]}}}
    /// ```
    EXAMPLE_OUTPUT: "X302" "example-output" Error, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let prompt = context.prompt;
    let Some(output) = &prompt.file.output else { return };
    let nothing_to_fit = output.format != OutputFormat::Json && output.schema.is_none();
    if nothing_to_fit || prompt.file.examples.is_empty() {
        return;
    }
    // A schema that is itself invalid is the subject of another rule.
    let schema = Value::Object(output.schema.clone().unwrap_or_default());
    let Ok(validator) = schema::compile(&schema) else { return };
    for (index, example) in prompt.file.examples.iter().enumerate() {
        let route = Route::root().key("examples").index(index).key("output");
        let document = &prompt.document;
        let parsed = match &example.output {
            Value::String(text) => match serde_json::from_str(text) {
                Ok(value) => value,
                Err(_) if output.format == OutputFormat::Json => {
                    findings.push(
                        EXAMPLE_OUTPUT
                            .at(
                                &document.file,
                                document.span(&route),
                                format!("the output of example {} is no JSON", index + 1),
                            )
                            .help("write it as a YAML map; it is sent as compact JSON"),
                    );
                    continue;
                }
                Err(_) => example.output.clone(),
            },
            value => value.clone(),
        };
        for (within, message) in schema::violations(&validator, &parsed) {
            let place: Route = route.segments().iter().chain(within.segments()).cloned().collect();
            findings.push(EXAMPLE_OUTPUT.at(
                &document.file,
                document.span(&place),
                format!("the output of example {}: {message}", index + 1),
            ));
        }
    }
}
