//! Assertions whose verdict is known before there is an answer.

use serde_json::Value;

use super::pattern::{self, Fixed};
use crate::assertion::{Assertion, Family, Syntax, Threshold};
use crate::diagnostic::excerpt;
use crate::lint::context::{Owner, PlacedAssertion, SuiteContext};

/// A verdict that no answer can change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Constant {
    /// Whether the assertion passes, its `not-` considered.
    pub passes: bool,
    /// The key that decides it.
    pub key: &'static str,
    /// Why.
    pub reason: String,
}

/// The verdict that an assertion gives to every answer, where it gives all the same.
pub(super) fn constant(syntax: &Syntax, assertion: &Assertion) -> Option<Constant> {
    let keys = syntax.keys();
    let value = keys.get("value");
    let text = value.and_then(Value::as_str);
    let bound = |name: &str| match value {
        Some(Value::Object(map)) => map.get(name).and_then(count),
        _ => None,
    };
    let (positive, key, reason) = match assertion.spec.name {
        "regex" => {
            let pattern = text.filter(|text| !is_template(text))?;
            let shown = excerpt(pattern, 40);
            match pattern::fixed(pattern)? {
                Fixed::Matches => {
                    (true, "value", format!("`{shown}` matches every text, the empty one included"))
                }
                Fixed::Fails => (false, "value", format!("`{shown}` matches no text")),
            }
        }
        "min-length" if value.and_then(count) == Some(0) => {
            (true, "value", "every answer has at least 0 characters".to_owned())
        }
        "max-length" if value.and_then(count) == Some(0) => {
            (false, "value", "only an empty answer has at most 0 characters".to_owned())
        }
        "word-count" if value.and_then(count) == Some(0) || bound("max") == Some(0) => {
            (false, "value", "only an empty answer has 0 words".to_owned())
        }
        "word-count" if bound("min") == Some(0) && value?.get("max").is_none() => {
            (true, "value", "every answer has at least 0 words".to_owned())
        }
        "json-schema" | "is-json" if value == Some(&Value::Bool(false)) => {
            (false, "value", "no value fits the schema `false`".to_owned())
        }
        name if (name == "similarity-ratio" || assertion.spec.family == Family::Overlap)
            && matches!(assertion.spec.threshold, Threshold::Floor { .. })
            && assertion.threshold.is_some_and(|threshold| threshold <= 0.0) =>
        {
            (true, "threshold", "every score reaches a threshold of 0".to_owned())
        }
        // Of an empty answer too: they count what both texts have.
        name if name != "exact-match"
            && assertion.spec.family == Family::Overlap
            && text.is_some_and(|text| text.trim().is_empty()) =>
        {
            (false, "value", "every answer scores 0 against an empty reference".to_owned())
        }
        "equals" | "iequals" | "starts-with" | "ends-with" | "contains" | "icontains"
        | "similarity-ratio" | "levenshtein" | "exact-match"
            if text.is_some_and(is_output) =>
        {
            (true, "value", "the answer is compared with itself".to_owned())
        }
        _ => return None,
    };
    Some(Constant { passes: positive != assertion.negated, key, reason })
}

/// Whether a text of an assertion is rendered.
pub(super) fn is_template(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|open| text.contains(open))
}

fn is_output(text: &str) -> bool {
    lone_path(text).is_some_and(|path| path == ["output"])
}

/// The names in a value that is exactly `{{ a.b.c }}`.
pub(super) fn lone_path(text: &str) -> Option<Vec<&str>> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
    let plain = |name: &&str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let path: Vec<&str> = inner.split('.').collect();
    path.iter().all(plain).then_some(path)
}

/// A whole number, also as text.
fn count(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The assertions that a suite holds itself, those of its cases included. Those of the prompts' own contracts are looked
/// at with the prompts.
pub(super) fn own<'a, 'p>(
    context: &'a SuiteContext<'p>,
) -> impl Iterator<Item = &'a PlacedAssertion<'p>> {
    context.assertions().iter().filter(|placed| !matches!(placed.owner, Owner::Prompt(_)))
}
