//! The YAML that most files are made of, read in one pass over the bytes: several times faster than the events of a full
//! parser, which have to be ready for everything.
//!
//! Block mappings and sequences, flow collections, plain and quoted texts on one line, literal blocks, comments. Whatever
//! else a file holds, be it right or wrong, ends this reader with [`Unsure`], and the full parser reads the file from
//! the start: this module knows no errors and gives no messages. Where it does read a file, the tree is that of the full
//! parser to the last span, which a test and a fuzz target hold against each other.

use std::borrow::Cow;

use super::Comment;
use super::parse::Builder;
use super::scalar::Style;
use crate::diagnostic::Diagnostic;
use crate::span::Span;

/// The file holds something that is not read here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unsure;

type Read<T = ()> = Result<T, Unsure>;

/// Gives up on the file unless this holds.
fn sure(holds: bool) -> Read {
    if holds { Ok(()) } else { Err(Unsure) }
}

impl From<Box<Diagnostic>> for Unsure {
    /// The full parser says it again, and in the order of the file.
    fn from(_: Box<Diagnostic>) -> Self {
        Self
    }
}

/// Keys that are longer are left to the full parser, which has a limit for them.
const MAX_KEY: usize = 256;

/// Reads a file into `builder`, which is of no use when that fails.
pub(super) fn read(text: &str, builder: &mut Builder<'_>) -> Read {
    ordinary(text.as_bytes())?;
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, line: 0, builder };
    sure(reader.next_line()?.is_some())?;
    reader.block()?;
    sure(reader.at == text.len())
}

/// Whether all characters mean nothing but themselves: no control characters, no line breaks but `\n`, no byte order mark.
fn ordinary(bytes: &[u8]) -> Read {
    let special = |at: usize, byte: u8| match byte {
        b'\n' | b'\t' => false,
        0..0x20 | 0x7f => true,
        // The C1 controls with NEL, the separators of lines and paragraphs, the byte order mark and the non-characters.
        0xc2 => bytes.get(at + 1).is_some_and(|next| *next < 0xa0),
        0xe2 => bytes.get(at + 1..at + 3).is_some_and(|next| matches!(next, [0x80, 0xa8 | 0xa9])),
        0xef => bytes.get(at + 1).is_some_and(|next| matches!(next, 0xbb | 0xbf)),
        _ => false,
    };
    sure(!bytes.iter().enumerate().any(|(at, byte)| special(at, *byte)))
}

struct Reader<'t, 'b, 'f> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    /// Where the line of `at` begins.
    line: usize,
    builder: &'b mut Builder<'f>,
}

