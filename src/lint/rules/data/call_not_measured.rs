//! D567

use crate::assertion::Family;
use crate::diagnostic::Diagnostic;
use crate::lint::context::{Owner, SuiteContext};
use crate::lint::rule::{Check, rule};
use crate::project::dataset::PlacedCase;

rule! {
    /// An assertion is about the call, and a case brings its answer along: there is no call.
    ///
    /// ## Why is this bad?
    ///
    /// `latency`, `cost`, `tokens` and `finish-reason` cannot be judged then. The case is unscored, and unless the gates
    /// allow that, the run fails.
    ///
    /// ## What it does
    ///
    /// It looks at cases with an `output`. Answers from recordings and from the local store are no problem: they keep the
    /// time, the tokens and the reason of the call that gave them.
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
    /// cases: [{id: a, output: "Hello, Ada!"}]
    /// assert:
    ///   - {type: contains, value: Ada}
    ///   - {type: latency, threshold: 2000}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases: [{id: a, output: "Hello, Ada!"}]
    /// assert:
    ///   - {type: contains, value: Ada}
    /// ```
    CALL_NOT_MEASURED: "D567" "call-not-measured" Warning, Check::suite(check)
}

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    for placed in context.assertions() {
        let Some(assertion) = placed.assertion() else { continue };
        // What is only measured keeps no case from being decided.
        if assertion.spec.family != Family::Run || assertion.weight <= 0.0 {
            continue;
        }
        let given = |case: &PlacedCase| case.case.output.is_some();
        let (first, count) = match placed.owner {
            Owner::Case(index) => {
                let case = context.inline(index).filter(given);
                let count = usize::from(case.is_some());
                (case, count)
            }
            Owner::Suite | Owner::Prompt(_) => {
                let mut cases = context.cases.cases.iter().filter(given);
                (cases.next(), 1 + cases.count())
            }
        };
        let Some(first) = first else { continue };
        let others = if count == 1 { String::new() } else { format!(" and {} more", count - 1) };
        findings.push(
            CALL_NOT_MEASURED
                .at(
                    &placed.document.file,
                    placed.span_of("type"),
                    format!(
                        "`{}` cannot be judged for case `{}`{others}: the answer is given, so that there is no call",
                        assertion.type_name(),
                        context.identity(&first)
                    ),
                )
                .related(&first.file, first.span, "the case has an `output`")
                .help("give it `weight: 0`, or move it to a suite that asks models"),
        );
    }
}
