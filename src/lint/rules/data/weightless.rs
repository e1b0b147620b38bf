//! D566

use crate::assertion::Threshold;
use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::{PlacedAssertion, SuiteContext};
use crate::lint::rule::{Check, rule};

rule! {
    /// The weights and the threshold of a suite let no assertion decide.
    ///
    /// ## Why is this bad?
    ///
    /// An assertion of weight 0 is measured and never decides: where all have it, no case is ever passed or failed, and the run
    /// fails with "unscored". With `threshold: 0` every answer passes. And with one assertion alone, a `threshold` of the
    /// suite below the assertion's own lets answers pass that the assertion fails.
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
    /// assert: [{type: contains, value: Ada, weight: 0}]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases: [{id: a}]
    /// assert: [{type: contains, value: Ada}]
    /// ```
    WEIGHTLESS: "D566" "weightless" Warning, Check::suite(check)
}

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    let suite = context.suite;
    let document = &suite.document;
    if let Some(threshold) = suite.file.threshold {
        let span = document.span(&Route::root().key("threshold"));
        if threshold <= 0.0 {
            findings.push(
                WEIGHTLESS
                    .at(&document.file, span, "with a threshold of 0 every answer passes")
                    .help("say which share of the weighted score is enough, or leave `threshold` out: each assertion must hold then"),
            );
        } else if let Some((placed, own)) = forgiven(context, threshold) {
            findings.push(
                WEIGHTLESS
                    .at(
                        &document.file,
                        span,
                        format!("the threshold {threshold} of the suite forgives what its one assertion fails below {own}"),
                    )
                    .related(&placed.document.file, placed.span_of("threshold"), "the only assertion")
                    .help("leave `threshold` of the suite out: the assertion's own decides then"),
            );
        }
    }
    let decides = |placed: &PlacedAssertion<'_>| {
        // What cannot be read may decide once it is mended.
        placed.assertion().is_none_or(|assertion| assertion.weight > 0.0)
    };
    let all = context.assertions();
    let Some(first) = all.first().filter(|_| !all.iter().any(decides)) else { return };
    findings.push(
        WEIGHTLESS
            .at(
                &first.document.file,
                first.span_of("weight"),
                "all assertions of the suite have weight 0: no answer can pass",
            )
            .help("give a weight above 0 to what decides"),
    );
}

/// The one assertion that decides, and its own threshold, where the suite's is lower.
fn forgiven<'a, 'p>(
    context: &'a SuiteContext<'p>,
    threshold: f64,
) -> Option<(&'a PlacedAssertion<'p>, f64)> {
    let mut deciding = context
        .assertions()
        .iter()
        .filter(|placed| placed.assertion().is_none_or(|assertion| assertion.weight > 0.0));
    let (Some(placed), None) = (deciding.next(), deciding.next()) else { return None };
    let assertion = placed.assertion().filter(|assertion| !assertion.negated)?;
    // Other types score 0 or 1, which no threshold above 0 can forgive.
    let Threshold::Floor { .. } = assertion.spec.threshold else { return None };
    // With the type's default, the suite's may well be meant instead.
    let own = placed.syntax.keys().get("threshold")?.as_f64().filter(|own| threshold < *own)?;
    Some((placed, own))
}
