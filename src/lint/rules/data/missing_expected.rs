//! D561

use crate::diagnostic::Diagnostic;
use crate::lint::context::SuiteContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// An assertion uses `expected`, and a case has none.
    ///
    /// ## Why is this bad?
    ///
    /// The answer cannot be judged, after it was paid for.
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
    /// assert: [{type: equals, value: "{{ expected }}"}]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases: [{id: a, expected: Hello}]
    /// assert: [{type: equals, value: "{{ expected }}"}]
    /// ```
    MISSING_EXPECTED: "D561" "missing-expected" Error, Check::suite(check)
}

/// Findings after which the rest of a dataset is not looked at: they have one cause.
const MOST: usize = 20;

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    let uses = |syntax: &crate::assertion::Syntax| {
        syntax.compile().is_ok_and(|assertion| assertion.uses_expected())
    };
    let suite = context.suite.file.assert.iter().find(|syntax| uses(syntax));
    let prompts = context.prompts.iter().filter_map(|prompt| prompt.file.output.as_ref());
    let shared =
        suite.or_else(|| prompts.flat_map(|output| &output.assert).find(|syntax| uses(syntax)));
    let mut found = 0;
    for (id, placed) in context.identified().filter(|(_, placed)| placed.case.expected.is_none()) {
        let own = || placed.case.assert.iter().find(|syntax| uses(syntax));
        let Some(user) = shared.or_else(own) else { continue };
        found += 1;
        if found > MOST {
            break;
        }
        findings.push(
            MISSING_EXPECTED
                .at(
                    &placed.file,
                    placed.span,
                    format!(
                        "case `{id}` has no `expected`, which the assertion `{}` uses",
                        user.type_text()
                    ),
                )
                .help("give the case one, or leave the assertion to the cases that have one"),
        );
    }
}
