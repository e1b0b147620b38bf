//! What `pf cache` says: as JSON, and as lines and tables for people.

mod why;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

pub use self::why::{Difference, Nearest, Why, WhyCell, WhyMessage, WhyParts, WhyState};
use super::foreign::{excerpt, line};
use super::json::VERSION;
use super::table;
use crate::diagnostic::counted;
use crate::project::quantity::ByteSize;
use crate::store::archive::{self, Amount, Pruned, Soundness, Survey};

/// Characters of a line or value that people are shown.
const SHOWN: usize = 160;
/// Damaged answers that people are shown.
const SHOWN_DAMAGED: usize = 20;

/// `pf cache stats --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf cache stats")]
pub struct Stats {
    /// The version of this output.
    pub version: u32,
    /// `cache-stats`.
    pub kind: &'static str,
    /// The local store; null when nothing was ever stored.
    pub store: Option<StoreStats>,
    /// The recordings, by suite.
    pub recordings: Vec<RecordingStats>,
}

/// What the local store holds.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StoreStats {
    /// The database.
    pub path: String,
    /// Answers.
    pub cells: u64,
    /// Bytes of requests and answers.
    pub bytes: u64,
    /// Bytes on the disk.
    pub file_bytes: u64,
    /// When the oldest answer came.
    pub oldest: Option<String>,
    /// When the newest answer came.
    pub newest: Option<String>,
    /// By the provider's name.
    pub providers: Vec<Share>,
    /// By scheme, host, port and path.
    pub endpoints: Vec<Share>,
    /// By PROVIDER/NAME.
    pub models: Vec<Share>,
    /// By the day in UTC on which the answers came.
    pub days: Vec<Share>,
    /// What the last runs that looked into the store found there.
    pub lookups: Lookups,
}

/// A part of the answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Share {
    /// What they have in common.
    pub name: String,
    /// Answers.
    pub cells: u64,
    /// Bytes of requests and answers.
    pub bytes: u64,
}

/// What runs found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Lookups {
    /// How many runs this is about.
    pub runs: u64,
    /// Answers that were there.
    pub hits: u64,
    /// Answers that were not.
    pub misses: u64,
}

/// What a file of recordings holds.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RecordingStats {
    /// The suite.
    pub suite: String,
    /// The file, relative to the root of the project.
    pub path: String,
    /// Answers.
    pub cells: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

impl Stats {
    /// What the store, by its path, and the recordings hold.
    pub fn new(store: Option<(String, &Survey)>, recordings: Vec<RecordingStats>) -> Self {
        let store = store.map(|(path, survey)| StoreStats::new(path, survey));
        Self { version: VERSION, kind: "cache-stats", store, recordings }
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        match &self.store {
            None => text += "local store: nothing is stored\n",
            Some(store) => text += &store.text(),
        }
        if !self.recordings.is_empty() {
            let rows = self.recordings.iter().map(|file| {
                vec![
                    file.suite.clone(),
                    file.cells.to_string(),
                    ByteSize(file.bytes).to_string(),
                    file.path.clone(),
                ]
            });
            text.push('\n');
            text += &table::aligned(&["recordings of", "answers", "size", "file"], &[1, 2], rows);
        }
        text
    }
}

impl StoreStats {
    fn new(path: String, survey: &Survey) -> Self {
        let mut providers: BTreeMap<String, Amount> = BTreeMap::new();
        for (model, amount) in &survey.models {
            let provider = model.split_once('/').map_or(model.as_str(), |(provider, _)| provider);
            let sum = providers.entry(provider.to_owned()).or_default();
            sum.cells += amount.cells;
            sum.bytes += amount.bytes;
        }
        let shares = |amounts: &BTreeMap<String, Amount>| {
            let share = |(name, amount): (&String, &Amount)| Share {
                name: name.clone(),
                cells: amount.cells,
                bytes: amount.bytes,
            };
            amounts.iter().map(share).collect::<Vec<_>>()
        };
        let archive::Lookups { runs, hits, misses } = survey.lookups;
        Self {
            path,
            cells: survey.all.cells,
            bytes: survey.all.bytes,
            file_bytes: survey.file_bytes,
            oldest: survey.oldest.clone(),
            newest: survey.newest.clone(),
            providers: shares(&providers),
            endpoints: shares(&survey.endpoints),
            models: shares(&survey.models),
            days: shares(&survey.days),
            lookups: Lookups { runs, hits, misses },
        }
    }

