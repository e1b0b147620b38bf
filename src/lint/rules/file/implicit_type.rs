//! F004

use crate::diagnostic::{Diagnostic, Fix};
use crate::document::{Document, Node, NodeKind, Style};
use crate::lint::context::{PromptContext, SuiteContext};
use crate::lint::rule::{Check, rule};

rule! {
    /// A text without quotes is something else to other readers of YAML.
    ///
    /// ## Why is this bad?
    ///
    /// pf reads YAML 1.2, where `no` is a word. Most other tools read YAML 1.1: to them `no` is false, `12:30` is the number 750,
    /// `1_000` is a thousand and `2026-01-01` is a date. A script that reads the same file gets another value, and a
    /// tool that writes it back changes it for all.
    ///
    /// ## What it does
    ///
    /// It looks at all values of prompts and suites, but for dates in `metadata`. The fix adds quotes.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/answer.yaml
    /// variables:
    ///   polite: {enum: [yes, no]}
    /// messages:
    ///   - {role: user, content: "Answer. Polite: {{ polite }}"}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/answer.yaml
    /// variables:
    ///   polite: {enum: ["yes", "no"]}
    /// messages:
    ///   - {role: user, content: "Answer. Polite: {{ polite }}"}
    /// ```
    IMPLICIT_TYPE: "F004" "implicit-type" Warning fix Safe,
    Check { suite: Some(check_suite), ..Check::prompt(check_prompt) }
}

/// What a text is to a reader of YAML 1.1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Other {
    Truth,
    Number,
    Date,
}

fn check_prompt(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    check(&context.prompt.document, findings);
}

fn check_suite(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    check(&context.suite.document, findings);
}

fn check(document: &Document, findings: &mut Vec<Diagnostic>) {
    walk(document, &document.root, true, findings);
}

fn walk(document: &Document, node: &Node, dates: bool, findings: &mut Vec<Diagnostic>) {
    match &node.kind {
        NodeKind::String(scalar) if scalar.style == Style::Plain => {
            let text = &*scalar.text;
            let Some(other) = other(text).filter(|other| dates || *other != Other::Date) else {
                return;
            };
            let what = match other {
                Other::Truth => "a truth value",
                Other::Number => "a number",
                Other::Date => "a date",
            };
            let message = format!("`{text}` without quotes is {what} to readers of YAML 1.1");
            let mut finding =
                IMPLICIT_TYPE.at(&document.file, node.span, message).help("put it in quotes");
            if document.file.slice(node.span) == text {
                let edits = vec![(node.span, format!("\"{text}\""))];
                finding.fix =
                    Some(Fix { message: format!("write `\"{text}\"`"), edits, safe: true });
            }
            findings.push(finding);
        }
        NodeKind::Sequence(items) => {
            for item in items {
                walk(document, item, dates, findings);
            }
        }
        NodeKind::Mapping(entries) => {
            for entry in entries {
                walk(document, &entry.value, dates && entry.key != "metadata", findings);
            }
        }
        _ => {}
    }
}

/// Truth values of YAML 1.1 that are words in 1.2.
const WORDS: [&str; 16] = [
    "y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No", "NO", "on", "On", "ON", "off", "Off",
    "OFF",
];

/// What a word that is a text in YAML 1.2 is in YAML 1.1: <https://yaml.org/type/>.
fn other(text: &str) -> Option<Other> {
    let first = *text.as_bytes().first()?;
    if !matches!(first, b'0'..=b'9' | b'+' | b'-' | b'y' | b'Y' | b'n' | b'N' | b'o' | b'O')
        || text.len() > 40
    {
        return None;
    }
    if WORDS.contains(&text) {
        return Some(Other::Truth);
    }
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let number = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_digit())
            && text.bytes().all(|b| b.is_ascii_digit() || b == b'_')
    };
    let plain = text.strip_prefix(['+', '-']).unwrap_or(text);
    if number(plain) && plain.contains('_') {
        return Some(Other::Number);
    }
    if let Some(bits) = plain.strip_prefix("0b") {
        let binary = !bits.is_empty() && bits.bytes().all(|b| matches!(b, b'0' | b'1' | b'_'));
        return binary.then_some(Other::Number);
    }
    // Numbers to the base of 60: `12:30`, `1:00:00.5`.
    let mut parts = plain.split(':');
    if plain.contains(':') && parts.next().is_some_and(number) {
        let sixty = |part: &str| {
            let whole = part.split_once('.').map_or(part, |(whole, _)| whole);
            digits(whole) && whole.len() <= 2 && whole < "6" || digits(whole) && whole.len() == 1
        };
        return parts.all(sixty).then_some(Other::Number);
    }
    let date = text.get(..10)?;
    let fits = date.bytes().enumerate().all(|(at, b)| match at {
        4 | 7 => b == b'-',
        _ => b.is_ascii_digit(),
    });
    let time = &text[10..];
    (fits && (time.is_empty() || time.starts_with(['T', 't', ' ']) && time.contains(':')))
        .then_some(Other::Date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_yaml_1_1_reads_otherwise() {
        for text in ["yes", "No", "OFF", "y"] {
            assert_eq!(other(text), Some(Other::Truth), "{text}");
        }
        for text in ["12:30", "-1:59:05", "1:00:00.5", "1_000", "0b101", "8:5"] {
            assert_eq!(other(text), Some(Other::Number), "{text}");
        }
        for text in ["2026-01-01", "2026-01-01T12:00:00Z", "2026-01-01 12:00:00"] {
            assert_eq!(other(text), Some(Other::Date), "{text}");
        }
        for text in [
            "nope",
            "one",
            "12:60",
            "12:345",
            "v1.0",
            "1.2.3",
            "2026-1",
            "2026-01-01-a",
            "0b2",
            "yEs",
            "1:a",
            "é2026-01-0é",
        ] {
            assert_eq!(other(text), None, "{text}");
        }
    }
}
