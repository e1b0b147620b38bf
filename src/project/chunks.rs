//! Datasets that are too large to be held in memory: read once to the end, and again chunk by chunk when cases are needed.
//!
//! The first reading finds what is wrong with any row, counts the cases, and notes where each chunk of rows begins.
//! Later ones make cases of a chunk as they did the first time; that the file is still the same is checked with a hash
//! of each chunk.

use std::collections::VecDeque;
use std::fs::File;
use std::hash::Hasher;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use csv::StringRecord;
use indexmap::IndexMap;
use rayon::prelude::*;

use super::dataset::{self, Case, Format, Part, PlacedCase, Table, problem};
use crate::diagnostic::Diagnostic;
use crate::document;
use crate::path::RepoPath;
use crate::snapshot::MAX_FILE_BYTES;
use crate::span::{SourceFile, Span};

/// When and how a dataset is read in chunks.
#[derive(Clone, Copy, Debug)]
pub struct Chunking {
    /// From so many bytes on; smaller files are held in memory.
    pub from: u64,
    /// Most rows of a chunk.
    pub rows: usize,
    /// Bytes after which a chunk ends with the row.
    pub bytes: usize,
}

impl Default for Chunking {
    fn default() -> Self {
        Self { from: 4 << 20, rows: 1024, bytes: 256 << 10 }
    }
}

/// Findings about rows of one file that are kept. A million wrong rows have one cause.
const MOST_FINDINGS: usize = 1000;

/// Chunks that are made at a time, side by side.
const AT_ONCE: usize = 8;

/// A dataset on disk, of which a few chunks are in memory at a time.
#[derive(Debug)]
pub(super) struct Chunked {
    path: RepoPath,
    file: Mutex<File>,
    format: Format,
    columns: IndexMap<String, String>,
    header: StringRecord,
    chunks: Vec<Chunk>,
    cases: usize,
    recent: Recent<PlacedCase>,
    lost: OnceLock<String>,
}

/// Rows that stand one after the other.
#[derive(Clone, Copy, Debug)]
struct Chunk {
    /// The first byte in the file.
    start: u64,
    bytes: usize,
    hash: u64,
    first_line: usize,
    /// The cases before it.
    first_case: usize,
    part: Part,
}

