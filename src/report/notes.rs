//! Results that were noted beside commits: as JSON, and as lines and tables for people.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::evaluation::percent;
use super::foreign::excerpt;
use super::json::VERSION;
use super::table;
use crate::diagnostic::counted;
use crate::history::notes::{Figure, Noted, Notes};

/// Characters of a name on a line.
const NAME: usize = 60;

/// A noted result.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Score {
    /// The suite.
    suite: String,
    /// Of the assertions, thresholds, repeats and judges.
    suite_digest: String,
    /// The name that the prompt had.
    prompt: String,
    /// The content digest of the prompt on this model.
    digest: String,
    /// The content digest of the prompt on its own model, by which versions are known.
    version_digest: String,
    /// Of the cases.
    dataset_digest: String,
    /// The model.
    model: String,
    /// Cells that passed or failed.
    n: u64,
    /// Cells that passed.
    pass: u64,
    /// Cells that failed.
    fail: u64,
    /// The pass rate as `pass_rate`, and the metrics.
    metrics: BTreeMap<String, Metric>,
    /// When it was measured.
    at: String,
    /// The commit that the note stands beside.
    commit: String,
}

/// A measured value with its interval at 95 % confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "NotedMetric")]
pub struct Metric {
    value: f64,
    low: Option<f64>,
    high: Option<f64>,
    n: u64,
}

impl From<&Noted> for Score {
    fn from(noted: &Noted) -> Self {
        let note = &noted.note;
        let metric = |figure: &Figure| {
            let Figure { value, low, high, n } = *figure;
            Metric { value, low, high, n }
        };
        Self {
            suite: note.suite.clone(),
            suite_digest: note.measured.suite_digest.to_string(),
            prompt: note.prompt.clone(),
            digest: note.measured.digest.to_string(),
            version_digest: note.version().to_string(),
            dataset_digest: note.measured.dataset_digest.to_string(),
            model: note.measured.model.clone(),
            n: note.n,
            pass: note.pass,
            fail: note.fail,
            metrics: note.metrics.iter().map(|(name, it)| (name.clone(), metric(it))).collect(),
            at: note.at.to_string(),
            commit: noted.commit.clone(),
        }
    }
}

/// A result on a line below the version that it is of.
pub fn line(noted: &Noted) -> String {
    let note = &noted.note;
    format!(
        "{} of {}  {} on {}, {}",
        percent(note.pass_rate()),
        note.n,
        excerpt(&note.suite, NAME),
        excerpt(&note.measured.model, NAME),
        note.at.strftime("%Y-%m-%d"),
    )
}

/// `pf notes list --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf notes list")]
pub struct NotesList {
    version: u32,
    /// `notes`.
    kind: &'static str,
    /// By commit.
    notes: Vec<Score>,
    /// Lines in the same place that are no notes of this version of pf.
    foreign: usize,
}

impl NotesList {
    /// All notes.
    pub fn new(notes: &Notes) -> Self {
        let all = notes.all().iter().map(Score::from).collect();
        Self { version: VERSION, kind: "notes", notes: all, foreign: notes.foreign() }
    }
}

/// Notes in a table, the newest first.
pub fn table<'a>(notes: impl IntoIterator<Item = &'a Noted>) -> String {
    let mut notes: Vec<&Noted> = notes.into_iter().collect();
    notes.sort_by(|a, b| (b.note.at, &a.line).cmp(&(a.note.at, &b.line)));
    let header = ["beside", "suite", "prompt", "model", "pass", "of", "rate", "measured"];
    let rows = notes.into_iter().map(|noted| {
        let note = &noted.note;
        vec![
            noted.short_commit().to_owned(),
            note.suite.clone(),
            note.prompt.clone(),
            note.measured.model.clone(),
            note.pass.to_string(),
            note.n.to_string(),
            percent(note.pass_rate()),
            note.at.strftime("%Y-%m-%d %H:%M").to_string(),
        ]
    });
    table::aligned(&header, &[4, 5, 6], rows)
}

/// `pf notes prune --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf notes prune")]
pub struct NotesPrune {
    version: u32,
    /// `notes-prune`.
    kind: &'static str,
    /// Whether this only says what would go.
    dry_run: bool,
    /// What was taken away.
    gone: Vec<Score>,
    /// How many notes are left.
    left: usize,
}

impl NotesPrune {
    /// What goes of all notes.
    pub fn new(dry_run: bool, gone: &[&Noted], all: usize) -> Self {
        let left = all - gone.len();
        let gone = gone.iter().map(|noted| Score::from(*noted)).collect();
        Self { version: VERSION, kind: "notes-prune", dry_run, gone, left }
    }

    /// For people.
    pub fn text(&self) -> String {
        let verb = if self.dry_run { "would go" } else { "gone" };
        format!("{} {verb}, {} left\n", counted(self.gone.len(), "note"), self.left)
    }
}

/// `pf notes push --format json` and `pf notes fetch --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf notes push, pf notes fetch")]
pub struct NotesSync {
    version: u32,
    /// `notes-push` or `notes-fetch`.
    kind: &'static str,
    /// The other repository, as it was named.
    remote: String,
    /// Notes here now.
    notes: usize,
    /// Notes here now that were not here before.
    new: usize,
}

impl NotesSync {
    /// What was sent.
    pub fn pushed(remote: &str, notes: &Notes) -> Self {
        Self::new("notes-push", remote, notes, 0)
    }

    /// What came.
    pub fn fetched(remote: &str, before: &Notes, after: &Notes) -> Self {
        let known: std::collections::BTreeSet<(&str, &str)> =
            before.all().iter().map(|noted| (&*noted.commit, &*noted.line)).collect();
        let is_new = |noted: &&Noted| !known.contains(&(&*noted.commit, &*noted.line));
        let new = after.all().iter().filter(is_new).count();
        Self::new("notes-fetch", remote, after, new)
    }

    fn new(kind: &'static str, remote: &str, notes: &Notes, new: usize) -> Self {
        let notes = notes.all().len();
        Self { version: VERSION, kind, remote: remote.to_owned(), notes, new }
    }

    /// For people.
    pub fn text(&self) -> String {
        let (all, remote) = (counted(self.notes, "note"), excerpt(&self.remote, NAME));
        match self.kind {
            "notes-push" => format!("{all} pushed to {remote}\n"),
            _ => format!("{} new from {remote}, {all} in all\n", self.new),
        }
    }
}
