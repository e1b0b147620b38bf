//! The tags of a template, one after the other, without parsing what stands in them.
//!
//! Most rules ask [`crate::template::analysis`], which knows what tags mean. A few ask only where tags stand and what
//! their first word is; for them one look along the bytes is enough. The template is one that parses.

use crate::span::Span;

/// What a tag does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TagKind {
    /// `{{ … }}`.
    Print,
    /// `{% … %}`.
    Block,
    /// `{# … #}`.
    Comment,
}

/// A tag.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tag<'a> {
    /// What it does.
    pub kind: TagKind,
    /// Its bytes, delimiters included.
    pub span: Span,
    /// What stands in it, without `-`, `+` and white space at both ends.
    pub inner: &'a str,
    /// Whether it has a `-` that takes away the white space before it.
    pub trims_before: bool,
    /// Whether it has a `-` that takes away the white space behind it.
    pub trims_after: bool,
}

impl<'a> Tag<'a> {
    /// The first word of a block: `if`, `endfor`; empty for the others.
    pub fn word(&self) -> &'a str {
        match self.kind {
            TagKind::Block => {
                let end = self.inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                &self.inner[..end.unwrap_or(self.inner.len())]
            }
            TagKind::Print | TagKind::Comment => "",
        }
    }
}

/// The tags of a text, in order.
pub fn tags(text: &str) -> Tags<'_> {
    Tags { text, at: 0, raw: false }
}

/// See [`tags`].
#[derive(Debug)]
pub struct Tags<'a> {
    text: &'a str,
    at: usize,
    /// Whether the last tag was `{% raw %}`: nothing but its end is a tag.
    raw: bool,
}

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            let start = self.at + self.text.get(self.at..)?.find('{')?;
            let kind = match self.text.as_bytes().get(start + 1) {
                Some(b'{') if !self.raw => TagKind::Print,
                Some(b'%') => TagKind::Block,
                Some(b'#') if !self.raw => TagKind::Comment,
                _ => {
                    self.at = start + 1;
                    continue;
                }
            };
            let Some(end) = end_of(self.text.as_bytes(), start + 2, kind) else {
                self.at = self.text.len();
                return None;
            };
            let content = &self.text[start + 2..end - 2];
            let trims_before = content.starts_with('-');
            let content = content.strip_prefix(['-', '+']).unwrap_or(content);
            let trims_after = content.ends_with('-');
            let inner = content.strip_suffix(['-', '+']).unwrap_or(content).trim();
            let tag = Tag { kind, span: Span::new(start, end), inner, trims_before, trims_after };
            if self.raw && tag.word() != "endraw" {
                self.at = start + 1;
                continue;
            }
            self.raw = tag.word() == "raw";
            self.at = end;
            return Some(tag);
        }
    }
}

/// One past the last byte of a tag whose content starts at `at`.
fn end_of(bytes: &[u8], mut at: usize, kind: TagKind) -> Option<usize> {
    let end = match kind {
        TagKind::Print => b"}}",
        TagKind::Block => b"%}",
        TagKind::Comment => b"#}",
    };
    let mut depth = 0_usize;
    let mut quote = None;
    while at < bytes.len() {
        let byte = bytes[at];
        let closes = bytes[at..].starts_with(end);
        match (kind, quote) {
            (TagKind::Comment, _) if closes => return Some(at + 2),
            (TagKind::Comment, _) => {}
            (_, Some(_)) if byte == b'\\' => at += 1,
            (_, Some(open)) if byte == open => quote = None,
            (_, Some(_)) => {}
            (_, None) if closes && depth == 0 => return Some(at + 2),
            (_, None) => match byte {
                b'"' | b'\'' => quote = Some(byte),
                b'{' | b'(' | b'[' => depth += 1,
                b'}' | b')' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            },
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&str, &str, bool, bool)> {
        tags(text)
            .map(|tag| (&text[tag.span.range()], tag.inner, tag.trims_before, tag.trims_after))
            .collect()
    }

    #[test]
    fn strings_brackets_comments_and_raw_do_not_end_a_tag_early() {
        let text = "{a} {{- x['}}'] -}}{% set m = {'a': {'b': 1}} %}{# it's {{ y }} #}{%raw%}{{ z }}{% if %}{%+ endraw %}{{ {'a': {}} }}";
        assert_eq!(
            found(text),
            [
                ("{{- x['}}'] -}}", "x['}}']", true, true),
                ("{% set m = {'a': {'b': 1}} %}", "set m = {'a': {'b': 1}}", false, false),
                ("{# it's {{ y }} #}", "it's {{ y }}", false, false),
                ("{%raw%}", "raw", false, false),
                ("{%+ endraw %}", "endraw", false, false),
                ("{{ {'a': {}} }}", "{'a': {}}", false, false),
            ]
        );
        let words: Vec<&str> = tags(text).map(|tag| tag.word()).collect();
        assert_eq!(words, ["", "set", "", "raw", "endraw", ""]);
    }

    #[test]
    fn what_is_not_closed_is_no_tag() {
        for text in ["{{ x", "{% raw %", "{", "é{", "{{ '}}"] {
            assert_eq!(found(text), []);
        }
    }
}
