//! D555

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::SuiteContext;
use crate::lint::rule::{Check, rule};
use crate::stats;

rule! {
    /// A suite has too few cases to pass its own gate, even if every case passes.
    ///
    /// ## Why is this bad?
    ///
    /// With `confidence` the gate looks at the lower bound of the interval of the pass rate. With few cases the interval
    /// is wide: the run fails, after it was paid for, and no better prompt can change that.
    ///
    /// ## What it does
    ///
    /// It compares the number of independent cases with the least number at which the lower bound of Wilson's interval
    /// can reach the gate. Repeats and the cases of one `group` are not independent and count once.
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
    /// gates: {pass_rate: 0.9, confidence: 0.95}
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
    /// gates: {pass_rate: 0.9}
    /// ```
    UNDECIDABLE_GATE: "D555" "undecidable-gate" Warning, Check::suite(check)
}

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    let gates = &context.suite.file.gates;
    let Some(confidence) = gates.confidence else { return };
    // A suite without cases is the subject of other rules.
    if context.cases.cases.is_empty() {
        return;
    }
    let bound = gates.required_pass_rate();
    let have = independent(context);
    let message = match stats::smallest_n_for(bound, confidence) {
        Some(needed) if have >= needed => return,
        Some(needed) => {
            let cases = if have == 1 {
                "1 independent case".to_owned()
            } else {
                format!("{have} independent cases")
            };
            format!(
                "{cases} cannot show a pass rate of {bound} with confidence {confidence}: it takes {needed}, even if all pass"
            )
        }
        None => format!(
            "no number of cases can show a pass rate of {bound} with confidence {confidence}"
        ),
    };
    let document = &context.suite.document;
    let gates = Route::root().key("gates");
    let route =
        if document.node(&gates.key("pass_rate")).is_some() { "pass_rate" } else { "confidence" };
    findings.push(
        UNDECIDABLE_GATE
            .at(&document.file, document.span(&gates.key(route)), message)
            .help("add cases, lower `pass_rate` or `confidence`, or drop `confidence` to gate on the rate itself"),
    );
}

/// The cases that say something of their own: of a group all count as one.
pub(super) fn independent(context: &SuiteContext<'_>) -> u64 {
    let mut groups = BTreeSet::new();
    let cases = context.cases.cases.iter();
    let clusters = cases
        .filter(|placed| {
            placed.case.group.as_ref().is_none_or(|group| groups.insert(group.clone()))
        })
        .count();
    clusters.min(context.size()) as u64
}
