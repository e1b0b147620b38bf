//! What an import brought in: as JSON, and in the few lines that people read.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use super::json::{Finding, VERSION};

/// `pf import … --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf import")]
pub struct Import {
    /// The version of this output.
    pub version: u32,
    /// `import`.
    pub kind: &'static str,
    /// Whether nothing was written because `--dry-run` was given.
    pub dry_run: bool,
    /// The prompts, in the order of the source.
    pub prompts: Vec<ImportedPrompt>,
    /// Rows that make no prompt, although nothing is wrong with them.
    pub skipped: Vec<Skipped>,
    /// Rows that were not imported because they cannot be, or because their prompt would not render as the source reads.
    pub findings: Vec<Finding>,
    /// Counts.
    pub summary: Summary,
}

/// A prompt of the source.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ImportedPrompt {
    /// Its name.
    pub name: String,
    /// Its file, relative to the root of the project.
    pub path: String,
    /// The line of the source at which it starts.
    pub line: usize,
    /// What became of its file.
    pub state: State,
}

/// What became of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(
    missing_docs,
    reason = "the words say it; a doc comment would turn the schema's enum into a oneOf"
)]
pub enum State {
    New,
    Replaced,
    Unchanged,
}

/// A row that makes no prompt.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Skipped {
    /// The line of the source at which it starts.
    pub line: usize,
    /// Why, as what follows "the row".
    pub reason: String,
}

/// How many of each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Summary {
    /// Files that were written, or would be.
    pub imported: usize,
    /// Files that say the same already.
    pub unchanged: usize,
    /// Rows that make no prompt.
    pub skipped: usize,
    /// Rows that were not imported because of a finding.
    pub failed: usize,
}

impl Import {
    /// The outcome of an import.
    pub fn new(
        dry_run: bool,
        prompts: Vec<ImportedPrompt>,
        skipped: Vec<Skipped>,
        findings: Vec<Finding>,
    ) -> Self {
        let unchanged = prompts.iter().filter(|prompt| prompt.state == State::Unchanged).count();
        let summary = Summary {
            imported: prompts.len() - unchanged,
            unchanged,
            skipped: skipped.len(),
            failed: findings.len(),
        };
        Self { version: VERSION, kind: "import", dry_run, prompts, skipped, findings, summary }
    }

    /// A line for each kind of outcome, with the rows that were left out.
    pub fn text(&self) -> String {
        let Summary { imported, unchanged, skipped, failed } = self.summary;
        let mut text = String::new();
        let verb = if self.dry_run { "to import" } else { "imported" };
        let _ = writeln!(text, "{verb:<9}  {imported}");
        let _ = writeln!(text, "unchanged  {unchanged}");
        let _ = writeln!(text, "skipped    {skipped}");
        for skipped in &self.skipped {
            let _ = writeln!(text, "  line {} {}", skipped.line, skipped.reason);
        }
        if failed > 0 {
            let _ = writeln!(text, "failed     {failed}");
        }
        text
    }
}
