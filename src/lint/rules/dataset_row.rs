//! D551

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::lint::context::SuiteContext;
use crate::lint::rule::{Check, rule};
use crate::template::{Binder, Origin};

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
    DATASET_ROW: "D551" "dataset-row" Error, Check::Suite(check)
}

/// Findings after which the rest of a dataset is not looked at: they have one cause.
const MOST: usize = 20;

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    for prompt in &context.prompts {
        let binder = Binder::new(prompt);
        let mut found = Vec::new();
        for (id, placed) in context.identified() {
            let origin = if placed.case.textual { Origin::Text } else { Origin::Typed };
            let mut given = placed.case.variables.clone();
            // What no prompt declares is the subject of another rule; what another prompt declares is none of this one's.
            given.retain(|name, _| prompt.file.variables.contains_key(name));
            let Err(problems) = binder.bind(&given, origin) else { continue };
            for problem in problems {
                let mut finding = DATASET_ROW.at(
                    &placed.file,
                    placed.span,
                    format!(
                        "case `{id}` does not fit the prompt `{}`: {}",
                        prompt.name, problem.message
                    ),
                );
                finding.help = problem.help;
                let document = Arc::clone(&prompt.document);
                let route = crate::document::Route::root().key("variables").key(&problem.variable);
                if document.node(&route).is_some() {
                    finding =
                        finding.related(&document.file, document.key_span(&route), "declared here");
                }
                found.push(finding);
            }
            if found.len() > MOST {
                break;
            }
        }
        findings.extend(found);
    }
}
