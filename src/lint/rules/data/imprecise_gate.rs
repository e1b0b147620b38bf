//! D569

use super::undecidable_gate::independent;
use crate::diagnostic::{Diagnostic, counted};
use crate::document::Route;
use crate::lint::context::SuiteContext;
use crate::lint::rule::{Check, rule};
use crate::stats;

rule! {
    /// A suite has so few cases that its pass rate says little.
    ///
    /// ## Why is this bad?
    ///
    /// Of 20 cases 18 pass: the rate is 0.9, and the true one lies anywhere between 0.70 and 0.97. A gate on such a rate
    /// fails and holds by luck.
    ///
    /// ## What it does
    ///
    /// It reports suites whose 95 % interval (Wilson) at the rate of the gate reaches further than 0.1 to one side. A gate
    /// of 0 or 1, which asks for no estimate, is left alone. Off by default: a few well chosen cases are better than
    /// none.
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
    /// cases:
    ///   - {id: ada, variables: {name: Ada}}
    ///   - {id: alan, variables: {name: Alan}}
    /// assert: [{type: contains, value: "{{ variables.name }}"}]
    /// gates: {pass_rate: 0.9}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases:
    ///   - {id: ada, variables: {name: Ada}}
    ///   - {id: alan, variables: {name: Alan}}
    /// assert: [{type: contains, value: "{{ variables.name }}"}]
    /// gates: {pass_rate: 1}
    /// ```
    IMPRECISE_GATE: "D569" "imprecise-gate" Info off, Check::suite(check)
}

/// The furthest that the interval may reach.
const FURTHEST: f64 = 0.1;

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    let rate = context.suite.file.gates.required_pass_rate();
    let cases = independent(context);
    if cases == 0 || rate <= 0.0 || rate >= 1.0 {
        return;
    }
    let reach = |n: u64| {
        let interval = stats::wilson_rate(rate, n as f64, 0.95);
        (rate - interval.low).max(interval.high - rate)
    };
    if reach(cases) <= FURTHEST {
        return;
    }
    // The interval narrows as n grows: the least n is found by halving.
    let (mut few, mut enough) = (cases, cases.saturating_mul(2));
    while reach(enough) > FURTHEST {
        (few, enough) = (enough, enough.saturating_mul(2));
    }
    while few + 1 < enough {
        let middle = few + (enough - few) / 2;
        if reach(middle) > FURTHEST { few = middle } else { enough = middle }
    }
    let interval = stats::wilson_rate(rate, cases as f64, 0.95);
    let document = &context.suite.document;
    let route = Route::root().key("gates").key("pass_rate");
    findings.push(
        IMPRECISE_GATE
            .at(
                &document.file,
                document.span(&route),
                format!(
                    "with {} a pass rate of {rate} may as well be {:.2} or {:.2}",
                    counted(cases, "independent case"),
                    interval.low,
                    interval.high
                ),
            )
            .help(format!("{enough} cases would pin it down to ±{FURTHEST}")),
    );
}
