//! D562

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::SuiteContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A suite has no cases.
    ///
    /// ## Why is this bad?
    ///
    /// It evaluates nothing. `pf eval` ends with exit code 3 when nothing ran at all, but beside other suites an empty
    /// one goes unnoticed.
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
    /// dataset: datasets/greet.csv
    /// assert: [{type: contains, value: Hello}]
    /// ```
    ///
    /// ```csv datasets/greet.csv
    /// id
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```csv datasets/greet.csv
    /// id
    /// a
    /// ```
    NO_CASES: "D562" "no-cases" Warning, Check::suite(check)
}

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    // Datasets that cannot be read are the subject of other rules.
    if !context.cases.cases.is_empty() || !context.cases.diagnostics.is_empty() {
        return;
    }
    let document = &context.suite.document;
    let route = Route::root().key("dataset");
    let (route, message) = match context.cases.files.as_slice() {
        [] => (
            Route::root().key("prompts"),
            "the suite has no cases: it names no `dataset` and has no `cases`".to_owned(),
        ),
        [file] => (route, format!("the suite has no cases: `{file}` has no rows")),
        files => {
            (route, format!("the suite has no cases: its {} datasets have no rows", files.len()))
        }
    };
    findings.push(NO_CASES.at(&document.file, document.key_span(&route), message));
}