    fn text(&self) -> String {
        let mut text = format!(
            "local store: {} in {} ({}, {} on the disk)\n",
            answers(self.cells),
            line(&self.path),
            ByteSize(self.bytes),
            ByteSize(self.file_bytes)
        );
        if let (Some(oldest), Some(newest)) = (&self.oldest, &self.newest) {
            let _ = writeln!(text, "  from {} to {}", line(oldest), line(newest));
        }
        let Lookups { runs, hits, misses } = self.lookups;
        if hits + misses > 0 {
            let runs = if runs == 1 { "run".to_owned() } else { format!("{runs} runs") };
            let _ = writeln!(
                text,
                "  the last {runs} found {hits} of {} here ({:.1} %)",
                answers(hits + misses),
                hits as f64 / (hits + misses) as f64 * 100.0
            );
        }
        for (what, shares) in [
            ("provider", &self.providers),
            ("endpoint", &self.endpoints),
            ("model", &self.models),
            ("day", &self.days),
        ] {
            if shares.is_empty() {
                continue;
            }
            let rows = shares.iter().map(|share| {
                vec![share.name.clone(), share.cells.to_string(), ByteSize(share.bytes).to_string()]
            });
            text.push('\n');
            text += &table::aligned(&[what, "answers", "size"], &[1, 2], rows);
        }
        text
    }
}

/// `pf cache prune --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf cache prune")]
pub struct Prune {
    version: u32,
    kind: &'static str,
    /// Whether nothing was taken away because `--dry-run` was given.
    dry_run: bool,
    /// The local store; null when it was not asked for.
    store: Option<PrunedStore>,
    /// The recordings; only with `--recordings`.
    recordings: Vec<PrunedRecordings>,
}

/// What the local store lost and kept.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PrunedStore {
    /// Answers that are gone, or would be.
    cells: u64,
    /// Bytes of these and their requests.
    bytes: u64,
    /// Answers that are left.
    left_cells: u64,
    /// Bytes of these and their requests.
    left_bytes: u64,
    /// Past runs that are forgotten, or would be.
    runs: u64,
}

/// What a file of recordings lost and kept.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PrunedRecordings {
    /// The suite.
    pub suite: String,
    /// The file, relative to the root of the project.
    pub path: String,
    /// Lines that are gone, or would be.
    pub cells: u64,
    /// Lines that are left; with none, the file is gone too.
    pub left_cells: u64,
}

impl Prune {
    /// What a prune came to.
    pub fn new(dry_run: bool, store: Option<Pruned>, recordings: Vec<PrunedRecordings>) -> Self {
        let store = store.map(|Pruned { gone, left, runs }| PrunedStore {
            runs,
            cells: gone.cells,
            bytes: gone.bytes,
            left_cells: left.cells,
            left_bytes: left.bytes,
        });
        Self { version: VERSION, kind: "cache-prune", dry_run, store, recordings }
    }

    /// For people.
    pub fn text(&self) -> String {
        let verb = if self.dry_run { "would remove" } else { "removed" };
        let mut text = String::new();
        if let Some(store) = &self.store {
            let _ = writeln!(
                text,
                "local store: {verb} {} ({}), {} ({}) left",
                answers(store.cells),
                ByteSize(store.bytes),
                store.left_cells,
                ByteSize(store.left_bytes)
            );
            if store.runs > 0 {
                let verb = if self.dry_run { "would forget" } else { "forgot" };
                let _ = writeln!(text, "history: {verb} {}", counted(store.runs, "run"));
            }
        }
        for file in &self.recordings {
            let _ = writeln!(
                text,
                "{}: {verb} {}, {} left",
                line(&file.path),
                answers(file.cells),
                file.left_cells
            );
        }
        text
    }
}

/// `pf cache export --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf cache export")]
pub struct Export {
    /// The version of this output.
    pub version: u32,
    /// `cache-export`.
    pub kind: &'static str,
    /// The file; `-` for standard output.
    pub path: String,
    /// Answers that were written.
    pub cells: u64,
    /// Of these, how many held a secret that was taken out.
    pub redacted: u64,
    /// Answers that are damaged and were left out.
    pub damaged: u64,
}

/// `pf cache import --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf cache import")]
pub struct Import {
    /// The version of this output.
    pub version: u32,
    /// `cache-import`.
    pub kind: &'static str,
    /// The file of recordings that the answers went into; null for the local store.
    pub recordings: Option<String>,
    /// Answers in the file that was imported.
    pub cells: u64,
    /// Of these, how many were not there before, or older.
    pub changed: u64,
}

