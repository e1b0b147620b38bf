//! D564

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::ProjectContext;
use crate::lint::rule::{Check, rule};
use crate::project::cases;
use crate::project::prompt::PromptName;

rule! {
    /// No suite evaluates a prompt.
    ///
    /// ## Why is this bad?
    ///
    /// Nobody sees when a change makes it worse.
    ///
    /// ## What it does
    ///
    /// It looks at prompts that are in use: those with `active: false` or `deprecated` are left alone. Off by default,
    /// since most libraries of prompts begin without suites.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: Greet Ada.}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases: [{id: a}]
    /// assert: [{type: contains, value: Ada}]
    /// ```
    PROMPT_WITHOUT_SUITE: "D564" "prompt-without-suite" Info off, Check::project(check)
}

fn check(context: &ProjectContext<'_>, findings: &mut Vec<Diagnostic>) {
    let mut evaluated: BTreeSet<&PromptName> = BTreeSet::new();
    for suite in context.suites {
        for entry in &suite.suite.file.prompts {
            // Another version of the prompt is the prompt.
            let name = entry.split_once('@').map_or(entry.as_str(), |(name, _)| name);
            let found = cases::prompts_matching(context.project, name).unwrap_or_default();
            evaluated.extend(found.into_iter().map(|prompt| &prompt.name));
        }
    }
    for facts in context.prompts {
        let prompt = facts.prompt;
        let used = prompt.file.active && prompt.file.deprecated.is_none();
        if used && !evaluated.contains(&prompt.name) {
            let document = &prompt.document;
            findings.push(
                PROMPT_WITHOUT_SUITE
                    .at(
                        &document.file,
                        document.key_span(&Route::root().key("messages")),
                        format!("no suite evaluates the prompt `{}`", prompt.name),
                    )
                    .help(format!(
                        "name it under `prompts:` of a suite below `{}/`",
                        context.project.config.paths.suites
                    )),
            );
        }
    }
}
