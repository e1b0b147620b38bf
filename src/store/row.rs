//! A row of the database as it lies there, with the sum that shows whether it still says what was written.

use rusqlite::{Connection, Statement, params};

use crate::digest::sha256;
use crate::message::Answer;

/// What stands under a key and an endpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Row {
    pub(super) key: String,
    pub(super) endpoint: String,
    pub(super) key_format: u32,
    pub(super) model: String,
    pub(super) repeat: u32,
    /// Canonical JSON.
    pub(super) request: String,
    /// JSON.
    pub(super) answer: String,
    /// RFC 3339 in UTC.
    pub(super) at: String,
    /// Whether secrets were taken out of the request, so that it does not give the key any more.
    pub(super) redacted: bool,
    /// None in rows that were written before there were sums.
    pub(super) sum: Option<String>,
}

/// The columns of [`Row`], in its order.
pub(super) const COLUMNS: &str =
    "key, endpoint, key_format, model, repeat, request, answer, at, redacted, sum";

/// Newer answers replace older ones, which is what asking again is for.
const REPLACE: &str = "INSERT INTO answers \
     (key, endpoint, key_format, model, repeat, request, answer, at, redacted, sum) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
     ON CONFLICT (key, endpoint) DO UPDATE SET key_format = excluded.key_format, model = excluded.model, \
     repeat = excluded.repeat, request = excluded.request, answer = excluded.answer, at = excluded.at, \
     redacted = excluded.redacted, sum = excluded.sum";

/// Which of two answers to the same question stays.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Conflict {
    /// The one that is written.
    Replace,
    /// The newer one; of two of the same moment always the same one, so that the order of merging does not matter.
    Newer,
}

impl Conflict {
    /// The statement that writes a [`Row`].
    pub(super) fn prepare(self, connection: &Connection) -> rusqlite::Result<Statement<'_>> {
        match self {
            Self::Replace => connection.prepare(REPLACE),
            Self::Newer => connection.prepare(&format!(
                "{REPLACE} WHERE (excluded.at, excluded.sum) > (at, coalesce(sum, ''))"
            )),
        }
    }
}

impl Row {
    /// Writes it; says whether anything changed.
    pub(super) fn write(&self, insert: &mut Statement<'_>) -> rusqlite::Result<bool> {
        let changed = insert.execute(params![
            self.key,
            self.endpoint,
            self.key_format,
            self.model,
            self.repeat,
            self.request,
            self.answer,
            self.at,
            self.redacted,
            self.sum,
        ])?;
        Ok(changed > 0)
    }

    /// Reads [`COLUMNS`], which begin at column `first` of the result.
    pub(super) fn read(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            key: row.get(first)?,
            endpoint: row.get(first + 1)?,
            key_format: row.get(first + 2)?,
            model: row.get(first + 3)?,
            repeat: row.get(first + 4)?,
            request: row.get(first + 5)?,
            answer: row.get(first + 6)?,
            at: row.get(first + 7)?,
            redacted: row.get(first + 8)?,
            sum: row.get(first + 9)?,
        })
    }

    /// The same row with the sum that it must have.
    pub(super) fn summed(mut self) -> Self {
        self.sum = Some(sum_of(&self.key, &self.endpoint, &self.at, &self.answer));
        self
    }

    /// Whether the answer is the one that was written; the request is vouched for by the key.
    pub(super) fn intact(&self) -> Result<Answer, String> {
        intact(&self.key, &self.endpoint, &self.at, &self.answer, self.sum.as_deref())
    }
}

/// The SHA-256 of an answer with what it is known by, each part on a line of its own; only the last may hold line breaks.
fn sum_of(key: &str, endpoint: &str, at: &str, answer: &str) -> String {
    sha256(format!("{key}\n{endpoint}\n{at}\n{answer}")).to_string()
}

/// Reads an answer, unless it is not the one that was written.
pub(super) fn intact(
    key: &str,
    endpoint: &str,
    at: &str,
    answer: &str,
    sum: Option<&str>,
) -> Result<Answer, String> {
    if sum.is_some_and(|sum| sum != sum_of(key, endpoint, at, answer)) {
        return Err("its checksum does not fit".to_owned());
    }
    serde_json::from_str(answer).map_err(|error| error.to_string())
}
