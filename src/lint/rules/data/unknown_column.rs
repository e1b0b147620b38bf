//! D553

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Diagnostic;
use crate::lint::context::SuiteContext;
use crate::lint::rule::{Check, rule};
use crate::project::dataset::{PlacedCase, RESERVED};

rule! {
    /// A column of a dataset is read by nothing.
    ///
    /// ## Why is this bad?
    ///
    /// It is most often a misspelt variable: the prompt then uses the default, and the case does not test what it says.
    /// Data that no prompt and no assertion needs belongs into columns that start with `metadata.`.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {name: {type: string, default: you}}
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
    /// id,nmae
    /// a,Ada
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```csv datasets/greet.csv
    /// id,name
    /// a,Ada
    /// ```
    UNKNOWN_COLUMN: "D553" "unknown-column" Warning, Check::suite(check)
}

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    if context.prompts.is_empty() {
        return;
    }
    let mut used: BTreeSet<String> =
        context.declared().iter().map(|name| (*name).to_owned()).collect();
    let suite = &context.suite.file.assert;
    let prompts = context.prompts.iter().filter_map(|prompt| prompt.file.output.as_ref());
    let own = context.cases.cases.iter().flat_map(|placed| &placed.case.assert);
    for syntax in suite.iter().chain(prompts.flat_map(|output| &output.assert)).chain(own) {
        if let Ok(assertion) = syntax.compile() {
            used.extend(assertion.variables_used());
        }
    }
    let mut unknown: BTreeMap<&str, (&PlacedCase, usize)> = BTreeMap::new();
    for placed in &context.cases.cases {
        for name in placed.case.variables.keys().filter(|name| !used.contains(*name)) {
            unknown.entry(name).or_insert((placed, 0)).1 += 1;
        }
    }
    for (name, (first, count)) in unknown {
        let candidates = used.iter().map(String::as_str).chain(RESERVED);
        findings.push(
            UNKNOWN_COLUMN
                .at(
                    &first.file,
                    first.span,
                    format!(
                        "the column `{name}` ({count} case{}) is no variable of {} and no assertion uses it",
                        if count == 1 { "" } else { "s" },
                        prompts_of(context),
                    ),
                )
                .did_you_mean(name, candidates)
                .help(format!("if it is data for people, call it `metadata.{name}`")),
        );
    }
}

fn prompts_of(context: &SuiteContext<'_>) -> String {
    match context.prompts.as_slice() {
        [one] => format!("the prompt `{}`", one.name),
        many => format!("the {} prompts", many.len()),
    }
}
