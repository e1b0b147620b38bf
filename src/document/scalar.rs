//! Texts in a document: which bytes of the file stand behind which bytes of the text.

use granit_parser::ScalarStyle;
use serde_json::Number;

use super::NodeKind;
use crate::span::{SourceFile, Span};

/// A text, and how it is written.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// The text after YAML's escapes and folding.
    pub text: Box<str>,
    /// How it is written.
    pub style: Style,
    /// Columns before the content of a block scalar.
    pub(super) indent: u32,
}

/// How a text is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names are those of the YAML specification")]
pub enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
    Folded,
}

impl Style {
    /// Whether `text` can stand inside a text of this style as it is, whatever is around it.
    pub(super) fn holds(self, text: &str) -> bool {
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
        match self {
            _ if text.chars().any(char::is_control) => false,
            Self::Plain => text.chars().all(plain),
            Self::SingleQuoted => !text.contains('\''),
            Self::DoubleQuoted => !text.contains(['"', '\\']),
            Self::Literal => true,
            Self::Folded => !text.starts_with(' ') && !text.ends_with(' '),
        }
    }
}

impl From<ScalarStyle> for Style {
    fn from(style: ScalarStyle) -> Self {
        match style {
            ScalarStyle::Plain => Self::Plain,
            ScalarStyle::SingleQuoted => Self::SingleQuoted,
            ScalarStyle::DoubleQuoted => Self::DoubleQuoted,
            ScalarStyle::Literal => Self::Literal,
            ScalarStyle::Folded => Self::Folded,
        }
    }
}

impl Scalar {
    /// The bytes of `file` behind the bytes `range` of the text; `span` is the scalar's own place.
    pub fn locate(&self, file: &SourceFile, span: Span, range: Span) -> Span {
        let start = self.offset(file, span, range.start);
        let end = match range.end > range.start {
            // The end is found from the last character inside, so that it never runs over a fold.
            true => {
                let last = self.text[..range.end.min(self.text.len())]
                    .char_indices()
                    .next_back()
                    .map_or(0, |(at, _)| at);
                let from = self.offset(file, span, last);
                let width = file.text()[from..].chars().next().map_or(0, char::len_utf8);
                from + width
            }
            false => start,
        };
        Span::new(start, end)
    }

    fn offset(&self, file: &SourceFile, span: Span, offset: usize) -> usize {
        let offset = offset.min(self.text.len());
        let source = file.slice(span);
        let body_start = match self.style {
            Style::SingleQuoted | Style::DoubleQuoted => 1,
            _ => 0,
        };
        if source.get(body_start..body_start + self.text.len()) == Some(&*self.text) {
            return span.start + body_start + offset;
        }
        match self.style {
            Style::Literal => self.literal_offset(file, span, offset),
            style => {
                span.start + body_start + align(&source[body_start..], style, &self.text, offset)
            }
        }
    }

    /// The span of a block scalar starts at its first content character, behind the blank lines that the text has too.
    fn literal_offset(&self, file: &SourceFile, span: Span, offset: usize) -> usize {
        let lead = self.text.len() - self.text.trim_start_matches('\n').len();
        let before = &self.text[..offset];
        let line = before.matches('\n').count();
        if line < lead {
            return span.start;
        }
        let column = offset - before.rfind('\n').map_or(0, |at| at + 1);
        let place = match file.slice(span).contains('\r') {
            true => line_with_returns(file.text(), span.start, line - lead),
            false => file.line(file.position(span.start).line + line - lead),
        };
        match place {
            Some(place) => file
                .text()
                .floor_char_boundary((place.start + self.indent as usize + column).min(place.end)),
            None => span.end,
        }
    }
}

/// The `nth` line after the one that holds `start`, where a lone carriage return breaks lines too, as in YAML.
fn line_with_returns(text: &str, start: usize, nth: usize) -> Option<Span> {
    const BREAKS: [char; 2] = ['\n', '\r'];
    let mut first = text[..start].rfind(BREAKS).map_or(0, |at| at + 1);
    for _ in 0..nth {
        let at = first + text[first..].find(BREAKS)?;
        first = at + if text[at..].starts_with("\r\n") { 2 } else { 1 };
    }
    let length = text[first..].find(BREAKS).unwrap_or(text.len() - first);
    Some(Span::new(first, first + length))
}

