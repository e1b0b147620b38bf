//! A store as a whole: what is in it, whether it is sound, and making it smaller.
//!
//! A run looks answers up one by one; those who tend the store look at all of it. All of this may happen while other
//! processes use the store: whatever changes it does so in short transactions.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use globset::GlobMatcher;
use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior, params};

use super::cells::StoreError;
use super::open::{self, Opened, Warning};
use super::row::{COLUMNS, Row};
use crate::digest::{AnswerKey, KEY_FORMAT, answer_key_of};

/// Rows that one transaction changes, so that nobody waits long for the lock.
const GROUP: usize = 500;

/// All answers of a folder.
pub struct Archive {
    pub(super) connection: Connection,
    file: PathBuf,
}

/// What a store holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Survey {
    /// All of it.
    pub all: Amount,
    /// Bytes of the database and its log on the disk.
    pub file_bytes: u64,
    /// When the oldest answer came.
    pub oldest: Option<String>,
    /// When the newest answer came.
    pub newest: Option<String>,
    /// By endpoint.
    pub endpoints: BTreeMap<String, Amount>,
    /// By model, as `provider/name`.
    pub models: BTreeMap<String, Amount>,
    /// By the day in UTC on which the answers came.
    pub days: BTreeMap<String, Amount>,
    /// What the last runs found.
    pub lookups: Lookups,
}

/// Answers and their size.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Amount {
    /// How many.
    pub cells: u64,
    /// Bytes of their requests and answers.
    pub bytes: u64,
}

/// What the last runs that looked here found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Lookups {
    /// How many runs.
    pub runs: u64,
    /// Answers that were there.
    pub hits: u64,
    /// Answers that were not.
    pub misses: u64,
}

/// Which answers go, and with them, where models and size do not matter, the runs of that age.
#[derive(Clone, Copy, Debug, Default)]
pub struct Prune<'a> {
    /// Only answers of these models, as `provider/name`; of all when none.
    pub model: Option<&'a GlobMatcher>,
    /// Those that came before.
    pub before: Option<Timestamp>,
    /// The oldest, until no more bytes than these are left.
    pub max_bytes: Option<u64>,
    /// All.
    pub all: bool,
}

/// What a prune took and left.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pruned {
    /// What is gone, or would be.
    pub gone: Amount,
    /// What is left.
    pub left: Amount,
    /// Runs that are forgotten, or would be.
    pub runs: u64,
}

/// Whether a store is sound.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Soundness {
    /// Answers that were looked at.
    pub cells: u64,
    /// Of these, how many are older than checksums.
    pub without_sum: u64,
    /// Of these, how many have a request without its secrets, which does not give the key.
    pub redacted: u64,
    /// What is wrong with the database itself.
    pub structure: Vec<String>,
    /// Answers that are not what was written; they are not used.
    pub damaged: Vec<DamagedCell>,
}

/// An answer that is not what was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DamagedCell {
    /// The key, as it stands there.
    pub key: String,
    /// The endpoint, as it stands there.
    pub endpoint: String,
    /// What is wrong.
    pub problem: String,
}

impl Archive {
    /// The answers in `folder`; none where nothing was ever stored.
    pub fn open(folder: &Path) -> Result<(Option<Self>, Vec<Warning>), StoreError> {
        match open::file(folder) {
            Some(_) => Self::create(folder).map(|(archive, warnings)| (Some(archive), warnings)),
            None => Ok((None, Vec::new())),
        }
    }

    /// The same, made when it is missing.
    pub fn create(folder: &Path) -> Result<(Self, Vec<Warning>), StoreError> {
        let (opened, mut warnings) = open::open(folder);
        match opened {
            Opened::Disk { writer, file, .. } => Ok((Self { connection: writer, file }, warnings)),
            Opened::ReadOnly(_) | Opened::Nothing => {
                let last = warnings.pop().expect("whatever hinders is a warning");
                Err(StoreError::Unopened(last))
            }
        }
    }

    /// The same for those who only look: also one that cannot be written.
    pub fn look(folder: &Path) -> Result<(Option<Self>, Vec<Warning>), StoreError> {
        let Some(file) = open::file(folder) else { return Ok((None, Vec::new())) };
        let (opened, mut warnings) = open::open(folder);
        match opened {
            Opened::Disk { writer, file, .. } => {
                Ok((Some(Self { connection: writer, file }), warnings))
            }
            Opened::ReadOnly(connection) => Ok((Some(Self { connection, file }), Vec::new())),
            Opened::Nothing => {
                let last = warnings.pop().expect("whatever hinders is a warning");
                Err(StoreError::Unopened(last))
            }
        }
    }

