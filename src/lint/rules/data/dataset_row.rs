//! D551

use indexmap::IndexMap;
use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::SuiteContext;
use crate::lint::rule::{Check, rule};
use crate::project::dataset::PlacedCase;
use crate::project::prompt::Prompt;
use crate::template::{Binder, Origin, ValueProblem};

rule! {
    /// A case does not fit the variables that a prompt of the suite declares.
    ///
    /// ## Why is this bad?
    ///
    /// A required variable that is missing, or a value of the wrong type, cannot be rendered: the case would never run.
    ///
    /// ## What it does
    ///
    /// It binds each row of the dataset to each prompt as an evaluation would. CSV cells are converted where nothing is
    /// lost, and an empty cell means that no value is given.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {name: string, times: integer}
    /// messages:
    ///   - {role: user, content: "Greet {{ name }} {{ times }} times."}
    /// ```
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// dataset: datasets/greet.csv
    /// assert: [{type: contains, value: Hello}]
    /// ```
    ///
    /// ```csv datasets/greet.csv
    /// id,name,times
    /// a,Ada,often
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```csv datasets/greet.csv
    /// id,name,times
    /// a,Ada,3
    /// ```
    DATASET_ROW: "D551" "dataset-row" Error, Check::suite(check)
}

/// Why a CSV cell that is written as JSON is none, where the variable wants a list or a map.
fn broken_json(prompt: &Prompt, placed: &PlacedCase, variable: &str) -> Option<String> {
    let declared = prompt.file.variables.get(variable)?;
    let structured =
        declared.is_messages() || matches!(declared.type_name(), Some("object" | "array"));
    let cell = placed
        .case
        .variables
        .get(variable)?
        .as_str()
        .filter(|_| placed.case.textual && structured)?;
    let error = match cell.starts_with(['{', '[']) {
        true => serde_json::from_str::<Value>(cell).err()?.to_string(),
        false => {
            return Some(
                "in a CSV file a list or a map is written as JSON: \"[\"\"a\"\", \"\"b\"\"]\""
                    .to_owned(),
            );
        }
    };
    let error = error.replace(" at line 1 column ", " at character ");
    Some(format!(
        "the cell is no JSON ({error}); inside a quoted cell each quote is written twice: \"{{\"\"a\"\": 1}}\""
    ))
}

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    for prompt in &context.prompts {
        let binder = Binder::new(prompt);
        // Rows that are wrong in the same way have one cause: the first is shown, the others are counted.
        let mut causes: IndexMap<ValueProblem, (String, PlacedCase, usize)> = IndexMap::new();
        for (id, placed) in context.identified() {
            let origin = if placed.case.textual { Origin::Text } else { Origin::Typed };
            let mut given = placed.case.variables.clone();
            // What no prompt declares is the subject of another rule; what another prompt declares is none of this one's.
            given.retain(|name, _| prompt.file.variables.contains_key(name));
            for problem in binder.bind(&given, origin).err().unwrap_or_default() {
                causes.entry(problem).or_insert_with(|| (id.clone(), placed.clone(), 0)).2 += 1;
            }
        }
        for (problem, (id, placed, count)) in causes {
            let others = match count {
                1 => String::new(),
                2 => " (and one more case)".to_owned(),
                many => format!(" (and {} more cases)", many - 1),
            };
            let message =
                format!("case `{id}`{others} does not fit the prompt `{}`: {problem}", prompt.name);
            let mut finding = DATASET_ROW.at(&placed.file, placed.span, message);
            let document = &prompt.document;
            let route = Route::root().key("variables").key(&problem.variable);
            if document.node(&route).is_some() {
                finding =
                    finding.related(&document.file, document.key_span(&route), "declared here");
            }
            finding.help = problem.help;
            finding.help.extend(broken_json(prompt, &placed, &problem.variable));
            findings.push(finding);
        }
    }
}
