//! D577

use crate::diagnostic::{Diagnostic, counted};
use crate::document::Route;
use crate::lint::context::SuiteContext;
use crate::lint::rule::{Check, rule};
use crate::metric::classification::Figure;

rule! {
    /// A gate holds whatever the results are.
    ///
    /// ## Why is this bad?
    ///
    /// The suite looks guarded and is not: a rate or a mean is never below 0, and no run has more failed calls than
    /// calls.
    ///
    /// ## What it does
    ///
    /// `pass_rate: 0` beside gates on metrics is left alone: it says that the metrics decide. The number of cells is that
    /// of the prompts, models, cases and repeats as the suite names them.
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
    /// assert: [{type: contains, value: Ada}]
    /// gates: {pass_rate: 0}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases: [{id: a}]
    /// assert: [{type: contains, value: Ada}]
    /// gates: {pass_rate: 0.9}
    /// ```
    GATE_NEVER_FAILS: "D577" "gate-never-fails" Warning, Check::suite(check)
}

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    let gates = &context.suite.file.gates;
    let document = &context.suite.document;
    let root = Route::root().key("gates");
    let mut report = |route: Route, message: String| {
        findings.push(GATE_NEVER_FAILS.at(&document.file, document.span(&route), message));
    };
    if gates.pass_rate.is_some_and(|rate| rate <= 0.0) && gates.metrics.is_empty() {
        report(
            root.key("pass_rate"),
            "a pass rate is never below 0: a run without a single pass is green".to_owned(),
        );
    }
    for (name, bound) in gates.metrics.iter().filter(|(name, bound)| **bound <= least(name)) {
        report(
            root.key("metrics").key(name),
            format!("the mean of `{name}` is never below {bound}"),
        );
    }
    // The cells of one pair of prompt and model: gates look at each pair by itself.
    let cells = context.size() as u64 * u64::from(context.suite.file.repeat.unwrap_or(1));
    for (name, bound) in [("errors", gates.errors), ("unscored", gates.unscored)] {
        if let Some(bound) = bound.filter(|bound| cells > 0 && *bound >= cells) {
            report(
                root.key(name),
                format!(
                    "a prompt on a model has {}, and {bound} may count as `{name}`",
                    counted(cells, "cell")
                ),
            );
        }
    }
}

/// The least value of a metric: kappa and the correlation of Matthews may lie below 0.
fn least(name: &str) -> f64 {
    let figure = name.rsplit_once('.').and_then(|(_, figure)| Figure::named(figure));
    figure.map_or(0.0, Figure::least)
}