impl<'t> Reader<'t, '_, '_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn column(&self) -> usize {
        self.at - self.line
    }

    /// The byte at `at` and what follows it: a space, the end of the line or of the file.
    fn stands_alone(&self, at: usize) -> bool {
        matches!(self.bytes.get(at + 1), None | Some(b' ' | b'\n'))
    }

    fn is_entry(&self) -> bool {
        self.peek() == Some(b'-') && self.stands_alone(self.at)
    }

    fn skip_spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    fn end_of_line(&self) -> usize {
        let rest = &self.bytes[self.at..];
        self.at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
    }

    /// Goes from the beginning of a line to the first character of a line that says something; its column, or `None` at
    /// the end of the file.
    fn next_line(&mut self) -> Read<Option<usize>> {
        loop {
            self.line = self.at;
            self.skip_spaces();
            match self.peek() {
                None => return Ok(None),
                Some(b'\n') => self.at += 1,
                Some(b'#') => self.comment(),
                Some(b'-' | b'.')
                    if self.at == self.line
                        && matches!(
                            self.bytes.get(self.at..self.at + 3),
                            Some(b"---" | b"...")
                        ) =>
                {
                    return Err(Unsure);
                }
                Some(_) => return Ok(Some(self.column())),
            }
        }
    }

    fn comment(&mut self) {
        let end = self.end_of_line();
        let text = self.text[self.at + 1..end].to_owned();
        self.builder.comments.push(Comment { span: Span::new(self.at, end), text });
        self.at = (end + 1).min(self.bytes.len());
    }

    /// What may follow a value on its line; then the next line that says something.
    fn finish_line(&mut self) -> Read<Option<usize>> {
        let before = self.at;
        self.skip_spaces();
        match self.peek() {
            None => {}
            Some(b'\n') => self.at += 1,
            Some(b'#') if self.at > before => self.comment(),
            Some(_) => return Err(Unsure),
        }
        self.next_line()
    }

    /// A collection whose first line begins here. Ends at the first line that does not belong to it.
    fn block(&mut self) -> Read {
        if self.is_entry() { self.sequence(self.at) } else { self.mapping() }
    }

    fn mapping(&mut self) -> Read {
        let column = self.column();
        self.open(true, self.at)?;
        loop {
            self.key()?;
            match self.value(column)? {
                Some(next) if next == column => {}
                Some(next) if next > column => return Err(Unsure),
                _ => break,
            }
        }
        self.close(Span::at(self.at))
    }

    /// The value behind a key of a mapping at `column`, and the column of the next line.
    fn value(&mut self, column: usize) -> Read<Option<usize>> {
        self.skip_spaces();
        match self.peek() {
            None | Some(b'\n' | b'#') => {}
            Some(_) => return self.inline(column),
        }
        match self.finish_line()? {
            Some(next) if next > column => self.block()?,
            // A sequence may stand as far to the left as its key; its place is then that of its first item.
            Some(next) if next == column && self.is_entry() => {
                let item = self.bytes[self.at + 1..].iter().position(|byte| *byte != b' ');
                self.sequence(self.at + 1 + item.ok_or(Unsure)?)?;
            }
            _ => return Err(Unsure),
        }
        Ok(self.here())
    }

    /// The column of the line that was gone to, `None` at the end of the file.
    fn here(&self) -> Option<usize> {
        self.peek().map(|_| self.column())
    }

    fn sequence(&mut self, start: usize) -> Read {
        let column = self.column();
        self.open(false, start)?;
        loop {
            self.at += 1;
            self.skip_spaces();
            let next = match self.peek() {
                None | Some(b'\n' | b'#') => return Err(Unsure),
                Some(b'-') if self.stands_alone(self.at) => {
                    self.block()?;
                    self.here()
                }
                Some(_) if self.key_ahead() => {
                    self.mapping()?;
                    self.here()
                }
                Some(_) => self.inline(column)?,
            };
            match next {
                Some(next) if next == column && self.is_entry() => {}
                Some(next) if next > column => return Err(Unsure),
                _ => break,
            }
        }
        self.close(Span::at(self.at))
    }

    /// A value that begins on the line of its parent, which stands at `column`; then the column of the next line.
    fn inline(&mut self, column: usize) -> Read<Option<usize>> {
        match self.peek() {
            Some(b'|') => return self.literal(column),
            Some(b'[' | b'{') => self.flow(column)?,
            Some(b'"' | b'\'') => {
                let (text, style, span) = self.quoted()?;
                self.text(text, style, span)?;
            }
            _ => self.plain()?,
        }
        self.finish_line()
    }

    /// Whether the text here begins like a key of a mapping.
    fn key_ahead(&self) -> bool {
        match self.peek() {
            Some(quote @ (b'"' | b'\'')) => {
                let rest = &self.bytes[self.at + 1..];
                let close = rest.iter().position(|byte| *byte == quote || *byte == b'\n');
                close.is_some_and(|close| rest.get(close + 1) == Some(&b':'))
            }
            _ => self.plain_key().is_some(),
        }
    }

    /// Where a plain key that begins here ends.
    fn plain_key(&self) -> Option<usize> {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().take(MAX_KEY).position(|byte| !is_key_byte(*byte))?;
        let key = (end > 0 && rest[0] != b'-' && rest[end] == b':').then_some(self.at + end)?;
        self.stands_alone(key).then_some(key)
    }

    /// A key with its colon, behind which something else begins.
    fn key(&mut self) -> Read {
        if let Some(b'"' | b'\'') = self.peek() {
            let (text, style, span) = self.quoted()?;
            sure(span.end - span.start <= MAX_KEY)?;
            sure(self.peek() == Some(b':') && self.stands_alone(self.at))?;
            self.text(text, style, span)?;
        } else {
            let end = self.plain_key().ok_or(Unsure)?;
            self.plain_text(self.at, end)?;
            self.at = end;
        }
        self.at += 1;
        Ok(())
    }

    /// A quoted text on one line without escapes.
    fn quoted(&mut self) -> Read<(Cow<'t, str>, Style, Span)> {
        let quote = self.bytes[self.at];
        let start = self.at + 1;
        let stops = |byte: &u8| *byte == quote || matches!(byte, b'\n' | b'\\' | b'\t');
        let length = self.bytes[start..].iter().position(stops).ok_or(Unsure)?;
        let end = start + length;
        let style = if quote == b'"' { Style::DoubleQuoted } else { Style::SingleQuoted };
        // A single quote twice is one quote; a backslash between single quotes is itself, but rare enough.
        if self.bytes[end] != quote || self.bytes.get(end + 1) == Some(&quote) {
            return Err(Unsure);
        }
        self.at = end + 1;
        Ok((Cow::Borrowed(&self.text[start..end]), style, Span::new(start - 1, end + 1)))
    }

    /// A plain text in a block collection.
    fn plain(&mut self) -> Read {
        self.plain_start()?;
        let start = self.at;
        let mut end = start;
        loop {
            match self.peek() {
                None | Some(b'\n') => break,
                Some(b'\t') => return Err(Unsure),
                Some(b':') if self.stands_alone(self.at) => return Err(Unsure),
                Some(b'#') if end < self.at => break,
                Some(b' ') => {}
                Some(_) => end = self.at + 1,
            }
            self.at += 1;
        }
        self.at = end;
        self.plain_text(start, end)
    }

    /// Whether a plain text can begin here.
    fn plain_start(&self) -> Read {
        match self.peek() {
            Some(b'-' | b'.')
                if self.bytes.get(self.at + 1).is_some_and(u8::is_ascii_alphanumeric) =>
            {
                Ok(())
            }
            Some(b'/' | b'_' | b'$' | b'(' | b'+' | b'<' | b'=' | b'~' | b'^' | b';') => Ok(()),
            Some(byte) if byte.is_ascii_alphanumeric() || byte >= 0x80 => Ok(()),
            _ => Err(Unsure),
        }
    }

    fn plain_text(&mut self, start: usize, end: usize) -> Read {
        self.text(Cow::Borrowed(&self.text[start..end]), Style::Plain, Span::new(start, end))
    }

    /// A collection in brackets, below a parent at `column`.
    fn flow(&mut self, column: usize) -> Read {
        let mapping = self.peek() == Some(b'{');
        let close = if mapping { b'}' } else { b']' };
        self.open(mapping, self.at)?;
        self.at += 1;
        self.flow_space(column)?;
        while self.peek() != Some(close) {
            if mapping {
                self.key()?;
                self.flow_space(column)?;
            }
            match self.peek() {
                Some(b'[' | b'{') => self.flow(column)?,
                Some(b'"' | b'\'') => {
                    let (text, style, span) = self.quoted()?;
                    self.text(text, style, span)?;
                }
                _ => self.flow_plain()?,
            }
            self.flow_space(column)?;
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    self.flow_space(column)?;
                }
                Some(byte) if byte == close => {}
                _ => return Err(Unsure),
            }
        }
        let end = Span::new(self.at, self.at + 1);
        self.at += 1;
        self.close(end)
    }

    /// White space between the parts of a collection in brackets; further lines must be indented more than the parent.
    fn flow_space(&mut self, column: usize) -> Read {
        loop {
            self.skip_spaces();
            if self.peek() != Some(b'\n') {
                break;
            }
            self.at += 1;
            self.line = self.at;
        }
        sure(self.column() > column)
    }

    /// A plain text between brackets, on one line.
    fn flow_plain(&mut self) -> Read {
        self.plain_start()?;
        let start = self.at;
        let mut end = start;
        loop {
            match self.peek() {
                Some(b',' | b']' | b'}' | b'\n') => break,
                Some(b':') => match self.bytes.get(self.at + 1) {
                    Some(next) if next.is_ascii_alphanumeric() || *next == b'/' => {
                        end = self.at + 1;
                    }
                    _ => return Err(Unsure),
                },
                None | Some(b'[' | b'{' | b'\t') => return Err(Unsure),
                Some(b'#') if end < self.at => return Err(Unsure),
                Some(b' ') => {}
                Some(_) => end = self.at + 1,
            }
            self.at += 1;
        }
        self.at = end;
        self.plain_text(start, end)
    }

    /// A literal block whose parent stands at `column`; then the column of the next line.
    fn literal(&mut self, column: usize) -> Read<Option<usize>> {
        self.at += 1;
        let chomp = self.peek().filter(|byte| matches!(byte, b'-' | b'+'));
        self.at += usize::from(chomp.is_some());
        sure(self.peek() == Some(b'\n'))?;
        self.at += 1;
        let indent = self.literal_indent()?;
        sure(indent > column)?;
        let mut text = String::new();
        let mut start = None;
        // Where the block ends: behind the indentation of the line that follows it, as the full parser has it.
        let mut end_of_block = None;
        // Line breaks of blank lines that have not been written, as the last ones may be dropped.
        let mut breaks = 0;
        while self.at < self.bytes.len() {
            let end = self.end_of_line();
            let line = &self.bytes[self.at..end];
            let spaces = line.iter().take(indent).take_while(|byte| **byte == b' ').count();
            if spaces < indent && spaces < line.len() {
                end_of_block = Some(self.at + spaces);
                break;
            }
            if end == self.bytes.len() || (spaces < indent && spaces > 0) {
                return Err(Unsure);
            }
            if spaces == line.len() {
                breaks += 1;
            } else {
                text.extend(std::iter::repeat_n('\n', breaks));
                text.push_str(&self.text[self.at + indent..end]);
                start.get_or_insert(self.at + indent);
                breaks = 1;
            }
            self.at = end + 1;
        }
        match chomp {
            None => text.push('\n'),
            Some(b'-') => {}
            Some(_) => text.extend(std::iter::repeat_n('\n', breaks)),
        }
        let span = Span::new(start.ok_or(Unsure)?, end_of_block.unwrap_or(self.at));
        self.builder.scalar(Cow::Owned(text), Style::Literal, span, indent)?;
        self.next_line()
    }

    /// The indentation of the first line of a block that is not blank.
    fn literal_indent(&self) -> Read<usize> {
        let rest = &self.bytes[self.at..];
        let first = rest.iter().position(|byte| *byte != b'\n').ok_or(Unsure)?;
        let indent = rest[first..].iter().take_while(|byte| **byte == b' ').count();
        match rest.get(first + indent) {
            // Blank lines with spaces may be wider than the text.
            None | Some(b'\t' | b'\n') => Err(Unsure),
            Some(_) => Ok(indent),
        }
    }

    fn text(&mut self, text: Cow<'_, str>, style: Style, span: Span) -> Read {
        Ok(self.builder.scalar(text, style, span, 0)?)
    }

    fn open(&mut self, mapping: bool, start: usize) -> Read {
        Ok(self.builder.open(mapping, Span::at(start), 0)?)
    }

    fn close(&mut self, span: Span) -> Read {
        Ok(self.builder.close(span)?)
    }
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/' | b'$' | b'<')
}

#[cfg(test)]
mod tests;
