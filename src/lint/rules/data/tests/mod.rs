//! Datasets, suites and examples, through the whole check.

mod gates;
mod pitfalls;
mod verdicts;

use crate::lint::{self, Options, RuleSelection};
use crate::path::RepoPath;
use crate::project::Project;
use crate::snapshot::Snapshot;

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

fn project(files: &[(&str, &str)]) -> Project {
    let files =
        files.iter().map(|(path, text)| (RepoPath::new(path).unwrap(), text.as_bytes().to_vec()));
    Project::load(&Snapshot::memory(files)).unwrap()
}

fn show(project: &Project, options: Options<'_>, selection: &RuleSelection) -> Vec<String> {
    let checked = lint::check(project, options, selection).unwrap();
    checked
        .findings
        .iter()
        .map(|d| format!("{}:{} {} {}", d.file.path(), d.start(), d.code, d.message))
        .collect()
}

/// What the rules that are on find.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    show(&project(files), Options::default(), &RuleSelection::default())
}

/// What one rule finds.
fn found_by(code: &str, files: &[(&str, &str)]) -> Vec<String> {
    let selection =
        RuleSelection { select: Some(vec![code.to_owned()]), ..RuleSelection::default() };
    show(&project(files), Options::default(), &selection)
}

/// The advice of all findings.
fn advice(files: &[(&str, &str)]) -> Vec<String> {
    let checked =
        lint::check(&project(files), Options::default(), &RuleSelection::default()).unwrap();
    checked.findings.into_iter().flat_map(|finding| finding.help).collect()
}
