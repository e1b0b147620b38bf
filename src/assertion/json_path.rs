//! JSONPath (RFC 9535) without filters: names, indices, slices, wildcards, descendants.
//!
//! Filters are left to expressions, which can say more. The steps of a query are bounded, since `..` in a row
//! multiplies them.

use serde_json::Value;

use super::{Problem, excerpt};
use crate::document::{Route, Segment as RouteSegment};

/// The longest path, in bytes.
const LONGEST: usize = 1000;

/// The most values that a query may visit.
const STEPS: usize = 1_000_000;

/// A compiled path.
#[derive(Clone, PartialEq, Debug)]
pub struct JsonPath {
    source: String,
    segments: Vec<Segment>,
}

#[derive(Clone, PartialEq, Debug)]
struct Segment {
    descendants: bool,
    selectors: Vec<Selector>,
}

#[derive(Clone, PartialEq, Debug)]
enum Selector {
    Name(String),
    Index(i64),
    Slice { start: Option<i64>, end: Option<i64>, step: i64 },
    All,
}

impl JsonPath {
    /// Reads a path such as `$.items[0]['unit price']`.
    pub fn parse(source: &str) -> Result<Self, Problem> {
        if source.len() > LONGEST {
            return Err(Problem::new(format!("the path is longer than {LONGEST} bytes")));
        }
        let mut reader = Reader { source, at: 0 };
        if !reader.take('$') {
            return Err(reader.problem("a path starts with `$`, the answer itself"));
        }
        let mut segments = Vec::new();
        while let Some(segment) = reader.segment()? {
            segments.push(segment);
        }
        Ok(Self { source: source.to_owned(), segments })
    }

    /// Whether it finds at most one value, by its form alone.
    pub fn is_singular(&self) -> bool {
        let one = |selector: &Selector| matches!(selector, Selector::Name(_) | Selector::Index(_));
        self.segments.iter().all(|segment| {
            !segment.descendants
                && segment.selectors.len() == 1
                && segment.selectors.iter().all(one)
        })
    }

    /// The way to the one place that it names; `None` where it may find several, or counts from the end of a list.
    pub fn route(&self) -> Option<Route> {
        let step = |segment: &Segment| match segment.selectors.as_slice() {
            _ if segment.descendants => None,
            [Selector::Name(name)] => Some(RouteSegment::Key(name.clone())),
            [Selector::Index(index)] => usize::try_from(*index).ok().map(RouteSegment::Index),
            _ => None,
        };
        self.segments.iter().map(step).collect()
    }

    /// The values that it finds, in the order of the document; an error when there are too many to visit.
    pub fn find<'a>(&self, root: &'a Value) -> Result<Vec<&'a Value>, String> {
        let mut found = vec![root];
        let mut steps = 0;
        for segment in &self.segments {
            let mut next = Vec::new();
            for value in found {
                segment.select(value, &mut next, &mut steps)?;
            }
            found = next;
        }
        Ok(found)
    }

    /// The path as written, bounded, for a reason.
    pub(super) fn shown(&self) -> String {
        excerpt::plain(&self.source)
    }
}

