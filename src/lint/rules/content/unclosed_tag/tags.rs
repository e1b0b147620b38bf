//! Tags in a text, as far as they look like those of XML.

use crate::lint::rules::content::markdown::{Fences, line_around};
use crate::span::Span;
use crate::template::analysis::Literal;

/// A tag.
pub(super) struct Tag<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// From `<` to `>`, in bytes of the text.
    pub(super) span: Span,
    pub(super) kind: Kind,
    /// Whether nothing else stands on its line.
    pub(super) alone: bool,
    /// Whether it is printed whatever the values are.
    pub(super) certain: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Open,
    Close,
}

/// The tags of a text, those in code left out.
pub(super) fn tags<'a>(
    text: &'a str,
    literals: impl Iterator<Item = (Literal, &'a str)>,
) -> Vec<Tag<'a>> {
    let mut found = Vec::new();
    let mut fences: Option<Fences> = None;
    let mut line = Line::default();
    for (literal, piece) in literals {
        for (at, _) in piece.match_indices('<') {
            let Some((name, kind, length)) = tag(&piece[at..]) else { continue };
            let start = literal.span.start + at;
            let span = Span::new(start, start + length);
            line.read_to(text, start);
            // `Vec<T>` is a type, and what stands between backticks is quoted.
            let in_word = text[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            if line.quoted || in_word {
                continue;
            }
            if fences.get_or_insert_with(|| Fences::of(text)).contain(start) {
                continue;
            }
            let alone = line.words == &piece[at..at + length];
            found.push(Tag { name, span, kind, alone, certain: literal.certain });
        }
    }
    found
}

/// The line of a tag, read once from its beginning to its end however many tags stand on it.
#[derive(Default)]
struct Line<'a> {
    span: Span,
    /// The line without the blanks around it.
    words: &'a str,
    /// How far its backticks are counted.
    read: usize,
    /// Whether there is an odd number of them, so that what follows is quoted.
    quoted: bool,
}

impl<'a> Line<'a> {
    /// Reads on to a byte of the text, or anew where the byte is on another line.
    fn read_to(&mut self, text: &'a str, offset: usize) {
        if !(self.read..self.span.end).contains(&offset) {
            let span = line_around(text, offset);
            let words = text[span.range()].trim();
            *self = Self { span, words, read: span.start, quoted: false };
        }
        self.quoted ^= text[self.read..offset].matches('`').count() % 2 == 1;
        self.read = offset;
    }
}

/// The tag that a text starts with, and its length; none for one that opens and closes in one.
fn tag(text: &str) -> Option<(&str, Kind, usize)> {
    let (kind, body) = match text.strip_prefix("</") {
        Some(body) => (Kind::Close, body),
        None => (Kind::Open, text.strip_prefix('<')?),
    };
    let in_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    let name = &body[..body.find(|c| !in_name(c)).unwrap_or(body.len())];
    let rest = &body[name.len()..];
    let close = rest.find(['>', '<', '\n']).filter(|at| rest[*at..].starts_with('>'))?;
    let attributes = &rest[..close];
    let plain = attributes.trim().is_empty() && !attributes.contains('\n');
    let fits = name.starts_with(char::is_alphabetic)
        && (plain
            || (attributes.starts_with(' ') && attributes.contains('=') && kind == Kind::Open));
    let length = text.len() - rest.len() + close + 1;
    (fits && !attributes.ends_with('/')).then_some((name, kind, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_quote_tags_however_many_stand_on_a_line() {
        let line = "<a> `<b>` x<c>".repeat(20_000);
        let text = format!("<d>`\n{line}\n <e> \n");
        let literal = Literal { span: Span::new(0, text.len()), certain: true };
        let found = tags(&text, [(literal, text.as_str())].into_iter());
        let names: Vec<&str> = found.iter().map(|tag| tag.name).collect();
        assert_eq!((names.len(), names[0], names[20_001]), (20_002, "d", "e"));
        assert!(names[1..20_001].iter().all(|name| *name == "a"));
        let alone: Vec<&str> = found.iter().filter(|tag| tag.alone).map(|tag| tag.name).collect();
        assert_eq!(alone, ["e"]);
    }

    #[test]
    fn tags_have_a_name_and_attributes() {
        let read = |text| tag(text).map(|(name, kind, length)| (name, kind == Kind::Open, length));
        assert_eq!(read("<a>"), Some(("a", true, 3)));
        assert_eq!(read("</a-b> x"), Some(("a-b", false, 6)));
        assert_eq!(read("<doc id=\"1\">"), Some(("doc", true, 12)));
        for other in
            ["<br/>", "<your name>", "< a>", "<a", "<a\n>", "<!-- x -->", "<1>", "<https://x.y>"]
        {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
