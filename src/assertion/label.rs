//! Labels: the answer is one of a few words, and which one is what matters.

use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization;

use super::json_path::JsonPath;
use super::syntax::Fields;
use super::template::Operand;
use super::{Kind, Problem, Subject, Verdict, excerpt, json as json_answer, text};

/// The most characters of a label: what is longer is a sentence.
const LONGEST: usize = 100;

/// A comparison of labels.
#[derive(Clone, Debug)]
pub struct Label {
    expected: Operand<String>,
    /// The closed list, in its order; empty when any label may be.
    labels: Vec<String>,
    /// Where the label stands in an answer of JSON.
    path: Option<JsonPath>,
}

/// What was expected and what the answer is, as [`clean_label`] leaves them; from a closed list, as the list spells them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Labelled {
    /// The expected label.
    pub expected: String,
    /// The label of the answer; none when the answer has none, or one that the list does not hold.
    pub predicted: Option<String>,
}

pub(super) fn label(fields: &mut Fields<'_>) -> Option<Kind> {
    let default = json!("{{ expected }}");
    let expected = fields.operand_or("value", &default, expected);
    let labels = labels(fields);
    let path = path(fields);
    let (expected, labels, path) = (expected?, labels?, path?);
    if let (Operand::Ready(expected, _), false) = (&expected, labels.is_empty())
        && listed(&labels, expected).is_none()
    {
        let message = format!("{} is none of the `labels`", excerpt::quote(expected));
        fields.report(Problem::new(message).under("value"));
        return None;
    }
    Some(Kind::Label(Label { expected, labels, path }))
}

fn expected(value: &Value) -> Result<String, Problem> {
    let written = text::scalar(value)?;
    match clean_label(&written) {
        Some(label) => Ok(label),
        None if written.trim().is_empty() => Err(Problem::new("the label is empty")),
        None => Err(Problem::new(format!("{} is no label", excerpt::quote(&written))).help(
            format!("a label has at most {LONGEST} characters, one of them a letter or digit"),
        )),
    }
}

fn labels(fields: &mut Fields<'_>) -> Option<Vec<String>> {
    let Some(value) = fields.get("labels") else { return Some(Vec::new()) };
    let Value::Array(items) = value else {
        let problem = Problem::new(format!("`labels` is {}, not a list", text::kind_of(value)));
        fields.report(
            problem.help("write a list, such as `labels: [refund, bug, other]`").under("labels"),
        );
        return None;
    };
    let mut labels: Vec<String> = Vec::new();
    let mut wrong = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let item = match expected(item) {
            Ok(label) if label.contains("{{") => {
                Err(Problem::new("a list of labels holds no templates"))
            }
            Ok(label) if listed(&labels, &label).is_some() => Err(Problem::new(format!(
                "{} stands here twice: case, quotes and a full stop make no difference",
                excerpt::quote(&label)
            ))),
            other => other,
        };
        match item {
            Ok(label) => labels.push(label),
            Err(problem) => wrong.push(problem.under(&index.to_string()).under("labels")),
        }
    }
    if items.is_empty() {
        wrong.push(Problem::new("`labels` is empty, so that no answer could pass").under("labels"));
    }
    let right = wrong.is_empty();
    for problem in wrong {
        fields.report(problem);
    }
    right.then_some(labels)
}

#[expect(clippy::option_option, reason = "absent and wrong are different things here")]
fn path(fields: &mut Fields<'_>) -> Option<Option<JsonPath>> {
    let Some(value) = fields.get("path") else { return Some(None) };
    let path = match value {
        Value::String(path) => JsonPath::parse(path),
        other => {
            Err(Problem::new(format!("is {}, not a path such as `$.label`", text::kind_of(other))))
        }
    };
    let path = path.and_then(|path| match path.is_singular() {
        true => Ok(path),
        false => Err(Problem::new("the path can find several values, and an answer has one label")),
    });
    match path {
        Ok(path) => Some(Some(path)),
        Err(problem) => {
            fields.report(problem.under("path"));
            None
        }
    }
}

impl Label {
    /// The closed list; empty when any label may be.
    pub(super) fn labels(&self) -> &[String] {
        &self.labels
    }