impl Segment {
    fn select<'a>(
        &self,
        value: &'a Value,
        found: &mut Vec<&'a Value>,
        steps: &mut usize,
    ) -> Result<(), String> {
        *steps += 1;
        for selector in &self.selectors {
            selector.select(value, found);
        }
        if *steps + found.len() > STEPS {
            return Err(format!("the path visits more than {STEPS} values"));
        }
        if self.descendants {
            match value {
                Value::Array(items) => {
                    for item in items {
                        self.select(item, found, steps)?;
                    }
                }
                Value::Object(keys) => {
                    for item in keys.values() {
                        self.select(item, found, steps)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Selector {
    fn select<'a>(&self, value: &'a Value, found: &mut Vec<&'a Value>) {
        match (self, value) {
            (Self::Name(name), Value::Object(keys)) => found.extend(keys.get(name)),
            (Self::Index(index), Value::Array(items)) => {
                found.extend(position(*index, items.len()).and_then(|index| items.get(index)));
            }
            (Self::All, Value::Array(items)) => found.extend(items),
            (Self::All, Value::Object(keys)) => found.extend(keys.values()),
            (Self::Slice { start, end, step }, Value::Array(items)) => {
                slice(*start, *end, *step, items.len(), |index| {
                    found.extend(items.get(index));
                });
            }
            _ => {}
        }
    }
}

/// An index from the start, or from the end when negative.
fn position(index: i64, length: usize) -> Option<usize> {
    match usize::try_from(index) {
        Ok(index) => Some(index),
        Err(_) => length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?),
    }
}

/// The indices of a slice, as section 2.3.4.2.2 of the RFC computes them.
fn slice(
    start: Option<i64>,
    end: Option<i64>,
    step: i64,
    length: usize,
    mut visit: impl FnMut(usize),
) {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let normal = |index: i64| {
        if index >= 0 { index } else { length.saturating_add(index) }
    };
    if step > 0 {
        let mut index = normal(start.unwrap_or(0)).clamp(0, length);
        let end = normal(end.unwrap_or(length)).clamp(0, length);
        while index < end {
            visit(index as usize);
            index = index.saturating_add(step);
        }
    } else if step < 0 {
        let mut index = start.map_or(length - 1, normal).clamp(-1, length - 1);
        let end = end.map_or(-1, |end| normal(end).clamp(-1, length - 1));
        while index > end {
            visit(index as usize);
            index = index.saturating_add(step);
        }
    }
}

struct Reader<'a> {
    source: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.source[self.at..].chars().next()
    }

    fn take(&mut self, character: char) -> bool {
        let there = self.peek() == Some(character);
        if there {
            self.at += character.len_utf8();
        }
        there
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|next| matches!(next, ' ' | '\t' | '\n' | '\r')) {
            self.at += 1;
        }
    }

    fn problem(&self, what: &str) -> Problem {
        let column = self.source[..self.at].chars().count() + 1;
        let source = excerpt::plain(self.source);
        Problem::new(format!("`{source}` is no valid JSONPath at character {column}: {what}"))
    }

    fn segment(&mut self) -> Result<Option<Segment>, Problem> {
        match self.peek() {
            None => Ok(None),
            Some('[') => Ok(Some(Segment { descendants: false, selectors: self.brackets()? })),
            Some('.') => {
                self.at += 1;
                let descendants = self.take('.');
                let selectors = match self.peek() {
                    Some('[') if descendants => self.brackets()?,
                    Some('*') => {
                        self.at += 1;
                        vec![Selector::All]
                    }
                    _ => vec![Selector::Name(self.name()?)],
                };
                Ok(Some(Segment { descendants, selectors }))
            }
            Some(' ') => Err(self.problem("a space outside brackets")),
            Some('-') => Err(self
                .problem("a name with `-` is written in brackets")
                .help("write `['my-name']` instead of `.my-name`")),
            Some(other) => {
                Err(self.problem(&format!("`{other}` where `.name` or `[…]` was expected")))
            }
        }
    }

    fn name(&mut self) -> Result<String, Problem> {
        let rest = &self.source[self.at..];
        let part = |next: char| next.is_alphanumeric() || next == '_' || !next.is_ascii();
        let end = rest.find(|next: char| !part(next)).unwrap_or(rest.len());
        let name = &rest[..end];
        if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
            return Err(self
                .problem("a name was expected here")
                .help("other names are written in brackets, such as `['1st name']`"));
        }
        self.at += end;
        Ok(name.to_owned())
    }

    fn brackets(&mut self) -> Result<Vec<Selector>, Problem> {
        self.at += 1;
        let mut selectors = Vec::new();
        loop {
            self.skip_space();
            selectors.push(self.selector()?);
            self.skip_space();
            if self.take(']') {
                return Ok(selectors);
            }
            if !self.take(',') {
                return Err(self.problem("`,` or `]` was expected here"));
            }
        }
    }

    fn selector(&mut self) -> Result<Selector, Problem> {
        match self.peek() {
            Some('*') => {
                self.at += 1;
                Ok(Selector::All)
            }
            Some(quote @ ('\'' | '"')) => self.quoted(quote).map(Selector::Name),
            Some('?') => Err(self
                .problem("filters (`?`) are not supported")
                .help("write an `expression` over `json`, such as `json.items | selectattr('done') | list | length > 0`")),
            _ => self.index_or_slice(),
        }
    }

    fn index_or_slice(&mut self) -> Result<Selector, Problem> {
        let start = self.integer()?;
        self.skip_space();
        if !self.take(':') {
            return start.map(Selector::Index).ok_or_else(|| {
                self.problem("an index, a quoted name, a slice or `*` was expected here")
            });
        }
        self.skip_space();
        let end = self.integer()?;
        self.skip_space();
        let step = if self.take(':') {
            self.skip_space();
            self.integer()?
        } else {
            None
        };
        Ok(Selector::Slice { start, end, step: step.unwrap_or(1) })
    }

    /// An integer of the range that JSON numbers hold exactly (RFC 7493).
    fn integer(&mut self) -> Result<Option<i64>, Problem> {
        const LIMIT: i64 = (1 << 53) - 1;
        let rest = &self.source[self.at..];
        let digits = rest.strip_prefix('-').unwrap_or(rest);
        let count = digits.find(|next: char| !next.is_ascii_digit()).unwrap_or(digits.len());
        if count == 0 {
            return if rest.starts_with('-') {
                Err(self.problem("a number was expected after `-`"))
            } else {
                Ok(None)
            };
        }
        let length = rest.len() - digits.len() + count;
        if (count > 1 && digits.starts_with('0')) || &rest[..length] == "-0" {
            return Err(self.problem("an index has no leading zero"));
        }
        match rest[..length].parse::<i64>().ok().filter(|number| number.abs() <= LIMIT) {
            Some(number) => {
                self.at += length;
                Ok(Some(number))
            }
            None => Err(self.problem("the index is too large")),
        }
    }

    fn quoted(&mut self, quote: char) -> Result<String, Problem> {
        self.at += 1;
        let mut name = String::new();
        loop {
            match self.peek() {
                None => return Err(self.problem(&format!("the closing {quote} is missing"))),
                Some(next) if next == quote => {
                    self.at += 1;
                    return Ok(name);
                }
                Some('\\') => {
                    self.at += 1;
                    name.push(self.escape(quote)?);
                }
                Some(next) => {
                    self.at += next.len_utf8();
                    name.push(next);
                }
            }
        }
    }

    fn escape(&mut self, quote: char) -> Result<char, Problem> {
        let character = match self.peek() {
            Some(next) if next == quote => quote,
            Some(same @ ('\\' | '/')) => same,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => return self.unicode(),
            _ => return Err(self.problem("an escape that JSONPath does not know")),
        };
        self.at += character_width(self.peek());
        Ok(character)
    }

    /// `uXXXX`, or two of them for a character outside the basic plane.
    fn unicode(&mut self) -> Result<char, Problem> {
        let unit = |at: usize| {
            let digits = self.source.get(at + 1..at + 5)?;
            let hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            hexadecimal.then(|| u16::from_str_radix(digits, 16).ok())?
        };
        let first = unit(self.at);
        let second =
            (self.source.get(self.at + 5..self.at + 7) == Some("\\u")).then(|| unit(self.at + 6));
        let units: Vec<u16> = first.into_iter().chain(second.flatten()).collect();
        match char::decode_utf16(units).next() {
            Some(Ok(character)) => {
                self.at += if character.len_utf16() == 2 { 11 } else { 5 };
                Ok(character)
            }
            _ => Err(self.problem("`\\u` is followed by four hexadecimal digits of a character")),
        }
    }
}