impl Chunked {
    /// Reads a file to its end. What is wrong with its rows comes beside it.
    pub(super) fn read(
        path: &RepoPath,
        file: File,
        format: Format,
        columns: &IndexMap<String, String>,
        chunking: Chunking,
    ) -> (Self, Vec<Diagnostic>) {
        let mut findings = Findings::default();
        let mut cutter = Cutter::new(chunking, format == Format::Csv);
        let mut found = Self {
            path: path.clone(),
            file: Mutex::new(file),
            format,
            columns: columns.clone(),
            header: StringRecord::new(),
            chunks: Vec::new(),
            cases: 0,
            recent: Recent::default(),
            lost: OnceLock::new(),
        };
        loop {
            let mut pieces = Vec::new();
            let file = found.file.get_mut().unwrap_or_else(PoisonError::into_inner);
            let more = cutter.cut(file, AT_ONCE, &mut pieces);
            if let (Some(first), Format::Csv, true) =
                (pieces.first(), format, found.chunks.is_empty())
            {
                let header = found
                    .decode(first.bytes.clone(), 1)
                    .and_then(|file| dataset::header(&file, b','));
                match header {
                    Ok(header) => found.header = header,
                    Err(wrong) => return (found, wrong),
                }
            }
            let parsed: Vec<_> = pieces
                .into_par_iter()
                .map(|piece| {
                    let hash = hash(&piece.bytes);
                    let (start, bytes) = (piece.start, piece.bytes.len());
                    let (first_line, part) = (piece.first_line, piece.part);
                    let chunk = Chunk { start, bytes, hash, first_line, first_case: 0, part };
                    let mut wrong = Vec::new();
                    let cases = found.cases(piece.bytes, &chunk, &mut wrong)?;
                    Ok((chunk, cases.len(), wrong))
                })
                .collect();
            for parsed in parsed {
                match parsed {
                    Ok((chunk, cases, wrong)) => {
                        found.chunks.push(Chunk { first_case: found.cases, ..chunk });
                        found.cases += cases;
                        findings.extend(wrong);
                    }
                    // Of a file that is no text nothing is used.
                    Err(wrong) => {
                        (found.cases, found.chunks) = (0, Vec::new());
                        return (found, wrong);
                    }
                }
            }
            match more {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    let text = SourceFile::new(path.clone(), "");
                    findings.extend(vec![problem(&text, Span::at(0), error.to_string())]);
                    break;
                }
            }
        }
        (found, findings.finish())
    }

    /// How many cases it has.
    pub(super) fn len(&self) -> usize {
        self.cases
    }

    /// Why the rows are no longer what they were when they were counted.
    pub(super) fn lost(&self) -> Option<&str> {
        self.lost.get().map(String::as_str)
    }

    /// A case, counted from 0.
    pub(super) fn get(&self, index: usize) -> Option<PlacedCase> {
        if index >= self.cases {
            return None;
        }
        let number = self.chunks.partition_point(|chunk| chunk.first_case <= index) - 1;
        let cases = self.recent.get(number, || self.load(&self.chunks[number]));
        Some(cases[index - self.chunks[number].first_case].clone())
    }

    /// All cases in order, each chunk made once. Some chunks are made side by side.
    pub(super) fn iter(&self) -> impl Iterator<Item = PlacedCase> + '_ {
        self.chunks.chunks(AT_ONCE).flat_map(|chunks| {
            let cases: Vec<Vec<PlacedCase>> =
                chunks.par_iter().map(|chunk| self.load(chunk)).collect();
            cases.into_iter().flatten()
        })
    }

    /// The cases of a chunk, as many as there were when they were counted: where that cannot be, empty ones, and
    /// [`Chunked::lost`] says why.
    fn load(&self, chunk: &Chunk) -> Vec<PlacedCase> {
        let after = self.chunks.partition_point(|other| other.start <= chunk.start);
        let end = self.chunks.get(after).map_or(self.cases, |next| next.first_case);
        let wanted = end - chunk.first_case;
        let again = self.bytes(chunk).and_then(|bytes| {
            let same = hash(&bytes) == chunk.hash;
            let cases = same.then(|| self.cases(bytes, chunk, &mut Vec::new()).ok()).flatten();
            cases.ok_or_else(|| io::Error::other("it was changed while it was read"))
        });
        again.unwrap_or_else(|error| {
            self.lost.get_or_init(|| format!("the dataset `{}` is lost: {error}", self.path));
            let file = SourceFile::new(self.path.clone(), "");
            let empty = PlacedCase { case: Arc::new(Case::default()), file, span: Span::at(0) };
            vec![empty; wanted]
        })
    }

    fn bytes(&self, chunk: &Chunk) -> io::Result<Vec<u8>> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(chunk.start))?;
        let mut bytes = vec![0; chunk.bytes];
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn decode(
        &self,
        bytes: Vec<u8>,
        first_line: usize,
    ) -> Result<Arc<SourceFile>, Vec<Diagnostic>> {
        SourceFile::decode_part(self.path.clone(), bytes, first_line)
            .map_err(|bad| document::not_utf8(&bad.file).into_iter().collect())
    }

    /// The cases of a chunk, and what is wrong with other rows. An error where it is no text.
    fn cases(
        &self,
        bytes: Vec<u8>,
        chunk: &Chunk,
        wrong: &mut Vec<Diagnostic>,
    ) -> Result<Vec<PlacedCase>, Vec<Diagnostic>> {
        let file = self.decode(bytes, chunk.first_line)?;
        let mut cases = Vec::new();
        let textual = self.format == Format::Csv;
        let mut bad = Vec::new();
        let mut visit = |row: dataset::Row| {
            let span = row.span;
            match dataset::case(&file, row, textual, &self.columns) {
                Ok(case) => {
                    cases.push(PlacedCase { case: Arc::new(case), file: Arc::clone(&file), span });
                }
                Err(finding) => bad.push(*finding),
            }
        };
        let unread = match textual {
            true => {
                let table = Table { header: self.header.clone(), part: chunk.part };
                dataset::separated_rows(&file, b',', &table, &mut visit)
            }
            false => dataset::jsonl_rows(&file, &mut visit),
        };
        wrong.extend(unread);
        wrong.extend(bad);
        Ok(cases)
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

/// What is wrong with a file, as far as anybody reads it.
#[derive(Default)]
struct Findings {
    kept: Vec<Diagnostic>,
    more: usize,
}

impl Findings {
    fn extend(&mut self, found: Vec<Diagnostic>) {
        let room = MOST_FINDINGS - self.kept.len();
        self.more += found.len().saturating_sub(room);
        self.kept.extend(found.into_iter().take(room));
    }

    fn finish(mut self) -> Vec<Diagnostic> {
        if let (Some(last), true) = (self.kept.last_mut(), self.more > 0) {
            last.help.push(format!("{} more such rows are not shown", self.more));
        }
        self.kept
    }
}

/// The bytes of a chunk.
struct Piece {
    start: u64,
    first_line: usize,
    bytes: Vec<u8>,
    part: Part,
}

/// Cuts a file between rows.
struct Cutter {
    chunking: Chunking,
    quotes: bool,
    at: At,
    /// Read, and not cut off yet.
    held: Vec<u8>,
    /// How much of it was looked at.
    seen: usize,
    /// Rows that begin in it.
    rows: usize,
    /// Line breaks in what was looked at of it.
    lines: usize,
    start: u64,
    first_line: usize,
    ended: bool,
}

/// Where in a row a byte stands. A quotation mark means something at the start of a cell only, as to the reader of CSV.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Between,
    CellStart,
    Cell,
    Quoted,
    AfterQuote,
}

