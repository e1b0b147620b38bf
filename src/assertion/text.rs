//! Texts: the same, contained, at the start or at the end; with and without regard to case.

use serde_json::Value;

use super::syntax::Fields;
use super::template::Operand;
use super::{Kind, Problem, Subject, Verdict, excerpt, json};

/// A comparison of texts.
#[derive(Clone, Debug)]
pub struct Text {
    comparison: Comparison,
    operand: Operand<Wanted>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Comparison {
    Equals,
    EqualsFolded,
    Contains { folded: bool, all: bool },
    StartsWith,
    EndsWith,
}

/// What the answer is compared with.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    /// Each text as written and as compared.
    Texts(Vec<(String, String)>),
    /// Anything but a text: compared with the answer read as JSON.
    Json(Value),
}

pub(super) fn equals(fields: &mut Fields<'_>) -> Option<Kind> {
    text(fields, Comparison::Equals, |value| match value {
        Value::String(text) => Ok(Wanted::Texts(vec![(text.clone(), text.clone())])),
        value => Ok(Wanted::Json(value.clone())),
    })
}

pub(super) fn iequals(fields: &mut Fields<'_>) -> Option<Kind> {
    text(fields, Comparison::EqualsFolded, |value| {
        let text = scalar(value)?;
        Ok(Wanted::Texts(vec![(text.clone(), text.to_lowercase())]))
    })
}

pub(super) fn contains(fields: &mut Fields<'_>) -> Option<Kind> {
    text(fields, Comparison::Contains { folded: false, all: true }, one)
}

pub(super) fn icontains(fields: &mut Fields<'_>) -> Option<Kind> {
    text(fields, Comparison::Contains { folded: true, all: true }, one_folded)
}

pub(super) fn contains_any(fields: &mut Fields<'_>) -> Option<Kind> {
    text(fields, Comparison::Contains { folded: false, all: false }, several)
}

pub(super) fn contains_all(fields: &mut Fields<'_>) -> Option<Kind> {
    text(fields, Comparison::Contains { folded: false, all: true }, several)
}

pub(super) fn icontains_any(fields: &mut Fields<'_>) -> Option<Kind> {
    text(fields, Comparison::Contains { folded: true, all: false }, several_folded)
}

pub(super) fn icontains_all(fields: &mut Fields<'_>) -> Option<Kind> {
    text(fields, Comparison::Contains { folded: true, all: true }, several_folded)
}

pub(super) fn starts_with(fields: &mut Fields<'_>) -> Option<Kind> {
    text(fields, Comparison::StartsWith, one)
}

pub(super) fn ends_with(fields: &mut Fields<'_>) -> Option<Kind> {
    text(fields, Comparison::EndsWith, one)
}

fn text(
    fields: &mut Fields<'_>,
    comparison: Comparison,
    prepare: fn(&Value) -> Result<Wanted, Problem>,
) -> Option<Kind> {
    let operand = fields.operand("value", prepare)?;
    Some(Kind::Text(Text { comparison, operand }))
}

/// A text, or a number or truth value as text.
pub(super) fn scalar(value: &Value) -> Result<String, Problem> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(truth) => Ok(truth.to_string()),
        other => Err(Problem::new(format!("is {}, not a text", kind_of(other)))),
    }
}

/// The kind of a value, with an article.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

/// Every answer contains the empty text, so that it would decide nothing.
fn substance(value: &Value) -> Result<String, Problem> {
    match scalar(value)? {
        text if text.is_empty() => {
            Err(Problem::new("the text is empty, which every answer contains"))
        }
        text => Ok(text),
    }
}

fn one(value: &Value) -> Result<Wanted, Problem> {
    substance(value).map(|text| Wanted::Texts(vec![(text.clone(), text)]))
}

fn one_folded(value: &Value) -> Result<Wanted, Problem> {
    one(value).map(folded)
}

fn several(value: &Value) -> Result<Wanted, Problem> {
    let Value::Array(items) = value else {
        return Err(Problem::new(format!("is {}, not a list of texts", kind_of(value)))
            .help("write a list, such as `value: [refund, exchange]`"));
    };
    if items.is_empty() {
        return Err(Problem::new("the list is empty, so that it would decide nothing"));
    }
    let mut texts = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let text = substance(item).map_err(|problem| problem.under(&index.to_string()))?;
        texts.push((text.clone(), text));
    }
    Ok(Wanted::Texts(texts))
}

