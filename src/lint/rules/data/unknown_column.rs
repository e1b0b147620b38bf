//! D553

use std::collections::{BTreeMap, BTreeSet};

use super::misplaced_key::misplaced;
use crate::diagnostic::{Diagnostic, counted};
use crate::lint::context::{PlacedAssertion, SuiteContext};
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
    for assertion in context.assertions().iter().filter_map(PlacedAssertion::assertion) {
        used.extend(assertion.variables_used());
    }
    let mut unknown: BTreeMap<String, (PlacedCase, usize)> = BTreeMap::new();
    for placed in &context.cases.cases {
        let names = placed.case.variables.keys().filter(|name| !used.contains(*name));
        // What was meant as something else than a variable is the subject of another rule.
        for name in names.filter(|name| !misplaced(context, &placed, name)) {
            match unknown.get_mut(name) {
                Some((_, count)) => *count += 1,
                None => drop(unknown.insert(name.clone(), (placed.clone(), 1))),
            }
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
                        "the column `{name}` ({}) is no variable of {} and no assertion uses it",
                        counted(count, "case"),
                        prompts_of(context),
                    ),
                )
                .did_you_mean(&name, candidates)
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