impl Cutter {
    fn new(chunking: Chunking, quotes: bool) -> Self {
        Self {
            chunking,
            quotes,
            at: At::Between,
            held: Vec::new(),
            seen: 0,
            rows: 0,
            lines: 0,
            start: 0,
            first_line: 1,
            ended: false,
        }
    }

    /// Cuts off up to `most` pieces, and says whether there may be more.
    fn cut(&mut self, file: &mut File, most: usize, pieces: &mut Vec<Piece>) -> io::Result<bool> {
        while pieces.len() < most {
            if let Some(end) = self.find() {
                let piece = self.take(end, false);
                pieces.push(piece);
                continue;
            }
            if self.ended {
                let end = self.held.len();
                let piece = self.take(end, true);
                pieces.push(piece);
                return Ok(false);
            }
            if self.held.len() as u64 > MAX_FILE_BYTES {
                return Err(io::Error::other(format!(
                    "a row that begins near line {} is longer than {} MiB; in CSV a quotation mark may not be closed",
                    self.first_line,
                    MAX_FILE_BYTES >> 20
                )));
            }
            let before = self.held.len();
            // Enough to see a byte order mark at once.
            let wanted = (self.chunking.bytes as u64).max(4096);
            let read = file.by_ref().take(wanted).read_to_end(&mut self.held)?;
            self.ended = read == 0;
            if before == 0 && self.start == 0 && self.held.starts_with("\u{feff}".as_bytes()) {
                self.seen = 3;
            }
        }
        Ok(true)
    }

    /// The start of the first row that no longer belongs to the piece.
    fn find(&mut self) -> Option<usize> {
        let full = |rows: usize, bytes: usize| {
            rows >= self.chunking.rows || (rows > 0 && bytes >= self.chunking.bytes)
        };
        while let Some(byte) = self.held.get(self.seen) {
            let ends = *byte == b'\n' || (self.quotes && *byte == b'\r');
            if self.at == At::Between && !ends {
                // Behind a lone CR a row begins, but no line.
                let line = self.seen > 0 && self.held[self.seen - 1] == b'\n';
                if line && full(self.rows, self.seen) {
                    return Some(self.seen);
                }
                self.rows += 1;
                self.at = At::CellStart;
            }
            self.at = match (self.at, byte) {
                (At::Between, _) => At::Between,
                (At::Quoted, b'"') => At::AfterQuote,
                (At::Quoted, _) => At::Quoted,
                _ if ends => At::Between,
                (At::CellStart | At::AfterQuote, b'"') if self.quotes => At::Quoted,
                (_, b',') => At::CellStart,
                _ => At::Cell,
            };
            self.lines += usize::from(*byte == b'\n');
            self.seen += 1;
        }
        None
    }

    fn take(&mut self, end: usize, last: bool) -> Piece {
        let rest = self.held.split_off(end);
        let bytes = std::mem::replace(&mut self.held, rest);
        let piece = Piece {
            start: self.start,
            first_line: self.first_line,
            part: Part { first: self.start == 0, last },
            bytes,
        };
        self.start += end as u64;
        self.first_line += self.lines;
        (self.seen, self.rows, self.lines) = (0, 0, 0);
        piece
    }
}

/// The last few of many lists, each made again when it is wanted after it has gone.
#[derive(Debug)]
pub(crate) struct Recent<T>(Mutex<VecDeque<(usize, Slot<T>)>>);

type Slot<T> = Arc<OnceLock<Arc<[T]>>>;

/// Lists that are kept.
const KEPT: usize = 8;

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }
}

impl<T> Recent<T> {
    /// A list by its number. Who wants one that is being made waits for it, so making one must not wait for other work.
    pub(crate) fn get(&self, number: usize, make: impl FnOnce() -> Vec<T>) -> Arc<[T]> {
        let slot = {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match known.iter().position(|(other, _)| *other == number) {
                Some(at) => Arc::clone(&known[at].1),
                None => {
                    let slot = Slot::default();
                    known.push_back((number, Arc::clone(&slot)));
                    if known.len() > KEPT {
                        known.pop_front();
                    }
                    slot
                }
            }
        };
        Arc::clone(slot.get_or_init(|| make().into()))
    }
}

#[cfg(test)]
mod tests;