    /// The file of the database.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What there is.
    pub fn survey(&self) -> Result<Survey, StoreError> {
        self.try_survey().map_err(|error| self.failed(&error))
    }

    fn try_survey(&self) -> rusqlite::Result<Survey> {
        let mut survey = Survey::default();
        let mut select = self.connection.prepare(
            "SELECT endpoint, model, substr(at, 1, 10), min(at), max(at), count(*), \
             sum(octet_length(request) + octet_length(answer)) FROM answers GROUP BY 1, 2, 3",
        )?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let amount = Amount { cells: count(row, 5)?, bytes: count(row, 6)? };
            survey.all.add(amount);
            survey.endpoints.entry(row.get(0)?).or_default().add(amount);
            survey.models.entry(row.get(1)?).or_default().add(amount);
            survey.days.entry(row.get(2)?).or_default().add(amount);
            let (oldest, newest): (String, String) = (row.get(3)?, row.get(4)?);
            survey.oldest = Some(survey.oldest.map_or(oldest.clone(), |other| other.min(oldest)));
            survey.newest = Some(survey.newest.map_or(newest.clone(), |other| other.max(newest)));
        }
        survey.lookups = self.connection.query_row(
            "SELECT count(*), coalesce(sum(hits), 0), coalesce(sum(misses), 0) FROM lookups",
            [],
            |row| {
                Ok(Lookups { runs: count(row, 0)?, hits: count(row, 1)?, misses: count(row, 2)? })
            },
        )?;
        let mut log = self.file.as_os_str().to_owned();
        log.push("-wal");
        survey.file_bytes = [self.file.clone(), log.into()]
            .iter()
            .filter_map(|path| fs::metadata(path).ok())
            .map(|metadata| metadata.len())
            .sum();
        Ok(survey)
    }

    /// Takes answers away, or only says which it would take.
    pub fn prune(&mut self, prune: Prune<'_>, dry_run: bool) -> Result<Pruned, StoreError> {
        let outcome = self.try_prune(prune, dry_run);
        outcome.map_err(|error| self.failed(&error))
    }

    fn try_prune(&mut self, prune: Prune<'_>, dry_run: bool) -> rusqlite::Result<Pruned> {
        let before = prune.before.map(|time| time.to_string());
        let mut pruned = Pruned::default();
        if prune.model.is_none() && (prune.all || prune.before.is_some()) {
            let before = prune.before.filter(|_| !prune.all);
            pruned.runs = self.forget(before, dry_run)?;
        }
        let mut kept_bytes = 0;
        let mut gone: Vec<(i64, String)> = Vec::new();
        {
            let mut select = self.connection.prepare(
                "SELECT id, at, model, octet_length(request) + octet_length(answer) FROM answers \
                 ORDER BY at DESC, id DESC",
            )?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let (at, model): (String, String) = (row.get(1)?, row.get(2)?);
                let amount = Amount { cells: 1, bytes: count(row, 3)? };
                let meant = prune.model.is_none_or(|models| models.is_match(&model));
                kept_bytes += if meant { amount.bytes } else { 0 };
                let goes = prune.all
                    || before.as_ref().is_some_and(|before| at < *before)
                    || prune.max_bytes.is_some_and(|most| kept_bytes > most);
                match meant && goes {
                    true => {
                        pruned.gone.add(amount);
                        gone.push((row.get(0)?, at));
                    }
                    false => pruned.left.add(amount),
                }
            }
        }
        if dry_run || gone.is_empty() {
            return Ok(pruned);
        }
        for group in gone.chunks(GROUP) {
            let transaction =
                self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            {
                // What another process has asked again in the meantime stays.
                let mut delete =
                    transaction.prepare_cached("DELETE FROM answers WHERE id = ?1 AND at = ?2")?;
                for (id, at) in group {
                    delete.execute(params![id, at])?;
                }
            }
            transaction.commit()?;
        }
        Ok(pruned)
    }

    /// Gives the room of what was taken away back to the disk. Does nothing while other processes read.
    pub fn shrink(&self) {
        let _ = self.connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);");
    }

    /// Looks at every answer and at the database around them.
    pub fn verify(&self) -> Result<Soundness, StoreError> {
        let mut soundness = Soundness::default();
        let structure = self.structure();
        match structure {
            Ok(lines) => {
                soundness.structure = lines.into_iter().filter(|line| line != "ok").collect();
            }
            Err(error) => soundness.structure.push(error.to_string()),
        }
        let rows = self.each_row(&mut |row| {
            soundness.cells += 1;
            soundness.without_sum += u64::from(row.sum.is_none());
            soundness.redacted += u64::from(row.redacted);
            if let Err(problem) = sound(&row) {
                soundness.damaged.push(DamagedCell {
                    key: row.key,
                    endpoint: row.endpoint,
                    problem,
                });
            }
            Ok(())
        });
        match rows {
            // Of a broken database as much is said as can be read.
            Err(_) if !soundness.structure.is_empty() => {}
            other => other?,
        }
        if !soundness.structure.is_empty() {
            open::suspect(&self.file);
        }
        Ok(soundness)
    }

    fn structure(&self) -> rusqlite::Result<Vec<String>> {
        let mut check = self.connection.prepare("PRAGMA integrity_check(10)")?;
        check.query_map([], |row| row.get(0))?.collect()
    }

    /// Calls `visit` with each row, by key and endpoint.
    pub(super) fn each_row(
        &self,
        visit: &mut dyn FnMut(Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let failed = |error| self.failed(&error);
        let mut select = self
            .connection
            .prepare(&format!("SELECT {COLUMNS} FROM answers ORDER BY key, endpoint"))
            .map_err(failed)?;
        let mut rows = select.query([]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            visit(Row::read(row, 0).map_err(failed)?)?;
        }
        Ok(())
    }

    pub(super) fn failed(&self, error: &rusqlite::Error) -> StoreError {
        let error = StoreError::of(error);
        if matches!(error, StoreError::Damaged(_)) {
            open::suspect(&self.file);
        }
        error
    }
}

