//! D552

use std::collections::BTreeMap;
use std::collections::hash_map::{Entry, HashMap, RandomState};
use std::hash::BuildHasher;

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

/// Cases that are named.
const MOST: usize = 1000;

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    // Hashes and places: there may be too many cases for their ids to be held.
    let mut seen: HashMap<u64, usize> = HashMap::with_capacity(context.cases.cases.len());
    let hasher = RandomState::new();
    // Ids whose hash an earlier and different id has.
    let mut others: BTreeMap<String, PlacedCase> = BTreeMap::new();
    let mut found = 0;
    for (index, placed) in context.cases.cases.iter().enumerate() {
        let id = context.identity(&placed);
        let Entry::Occupied(first) = seen.entry(hasher.hash_one(&id)) else {
            seen.insert(hasher.hash_one(&id), index);
            continue;
        };
        found += 1;
        if found > MOST {
            continue;
        }
        let Some(mut first) = context.cases.cases.get(*first.get()) else { continue };
        if context.identity(&first) != id {
            let Some(other) = others.get(&id) else {
                found -= 1;
                others.insert(id, placed);
                continue;
            };
            first = other.clone();
        }
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
    if let (Some(last), true) = (findings.last_mut(), found > MOST) {
        last.help.push(format!("{} more such cases are not shown", found - MOST));
    }
}
