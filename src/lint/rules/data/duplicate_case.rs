//! D552

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::lint::context::SuiteContext;
use crate::lint::rule::{Check, rule};
use crate::project::dataset::PlacedCase;

rule! {
    /// Two cases of a suite have the same identity.
    ///
    /// ## Why is this bad?
    ///
    /// A case is known by its id, or without one by its variables: comparisons, filters, recordings and reports join on
    /// it. Of two cases with the same identity, nobody can say which one a result belongs to.
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
    /// dataset: datasets/greet.csv
    /// assert: [{type: contains, value: Hello}]
    /// ```
    ///
    /// ```csv datasets/greet.csv
    /// id,name
    /// a,Ada
    /// a,Alan
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```csv datasets/greet.csv
    /// id,name
    /// ada,Ada
    /// alan,Alan
    /// ```
    DUPLICATE_CASE: "D552" "duplicate-case" Error, Check::suite(check)
}

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<String, &PlacedCase> = BTreeMap::new();
    for (id, placed) in context.identified() {
        let Some(first) = seen.get(&id) else {
            seen.insert(id, placed);
            continue;
        };
        let (message, help) = match &placed.case.id {
            Some(id) => {
                (format!("a second case is called `{id}`"), "give each case an id of its own")
            }
            None => (
                "a second case has the same variables".to_owned(),
                "drop one of them, or give them ids if both are wanted",
            ),
        };
        findings.push(
            DUPLICATE_CASE
                .at(&placed.file, placed.span, message)
                .related(&first.file, first.span, "the first one")
                .help(help),
        );
    }
}
