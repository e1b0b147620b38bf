//! D575

use std::collections::BTreeSet;

use crate::assertion::Assertion;
use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::{Owner, PlacedAssertion, SuiteContext};
use crate::lint::rule::{Check, rule};
use crate::metric::classification::{Figure, Measure};
use crate::project::prompt::Prompt;
use crate::stats::RepeatFigure;

rule! {
    /// A gate, or `primary`, names a metric that nothing measures.
    ///
    /// ## Why is this bad?
    ///
    /// A gate on it fails after all calls were paid for. A metric is the `metric` of an assertion, or without one the
    /// assertion's type, `not-` included. Besides, each metric of `label` assertions has figures, such as `label.macro_f1`, and a
    /// suite with `repeat` has `majority`, `pass@K` and `pass^K`.
    ///
    /// ## What it does
    ///
    /// Each prompt of the suite must have the metric, by an assertion of the suite, of its own output contract, or of a
    /// case. Figures of one class, such as `label.recall.refund`, need the list `labels`. `primary` may also be `pass_rate`
    /// or `score`, the weighted mean of all assertions.
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
const OF_EVERY_RUN: [&str; 2] = ["pass_rate", "score"];

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
            context.prompts.iter().find(|prompt| !is_measured(context, prompt, name))
        else {
            continue;
        };
        let known = measured(context, prompt);
        let figures = figures_of_labels(context, prompt);
        let of = match context.prompts.as_slice() {
            [_] => String::new(),
            _ => format!(" of the prompt `{}`", prompt.name),
        };
        let repeats = RepeatFigure::named(name).filter(|_| !known.contains(name));
        if let Some(figure) = repeats {
            let tries = figure.tries().max(2);
            let message = format!("`{name}` is a figure of {tries} or more repeats");
            let finding = UNKNOWN_METRIC.at(&document.file, span, message);
            findings.push(finding.help(format!("write `repeat: {tries}` into the suite")));
            continue;
        }
        let similar = known.iter().chain(&figures).map(String::as_str);
        let finding = UNKNOWN_METRIC
            .at(&document.file, span, format!("no assertion{of} has the metric `{name}`"))
            .did_you_mean(name, similar.chain(always.iter().copied()));
        if names_class(&figures, name) {
            let help = "figures of one class are of the classes in the `labels` of the assertion";
            findings.push(finding.help(help));
            continue;
        }
        let all: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        findings.push(match all.as_slice() {
            [] => finding,
            all => finding.help(format!("the metrics are {}", all.join(", "))),
        });
    }
}

/// Whether a prompt in the suite has the metric, or the figure.
fn is_measured(context: &SuiteContext<'_>, prompt: &Prompt, name: &str) -> bool {
    let repeats = || {
        let repeat = u64::from(context.suite.file.repeat.unwrap_or(1));
        RepeatFigure::named(name).is_some_and(|it| repeat > 1 && it.tries() <= repeat)
    };
    measured(context, prompt).contains(name)
        || repeats()
        || figures_of_labels(context, prompt).contains(name)
}

/// The assertions that count for a prompt.
fn assertions<'a>(
    context: &'a SuiteContext<'_>,
    prompt: &'a Prompt,
) -> impl Iterator<Item = &'a Assertion> {
    let counts = context.assertions().iter().filter(|placed| match placed.owner {
        Owner::Prompt(other) => other.name == prompt.name,
        Owner::Suite | Owner::Case(_) => true,
    });
    counts.filter_map(PlacedAssertion::assertion)
}

/// The metrics of a prompt in the suite.
fn measured(context: &SuiteContext<'_>, prompt: &Prompt) -> BTreeSet<String> {
    let mut names: BTreeSet<String> =
        assertions(context, prompt).map(Assertion::metric_name).collect();
    if prompt.file.output.as_ref().is_some_and(|output| !output.extract.is_empty()) {
        // What extraction says of an answer is averaged like the word of an assertion.
        names.insert("extract".to_owned());
    }
    names
}

/// The figures of the labels of a prompt in the suite: of all classes together, and of each that is listed.
fn figures_of_labels(context: &SuiteContext<'_>, prompt: &Prompt) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for assertion in assertions(context, prompt) {
        let Some(labels) = assertion.labels() else { continue };
        let metric = assertion.metric_name();
        names.extend(Figure::ALL.iter().map(|figure| format!("{metric}.{}", figure.name())));
        for measure in Measure::ALL {
            let name = measure.name();
            names.extend(labels.iter().map(|label| format!("{metric}.{name}.{label}")));
        }
    }
    names
}

/// Whether a name is that of a measure of one class, of a metric that has figures.
fn names_class(figures: &BTreeSet<String>, name: &str) -> bool {
    Measure::ALL.iter().any(|measure| {
        let part = format!(".{}.", measure.name());
        name.split_once(&part)
            .is_some_and(|(metric, _)| figures.contains(&format!("{metric}.accuracy")))
    })
}
