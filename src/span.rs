//! Source files, byte ranges in them, and the lines and columns that people count in.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::path::RepoPath;

/// A half-open range of bytes in a [`SourceFile`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The range `start..end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end: end.max(start) }
    }

    /// Zero bytes at `offset`.
    pub fn at(offset: usize) -> Self {
        Self { start: offset, end: offset }
    }

    /// The same range as a standard one.
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }

    /// Whether `offset` lies inside.
    pub fn contains(self, offset: usize) -> bool {
        self.start <= offset && offset < self.end
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self::new(range.start, range.end)
    }
}

/// A place in a text: both numbers count from 1, the column in characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters (Unicode scalar values).
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A text with the path it was read from.
pub struct SourceFile {
    path: RepoPath,
    text: String,
    not_utf8: Option<usize>,
    /// The number of its first line; more than 1 for a part of a file.
    first_line: usize,
    line_starts: OnceLock<Vec<usize>>,
}

impl SourceFile {
    /// A file of the project. Shared, because every diagnostic about it holds on to it.
    pub fn new(path: RepoPath, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self::with(path, text.into(), None))
    }

    fn with(path: RepoPath, text: String, not_utf8: Option<usize>) -> Self {
        Self { path, text, not_utf8, first_line: 1, line_starts: OnceLock::new() }
    }

    /// A file from its bytes: UTF-8, with a byte order mark dropped and CRLF made LF, so that the same text reads the
    /// same from every source.
    pub fn decode(path: RepoPath, bytes: Vec<u8>) -> Result<Arc<Self>, NotUtf8> {
        Self::decode_part(path, bytes, 1)
    }

    /// The same for a part of a file that begins at the start of a line. Lines are counted as in the whole file, bytes
    /// from the start of the part.
    pub fn decode_part(
        path: RepoPath,
        bytes: Vec<u8>,
        first_line: usize,
    ) -> Result<Arc<Self>, NotUtf8> {
        let text = String::from_utf8(bytes).map_err(|error| {
            let offset = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let bad = Self::with(path.clone(), text, Some(offset));
            NotUtf8 { file: Arc::new(Self { first_line, ..bad }), offset }
        })?;
        let text = match text.strip_prefix('\u{feff}').filter(|_| first_line == 1) {
            Some(rest) => rest.to_owned(),
            None => text,
        };
        let text = if text.contains("\r\n") { text.replace("\r\n", "\n") } else { text };
        Ok(Arc::new(Self { first_line, ..Self::with(path, text, None) }))
    }

    /// Where it was read from.
    pub fn path(&self) -> &RepoPath {
        &self.path
    }

    /// What it says.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first byte that was not UTF-8, where the text was made by replacing such bytes.
    pub fn not_utf8(&self) -> Option<usize> {
        self.not_utf8
    }

    /// The text of a span; empty when the span does not lie on character borders of this file.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// Line and column of a byte; past the end, of the end.
    pub fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let starts = self.line_starts();
        let line = starts.partition_point(|start| *start <= offset);
        let start = starts[line - 1];
        let line = line + self.first_line - 1;
        Position { line, column: self.text[start..offset].chars().count() + 1 }
    }

    /// The number of its first line: 1, but for a part of a file.
    pub fn first_line(&self) -> usize {
        self.first_line
    }

    /// The bytes of a line, counted from 1, without its line break; `None` past the last line.
    pub fn line(&self, line: usize) -> Option<Span> {
        let starts = self.line_starts();
        let index = line.checked_sub(self.first_line)?;
        let start = *starts.get(index)?;
        let end = starts.get(index + 1).map_or(self.text.len(), |next| next - 1);
        let text = self.text[start..end].trim_end_matches('\r');
        Some(Span::new(start, start + text.len()))
    }

    fn line_starts(&self) -> &[usize] {
        self.line_starts.get_or_init(|| {
            std::iter::once(0)
                .chain(
                    self.text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1),
                )
                .collect()
        })
    }
}

/// A file that is no UTF-8 text.
#[derive(Debug, Clone)]
pub struct NotUtf8 {
    /// The file with its bad bytes replaced.
    pub file: Arc<SourceFile>,
    /// The first byte that is not UTF-8.
    pub offset: usize,
}

impl fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourceFile({}, {} bytes)", self.path, self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let file = SourceFile::new(RepoPath::new("a.yaml").unwrap(), "é: x\r\nüb: y\n");
        assert_eq!(file.position(0), Position { line: 1, column: 1 });
        assert_eq!(file.position(4), Position { line: 1, column: 4 });
        assert_eq!(file.position(7), Position { line: 2, column: 1 });
        assert_eq!(file.position(9), Position { line: 2, column: 2 });
        assert_eq!(file.position(999), Position { line: 3, column: 1 });
        assert_eq!(file.slice(file.line(1).unwrap()), "é: x");
        assert_eq!(file.line(4), None);
    }

    #[test]
    fn a_part_of_a_file_counts_lines_as_the_whole() {
        let path = RepoPath::new("a.csv").unwrap();
        let part = SourceFile::decode_part(path, b"x\r\ny z\n".to_vec(), 41).unwrap();
        assert_eq!(part.position(4), Position { line: 42, column: 3 });
        assert_eq!(part.slice(part.line(42).unwrap()), "y z");
        assert_eq!((part.line(40), part.line(44)), (None, None));
    }
}
