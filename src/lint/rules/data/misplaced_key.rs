//! D573

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::lint::context::SuiteContext;
use crate::lint::rule::{Check, rule};
use crate::project::dataset::{PlacedCase, RESERVED};

rule! {
    /// A key that means something beside the variables of a case stands among them.
    ///
    /// ## Why is this bad?
    ///
    /// There it is a variable like any other, which no prompt reads: assertions are never checked, what is expected is
    /// never compared.
    ///
    /// ## What it does
    ///
    /// It looks at `assert`, `id`, `expected`, `output`, `group`, `tags`, `weight`, `human` and `metadata` inside `variables` of
    /// a case that is written in a suite, and at `assert`, `variables` and `vars` as columns of a dataset, unless a prompt of
    /// the suite declares a variable of this name.
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
    ///   - id: a
    ///     variables:
    ///       name: Ada
    ///       assert: [{type: contains, value: Ada}]
    /// assert: [{type: max-length, value: 100}]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases:
    ///   - id: a
    ///     variables:
    ///       name: Ada
    ///     assert: [{type: contains, value: Ada}]
    /// assert: [{type: max-length, value: 100}]
    /// ```
    MISPLACED_KEY: "D573" "misplaced-key" Warning, Check::suite(check)
}

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    // Cases with the same mistake: the first, and how many.
    let mut found: BTreeMap<String, (PlacedCase, usize)> = BTreeMap::new();
    for placed in &context.cases.cases {
        for name in placed.case.variables.keys().filter(|name| misplaced(context, &placed, name)) {
            found.entry(name.clone()).or_insert_with(|| (placed.clone(), 0)).1 += 1;
        }
    }
    for (name, (first, count)) in found {
        let others = match count {
            1 => String::new(),
            many => format!(" and {} more", many - 1),
        };
        let id = context.identity(&first);
        let (message, help) = if is_inline(context, &first) {
            (
                format!(
                    "`{name}` of case `{id}`{others} stands among its variables, where it means nothing"
                ),
                format!(
                    "move it out of `variables`, to the level of `{}`",
                    if name == "id" { "variables" } else { "id" }
                ),
            )
        } else if name == "assert" {
            (
                format!("`assert` is a column of case `{id}`{others}, where it asserts nothing"),
                "assertions stand in the suite: for all cases, or in its own `cases`".to_owned(),
            )
        } else {
            (
                format!("the column `{name}` of case `{id}`{others} is one variable, not several"),
                "in a dataset each column is a variable: write what is inside it as columns"
                    .to_owned(),
            )
        };
        findings.push(MISPLACED_KEY.at(&first.file, first.span, message).help(help));
    }
}

/// Whether a variable of a case was meant as something else.
pub(super) fn misplaced(context: &SuiteContext<'_>, placed: &PlacedCase, name: &str) -> bool {
    let suspicious = match is_inline(context, placed) {
        true => name == "assert" || name == "metadata" || RESERVED.contains(&name),
        false => {
            let structured = |name: &str| {
                placed
                    .case
                    .variables
                    .get(name)
                    .is_some_and(|value| value.is_object() || value.is_array())
            };
            name == "assert" || (matches!(name, "variables" | "vars") && structured(name))
        }
    };
    suspicious && !context.declared().contains(name)
}

/// Whether a case is written in the suite itself.
fn is_inline(context: &SuiteContext<'_>, placed: &PlacedCase) -> bool {
    placed.file.path() == &context.suite.path
}
