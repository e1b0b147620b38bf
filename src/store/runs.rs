//! The runs that this machine remembers: what each came to, in numbers; of answers they hold nothing.
//!
//! A run is written once, when it has ended, in one transaction. What is looked for by SQL are columns of the tables, the
//! rest is JSON, which grows without a new form of the tables.

use std::collections::BTreeMap;
use std::path::Path;

use globset::GlobMatcher;
use indexmap::IndexMap;
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::archive::Archive;
use super::cells::StoreError;
use crate::stats::Sketch;

/// Runs that are remembered, however young they are.
const MOST_RUNS: u32 = 5_000;

/// A run, as far as it is remembered.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct RunRecord {
    /// Its id: see [`run_id`].
    pub id: String,
    /// RFC 3339.
    pub started_at: String,
    /// RFC 3339.
    pub finished_at: String,
    /// `complete`, `interrupted` or `aborted`.
    pub status: String,
    /// Whether it was green.
    pub passed: bool,
    /// The commit that was checked out.
    #[serde(default)]
    pub commit: Option<String>,
    /// Whether the files differed from that commit.
    #[serde(default)]
    pub dirty: Option<bool>,
    /// Whether only a part of the cases ran.
    #[serde(default)]
    pub filtered: bool,
    /// The part of a run that it was, as `I/N`.
    #[serde(default)]
    pub shard: Option<String>,
    /// What it was compared with.
    #[serde(default)]
    pub against: Option<String>,
    /// What its calls came to, where it might have made any.
    #[serde(default)]
    pub spent: Option<SpentRecord>,
    /// The version of pf.
    #[serde(default)]
    pub pf: String,
    /// What each prompt on each model came to. In a table of its own.
    #[serde(skip)]
    pub columns: Vec<ColumnRecord>,
}

/// What the calls of a run came to.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct SpentRecord {
    /// Calls that were answered, or may have been.
    pub calls: u64,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// US dollars; none where a price was not known.
    pub cost_usd: Option<f64>,
}

/// What a prompt on a model came to in a suite.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ColumnRecord {
    /// The suite.
    pub suite: String,
    /// Its digest.
    pub suite_digest: String,
    /// That of its cases.
    pub dataset_digest: String,
    /// The prompt, as the suite names it.
    pub prompt: String,
    /// Its content digest.
    pub digest: String,
    /// The model.
    pub model: String,
    /// Cells by what became of them.
    pub states: BTreeMap<String, u64>,
    /// Cells whose answer was there already.
    pub cached: u64,
    /// Cells that were asked for in this run.
    pub asked: u64,
    /// Requests of this run.
    pub attempts: u64,
    /// How many clusters of cases passed or failed: what an interval may count on.
    pub independent: u64,
    /// The share of passes among passes and failures.
    #[serde(default)]
    pub pass_rate: Option<EstimateRecord>,
    /// The means of metrics.
    #[serde(default)]
    pub metrics: IndexMap<String, EstimateRecord>,
    /// Percentiles of the latency of all answers, in milliseconds: the 50th, 95th and 99th.
    #[serde(default)]
    pub latency_ms: Option<[f64; 3]>,
    /// Latencies of the answers of this run alone, in milliseconds.
    #[serde(default)]
    pub asked_ms: Sketch,
    /// Tokens of all answers.
    pub input_tokens: u64,
    /// Tokens of all answers.
    pub output_tokens: u64,
    /// US dollars of all answers and of judging them, where all prices were known.
    #[serde(default)]
    pub cost_usd: Option<f64>,
    /// US dollars of the answers of this run alone, without judging, where the price was known.
    #[serde(default)]
    pub asked_usd: Option<f64>,
    /// Cases that were decided several times.
    #[serde(default)]
    pub repeated: u64,
    /// Of these, cases whose tries disagreed.
    #[serde(default)]
    pub flaky: u64,
    /// Why cells did not pass, the most frequent first.
    #[serde(default)]
    pub reasons: Vec<(String, u64)>,
    /// Cells with reasons that are not among these.
    #[serde(default)]
    pub other_reasons: u64,
    /// The gates that failed, in words.
    #[serde(default)]
    pub failed_gates: Vec<String>,
}

