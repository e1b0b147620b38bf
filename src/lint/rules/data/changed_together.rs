//! D572

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::SuiteContext;
use crate::lint::rule::{Check, rule};
use crate::span::Span;

rule! {
    /// One change touches a prompt and the dataset that it is measured with.
    ///
    /// ## Why is this bad?
    ///
    /// Numbers from before and after cannot be compared: nobody can say whether the prompt became better or the cases easier.
    /// A case that is changed until the prompt passes tests nothing.
    ///
    /// ## What it does
    ///
    /// It looks at changes alone, as with `pf lint --staged`: a prompt, or a partial of it, and a dataset of a suite that
    /// evaluates the prompt, where the suite itself stays as it is. `pf eval --against` compares both versions of the prompt on the new cases, which is sound.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {name: string}
    /// messages:
    ///   - {role: user, content: "Greet {{ name }}."}
    /// ```
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// dataset: datasets/greet.csv
    /// assert: [{type: contains, value: "{{ variables.name }}"}]
    /// ```
    ///
    /// ```csv datasets/greet.csv
    /// id,name
    /// a,Ada
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases: [{id: a, variables: {name: Ada}}]
    /// assert: [{type: contains, value: "{{ variables.name }}"}]
    /// ```
    CHANGED_TOGETHER: "D572" "changed-together" Info, Check::suite(check)
}

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(change) = context.change else { return };
    // Who changes the suite as well, or adds it, says that something else is measured from now on.
    if change.files.contains(&context.suite.path) {
        return;
    }
    let Some(prompt) = context.prompts.iter().find(|prompt| change.prompts.contains(&prompt.name))
    else {
        return;
    };
    for path in context.cases.files.iter().filter(|path| change.files.contains(*path)) {
        let document = &prompt.document;
        let suite = &context.suite.document;
        let span = document.key_span(&Route::root().key("messages"));
        let dataset = suite.span(&Route::root().key("dataset"));
        let message = format!(
            "`{}` changes together with `{path}`, which suite `{}` measures it with",
            prompt.name, context.suite.name
        );
        let mut finding = CHANGED_TOGETHER.at(&document.file, span, message);
        let rows = context.cases.cases.iter().find(|placed| placed.file.path() == path);
        if let Some(row) = rows {
            finding = finding.related(&row.file, Span::at(0), "changed as well");
        }
        findings.push(finding.related(&suite.file, dataset, "the suite").help(
            "commit the cases first, then the prompt: `pf eval --against` shows what each changed",
        ));
    }
}
