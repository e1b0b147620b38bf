//! What `pf fmt --format json` prints.

use schemars::JsonSchema;
use serde::Serialize;

use super::json::{Place, VERSION};

/// `pf fmt --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf fmt")]
pub struct Fmt {
    /// The version of this output.
    pub version: u32,
    /// `fmt`.
    pub kind: &'static str,
    /// The files that are not formatted already, by path.
    pub files: Vec<FmtFile>,
    /// Counts.
    pub summary: FmtSummary,
}

/// A file that is not formatted already.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FmtFile {
    /// The file, relative to the root of the project.
    pub path: String,
    /// What became of it.
    pub status: FmtStatus,
    /// Why it was left as it is.
    pub message: Option<String>,
    /// Where it cannot be read.
    pub start: Option<Place>,
    /// The change, as a unified diff; with `--diff`.
    pub diff: Option<String>,
}

/// What became of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the words say it; a doc comment would turn the schema's enum into a oneOf"
)]
pub enum FmtStatus {
    Reformatted,
    WouldReformat,
    Refused,
    Unreadable,
}

/// How many files there were.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct FmtSummary {
    /// All files that were looked at.
    pub files: usize,
    /// Files that were, or would be, written anew.
    pub reformatted: usize,
    /// Files that were formatted already.
    pub unchanged: usize,
    /// Files that were left as they are because formatting them would change what they say.
    pub refused: usize,
    /// Files that are no YAML.
    pub unreadable: usize,
}

impl Fmt {
    /// The files that are not formatted already, among so many.
    pub fn new(files: Vec<FmtFile>, all: usize) -> Self {
        let mut summary = FmtSummary { files: all, ..FmtSummary::default() };
        for file in &files {
            match file.status {
                FmtStatus::Reformatted | FmtStatus::WouldReformat => summary.reformatted += 1,
                FmtStatus::Refused => summary.refused += 1,
                FmtStatus::Unreadable => summary.unreadable += 1,
            }
        }
        summary.unchanged = all - files.len();
        Self { version: VERSION, kind: "fmt", files, summary }
    }
}
