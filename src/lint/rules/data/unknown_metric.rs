//! D575

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::{Owner, SuiteContext};
use crate::lint::rule::{Check, rule};
use crate::project::prompt::Prompt;

rule! {
    /// A gate, or `primary`, names a metric that nothing measures.
    ///
    /// ## Why is this bad?
    ///
    /// A gate on it fails after all calls were paid for. A metric is the `metric` of an assertion, or without one the
    /// assertion's type, `not-` included.
    ///
    /// ## What it does
    ///
    /// Each prompt of the suite must have the metric, by an assertion of the suite, of its own output contract, or of a
    /// case. `primary` may also be `pass_rate`.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: Greet Ada.}
    /// ```
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases: [{id: a}]
    /// assert: [{type: similarity-ratio, value: "Hello, Ada!", threshold: 0.5, metric: overlap}]
    /// gates: {metrics: {overlaps: 0.7}}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases: [{id: a}]
    /// assert: [{type: similarity-ratio, value: "Hello, Ada!", threshold: 0.5, metric: overlap}]
    /// gates: {metrics: {overlap: 0.7}}
    /// ```
    UNKNOWN_METRIC: "D575" "unknown-metric" Error, Check::suite(check)
}

/// The metrics that every run has.
const OF_EVERY_RUN: [&str; 1] = ["pass_rate"];

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    let suite = context.suite;
    let unsure = context.names_other_versions()
        || context.assertions().iter().any(|placed| placed.compiled.is_err());
    if unsure || context.prompts.is_empty() {
        return;
    }
    let document = &suite.document;
    let root = Route::root();
    let gates = suite.file.gates.metrics.keys().map(|name| {
        (name, document.key_span(&root.key("gates").key("metrics").key(name)), &[][..])
    });
    let primary = suite
        .file
        .primary
        .iter()
        .map(|name| (name, document.span(&root.key("primary")), &OF_EVERY_RUN[..]));
    for (name, span, always) in gates.chain(primary) {
        if always.contains(&name.as_str()) {
            continue;
        }
        let Some(prompt) =
            context.prompts.iter().find(|prompt| !measured(context, prompt).contains(name))
        else {
            continue;
        };
        let known = measured(context, prompt);
        let of = match context.prompts.as_slice() {
            [_] => String::new(),
            _ => format!(" of the prompt `{}`", prompt.name),
        };
        let finding = UNKNOWN_METRIC
            .at(&document.file, span, format!("no assertion{of} has the metric `{name}`"))
            .did_you_mean(name, known.iter().map(String::as_str).chain(always.iter().copied()));
        let all: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        findings.push(match all.as_slice() {
            [] => finding,
            all => finding.help(format!("the metrics are {}", all.join(", "))),
        });
    }
}

/// The metrics of a prompt in the suite.
fn measured(context: &SuiteContext<'_>, prompt: &Prompt) -> BTreeSet<String> {
    let counts = context.assertions().iter().filter(|placed| match placed.owner {
        Owner::Prompt(other) => other.name == prompt.name,
        Owner::Suite | Owner::Case(_) => true,
    });
    let mut names: BTreeSet<String> =
        counts.filter_map(|placed| Some(placed.assertion()?.metric_name())).collect();
    if prompt.file.output.as_ref().is_some_and(|output| !output.extract.is_empty()) {
        // What extraction says of an answer is averaged like the word of an assertion.
        names.insert("extract".to_owned());
    }
    names
}
