//! P217

use crate::diagnostic::Diagnostic;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A template includes a file that does not exist, and says to ignore that.
    ///
    /// ## Why is this bad?
    ///
    /// Partials come from the same commit as the prompt, so a file that is missing today is missing in every render of
    /// this version: the tag prints nothing, and hides a misspelt name.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: 'Greet. {% include "tnoe.md" ignore missing %}'}
    /// ```
    ///
    /// ```text prompts/tone.md
    /// Be brief.
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: 'Greet. {% include "tone.md" %}'}
    /// ```
    MISSING_IGNORED: "P217" "ignored-missing-partial" Info, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    for missing in context.closure.missing.iter().filter(|missing| missing.ignored) {
        let project = context.project;
        let folder = project.folder(&project.config.paths.prompts);
        let known = project.partials.iter().filter_map(|path| path.below(&folder));
        let message = format!("`{}` does not exist, so nothing is included here", missing.name);
        findings.push(
            MISSING_IGNORED
                .at(&missing.place.file, missing.place.span, message)
                .did_you_mean(&missing.name, known),
        );
    }
}
