//! The machine-readable outputs: structs of their own, so that a change inside pf cannot change what others rely on.

use schemars::JsonSchema;
use serde::Serialize;

use crate::diagnostic::{Diagnostic, Severity};
use crate::span::Position;

/// The version of all JSON outputs; it grows when a key changes its meaning or goes away.
pub const VERSION: u32 = 1;

/// `pf lint --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf lint")]
pub struct Lint {
    /// The version of this output.
    pub version: u32,
    /// `lint`.
    pub kind: &'static str,
    /// What was found, by file and place.
    pub findings: Vec<Finding>,
    /// Counts.
    pub summary: LintSummary,
}

/// One finding.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Finding {
    /// The code of the rule.
    pub code: String,
    /// `error`, `warning` or `info`.
    pub severity: String,
    /// What is wrong.
    pub message: String,
    /// The file, relative to the root of the project.
    pub path: String,
    /// The first character.
    pub start: Place,
    /// One past the last character.
    pub end: Place,
    /// What to do, one advice a line.
    pub help: Option<String>,
    /// Whether `pf lint --fix` can mend it.
    pub fixable: bool,
}

/// A line and a column, both counted from 1, the column in characters.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl From<Position> for Place {
    fn from(position: Position) -> Self {
        Self { line: position.line, column: position.column }
    }
}

/// How much was found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LintSummary {
    /// Files that were checked.
    pub files: usize,
    /// Findings of severity error.
    pub errors: usize,
    /// Findings of severity warning.
    pub warnings: usize,
    /// Findings that `pf lint --fix` can mend.
    pub fixable: usize,
}

impl From<&Diagnostic> for Finding {
    fn from(diagnostic: &Diagnostic) -> Self {
        let help = (!diagnostic.help.is_empty()).then(|| diagnostic.help.join("\n"));
        Self {
            code: diagnostic.code.to_string(),
            severity: diagnostic.severity.as_str().to_owned(),
            message: diagnostic.message.clone(),
            path: diagnostic.file.path().to_string(),
            start: diagnostic.start().into(),
            end: diagnostic.end().into(),
            help,
            fixable: diagnostic.fix.is_some(),
        }
    }
}

impl Lint {
    /// The findings of a run over so many files.
    pub fn new(findings: &[Diagnostic], files: usize) -> Self {
        let count = |severity| findings.iter().filter(|d| d.severity == severity).count();
        Self {
            version: VERSION,
            kind: "lint",
            findings: findings.iter().map(Finding::from).collect(),
            summary: LintSummary {
                files,
                errors: count(Severity::Error),
                warnings: count(Severity::Warning),
                fixable: findings.iter().filter(|d| d.fix.is_some()).count(),
            },
        }
    }
}