fn character_width(character: Option<char>) -> usize {
    character.map_or(0, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(path: &str, value: &Value) -> Value {
        let path = JsonPath::parse(path).unwrap_or_else(|problem| panic!("{path}: {problem:?}"));
        Value::Array(path.find(value).unwrap().into_iter().cloned().collect())
    }

    #[test]
    fn finds_what_the_rfc_says() {
        let value = json!({
            "a": {"b": [10, 11, 12, 13, 14]}, "my key": 1, "é": 2, "'": 3, "☺": 4, "list": [{"n": 1}, {"n": 2}],
        });
        for (path, expected) in [
            ("$", json!([value])),
            ("$.a.b[0]", json!([10])),
            ("$.a.b[-1]", json!([14])),
            ("$.a.b[9]", json!([])),
            ("$.a.b[-9]", json!([])),
            ("$.a.b[1:3]", json!([11, 12])),
            ("$.a.b[:-3]", json!([10, 11])),
            ("$.a.b[::2]", json!([10, 12, 14])),
            ("$.a.b[::-1]", json!([14, 13, 12, 11, 10])),
            ("$.a.b[3:0:-2]", json!([13, 11])),
            ("$.a.b[1:3:0]", json!([])),
            ("$.a.b[0, 2]", json!([10, 12])),
            ("$['my key']", json!([1])),
            ("$[\"my key\"]", json!([1])),
            ("$.é", json!([2])),
            ("$['\\'']", json!([3])),
            ("$['\\u263A']", json!([4])),
            ("$.list[*].n", json!([1, 2])),
            ("$..n", json!([1, 2])),
            ("$.list..[0]", json!([{"n": 1}])),
            ("$.nope.deeper", json!([])),
            ("$.a[0]", json!([])),
            ("$.a.b.c", json!([])),
        ] {
            assert_eq!(found(path, &value), expected, "{path}");
        }
    }

    #[test]
    fn says_where_a_path_is_wrong() {
        let message = |path: &str| JsonPath::parse(path).unwrap_err().message;
        assert_eq!(
            message("label"),
            "`label` is no valid JSONPath at character 1: a path starts with `$`, the answer itself"
        );
        assert_eq!(
            message("$.items[?@.price > 3]"),
            "`$.items[?@.price > 3]` is no valid JSONPath at character 9: filters (`?`) are not supported"
        );
        for path in [
            "",
            "$.",
            "$..",
            "$.1a",
            "$[",
            "$[]",
            "$[1",
            "$['a",
            "$[01]",
            "$[-0]",
            "$.a b",
            "$.a-b",
            "$ .a",
            "$['\\x']",
            "$['\\ud83d']",
            "$[99999999999999999999]",
            "$[1:2:3:4]",
            "$é",
            "$[-]",
        ] {
            assert!(JsonPath::parse(path).is_err(), "{path:?}");
        }
    }

    #[test]
    fn only_names_and_indices_are_singular() {
        let singular = |path: &str| JsonPath::parse(path).unwrap().is_singular();
        assert!(singular("$") && singular("$.a[0]['b']"));
        assert!(
            !singular("$.*") && !singular("$..a") && !singular("$[0,1]") && !singular("$[0:1]")
        );
    }

    #[test]
    fn a_query_that_multiplies_is_stopped() {
        let mut value = json!([1]);
        for _ in 0..100 {
            value = json!([value, 1]);
        }
        let path = JsonPath::parse("$..*..*..*..*..*").unwrap();
        assert_eq!(path.find(&value), Err("the path visits more than 1000000 values".to_owned()));
    }
}