/// A measured value with its interval at 95 % confidence.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct EstimateRecord {
    /// The value.
    pub value: f64,
    /// The lower bound.
    #[serde(default)]
    pub low: Option<f64>,
    /// The upper bound.
    #[serde(default)]
    pub high: Option<f64>,
    /// How many cells it rests on.
    pub n: u64,
}

impl ColumnRecord {
    /// How many cells came to this.
    pub fn count(&self, state: &str) -> u64 {
        self.states.get(state).copied().unwrap_or(0)
    }
}

/// The id of a run that began then. Ids sort as the runs do.
pub fn run_id(started: Timestamp) -> String {
    started.strftime("%Y%m%dT%H%M%S%3fZ").to_string()
}

/// Which runs are looked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// Those whose id begins so.
    pub id: Option<&'a str>,
    /// Those that began then or later.
    pub since: Option<Timestamp>,
    /// Only what they say of these suites.
    pub suite: Option<&'a GlobMatcher>,
    /// Only what they say of these prompts.
    pub prompt: Option<&'a GlobMatcher>,
    /// Only what they say of these models.
    pub model: Option<&'a GlobMatcher>,
    /// At most so many, the newest.
    pub most: Option<usize>,
}

impl Wanted<'_> {
    fn chooses(&self) -> bool {
        self.suite.is_some() || self.prompt.is_some() || self.model.is_some()
    }

    fn wants(&self, column: &ColumnRecord) -> bool {
        let is = |glob: Option<&GlobMatcher>, name: &str| glob.is_none_or(|it| it.is_match(name));
        // A version of a prompt is that prompt.
        let prompt = column.prompt.split('@').next().unwrap_or_default();
        is(self.suite, &column.suite)
            && (is(self.prompt, &column.prompt) || is(self.prompt, prompt))
            && is(self.model, &column.model)
    }
}

/// Runs that were found.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Found {
    /// The newest first, each with what was looked for in it.
    pub runs: Vec<RunRecord>,
    /// Runs that are there but cannot be read.
    pub unreadable: u64,
}

/// What the remembered runs are about.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Known {
    /// How many runs there are.
    pub runs: u64,
    /// Their ids, the newest first.
    pub ids: Vec<String>,
    /// Their suites.
    pub suites: Vec<String>,
    /// Their prompts.
    pub prompts: Vec<String>,
    /// Their models.
    pub models: Vec<String>,
}

impl Archive {
    /// Remembers a run.
    pub fn remember(&mut self, run: &RunRecord) -> Result<(), StoreError> {
        let kept = keep(&mut self.connection, run);
        kept.map_err(|error| self.failed(&error))
    }

    /// The runs that are looked for, the newest first.
    pub fn runs(&self, wanted: &Wanted<'_>) -> Result<Found, StoreError> {
        read(&self.connection, wanted).map_err(|error| self.failed(&error))
    }

    /// What the remembered runs are about.
    pub fn known(&self) -> Result<Known, StoreError> {
        known(&self.connection).map_err(|error| self.failed(&error))
    }

    /// How many runs began before then, or all; with `dry_run` they stay.
    pub(super) fn forget(
        &mut self,
        before: Option<Timestamp>,
        dry_run: bool,
    ) -> rusqlite::Result<u64> {
        let before = before.map_or_else(|| "~".to_owned(), run_id);
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let gone: i64 = transaction.query_row(
            "SELECT count(*) FROM runs WHERE run < ?1",
            [&before],
            |row| row.get(0),
        )?;
        if !dry_run && gone > 0 {
            transaction.execute("DELETE FROM runs WHERE run < ?1", [&before])?;
            orphans(&transaction)?;
            transaction.commit()?;
        }
        Ok(gone.unsigned_abs())
    }
}

