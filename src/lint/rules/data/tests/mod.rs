//! Datasets, suites and examples, through the whole check.

mod gates;
mod pitfalls;
mod verdicts;

use crate::lint::tests::{findings, lines, project};
use crate::lint::{self, Options, RuleSelection};
use crate::path::RepoPath;
use crate::project::Project;

/// A prompt that answers with free text.
const GREET: (&str, &str) = (
    "prompts/greet.yaml",
    "variables: {name: string}\nmessages:\n  - {role: user, content: 'Greet {{ name }}.'}\n",
);

/// A prompt that answers with a label and an urgency, and nothing else.
const SORT: (&str, &str) = (
    "prompts/sort.yaml",
    "variables: {ticket: string}
messages: [{role: user, content: 'Sort {{ ticket }}'}]
output:
  format: json
  schema:
    additionalProperties: false
    properties: {label: {enum: [refund, bug]}, urgency: {type: integer}}
",
);

fn show(project: &Project, options: Options<'_>) -> Vec<String> {
    lines(&lint::check(project, options, &RuleSelection::default()).unwrap().findings)
}

/// What the rules that are on find.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    show(&project(files), Options::default())
}

/// The advice of all findings.
fn advice(files: &[(&str, &str)]) -> Vec<String> {
    let checked =
        lint::check(&project(files), Options::default(), &RuleSelection::default()).unwrap();
    checked.findings.into_iter().flat_map(|finding| finding.help).collect()
}
