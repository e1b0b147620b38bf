//! What stands around a value in a text to say where it begins and ends: tags, code fences, rules, quotes.

use crate::span::Span;
use crate::template::flow::PRINTED;

/// A delimited part of a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Fence {
    /// What lies between the delimiters.
    pub(super) inside: Span,
    /// What ends it.
    pub(super) close: String,
    /// Whether the end has `<`, `>`, `"` or `'` in it, which escaping removes.
    pub(super) ends_escaped: bool,
}

/// How many delimiters may be open at once; what is deeper is taken for text.
const MAX_OPEN: usize = 64;

/// The fences of a text, in the order of their ends.
pub(super) fn fences(text: &str) -> Vec<Fence> {
    let mut found = Vec::new();
    tags(text, '<', '>', &mut found);
    tags(text, '[', ']', &mut found);
    for mark in ["```", "~~~", "\"\"\"", "'''"] {
        toggles(text, mark, &mut found);
    }
    rules(text, &mut found);
    quotes(text, &mut found);
    found
}

/// Pairs such as `<ticket>` and `</ticket>`, `[DATA]` and `[/DATA]`, `[BEGIN DATA]` and `[END DATA]`.
fn tags(text: &str, left: char, right: char, found: &mut Vec<Fence>) {
    const LONGEST: usize = 200;
    let mut open: Vec<(&str, usize)> = Vec::new();
    for (start, _) in text.match_indices(left) {
        let rest = &text[start + 1..];
        let limit = rest
            .char_indices()
            .take(LONGEST)
            .find(|(_, c)| matches!(c, '\n' | '<' | '[') || *c == right);
        let Some((length, end)) = limit else { continue };
        if end != right || rest[..length].contains(PRINTED) && left == '[' {
            continue;
        }
        let after = start + 1 + length + 1;
        let inner = rest[..length].trim();
        let (name, closes) = match inner.strip_prefix('/').or_else(|| word(inner, "END")) {
            Some(name) => (name.trim(), true),
            None => (word(inner, "BEGIN").or_else(|| word(inner, "START")).unwrap_or(inner), false),
        };
        // Attributes are no part of the name.
        let name =
            if left == '<' { name.split(' ').next().unwrap_or_default() } else { name.trim() };
        let named =
            name.starts_with(|c: char| c.is_alphabetic() || c == '_') && !inner.ends_with('/');
        if !named {
            continue;
        }
        if !closes {
            if open.len() < MAX_OPEN {
                open.push((name, after));
            }
        } else if let Some(place) = open.iter().rposition(|(other, _)| *other == name) {
            let inside = Span::new(open[place].1, start);
            open.truncate(place);
            let close = text[start..after].to_owned();
            found.push(Fence { inside, close, ends_escaped: left == '<' });
        }
    }
}

/// What follows a word at the beginning of a text.
fn word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    text.strip_prefix(word)?.strip_prefix([' ', '_', '-', ':'])
}

/// Marks that open and close in turn.
fn toggles(text: &str, mark: &str, found: &mut Vec<Fence>) {
    let mut places = text.match_indices(mark);
    while let (Some((open, _)), Some((close, _))) = (places.next(), places.next()) {
        let inside = Span::new(open + mark.len(), close);
        let ends_escaped = mark.starts_with(['"', '\'']);
        found.push(Fence { inside, close: mark.to_owned(), ends_escaped });
    }
}

/// Lines that begin with three or more of one mark, such as `---`, `=== INPUT ===` or `#####`: what lies between two of
/// the same mark.
fn rules(text: &str, found: &mut Vec<Fence>) {
    let mut last: Vec<(char, usize)> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim();
        let Some(mark) = line.chars().next().filter(|c| "-=*#_<>+".contains(*c)) else { continue };
        let run = line.chars().take_while(|c| *c == mark).count();
        let more = line.trim_end_matches(mark).len() > run;
        // `### Title` is a heading, and `*** word` a list.
        if run < 3 || (more && !line.ends_with(mark) && !matches!(mark, '-' | '=' | '<' | '>')) {
            continue;
        }
        let mark = if mark == '>' { '<' } else { mark };
        match last.iter_mut().find(|(other, _)| *other == mark) {
            Some((_, end)) => {
                let close = line.to_owned();
                found.push(Fence {
                    inside: Span::new(*end, start),
                    close,
                    ends_escaped: mark == '<',
                });
                *end = at;
            }
            None => last.push((mark, at)),
        }
    }
}

/// Quotes and backticks that touch what is printed on both sides.
fn quotes(text: &str, found: &mut Vec<Fence>) {
    const PAIRS: [(char, char); 8] = [
        ('"', '"'),
        ('\'', '\''),
        ('`', '`'),
        ('“', '”'),
        ('‘', '’'),
        ('„', '“'),
        ('«', '»'),
        ('「', '」'),
    ];
    for (start, printed) in text.match_indices(PRINTED) {
        let end = start + printed.len();
        let (before, after) = (text[..start].chars().next_back(), text[end..].chars().next());
        let pair =
            PAIRS.iter().find(|(left, right)| before == Some(*left) && after == Some(*right));
        if let Some((_, right)) = pair {
            found.push(Fence {
                inside: Span::new(start, end),
                close: right.to_string(),
                ends_escaped: matches!(right, '"' | '\''),
            });
        }
    }
}

/// The innermost fence around a byte.
pub(super) fn around(fences: &[Fence], offset: usize) -> Option<&Fence> {
    fences
        .iter()
        .filter(|fence| fence.inside.contains(offset))
        .min_by_key(|fence| fence.inside.end - fence.inside.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What ends the fence around the first value; `@` stands for a value.
    fn close(text: &str) -> Option<String> {
        let text = text.replace('@', &PRINTED.to_string());
        around(&fences(&text), text.find(PRINTED).unwrap()).map(|fence| fence.close.clone())
    }

    #[test]
    fn values_between_delimiters_are_fenced() {
        for (text, expected) in [
            ("<t>@</t>", "</t>"),
            ("<ticket id=\"7\">\nFrom: x\n@\n</ticket>", "</ticket>"),
            ("<a><b>@</b></a>", "</b>"),
            ("<a>@<br></a>", "</a>"),
            ("[DATA]\n@\n[/DATA]", "[/DATA]"),
            ("[BEGIN MAIL]@[END MAIL]", "[END MAIL]"),
            ("```text\n@\n```", "```"),
            ("Text: \"\"\"@\"\"\"", "\"\"\""),
            ("Say \"@\".", "\""),
            ("Say `@`.", "`"),
            ("---\n@\n---\nNow answer.", "---"),
            ("--- BEGIN ---\nx: @\n--- END ---", "--- END ---"),
            ("<<<<\n@\n>>>>", ">>>>"),
            ("##########\n@\n##########", "##########"),
        ] {
            assert_eq!(close(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn values_beside_delimiters_are_not() {
        for text in [
            "@",
            "Ticket: @",
            "<t></t>@",
            "<t>@",
            "@</t>",
            "<t>@</u>",
            "```a``` @ ```b```",
            "---\n@",
            "\"@ x\"",
            "# Title\n@\n# End",
            "### A\n@\n### B",
            "- @\n- b",
            "<br/>@<br/>",
            "a < b @ c > d",
            "[x](y) @ [z](w)",
        ] {
            assert_eq!(close(text), None, "{text}");
        }
    }
}