    pub(super) fn score(&self, subject: &Subject<'_>) -> Result<Verdict, String> {
        let expected = self.expected.resolve(subject)?;
        let wanted = self.listed(&expected).ok_or_else(|| {
            format!("the expected label {} is none of the `labels`", excerpt::quote(&expected))
        })?;
        let (predicted, seen) = match self.read(subject.output)? {
            Ok(found) => match clean_label(&found) {
                None if found.trim().is_empty() => (None, "the answer is empty".to_owned()),
                None => (None, format!("{} is no label", excerpt::quote(&found))),
                Some(label) => match self.listed(&label) {
                    Some(label) => {
                        (Some(label.to_owned()), format!("the label is {}", excerpt::quote(label)))
                    }
                    None => (None, format!("{} is none of the labels", excerpt::quote(&label))),
                },
            },
            Err(missing) => (None, missing),
        };
        let passed = predicted.as_deref().is_some_and(|label| same(label, wanted));
        let reason = match passed {
            true => seen,
            false => format!("{seen}, expected {}", excerpt::quote(wanted)),
        };
        let label = Labelled { expected: wanted.to_owned(), predicted };
        let verdict = Verdict { label: Some(label), ..Verdict::decided(passed, reason) };
        Ok(verdict.value(expected.into_value()))
    }

    /// The label as the list spells it; with an open list, as it is.
    fn listed<'a>(&'a self, label: &'a str) -> Option<&'a str> {
        if self.labels.is_empty() { Some(label) } else { listed(&self.labels, label) }
    }

    /// The text of the answer that should be the label, or why there is none.
    fn read(&self, output: &str) -> Result<Result<String, String>, String> {
        let Some(path) = &self.path else { return Ok(Ok(output.to_owned())) };
        let shown = path.shown();
        let answer = match serde_json::from_str::<Value>(output) {
            Ok(answer) => answer,
            Err(error) => {
                return Ok(Err(format!("{shown} is missing; {}", json_answer::not_json(&error))));
            }
        };
        Ok(match path.find(&answer)?.first() {
            None => Err(format!("{shown} is missing")),
            Some(found) => {
                text::scalar(found).map_err(|problem| format!("{shown} {}", problem.message))
            }
        })
    }
}

fn listed<'a>(labels: &'a [String], label: &str) -> Option<&'a str> {
    labels.iter().map(String::as_str).find(|listed| same(listed, label))
}

fn same(a: &str, b: &str) -> bool {
    a == b || fold_label(a) == fold_label(b)
}

/// A label without what surrounds it: white space, quotes, `*`, `` ` `` and a full stop at the end; one space between
/// words; in Unicode's composed form (NFC). `None` when nothing is left, or more than a label can be.
pub fn clean_label(text: &str) -> Option<String> {
    let mark = |c: char| {
        c.is_whitespace()
            || matches!(c, '"' | '\'' | '`' | '*' | '“' | '”' | '„' | '‘' | '’' | '«' | '»')
    };
    let text = text.trim_start_matches(mark).trim_end_matches(|c| mark(c) || c == '.');
    // Looked at before it is copied: an answer may be a book.
    if text.chars().nth(4 * LONGEST).is_some() {
        return None;
    }
    let words: Vec<String> = text.split_whitespace().map(|word| word.nfc().collect()).collect();
    let label = words.join(" ");
    (!label.is_empty() && label.chars().nth(LONGEST).is_none()).then_some(label)
}

/// What labels are compared by: without regard to case.
pub fn fold_label(label: &str) -> String {
    label.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_surrounds_a_label_is_no_part_of_it() {
        for (text, label) in [
            ("refund", "refund"),
            (" **Refund.**\n", "Refund"),
            ("\"not  a\tbug\"", "not a bug"),
            ("“e\u{301}tat”", "état"),
            ("`a_b`", "a_b"),
            ("N.A.", "N.A"),
        ] {
            assert_eq!(clean_label(text).as_deref(), Some(label), "{text:?}");
            let again = clean_label(label);
            assert_eq!(again.as_deref(), Some(label), "cleaning twice is cleaning once");
        }
        for text in ["", " \n", "...", "\"\"", &"x".repeat(101), &" a".repeat(10_000)] {
            assert_eq!(clean_label(text), None, "{text:?}");
        }
        assert_eq!(clean_label(&"é".repeat(100)), Some("é".repeat(100)));
    }
}
