//! N108

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::ProjectContext;
use crate::lint::rule::{Check, rule};
use crate::project::prompt::PromptName;

rule! {
    /// `deprecated.use` names no prompt that could be used.
    ///
    /// ## Why is this bad?
    ///
    /// Callers are told to move, and the place that they are sent to does not exist, or sends them back.
    ///
    /// ## What it does
    ///
    /// The prompt must exist, be another one, and not lead back to this one by its own `deprecated.use`.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// deprecated: {use: gret-v2}
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    ///
    /// ```yaml prompts/greet-v2.yaml
    /// messages:
    ///   - {role: user, content: Good morning}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// deprecated: {use: greet-v2}
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    SUCCESSOR: "N108" "unknown-successor" Error fix Safe, Check::project(check)
}

fn check(context: &ProjectContext<'_>, findings: &mut Vec<Diagnostic>) {
    let project = context.project;
    let successor =
        |name: &PromptName| project.prompts.get(name)?.file.deprecated.as_ref()?.instead.as_deref();
    for (name, prompt) in &project.prompts {
        let Some(instead) = successor(name) else { continue };
        let document = &prompt.document;
        let span = document.span(&Route::root().key("deprecated").key("use"));
        let finding = |message: String| SUCCESSOR.at(&document.file, span, message);
        let key = PromptName(instead.to_owned());
        if instead == name.as_str() {
            findings.push(finding(format!("`{name}` is to be replaced by itself")));
        } else if !project.prompts.contains_key(&key) && !project.unusable.contains_key(&key) {
            let names = project.prompts.keys().filter(|other| *other != name);
            findings.push(
                finding(format!(
                    "there is no prompt `{}`",
                    crate::diagnostic::excerpt(instead, 80)
                ))
                .did_you_mean_fix(instead, names.map(PromptName::as_str), true),
            );
        } else if successor(&key) == Some(name.as_str()) {
            findings.push(finding(format!("`{instead}` is deprecated in favour of `{name}`")));
        }
    }
}
