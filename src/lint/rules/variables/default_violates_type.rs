//! V106

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::schema;

rule! {
    /// The default of a variable is no value that the variable may have.
    ///
    /// ## Why is this bad?
    ///
    /// A caller who gives no value gets one that would be refused if they gave it.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   tone: {enum: [warm, plain], default: formal}
    /// messages:
    ///   - {role: user, content: "Say hello in a {{ tone }} tone."}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   tone: {enum: [warm, plain], default: plain}
    /// messages:
    ///   - {role: user, content: "Say hello in a {{ tone }} tone."}
    /// ```
    DEFAULT_VIOLATES_TYPE: "V106" "default-violates-type" Error, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let document = &context.prompt.document;
    for (name, variable) in &context.prompt.file.variables {
        let Some(default) = variable.default() else { continue };
        // A schema that is itself invalid is the subject of another rule.
        let Ok(validator) = variable.validator() else { continue };
        let route = Route::root().key("variables").key(name).key("default");
        for (within, message) in schema::violations(validator, default) {
            let place: Route = route.segments().iter().chain(within.segments()).cloned().collect();
            findings.push(
                DEFAULT_VIOLATES_TYPE
                    .at(
                        &document.file,
                        document.span(&place),
                        format!("the default of `{name}`: {message}"),
                    )
                    .help("change the default, or the type so that it allows it"),
            );
        }
    }
}
