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
use super::row::{Conflict, Row};
use crate::detect::secret::{self, Certainty};
use crate::digest::{AnswerKey, Digest};
use crate::message::{Answer, redact_value};

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

#[cfg(test)]
mod tests {
    use super::super::cells::{Cell, Store};
    use super::*;
    use crate::message::{Message, ModelSettings, Request, ResponseFormat, Role};
    use crate::provider::Endpoint;

    fn here() -> Endpoint {
        Endpoint::parse("https://here.example/v1").unwrap()
    }

    fn cell(text: &str, output: &str, second: i64) -> Cell {
        let request = Request {
            model: ModelSettings {
                provider: "p".into(),
                name: "m".into(),
                temperature: Some(0.1),
                ..ModelSettings::default()
            },
            messages: vec![Message::text(Role::User, text)],
            tools: Vec::new(),
            response: ResponseFormat::Schema(serde_json::json!({"b": 1.1, "a": 1e300})),
        };
        let answer = Answer { output: output.into(), latency_ms: Some(0.3), ..Answer::default() };
        Cell::new(&request, 1, &here(), answer, Timestamp::from_second(second).unwrap())
    }

    fn archive(cells: &[Cell]) -> (tempfile::TempDir, Archive) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).0;
        for cell in cells {
            store.put(cell.clone()).wait().unwrap();
        }
        drop(store);
        let archive = Archive::create(folder.path()).unwrap().0;
        (folder, archive)
    }

    fn exported(archive: &Archive) -> String {
        let mut text = Vec::new();
        export(archive, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    fn take(archive: &mut Archive, text: &str) -> Imported {
        check(&mut text.as_bytes()).unwrap();
        import(archive, &mut text.as_bytes()).unwrap()
    }

    #[test]
    fn what_is_exported_and_imported_is_the_same_store() {
        let cells: Vec<Cell> = (0..1200).map(|n| cell(&format!("q{n} é\n"), "a", n)).collect();
        let (_one, archive_of_all) = archive(&cells);
        let text = exported(&archive_of_all);
        assert_eq!(text.lines().count(), 1200);
        assert!(text.lines().is_sorted());
        let (folder, mut other) = archive(&[]);
        assert_eq!(take(&mut other, &text), Imported { cells: 1200, changed: 1200 });
        assert_eq!(exported(&other), text);
        assert_eq!(take(&mut other, &text), Imported { cells: 1200, changed: 0 });
        drop(other);
        let store = Store::open(folder.path()).0;
        let answer = store.get(cells[7].key(), &here()).unwrap().unwrap();
        assert_eq!((answer.output.as_str(), answer.latency_ms), ("a", Some(0.3)));
    }

    #[test]
    fn stores_come_together_in_any_order_to_the_same() {
        let old = [cell("q", "old", 1), cell("only here", "a", 1), cell("same moment", "x", 3)];
        let new = [cell("q", "new", 2), cell("only there", "b", 1), cell("same moment", "y", 3)];
        let [one, two] = [&old, &new].map(|cells| {
            let (_folder, archive) = archive(cells);
            exported(&archive)
        });
        let [there, back] = [[&one, &two], [&two, &one]].map(|texts| {
            let (_folder, mut archive) = archive(&[]);
            for text in texts {
                take(&mut archive, text);
            }
            exported(&archive)
        });
        assert_eq!(there, back);
        assert!(there.contains("\"new\"") && !there.contains("\"old\""));
        assert_eq!(there.lines().count(), 4);
    }

    #[test]
    fn secrets_stay_where_they_are() {
        let secret = ["sk-proj-", &"aB3dE5fG7hI9".repeat(4)].concat();
        let (_folder, archive_with_it) =
            archive(&[cell(&format!("the key is {secret}"), &secret, 1)]);
        let mut text = Vec::new();
        let outcome = export(&archive_with_it, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        let expected = Exported { cells: 1, redacted: 1, damaged: 0 };
        if secret::find(&secret).iter().any(|found| found.certainty >= Certainty::Shape) {
            assert_eq!(outcome, expected);
            assert!(!text.contains(&secret) && text.contains("****"), "{text}");
        } else {
            panic!("the detector does not know this shape: choose another");
        }
        let (_other, mut other) = archive(&[]);
        assert_eq!(take(&mut other, &text), Imported { cells: 1, changed: 1 });
        assert_eq!(other.verify().unwrap().redacted, 1);
        assert_eq!(exported(&other), text);
    }

    #[test]
    fn a_line_that_does_not_vouch_for_itself_is_refused() {
        let (_folder, archive_of_one) = archive(&[cell("q", "answer", 1)]);
        let good = exported(&archive_of_one);
        let error = |line: &str| match check(&mut format!("{good}\n{line}").as_bytes()) {
            Err(ExchangeError::Line { line: 3, reason }) => reason,
            other => panic!("{other:?}"),
        };
        let line = good.trim();
        assert_eq!(
            error(&line.replace("answer\",\"lat", "other\",\"lat")),
            "its checksum does not fit"
        );
        assert_eq!(error(&line.replace("\"q\"", "\"r\"")), "its request does not give its key");
        assert_eq!(
            error(&line.replace("\"repeat\":1", "\"repeat\":2")),
            "its request does not give its key"
        );
        assert!(error(&line.replace("\"v\":1", "\"v\":2")).starts_with("format 2 is not known"));
        assert!(error("{\"case\": \"ada\"}").contains("`case`"));
        assert!(error("{").starts_with("EOF"));
    }

    #[test]
    fn what_is_damaged_is_left_out() {
        let (_folder, archive) = archive(&[cell("q", "a", 1), cell("r", "b", 1)]);
        archive.connection.execute("UPDATE answers SET answer = '{}' WHERE id = 1", ()).unwrap();
        let outcome = export(&archive, &mut Vec::new()).unwrap();
        assert_eq!(outcome, Exported { cells: 1, redacted: 0, damaged: 1 });
    }
}