/// `pf cache verify --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf cache verify")]
pub struct Verify {
    version: u32,
    kind: &'static str,
    /// Whether nothing is wrong.
    sound: bool,
    /// The local store; null when nothing was ever stored.
    store: Option<VerifiedStore>,
    /// The recordings.
    recordings: Vec<VerifiedRecordings>,
}

/// How the local store is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VerifiedStore {
    /// The database.
    path: String,
    /// Answers that were looked at.
    cells: u64,
    /// Answers that are older than checksums.
    without_checksum: u64,
    /// Answers whose request had a secret, which was taken out, so that it does not give the key.
    redacted: u64,
    /// What is wrong with the database itself.
    structure: Vec<String>,
    /// Answers that are not what was written.
    damaged: Vec<Problem>,
}

/// What is wrong with an answer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Problem {
    /// Its key.
    pub key: String,
    /// Its endpoint; its case in recordings.
    pub of: String,
    /// What is wrong.
    pub problem: String,
}

/// How a file of recordings is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VerifiedRecordings {
    /// The suite.
    pub suite: String,
    /// The file, relative to the root of the project.
    pub path: String,
    /// Answers that were looked at.
    pub cells: u64,
    /// Answers without a request, or with one from which a secret was taken: their keys cannot be checked.
    pub unchecked: u64,
    /// What keeps the file from being read.
    pub unreadable: Option<String>,
    /// Answers with something wrong.
    pub damaged: Vec<Problem>,
}

impl Verify {
    /// How the store, by its path, and the recordings are.
    pub fn new(store: Option<(String, Soundness)>, recordings: Vec<VerifiedRecordings>) -> Self {
        let store = store.map(|(path, soundness)| VerifiedStore {
            path,
            cells: soundness.cells,
            without_checksum: soundness.without_sum,
            redacted: soundness.redacted,
            structure: soundness.structure,
            damaged: soundness
                .damaged
                .into_iter()
                .map(|cell| Problem { key: cell.key, of: cell.endpoint, problem: cell.problem })
                .collect(),
        });
        let sound = store
            .as_ref()
            .is_none_or(|store| store.structure.is_empty() && store.damaged.is_empty())
            && recordings.iter().all(|file| file.unreadable.is_none() && file.damaged.is_empty());
        Self { version: VERSION, kind: "cache-verify", sound, store, recordings }
    }

    /// Whether nothing is wrong.
    pub fn sound(&self) -> bool {
        self.sound
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        match &self.store {
            None => text += "local store: nothing is stored\n",
            Some(store) => {
                let _ = writeln!(
                    text,
                    "local store: {}, {} damaged, in {}",
                    answers(store.cells),
                    store.damaged.len(),
                    line(&store.path)
                );
                for problem in &store.structure {
                    let _ = writeln!(text, "  the database: {}", excerpt(problem, SHOWN));
                }
                if !store.structure.is_empty() {
                    text += "  the next run sets it aside and keeps what can be read of it\n";
                }
                text += &problems(&store.damaged);
                if !store.damaged.is_empty() {
                    text +=
                        "  what is damaged is not used; the next run that needs it asks again\n";
                }
            }
        }
        for file in &self.recordings {
            let _ = writeln!(
                text,
                "{}: {}, {} damaged",
                line(&file.path),
                answers(file.cells),
                file.damaged.len()
            );
            if let Some(reason) = &file.unreadable {
                let _ = writeln!(text, "  cannot be read: {}", excerpt(reason, SHOWN));
            }
            text += &problems(&file.damaged);
        }
        text
    }
}

fn problems(problems: &[Problem]) -> String {
    let mut text = String::new();
    for problem in problems.iter().take(SHOWN_DAMAGED) {
        let _ = writeln!(
            text,
            "  {} of {}: {}",
            line(problem.key.get(..12).unwrap_or(&problem.key)),
            excerpt(&problem.of, SHOWN),
            excerpt(&problem.problem, SHOWN)
        );
    }
    if problems.len() > SHOWN_DAMAGED {
        let _ = writeln!(text, "  and {} more", problems.len() - SHOWN_DAMAGED);
    }
    text
}

fn answers(count: u64) -> String {
    format!("{count} answer{}", if count == 1 { "" } else { "s" })
}
