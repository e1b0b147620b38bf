//! Answers on their way from one store to another: JSON Lines, one answer a line, sorted by key and endpoint.
//!
//! The same store always gives the same bytes. A line vouches for itself: its request gives its key, and its sum says
//! that the answer is the one that was stored. Lines of several files come together in any order to the same store.

use std::io::{self, BufRead, Write};

use jiff::Timestamp;
use rusqlite::TransactionBehavior;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::archive::{Archive, sound};
use super::cells::StoreError;
use super::recordings::redact_value;
use super::row::{Conflict, Row};
use crate::detect::secret::{self, Certainty};
use crate::digest::{AnswerKey, Digest};
use crate::message::Answer;

/// The version of the format of a line.
const VERSION: u32 = 1;

/// The longest line that is read, in bytes: more than any provider answers.
const LONGEST: u64 = 256 << 20;

/// Lines that one transaction takes in.
const GROUP: usize = 500;

/// One line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    v: u32,
    key: AnswerKey,
    endpoint: String,
    key_format: u32,
    model: String,
    repeat: u32,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    redacted: bool,
    request: Value,
    answer: Answer,
    sum: Digest,
}

/// What an export wrote.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Exported {
    /// Lines.
    pub cells: u64,
    /// Of these, how many held a secret that was taken out.
    pub redacted: u64,
    /// Answers that are damaged and were left out.
    pub damaged: u64,
}

/// What an import came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Imported {
    /// Lines.
    pub cells: u64,
    /// Of these, how many are new here or newer than what was here.
    pub changed: u64,
}

/// Why answers could not be moved.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A line is none of an export.
    #[error("line {line}: {reason}")]
    Line {
        /// Which, counted from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
}

/// Writes every sound answer without the secrets that pf knows by their shape.
pub fn export(archive: &Archive, out: &mut dyn Write) -> Result<Exported, ExchangeError> {
    let mut exported = Exported::default();
    let mut failed = None;
    archive.each_row(&mut |row| {
        if failed.is_some() {
            return Ok(());
        }
        match line(&row) {
            None => exported.damaged += 1,
            Some((line, redacted)) => {
                exported.cells += 1;
                exported.redacted += u64::from(redacted);
                failed = serde_json::to_writer(&mut *out, &line)
                    .map_err(io::Error::from)
                    .and_then(|()| out.write_all(b"\n"))
                    .err();
            }
        }
        Ok(())
    })?;
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(exported),
    }
}

/// The line of a row, and whether a secret was taken out of it; none for a row that is damaged.
fn line(row: &Row) -> Option<(Line, bool)> {
    sound(row).ok()?;
    let mut request: Value = serde_json::from_str(&row.request).ok()?;
    let mut answer: Value = serde_json::from_str(&row.answer).ok()?;
    let redacted =
        [(&mut request, &row.request), (&mut answer, &row.answer)].map(|(value, text)| {
            match without_secrets(text) == *text {
                true => false,
                false => {
                    redact_value(value, &without_secrets);
                    true
                }
            }
        });
    let row =
        Row { redacted: row.redacted || redacted[0], answer: answer.to_string(), ..row.clone() }
            .summed();
    let line = Line {
        v: VERSION,
        key: row.key.parse().ok()?,
        endpoint: row.endpoint,
        key_format: row.key_format,
        model: row.model,
        repeat: row.repeat,
        at: row.at.parse().ok()?,
        redacted: row.redacted,
        request,
        answer: serde_json::from_str(&row.answer).ok()?,
        sum: row.sum?.parse().ok()?,
    };
    Some((line, redacted.contains(&true)))
}

/// The text without what only a secret can be.
fn without_secrets(text: &str) -> String {
    let mut kept = String::new();
    let mut end = 0;
    for found in secret::find(text).iter().filter(|found| found.certainty >= Certainty::Shape) {
        kept += &text[end..found.span.start];
        kept += "****";
        end = found.span.end;
    }
    kept + &text[end..]
}

/// Checks every line of an export and changes nothing. Returns how many there are.
pub fn check(file: &mut dyn BufRead) -> Result<u64, ExchangeError> {
    let mut lines = 0;
    each_line(file, &mut |_| {
        lines += 1;
        Ok(())
    })?;
    Ok(lines)
}

/// Takes in the lines of an export. Of two answers to one question the newer one stays, so importing twice, or several
/// files in any order, comes to the same.
pub fn import(archive: &mut Archive, file: &mut dyn BufRead) -> Result<Imported, ExchangeError> {
    let mut imported = Imported::default();
    let mut group = Vec::new();
    each_line(file, &mut |row| {
        group.push(row);
        if group.len() == GROUP {
            imported.add(write(archive, &std::mem::take(&mut group))?);
        }
        Ok(())
    })?;
    imported.add(write(archive, &group)?);
    Ok(imported)
}

impl Imported {
    fn add(&mut self, other: Self) {
        self.cells += other.cells;
        self.changed += other.changed;
    }
}

fn write(archive: &mut Archive, rows: &[Row]) -> Result<Imported, StoreError> {
    let mut write = || {
        let transaction =
            archive.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut changed = 0;
        {
            let mut insert = Conflict::Newer.prepare(&transaction)?;
            for row in rows {
                changed += u64::from(row.write(&mut insert)?);
            }
        }
        transaction.commit()?;
        Ok(Imported { cells: rows.len() as u64, changed })
    };
    let written = write();
    written.map_err(|error| archive.failed(&error))
}

fn each_line(
    file: &mut dyn BufRead,
    visit: &mut dyn FnMut(Row) -> Result<(), ExchangeError>,
) -> Result<(), ExchangeError> {
    let mut bytes = Vec::new();
    for number in 1.. {
        bytes.clear();
        let read = io::Read::take(&mut *file, LONGEST).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            break;
        }
        let wrong = |reason: String| ExchangeError::Line { line: number, reason };
        if read as u64 == LONGEST {
            return Err(wrong(format!("it is longer than {} MiB", LONGEST >> 20)));
        }
        if bytes.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        visit(row(&bytes).map_err(wrong)?)?;
    }
    Ok(())
}

fn row(line: &[u8]) -> Result<Row, String> {
    let line: Line = serde_json::from_slice(line)
        .map_err(|error| error.to_string().replace(" at line 1 column ", " at column "))?;
    if line.v != VERSION {
        return Err(format!(
            "format {} is not known; this pf reads format {VERSION}, update it",
            line.v
        ));
    }
    let answer = serde_json::to_string(&line.answer).map_err(|error| error.to_string())?;
    let row = Row {
        key: line.key.to_string(),
        endpoint: line.endpoint,
        key_format: line.key_format,
        model: line.model,
        repeat: line.repeat,
        request: line.request.to_string(),
        answer,
        at: line.at.to_string(),
        redacted: line.redacted,
        sum: Some(line.sum.to_string()),
    };
    sound(&row)?;
    Ok(row)
}