/// A text, or a list of texts; none of them empty.
pub(super) fn one_or_more(value: &Value) -> Result<Vec<String>, Problem> {
    let blank = |text: String| match text.trim() {
        "" => Err(Problem::new("the text is empty")),
        _ => Ok(text),
    };
    let Value::Array(items) = value else { return Ok(vec![scalar(value).and_then(blank)?]) };
    if items.is_empty() {
        return Err(Problem::new("the list is empty, so that it would decide nothing"));
    }
    let texts = items.iter().enumerate().map(|(index, item)| {
        scalar(item).and_then(blank).map_err(|problem| problem.under(&index.to_string()))
    });
    texts.collect()
}

fn several_folded(value: &Value) -> Result<Wanted, Problem> {
    several(value).map(folded)
}

fn folded(wanted: Wanted) -> Wanted {
    match wanted {
        Wanted::Texts(texts) => Wanted::Texts(
            texts.into_iter().map(|(text, compared)| (text, compared.to_lowercase())).collect(),
        ),
        json @ Wanted::Json(_) => json,
    }
}

impl Text {
    pub(super) fn score(&self, subject: &Subject<'_>) -> Result<Verdict, String> {
        let wanted = self.operand.resolve(subject)?;
        let (passed, reason) = match &*wanted {
            Wanted::Json(expected) => json_equals(subject.output, expected),
            Wanted::Texts(texts) => self.compare(subject.output, texts),
        };
        Ok(Verdict::decided(passed, reason).value(wanted.into_value()))
    }

    fn compare(&self, output: &str, texts: &[(String, String)]) -> (bool, String) {
        let first = texts.first().map(|(text, compared)| (text.as_str(), compared.as_str()));
        let (text, compared) = first.unwrap_or_default();
        match self.comparison {
            Comparison::Equals => equality(output == compared, output, text),
            Comparison::EqualsFolded => equality(output.to_lowercase() == compared, output, text),
            Comparison::StartsWith => {
                said(output.starts_with(compared), "starts with", "start with", text)
            }
            Comparison::EndsWith => said(output.ends_with(compared), "ends with", "end with", text),
            Comparison::Contains { folded: true, all } => {
                contained(&output.to_lowercase(), texts, all)
            }
            Comparison::Contains { folded: false, all } => contained(output, texts, all),
        }
    }
}

fn said(holds: bool, does: &str, not: &str, text: &str) -> (bool, String) {
    let text = excerpt::quote(text);
    (holds, if holds { format!("{does} {text}") } else { format!("does not {not} {text}") })
}

fn equality(same: bool, output: &str, expected: &str) -> (bool, String) {
    let output_shown = excerpt::quote(output);
    if same {
        return (true, format!("is {output_shown}"));
    }
    let hint = if output.trim() == expected.trim() {
        "; they differ in the space around them"
    } else {
        ""
    };
    (false, format!("is {output_shown}, expected {}{hint}", excerpt::quote(expected)))
}

fn json_equals(output: &str, expected: &Value) -> (bool, String) {
    match serde_json::from_str::<Value>(output) {
        Ok(found) if json::equal(&found, expected) => {
            (true, format!("is {}", excerpt::show(&found)))
        }
        Ok(found) => (false, json::difference("the answer", &found, expected)),
        Err(error) => {
            (false, format!("expected {}; {}", excerpt::show(expected), json::not_json(&error)))
        }
    }
}

fn contained(output: &str, texts: &[(String, String)], all: bool) -> (bool, String) {
    let quoted = |text: &str| excerpt::quote(text);
    match (all, texts) {
        (_, [(text, compared)]) => {
            said(output.contains(compared.as_str()), "contains", "contain", text)
        }
        (true, texts) => {
            let missing: Vec<&str> = texts
                .iter()
                .filter(|(_, compared)| !output.contains(compared.as_str()))
                .map(|(text, _)| text.as_str())
                .collect();
            match missing.first() {
                None => (true, format!("contains all {} texts", texts.len())),
                Some(text) if missing.len() == 1 => {
                    (false, format!("does not contain {}", quoted(text)))
                }
                Some(text) => {
                    let more = missing.len() - 1;
                    (
                        false,
                        format!(
                            "does not contain {} and {more} more of {}",
                            quoted(text),
                            texts.len()
                        ),
                    )
                }
            }
        }
        (false, texts) => {
            match texts.iter().find(|(_, compared)| output.contains(compared.as_str())) {
                Some((text, _)) => (true, format!("contains {}", quoted(text))),
                None => (false, format!("contains none of {} texts", texts.len())),
            }
        }
    }
}
