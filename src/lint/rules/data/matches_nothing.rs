//! D559

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::SuiteContext;
use crate::lint::rule::{Check, rule};
use crate::project::cases;
use crate::project::model;
use crate::project::prompt::PromptName;

rule! {
    /// A suite names a prompt, dataset or model that is not there, or a glob that matches nothing.
    ///
    /// ## Why is this bad?
    ///
    /// The suite would evaluate less than its author thinks, down to nothing at all.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [great]
    /// cases: [{id: a}]
    /// assert: [{type: contains, value: Hello}]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases: [{id: a}]
    /// assert: [{type: contains, value: Hello}]
    /// ```
    MATCHES_NOTHING: "D559" "matches-nothing" Error, Check::suite(check)
}

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    let (project, suite) = (context.project, context.suite);
    let document = &suite.document;
    for (index, entry) in suite.file.prompts.iter().enumerate() {
        // A selector speaks of another version: it is resolved when the suite runs.
        if entry.contains('@') {
            continue;
        }
        let span = document.span(&Route::root().key("prompts").index(index));
        match cases::prompts_matching(project, entry) {
            Err(error) => {
                findings.push(MATCHES_NOTHING.at(
                    &document.file,
                    span,
                    format!("`{entry}` is no valid glob: {error}"),
                ));
            }
            Ok(found) if !found.is_empty() => {}
            Ok(_) if project.unusable.contains_key(&PromptName(entry.clone())) => {
                findings.push(MATCHES_NOTHING.at(
                    &document.file,
                    span,
                    format!("the file of the prompt `{entry}` has errors"),
                ));
            }
            Ok(_) => {
                let finding = MATCHES_NOTHING.at(
                    &document.file,
                    span,
                    format!("no prompt matches `{entry}`"),
                );
                findings.push(match project.closest_prompt(entry) {
                    Some(similar) => finding.help(format!("did you mean `{similar}`?")),
                    None => finding.help("`pf list` shows the prompts that there are"),
                });
            }
        }
    }
    for (index, name) in suite.file.models.iter().enumerate() {
        if let Err(error) = model::resolve(&project.config, None, Some(name)) {
            let span = document.span(&Route::root().key("models").index(index));
            let mut finding = MATCHES_NOTHING.at(&document.file, span, error.to_string());
            finding.help.extend(error.help());
            findings.push(finding);
        }
    }
}