impl Amount {
    fn add(&mut self, other: Self) {
        self.cells += other.cells;
        self.bytes += other.bytes;
    }
}

fn count(row: &rusqlite::Row<'_>, index: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(index).map(i64::unsigned_abs)
}

/// Whether a row is what was written: the answer by its checksum, the request by the key that it must give.
pub(super) fn sound(row: &Row) -> Result<(), String> {
    row.intact()?;
    let key: AnswerKey =
        row.key.parse().map_err(|error: crate::digest::DigestError| error.to_string())?;
    // Before requests said whether they are redacted, the mark alone shows it.
    let redacted = row.redacted || (row.sum.is_none() && row.request.contains("****"));
    if redacted || row.key_format != KEY_FORMAT {
        serde_json::from_str::<serde::de::IgnoredAny>(&row.request)
            .map_err(|error| format!("its request: {error}"))?;
    } else if answer_key_of(&row.request, row.repeat) != key {
        return Err("its request does not give its key".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::cells::{Cell, Store};
    use super::*;
    use crate::message::{Answer, Message, ModelSettings, Request, ResponseFormat, Role};
    use crate::provider::Endpoint;

    fn cell(model: &str, text: &str, day: i64) -> Cell {
        let request = Request {
            model: ModelSettings {
                provider: "p".into(),
                name: model.into(),
                ..ModelSettings::default()
            },
            messages: vec![Message::text(Role::User, text)],
            tools: Vec::new(),
            response: ResponseFormat::Text,
        };
        let answer = Answer { output: "a".repeat(100), ..Answer::default() };
        let endpoint = Endpoint::parse("https://here.example/v1").unwrap();
        let at = Timestamp::from_second(day * 86_400).unwrap();
        Cell::new(&request, 1, &endpoint, answer, at)
    }

    /// Two models with three answers each, on three days.
    fn filled(folder: &Path) -> Archive {
        let (store, warnings) = Store::open(folder);
        assert!(warnings.is_empty(), "{warnings:?}");
        for (model, day) in [("a", 0), ("a", 1), ("a", 2), ("b", 0), ("b", 1), ("b", 2)] {
            store.put(cell(model, &day.to_string(), day)).wait().unwrap();
        }
        store.looked(3, 1);
        store.looked(5, 0);
        drop(store);
        Archive::open(folder).unwrap().0.unwrap()
    }

    fn days(archive: &Archive) -> Vec<(String, u64)> {
        let survey = archive.survey().unwrap();
        survey.days.into_iter().map(|(day, amount)| (day, amount.cells)).collect()
    }

    #[test]
    fn a_survey_counts_by_each_property() {
        let folder = tempfile::tempdir().unwrap();
        let survey = filled(folder.path()).survey().unwrap();
        assert_eq!(survey.all.cells, 6);
        let sum = |amounts: &BTreeMap<String, Amount>| {
            let mut sum = Amount::default();
            for amount in amounts.values() {
                sum.add(*amount);
            }
            sum
        };
        assert_eq!(sum(&survey.models), survey.all);
        assert_eq!(sum(&survey.days), survey.all);
        assert_eq!(sum(&survey.endpoints), survey.all);
        assert_eq!(survey.models.keys().collect::<Vec<_>>(), ["p/a", "p/b"]);
        assert_eq!(survey.oldest.as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(survey.newest.as_deref(), Some("1970-01-03T00:00:00Z"));
        assert_eq!(survey.lookups, Lookups { runs: 2, hits: 8, misses: 1 });
    }

    #[test]
    fn pruning_takes_what_is_named_and_nothing_else() {
        let day = |day: i64| Timestamp::from_second(day * 86_400).unwrap();
        let models = globset::Glob::new("p/a").unwrap().compile_matcher();
        let one = 193;
        let cases: [(Prune<'_>, &[(&str, u64)]); 6] = [
            (
                Prune { before: Some(day(1)), ..Prune::default() },
                &[("1970-01-02", 2), ("1970-01-03", 2)],
            ),
            (
                Prune { before: Some(day(1)), model: Some(&models), ..Prune::default() },
                &[("1970-01-01", 1), ("1970-01-02", 2), ("1970-01-03", 2)],
            ),
            (
                Prune { max_bytes: Some(one * 3), ..Prune::default() },
                &[("1970-01-02", 1), ("1970-01-03", 2)],
            ),
            (
                Prune { all: true, model: Some(&models), ..Prune::default() },
                &[("1970-01-01", 1), ("1970-01-02", 1), ("1970-01-03", 1)],
            ),
            (Prune { all: true, ..Prune::default() }, &[]),
            (Prune::default(), &[("1970-01-01", 2), ("1970-01-02", 2), ("1970-01-03", 2)]),
        ];
        for (prune, left) in cases {
            let folder = tempfile::tempdir().unwrap();
            let mut archive = filled(folder.path());
            let before = days(&archive);
            assert_eq!(archive.survey().unwrap().all.bytes, 6 * one);
            let would = archive.prune(prune, true).unwrap();
            assert_eq!(days(&archive), before);
            let did = archive.prune(prune, false).unwrap();
            assert_eq!(did, would);
            let left: Vec<(String, u64)> =
                left.iter().map(|(day, count)| ((*day).to_owned(), *count)).collect();
            assert_eq!(days(&archive), left, "{prune:?}");
            archive.shrink();
            assert_eq!(archive.survey().unwrap().all, did.left);
            assert_eq!(archive.verify().unwrap().structure, [] as [&str; 0]);
        }
    }

    #[test]
    fn verify_names_what_is_not_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let archive = filled(folder.path());
        let sound = archive.verify().unwrap();
        assert_eq!(sound, Soundness { cells: 6, ..Soundness::default() });
        let change = |sql: &str| archive.connection.execute(sql, ()).unwrap();
        change("UPDATE answers SET answer = replace(answer, 'aa', 'ab') WHERE id = 1");
        change("UPDATE answers SET request = replace(request, 'user', 'tool') WHERE id = 2");
        change("UPDATE answers SET repeat = 2 WHERE id = 3");
        change("UPDATE answers SET key = 'x' WHERE id = 4");
        change("UPDATE answers SET request = '{\"x\":\"****\"}', redacted = 1 WHERE id = 5");
        let found = archive.verify().unwrap();
        let mut problems: Vec<&str> =
            found.damaged.iter().map(|cell| cell.problem.as_str()).collect();
        problems.sort_unstable();
        assert_eq!(
            problems,
            [
                "its checksum does not fit",
                "its checksum does not fit",
                "its request does not give its key",
                "its request does not give its key"
            ]
        );
        assert_eq!((found.cells, found.redacted), (6, 1));
    }

    #[test]
    fn nothing_is_made_where_nothing_was_stored() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join(".pf");
        assert!(Archive::open(&place).unwrap().0.is_none());
        assert!(!place.exists());
    }
}
