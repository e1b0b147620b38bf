//! Keys into the order of the schema, each with its lines and its comments.
//!
//! Lines are moved, nothing is written anew. Only maps in block style are put in order: to tear a flow map apart would
//! lose its layout.

use std::collections::BTreeMap;

use super::order::Shape;
use crate::document::{Document, Entry, Node, NodeKind};
use crate::span::Span;

/// Comments about the whole file that editors and scanners look for at its top, by how they begin.
const OF_THE_FILE: [&str; 5] = ["yaml-language-server:", "-*-", "vim:", "SPDX-", "Copyright"];

/// The text of a document with the keys of its maps in order. The document must have no block texts, see
/// [`super::blocks`].
pub(super) fn arrange(document: &Document, shape: Shape<'_>) -> String {
    let text = document.file.text();
    // Where one value stands for several, moving it may take it from before its aliases.
    if has_aliases(&document.root) {
        return text.to_owned();
    }
    let mut comments = BTreeMap::new();
    for comment in &document.comments {
        let start = line_start(text, comment.span.start);
        if text[start..comment.span.start].trim().is_empty() {
            comments.insert(
                start,
                Lead { column: comment.span.start - start, text: comment.text.trim() },
            );
        }
    }
    let source = Source { text, comments };
    source.arrange(&document.root, shape, Span::new(0, text.len()))
}

/// Whether a value stands elsewhere than where it is used: an alias, or the keys that `<<` brings in.
fn has_aliases(node: &Node) -> bool {
    let mut at = node.span.start;
    let mut in_place = |span: Span| {
        let follows = at <= span.start;
        at = span.end.max(at);
        follows
    };
    match &node.kind {
        NodeKind::Sequence(items) => {
            items.iter().any(|item| is_value(item) && !in_place(item.span) || has_aliases(item))
        }
        NodeKind::Mapping(entries) => entries.iter().any(|entry| {
            let value = &entry.value;
            !in_place(entry.key_span)
                || is_value(value) && !in_place(value.span)
                || has_aliases(value)
        }),
        _ => false,
    }
}

/// Whether a value is written out: a null that is not stands anywhere.
fn is_value(node: &Node) -> bool {
    node.span.start < node.span.end
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |found| found + 1)
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |found| at + found + 1)
}

/// A comment that has its line to itself.
struct Lead<'a> {
    column: usize,
    text: &'a str,
}

struct Source<'a> {
    text: &'a str,
    /// By where their lines start.
    comments: BTreeMap<usize, Lead<'a>>,
}

