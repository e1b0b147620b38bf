//! D574

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::lint::context::SuiteContext;
use crate::lint::rule::{Check, rule};
use crate::project::dataset::PlacedCase;

rule! {
    /// Two cases with different ids ask the same.
    ///
    /// ## Why is this bad?
    ///
    /// The second adds cost and no knowledge, and counts as independent although it is not: intervals come out too
    /// narrow. Where the two expect different answers, one of them fails whatever the model says.
    ///
    /// ## What it does
    ///
    /// It compares the variables that the prompts declare. Cases that bring different answers along in `output`, or have
    /// assertions of their own, may share their variables. Cases without ids are the subject of another rule.
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
    /// assert: [{type: contains, value: "{{ variables.name }}"}]
    /// ```
    ///
    /// ```csv datasets/greet.csv
    /// id,name
    /// ada,Ada
    /// countess,Ada
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```csv datasets/greet.csv
    /// id,name
    /// ada,Ada
    /// ```
    DUPLICATE_ROW: "D574" "duplicate-row" Warning, Check::suite(check)
}

/// Findings after which the rest of a suite is only counted: they have one cause.
const MOST: usize = 20;

/// Pairs that are compared value by value; beyond, cases with the same hash are only counted.
const MOST_COMPARED: usize = 1000;

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    // By its place: there may be too many to be held.
    let mut seen: HashMap<u64, usize> = HashMap::with_capacity(context.cases.cases.len());
    let mut found = 0;
    for (index, placed) in context.cases.cases.iter().enumerate() {
        let (hash, any) = hash(context, &placed);
        // Without inputs all cases are alike; their assertions tell them apart.
        if !any {
            continue;
        }
        let Some(first) = seen.get(&hash) else {
            seen.insert(hash, index);
            continue;
        };
        if found >= MOST_COMPARED {
            found += 1;
            continue;
        }
        let Some(first) = context.cases.cases.get(*first) else { continue };
        let (a, b) = (&first.case, &placed.case);
        let distinct = a.output != b.output || !a.assert.is_empty() || !b.assert.is_empty();
        let unnamed = a.id.is_none() && b.id.is_none();
        if distinct || unnamed || a.id == b.id || !same_inputs(context, &first, &placed) {
            continue;
        }
        found += 1;
        if found > MOST {
            continue;
        }
        let (one, other) = (context.identity(&first), context.identity(&placed));
        let contradiction = a.expected != b.expected;
        let message = match contradiction {
            true => format!(
                "cases `{one}` and `{other}` have the same variables and expect different answers"
            ),
            false => format!("case `{other}` has the same variables as `{one}`"),
        };
        let help = match contradiction {
            true => {
                "decide which is right and drop the other: one of them fails whatever the model says"
            }
            false => "drop one of them; to ask the same several times write `repeat:`",
        };
        findings.push(
            DUPLICATE_ROW
                .at(&placed.file, placed.span, message)
                .related(&first.file, first.span, "the first one")
                .help(help),
        );
    }
    if let (Some(last), true) = (findings.last_mut(), found > MOST) {
        last.help.push(format!("{} more such cases are not shown", found - MOST));
    }
}

/// A hash of the inputs of a case, whatever their order, and whether it has any.
fn hash(context: &SuiteContext<'_>, placed: &PlacedCase) -> (u64, bool) {
    context.inputs(placed).fold((0, false), |(sum, _), (name, value)| {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        hash_value(value, &mut hasher);
        (hasher.finish().wrapping_add(sum), true)
    })
}

fn hash_value(value: &Value, hasher: &mut DefaultHasher) {
    match value {
        Value::String(text) => text.hash(hasher),
        other => other.to_string().hash(hasher),
    }
}

fn same_inputs(context: &SuiteContext<'_>, a: &PlacedCase, b: &PlacedCase) -> bool {
    context.inputs(a).count() == context.inputs(b).count()
        && context.inputs(a).all(|(name, value)| b.case.variables.get(name) == Some(value))
}