/// The byte of `source` that stands behind byte `offset` of `text`.
///
/// Folding changes white space only, so the n-th character that is no white space is the same on both sides, escapes
/// counted as the character they mean.
fn align(source: &str, style: Style, text: &str, offset: usize) -> usize {
    let target = text[..offset].chars().filter(|c| !c.is_whitespace()).count();
    let mut seen = 0;
    let mut at = 0;
    while at < source.len() {
        let (decoded, width) = unit(&source[at..], style);
        if decoded.is_some_and(|c| !c.is_whitespace()) {
            if seen == target {
                return at;
            }
            seen += 1;
        }
        at += width;
    }
    source.len()
}

/// The first character of a quoted or folded text and the bytes it takes in the file; `None` for an escaped line break.
fn unit(source: &str, style: Style) -> (Option<char>, usize) {
    let mut characters = source.chars();
    let first = characters.next();
    let plain = (first, first.map_or(1, char::len_utf8));
    let Some(second) = characters.next() else {
        return plain;
    };
    match (style, first) {
        (Style::SingleQuoted, Some('\'')) if second == '\'' => (Some('\''), 2),
        (Style::DoubleQuoted, Some('\\')) => match second {
            'x' => hex(source, 2),
            'u' => hex(source, 4),
            'U' => hex(source, 8),
            '\n' => (None, 2),
            'n' | 't' | 'r' | ' ' | 'N' | '_' | 'L' | 'P' | 'v' | 'f' => (Some(' '), 2),
            other => (Some(other), 1 + other.len_utf8()),
        },
        _ => plain,
    }
}

fn hex(source: &str, digits: usize) -> (Option<char>, usize) {
    let code = source.get(2..2 + digits).and_then(|code| u32::from_str_radix(code, 16).ok());
    match code {
        // A surrogate pair is one character written as two escapes.
        Some(0xD800..=0xDBFF) => (Some('\u{FFFD}'), (2 + digits) * 2),
        Some(code) => (char::from_u32(code), 2 + digits),
        None => (Some('\\'), 1),
    }
}

/// What a plain scalar means in the YAML 1.2 core schema; `None` for a text.
///
/// Errors with a message when it is a number that JSON cannot hold without loss.
pub(super) fn resolve_plain(text: &str) -> Result<Option<NodeKind>, &'static str> {
    Ok(Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => NodeKind::Null,
        "true" | "True" | "TRUE" => NodeKind::Bool(true),
        "false" | "False" | "FALSE" => NodeKind::Bool(false),
        text => return resolve_number(text),
    }))
}

const TOO_LARGE: &str = "this integer does not fit 64 bits; quote it to keep it as text";

fn resolve_number(text: &str) -> Result<Option<NodeKind>, &'static str> {
    let first = text.as_bytes()[0];
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.')) {
        return Ok(None);
    }
    for (prefix, radix) in [("0o", 8), ("0x", 16)] {
        if let Some(digits) = text.strip_prefix(prefix)
            && !digits.is_empty()
            && digits.chars().all(|c| c.is_digit(radix))
        {
            let number = u64::from_str_radix(digits, radix).map_err(|_| TOO_LARGE)?;
            return Ok(Some(NodeKind::Number(number.into())));
        }
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit()) {
        let text = text.strip_prefix('+').unwrap_or(text);
        let number = match text.parse::<i64>() {
            Ok(number) => Number::from(number),
            Err(_) => Number::from(text.parse::<u64>().map_err(|_| TOO_LARGE)?),
        };
        return Ok(Some(NodeKind::Number(number)));
    }
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err("infinity and NaN have no place in JSON; quote them to keep them as text");
    }
    if !is_float(unsigned) {
        return Ok(None);
    }
    let number = text.strip_prefix('+').unwrap_or(text).parse::<f64>().ok();
    match number.and_then(Number::from_f64) {
        Some(number) => Ok(Some(NodeKind::Number(number))),
        None => Err("this number is too large; quote it to keep it as text"),
    }
}

/// `( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?` of the core schema.
fn is_float(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(text);
    let mut rest = &text[whole..];
    if let Some(after) = rest.strip_prefix('.') {
        let fraction = digits(after);
        if whole == 0 && fraction == 0 {
            return false;
        }
        rest = &after[fraction..];
    } else if whole == 0 {
        return false;
    }
    match rest.strip_prefix(['e', 'E']) {
        Some(exponent) => {
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent) == exponent.len()
        }
        None => rest.is_empty(),
    }
}