fn keep(connection: &mut Connection, run: &RunRecord) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    insert(&transaction, run)?;
    // Runs that are older than all that may stay.
    let dropped = transaction.execute(
        "DELETE FROM runs WHERE id IN (SELECT id FROM runs ORDER BY run DESC, id DESC LIMIT -1 OFFSET ?1)",
        [MOST_RUNS],
    )?;
    if dropped > 0 {
        orphans(&transaction)?;
    }
    transaction.commit()
}

fn orphans(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction
        .execute("DELETE FROM run_columns WHERE run_id NOT IN (SELECT id FROM runs)", [])
        .map(|_| ())
}

fn insert(transaction: &Transaction<'_>, run: &RunRecord) -> rusqlite::Result<()> {
    transaction
        .execute("INSERT INTO runs (run, record) VALUES (?1, ?2)", params![run.id, json(run)])?;
    let id = transaction.last_insert_rowid();
    let mut insert = transaction.prepare(
        "INSERT INTO run_columns (run_id, suite, prompt, model, record) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for column in &run.columns {
        insert.execute(params![id, column.suite, column.prompt, column.model, json(column)])?;
    }
    Ok(())
}

fn json(record: &impl Serialize) -> String {
    serde_json::to_string(record).expect("a record holds no map with keys that do not print")
}

fn read(connection: &Connection, wanted: &Wanted<'_>) -> rusqlite::Result<Found> {
    let mut found = Found::default();
    let since = wanted.since.map(run_id).unwrap_or_default();
    let mut runs = connection.prepare(
        "SELECT id, record FROM runs WHERE run >= ?1 AND substr(run, 1, length(?2)) = ?2 \
         ORDER BY run DESC, id DESC",
    )?;
    let mut columns =
        connection.prepare("SELECT record FROM run_columns WHERE run_id = ?1 ORDER BY id")?;
    let mut rows = runs.query(params![since, wanted.id.unwrap_or_default()])?;
    while let Some(row) = rows.next()? {
        if wanted.most.is_some_and(|most| found.runs.len() >= most) {
            break;
        }
        let (id, record): (i64, String) = (row.get(0)?, row.get(1)?);
        let records: Vec<String> =
            columns.query_map([id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let Some(mut run) = parse::<RunRecord>(&record) else {
            found.unreadable += 1;
            continue;
        };
        let Some(all) =
            records.iter().map(|record| parse(record)).collect::<Option<Vec<ColumnRecord>>>()
        else {
            found.unreadable += 1;
            continue;
        };
        run.columns = all.into_iter().filter(|column| wanted.wants(column)).collect();
        if !run.columns.is_empty() || !wanted.chooses() {
            found.runs.push(run);
        }
    }
    Ok(found)
}

fn parse<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}

fn known(connection: &Connection) -> rusqlite::Result<Known> {
    let names = |sql: &str| -> rusqlite::Result<Vec<String>> {
        connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
    };
    let ids = names("SELECT run FROM runs ORDER BY run DESC, id DESC")?;
    Ok(Known {
        runs: ids.len() as u64,
        ids,
        suites: names("SELECT DISTINCT suite FROM run_columns ORDER BY suite")?,
        prompts: names("SELECT DISTINCT prompt FROM run_columns ORDER BY prompt")?,
        models: names("SELECT DISTINCT model FROM run_columns ORDER BY model")?,
    })
}

/// Takes the runs that can still be read of a damaged database over into a new one.
pub(super) fn salvage(damaged: &Path, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // Numbers of runs can be measured again: what cannot be read in one go is let go.
    let found = Connection::open_with_flags(damaged, flags)
        .and_then(|connection| read(&connection, &Wanted::default()));
    for run in found.unwrap_or_default().runs.iter().rev() {
        insert(transaction, run)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
