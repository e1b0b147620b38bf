//! What `pf cache` says: as JSON, and as lines and tables for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use super::foreign::{excerpt, line};
use super::json::VERSION;
use super::table;
use crate::change::text::{Sign, TextDiff};
use crate::project::quantity::ByteSize;
use crate::store::archive::{self, Amount, Pruned, Soundness, Survey};
use crate::store::nearest::{Candidate, Parts, Said};

/// Lines of a difference that people are shown.
const SHOWN_LINES: usize = 12;
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

/// `pf cache why --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf cache why")]
pub struct Why {
    version: u32,
    kind: &'static str,
    cells: Vec<WhyCell>,
}

/// A cell, and whether its answer is there.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WhyCell {
    /// The suite.
    pub suite: String,
    /// The prompt, as the suite names it.
    pub prompt: String,
    /// The model, as the suite or prompt names it.
    pub model: String,
    /// The case.
    pub case: String,
    /// Which repeat, from 1.
    pub repeat: u32,
    /// Where its answer is.
    pub state: WhyState,
    /// What its answer is known by.
    pub key: String,
    /// What the key is made of.
    pub parts: WhyParts,
    /// The answer that comes nearest, where its own is not there.
    pub nearest: Option<Nearest>,
}

/// Where the answer of a cell is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(
    missing_docs,
    reason = "the words say it; a doc comment would turn the schema's enum into a oneOf"
)]
pub enum WhyState {
    Given,
    Echo,
    Recorded,
    Stored,
    Expired,
    Damaged,
    Missing,
}

impl WhyState {
    fn text(self) -> &'static str {
        match self {
            Self::Given => "given in the dataset",
            Self::Echo => "echoed, and never stored",
            Self::Recorded => "recorded",
            Self::Stored => "stored",
            Self::Expired => "stored, but older than `cache.max_age` in pf.yaml",
            Self::Damaged => "stored, but damaged",
            Self::Missing => "neither recorded nor stored",
        }
    }
}

/// What an answer key is made of.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WhyParts {
    /// PROVIDER/NAME.
    pub model: String,
    /// Which repeat, from 1.
    pub repeat: u32,
    /// The version of the key format.
    pub key_format: u32,
    /// Where it would be asked; not part of the key, but the local store matches it.
    pub endpoint: Option<String>,
    /// Parameters of the model.
    pub parameters: BTreeMap<String, serde_json::Value>,
    /// The messages.
    pub messages: Vec<WhyMessage>,
    /// The tools.
    pub tools: serde_json::Value,
    /// The form of the answer.
    pub response: serde_json::Value,
}

/// A message.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WhyMessage {
    /// Who speaks.
    pub role: String,
    /// What is said.
    pub text: String,
}

/// The answer that comes nearest.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Nearest {
    /// Its key.
    pub key: String,
    /// When it came.
    pub at: Option<String>,
    /// Whether it is in the recordings; else it is in the local store.
    pub recorded: bool,
    /// Parts that are the same.
    pub same: Vec<&'static str>,
    /// Parts that are not.
    pub differs: Vec<Difference>,
}

/// A part of the key that differs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Difference {
    /// The part.
    pub part: &'static str,
    /// What of it: a parameter's name, a message's place and role.
    pub what: Option<String>,
    /// In the answer that is there; null when it is not in that.
    pub before: Option<String>,
    /// In the cell; null when it is not in that.
    pub after: Option<String>,
}

impl Why {
    /// These cells.
    pub fn new(cells: Vec<WhyCell>) -> Self {
        Self { version: VERSION, kind: "cache-why", cells }
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for cell in &self.cells {
            let repeat = match cell.repeat {
                1 => String::new(),
                repeat => format!(" #{repeat}"),
            };
            let _ = writeln!(
                text,
                "{} / {} on {} / {}{repeat}: {} ({})",
                line(&cell.suite),
                line(&cell.prompt),
                line(&cell.model),
                line(&cell.case),
                cell.state.text(),
                cell.key.get(..12).unwrap_or(&cell.key)
            );
            match &cell.nearest {
                Some(nearest) => text += &nearest.text(),
                None if cell.state == WhyState::Missing => {
                    text += "  nothing is there to compare with\n"
                }
                None => {}
            }
        }
        text
    }
}

impl WhyParts {
    /// The parts of a request.
    pub fn new(parts: &Parts) -> Self {
        let message = |said: &Said| WhyMessage { role: said.role.clone(), text: said.text.clone() };
        Self {
            model: parts.model.clone(),
            repeat: parts.repeat,
            key_format: parts.key_format,
            endpoint: parts.endpoint.clone(),
            parameters: parts.parameters.clone(),
            messages: parts.messages.iter().map(message).collect(),
            tools: parts.tools.clone(),
            response: parts.response.clone(),
        }
    }
}