impl Source<'_> {
    /// The text of a range in which a value stands.
    fn arrange(&self, node: &Node, shape: Shape<'_>, range: Span) -> String {
        let flow = self.text[node.span.start..].starts_with(['{', '[']);
        let arranged = match &node.kind {
            NodeKind::Mapping(entries) if !flow => self.map(entries, shape, range),
            NodeKind::Sequence(items) if !flow => self.list(items, shape.items(), range),
            _ => None,
        };
        arranged.unwrap_or_else(|| self.text[range.range()].to_owned())
    }

    fn list(&self, items: &[Node], shape: Shape<'_>, range: Span) -> Option<String> {
        let starts: Vec<usize> = items.iter().map(|item| item.span.start).collect();
        let ordered = starts.is_sorted_by(|a, b| a < b);
        let inside = range.start <= *starts.first()? && *starts.last()? < range.end;
        if !ordered || !inside {
            return None;
        }
        let mut arranged = self.text[range.start..starts[0]].to_owned();
        for (index, item) in items.iter().enumerate() {
            let end = starts.get(index + 1).copied().unwrap_or(range.end);
            arranged += &self.arrange(item, shape, Span::new(starts[index], end));
        }
        Some(arranged)
    }

    /// The text of a range in which a map stands; `None` when the map is not laid out in lines.
    fn map(&self, entries: &[Entry], shape: Shape<'_>, range: Span) -> Option<String> {
        let first = entries.first()?;
        let column = first.key_span.start - line_start(self.text, first.key_span.start);
        let mut starts = Vec::with_capacity(entries.len() + 1);
        for (index, entry) in entries.iter().enumerate() {
            let start = line_start(self.text, entry.key_span.start);
            let before = &self.text[start..entry.key_span.start];
            let lined_up = match index {
                0 => before.trim_start_matches(['-', ' ']).is_empty(),
                _ => before.len() == column && before.trim_start_matches(' ').is_empty(),
            };
            if !lined_up {
                return None;
            }
            starts.push(match index {
                0 => self.first_start(first, column, range.start),
                _ => self.lead_start(start, column),
            });
        }
        starts.push(self.end(entries.last()?, column).min(range.end));
        if !starts.is_sorted() || starts[0] < range.start {
            return None;
        }
        let shape = shape.map(&entries.iter().map(|entry| &*entry.key));
        let mut chunks: Vec<Chunk> = Vec::with_capacity(entries.len());
        for (entry, place) in entries.iter().zip(starts.windows(2)) {
            let place = Span::new(place[0], place[1]);
            chunks.push(Chunk::new(&self.arrange(&entry.value, shape.value(&entry.key), place)));
        }
        let mut places: Vec<usize> = (0..entries.len()).collect();
        if shape.is_fixed() {
            places.sort_by_key(|&at| shape.place(&entries[at].key));
        }
        let inline = starts[0] != line_start(self.text, starts[0]);
        let arranged = join(&chunks, &places, if inline { Some(column) } else { None })
            .unwrap_or_else(|| chunks.iter().map(Chunk::as_written).collect());
        let last = *starts.last()?;
        Some(format!(
            "{}{arranged}{}",
            &self.text[range.start..starts[0]],
            &self.text[last..range.end]
        ))
    }

    /// Where the first entry of a map starts: with the comment lines directly above it that are not about the file.
    fn first_start(&self, entry: &Entry, column: usize, floor: usize) -> usize {
        let key = entry.key_span.start;
        let line = line_start(self.text, key);
        if line < floor || !self.text[line..key].trim().is_empty() {
            return key;
        }
        let mut start = line;
        while start > floor {
            let above = line_start(self.text, start - 1);
            match self.comments.get(&above) {
                Some(comment)
                    if above >= floor
                        && comment.column == column
                        && !OF_THE_FILE.iter().any(|begin| comment.text.starts_with(begin)) =>
                {
                    start = above;
                }
                _ => break,
            }
        }
        start
    }

    /// Where the lines of a later entry start: with the comments above it, and the blank lines above those.
    fn lead_start(&self, line: usize, column: usize) -> usize {
        let mut start = line;
        while start > 0 {
            let above = line_start(self.text, start - 1);
            let blank = self.text[above..start].trim().is_empty();
            // A comment that is indented deeper speaks of what stands above.
            let lead = self.comments.get(&above).is_some_and(|comment| comment.column <= column);
            if !blank && !lead {
                break;
            }
            start = above;
        }
        start
    }

    /// Where the lines of the last entry end: with the comments below it that are indented deeper.
    fn end(&self, entry: &Entry, column: usize) -> usize {
        let written = match is_value(&entry.value) {
            true => entry.value.span.end.max(entry.key_span.end),
            false => entry.key_span.end,
        };
        let written = self.text[..written].trim_end().len();
        let mut end = line_end(self.text, written);
        while self.comments.get(&end).is_some_and(|comment| comment.column > column) {
            end = line_end(self.text, end);
        }
        end
    }
}

/// The lines of an entry.
struct Chunk {
    /// The blank lines before it.
    blank: String,
    lines: String,
}

impl Chunk {
    fn new(text: &str) -> Self {
        let lines = text.trim_start_matches('\n');
        Self { blank: text[..text.len() - lines.len()].to_owned(), lines: lines.to_owned() }
    }

    fn as_written(&self) -> String {
        format!("{}{}", self.blank, self.lines)
    }
}

/// The entries in another order. `inline` is the column of a map that begins behind a dash. `None` when they are in
/// order, or when a comment would come to stand between the dash and its key.
fn join(chunks: &[Chunk], places: &[usize], inline: Option<usize>) -> Option<String> {
    let first = *places.first()?;
    if places.is_sorted() {
        return None;
    }
    let mut joined = String::new();
    for (position, &at) in places.iter().enumerate() {
        let chunk = &chunks[at];
        // No blank line comes to stand at the top. The entry that stood there is set apart as its neighbours were.
        joined += match (position, at) {
            (0, _) => "",
            (_, 0) => (&chunks[first].blank).max(&chunks[1].blank),
            _ => &chunk.blank,
        };
        match inline {
            Some(column) if position == 0 && at != 0 => {
                let lines = chunk
                    .lines
                    .get(column..)
                    .filter(|_| chunk.lines[..column].trim().is_empty())?;
                if lines.starts_with([' ', '#', '\n']) {
                    return None;
                }
                joined += lines;
            }
            Some(column) if at == 0 && position > 0 => {
                joined += &" ".repeat(column);
                joined += &chunk.lines;
            }
            _ => joined += &chunk.lines,
        }
        if !joined.ends_with('\n') {
            joined.push('\n');
        }
    }
    Some(joined)
}
