//! M201

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::project::model;

rule! {
    /// The model of a prompt is neither a profile of `pf.yaml` nor of the form PROVIDER/NAME.
    ///
    /// ## Why is this bad?
    ///
    /// Nothing can be asked: a run stops before its first call.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// model: fats
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    ///
    /// ```yaml pf.yaml
    /// models:
    ///   fast: {provider: openai, name: gpt-4o-mini-2024-07-18}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// model: fast
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    UNKNOWN_MODEL: "M201" "unknown-model" Error, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(choice) = &context.prompt.file.model else { return };
    let Err(error) = model::resolve(&context.project.config, Some(choice), None) else { return };
    let document = &context.prompt.document;
    let mut finding = UNKNOWN_MODEL.at(
        &document.file,
        document.span(&Route::root().key("model")),
        error.to_string(),
    );
    finding.help.extend(error.help());
    findings.push(finding);
}