impl Nearest {
    /// How an answer that is there differs from what a cell wants.
    pub fn new(candidate: &Candidate, wanted: &Parts) -> Self {
        let have = &candidate.parts;
        let mut nearest = Self {
            key: candidate.key.clone(),
            at: candidate.at.clone(),
            recorded: have.endpoint.is_none(),
            same: Vec::new(),
            differs: Vec::new(),
        };
        let text = |value: &dyn std::fmt::Display| Some(value.to_string());
        nearest.part("model", None, text(&have.model), text(&wanted.model));
        nearest.part("repeat", None, text(&have.repeat), text(&wanted.repeat));
        nearest.part("key_format", None, text(&have.key_format), text(&wanted.key_format));
        if have.endpoint.is_some() {
            nearest.part("endpoint", None, have.endpoint.clone(), wanted.endpoint.clone());
        }
        let names: std::collections::BTreeSet<&String> =
            have.parameters.keys().chain(wanted.parameters.keys()).collect();
        let different = names
            .iter()
            .filter(|name| have.parameters.get(**name) != wanted.parameters.get(**name));
        let different: Vec<&&String> = different.collect();
        if different.is_empty() {
            nearest.same.push("parameters");
        }
        for name in different {
            let of = |parts: &Parts| parts.parameters.get(*name).map(ToString::to_string);
            nearest.part("parameters", Some((*name).clone()), of(have), of(wanted));
        }
        nearest.messages(&have.messages, &wanted.messages);
        nearest.part("tools", None, text(&have.tools), text(&wanted.tools));
        nearest.part("response", None, text(&have.response), text(&wanted.response));
        nearest
    }

    fn messages(&mut self, have: &[Said], wanted: &[Said]) {
        if have == wanted {
            self.same.push("messages");
            return;
        }
        for index in 0..have.len().max(wanted.len()) {
            let (before, after) = (have.get(index), wanted.get(index));
            if before == after {
                continue;
            }
            let role = after.or(before).map_or("", |said| said.role.as_str());
            let said = |said: Option<&Said>| {
                said.map(|said| match said.role == role {
                    true => said.text.clone(),
                    false => format!("({}) {}", said.role, said.text),
                })
            };
            let what = Some(format!("{}: {role}", index + 1));
            self.differs.push(Difference {
                part: "messages",
                what,
                before: said(before),
                after: said(after),
            });
        }
    }

    fn part(
        &mut self,
        part: &'static str,
        what: Option<String>,
        before: Option<String>,
        after: Option<String>,
    ) {
        match before == after {
            true => self.same.push(part),
            false => self.differs.push(Difference { part, what, before, after }),
        }
    }

    fn text(&self) -> String {
        let place = if self.recorded { "recorded" } else { "stored" };
        let at = self.at.as_ref().map(|at| format!(", of {}", line(at))).unwrap_or_default();
        let mut text = format!(
            "  the nearest that is {place}: {}{at}\n    same: {}\n",
            self.key.get(..12).unwrap_or(&self.key),
            self.same.join(", ")
        );
        for difference in &self.differs {
            text += &difference.text();
        }
        text
    }
}

impl Difference {
    fn text(&self) -> String {
        let what = self.what.as_ref().map(|what| format!(" {}", line(what))).unwrap_or_default();
        let mut text = format!("    differs: {}{what}", self.part);
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => match self.part {
                "messages" | "tools" | "response" => {
                    text.push('\n');
                    text += &word_diff(before, after);
                    return text;
                }
                _ => {
                    let _ = write!(text, " {} → {}", excerpt(before, SHOWN), excerpt(after, SHOWN));
                }
            },
            (Some(before), None) => {
                let _ = write!(text, " is gone; it was {}", excerpt(before, SHOWN));
            }
            (None, Some(after)) => {
                let _ = write!(text, " is new: {}", excerpt(after, SHOWN));
            }
            (None, None) => {}
        }
        text + "\n"
    }
}

/// The lines that differ, what is gone in `[-…-]` and what is new in `{+…+}`.
fn word_diff(before: &str, after: &str) -> String {
    let diff = TextDiff::of(before, after);
    let lines: Vec<String> = diff
        .hunks
        .iter()
        .flat_map(|hunk| &hunk.lines)
        .filter(|line| line.sign != Sign::Equal)
        .map(|changed| {
            let (sign, open, close) = match changed.sign {
                Sign::Deleted => ('-', "[-", "-]"),
                _ => ('+', "{+", "+}"),
            };
            let whole = changed.segments.iter().all(|segment| segment.sign != Sign::Equal);
            let text: String = changed
                .segments
                .iter()
                .map(|segment| match segment.sign == Sign::Equal || whole {
                    true => segment.text.clone(),
                    false => format!("{open}{}{close}", segment.text),
                })
                .collect();
            format!("      {sign} {}\n", excerpt(&text, SHOWN))
        })
        .collect();
    let mut text: String = lines.iter().take(SHOWN_LINES).map(String::as_str).collect();
    if lines.is_empty() {
        text += "      only the final line break differs\n";
    }
    if lines.len() > SHOWN_LINES {
        let _ = writeln!(text, "      and {} more lines", lines.len() - SHOWN_LINES);
    }
    text
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
        let store = store.map(|Pruned { gone, left }| PrunedStore {
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
