//! O251

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::schema;

rule! {
    /// A JSON Schema of the prompt is not valid.
    ///
    /// ## Why is this bad?
    ///
    /// Neither answers nor inputs can be checked against it, and providers refuse it. This looks at `output.schema`, at
    /// the schemas of variables and at the parameters of tools. References to other files or hosts are not followed.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/sort.yaml
    /// messages:
    ///   - {role: user, content: Sort this.}
    /// output:
    ///   format: json
    ///   schema: {type: objekt}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/sort.yaml
    /// messages:
    ///   - {role: user, content: Sort this.}
    /// output:
    ///   format: json
    ///   schema: {type: object}
    /// ```
    INVALID_SCHEMA: "O251" "invalid-schema" Error, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let file = &context.prompt.file;
    let document = &context.prompt.document;
    let mut report = |route: &Route, what: &str, error: &str| {
        findings.push(INVALID_SCHEMA.at(
            &document.file,
            document.key_span(route),
            format!("the schema of {what} is not valid: {error}"),
        ));
    };
    if let Some(schema) = file.output.as_ref().and_then(|output| output.schema.as_ref())
        && let Err(error) = schema::compile(&Value::Object(schema.clone()))
    {
        report(&Route::root().key("output").key("schema"), "the output", &error);
    }
    for (name, variable) in &file.variables {
        if let Err(error) = variable.validator() {
            let route = Route::root().key("variables").key(name);
            report(&route, &format!("the variable `{name}`"), error);
        }
    }
    for (index, tool) in file.tools.iter().enumerate() {
        if let Err(error) = schema::compile(&Value::Object(tool.parameters.clone())) {
            let route = Route::root().key("tools").index(index).key("parameters");
            report(&route, &format!("the tool `{}`", tool.name), &error);
        }
    }
}
