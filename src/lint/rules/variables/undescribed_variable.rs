//! V107

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A variable does not say what it is for.
    ///
    /// ## Why is this bad?
    ///
    /// Callers see its name and type only, and guess: is `context` a page, a list of passages, or the conversation so
    /// far?
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   name: string
    /// messages:
    ///   - {role: user, content: "Greet {{ name }}."}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   name: {type: string, description: The first name of the customer.}
    /// messages:
    ///   - {role: user, content: "Greet {{ name }}."}
    /// ```
    UNDESCRIBED_VARIABLE: "V107" "undescribed-variable" Info off, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let document = &context.prompt.document;
    for (name, variable) in &context.prompt.file.variables {
        if variable.description().is_none_or(|text| text.trim().is_empty()) {
            let span = document.key_span(&Route::root().key("variables").key(name));
            findings.push(
                UNDESCRIBED_VARIABLE
                    .at(&document.file, span, format!("the variable `{name}` has no description"))
                    .help("say what it is for: `description: …`"),
            );
        }
    }
}
