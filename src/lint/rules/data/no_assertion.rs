//! D560

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::SuiteContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A case is judged by no assertion.
    ///
    /// ## Why is this bad?
    ///
    /// It would count as passed whatever the answer says. A case needs an assertion of its own, of its suite, or of the
    /// output contract of the prompt.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases: [{id: a}]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases: [{id: a}]
    /// assert: [{type: contains, value: Hello}]
    /// ```
    NO_ASSERTION: "D560" "no-assertion" Error, Check::suite(check)
}

/// Cases that are named. What so many lack is missing in the suite.
const MOST: usize = 1000;

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    let suite = context.suite;
    let by_prompt = !context.prompts.is_empty()
        && context.prompts.iter().all(|prompt| {
            prompt.file.output.as_ref().is_some_and(|output| !output.assert.is_empty())
        });
    if !suite.file.assert.is_empty() || by_prompt {
        return;
    }
    let bare = || context.cases.cases.iter().filter(|placed| placed.case.assert.is_empty());
    if bare().count() == context.cases.cases.len() {
        let span = suite.document.key_span(&Route::root().key("prompts"));
        findings.push(
            NO_ASSERTION
                .at(
                    &suite.document.file,
                    span,
                    "the suite has no assertions: nothing would be judged",
                )
                .help("add `assert:` with what must hold of each answer"),
        );
        return;
    }
    for placed in bare().take(MOST) {
        let id = context.identity(&placed);
        findings.push(
            NO_ASSERTION
                .at(&placed.file, placed.span, format!("case `{id}` is judged by no assertion"))
                .help("add `assert:` to the case or to the suite"),
        );
    }
}
