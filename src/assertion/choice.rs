//! One of several choices, however the model dresses it.

use std::sync::LazyLock;

use regex::Regex;

use super::spec::{Family, Parameter, Spec, Threshold, ValueRule};
use super::syntax::Fields;
use super::template::Operand;
use super::{Kind, Problem, Subject, Verdict, excerpt, text};

pub(super) const CHOICE: Spec = Spec {
    name: "choice",
    family: Family::Text,
    passes: "the answer is one of the choices, whatever the case. It is looked for in this order: the whole answer without the white space, quotes, brackets, Markdown marks and final `.`, `,`, `:`, `;`, `!` around it; a `\\boxed{…}`, the last one; what follows the last `Answer:`, `answer is` or `choice:` on its line; for choices of one character, the character that the answer begins with when `.`, `)`, `:` or the end of the line follows, as in `(B) Paris`",
    value: ValueRule::Required("a list of texts, such as `[A, B, C, D]` or `[refund, bug, other]`"),
    parameters: &[Parameter { name: "equals", doc: "the choice that it must be; default any" }],
    raw: None,
    score: "1 or 0",
    threshold: Threshold::None,
    compile: choice,
};

/// A question with given choices.
#[derive(Clone, Debug)]
pub struct Choice {
    choices: Operand<Vec<String>>,
    right: Option<Operand<String>>,
}

fn choice(fields: &mut Fields<'_>) -> Option<Kind> {
    let choices = fields.operand("value", |value| {
        if !value.is_array() {
            return Err(Problem::new(format!("is {}, not a list of texts", text::kind_of(value)))
                .help("write a list, such as `value: [A, B, C, D]`"));
        }
        let choices = text::one_or_more(value)?;
        for (index, choice) in choices.iter().enumerate() {
            let same = |other: &String| bare(other).to_lowercase() == bare(choice).to_lowercase();
            if choices[..index].iter().any(same) {
                let message =
                    format!("{} is there twice, case and marks aside", excerpt::quote(choice));
                return Err(Problem::new(message).under(&index.to_string()));
            }
            if bare(choice).is_empty() {
                let message = format!("{} is nothing but marks", excerpt::quote(choice));
                return Err(Problem::new(message).under(&index.to_string()));
            }
        }
        Ok(choices)
    });
    let right =
        if fields.has("equals") { Some(fields.operand("equals", text::scalar)?) } else { None };
    let choices = choices?;
    if let (Operand::Ready(choices, _), Some(Operand::Ready(right, _))) = (&choices, &right)
        && named(right, choices).is_none()
    {
        let message = format!("{} is none of the choices", excerpt::quote(right));
        fields.report(Problem::new(message).under("equals"));
    }
    Some(Kind::Choice(Choice { choices, right }))
}

impl Choice {
    pub(super) fn score(&self, subject: &Subject<'_>) -> Result<Verdict, String> {
        let choices = self.choices.resolve(subject)?;
        let right = self.right.as_ref().map(|right| right.resolve(subject)).transpose()?;
        let index = match &right {
            None => None,
            Some(right) => Some(
                named(right, &choices)
                    .ok_or_else(|| format!("{} is none of the choices", excerpt::quote(right)))?,
            ),
        };
        let found = find(subject.output, &choices);
        let (passed, reason) = match (found, index) {
            (None, _) => {
                let list: Vec<String> =
                    choices.iter().map(|choice| excerpt::quote(choice)).collect();
                let list = excerpt::plain(&list.join(", "));
                (false, format!("is {}, none of {list}", excerpt::quote(subject.output.trim())))
            }
            (Some(found), Some(index)) if found != index => (
                false,
                format!(
                    "is {}, expected {}",
                    excerpt::quote(&choices[found]),
                    excerpt::quote(&choices[index])
                ),
            ),
            (Some(found), _) => (true, format!("is {}", excerpt::quote(&choices[found]))),
        };
        let value =
            right.map_or_else(|| choices.into_value(), super::template::Resolved::into_value);
        Ok(Verdict::decided(passed, reason).value(value))
    }
}

static BOXED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\\boxed\{(?:\\text\{)?([^{}\n]{1,200})\}")
        .expect("the pattern is a valid constant")
});

static MARKER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:answer|choice|option)(?:\*\*|__)?\s*(?::|\bis\b:?)")
        .expect("the pattern is a valid constant")
});

/// The choice that an answer names, by its index.
fn find(output: &str, choices: &[String]) -> Option<usize> {
    named(output, choices)
        .or_else(|| {
            BOXED.captures_iter(output).last().and_then(|captures| {
                named(captures.get(1).map_or("", |inside| inside.as_str()), choices)
            })
        })
        .or_else(|| {
            let marker = MARKER.find_iter(output).last()?;
            let rest = output[marker.end()..].trim_start_matches(is_mark);
            let line = rest.lines().next().unwrap_or_default();
            named(line, choices).or_else(|| lettered(line, choices))
        })
        .or_else(|| lettered(output, choices))
}

/// The choice that a text is, marks and case aside.
fn named(text: &str, choices: &[String]) -> Option<usize> {
    // Nothing that is much longer can be one: a long answer is not copied for each choice.
    let longest = choices.iter().map(String::len).max().unwrap_or(0);
    let bare_text = bare(text);
    if bare_text.len() > longest.saturating_mul(3).saturating_add(16) {
        return None;
    }
    let lower = bare_text.to_lowercase();
    let exact = choices.iter().position(|choice| bare(choice) == bare_text);
    exact.or_else(|| choices.iter().position(|choice| bare(choice).to_lowercase() == lower))
}

/// The choice of one character that a text begins with, as a label: `B.`, `(B)`, `**B:** Paris`.
fn lettered(text: &str, choices: &[String]) -> Option<usize> {
    let text = text.trim_start_matches(is_mark);
    let mut characters = text.chars();
    let letter = characters.next()?;
    let rest = characters.as_str().trim_start_matches(['*', '_', '`']);
    let delimited = match rest.chars().next() {
        None => true,
        Some(next) => ".):]}\n\r".contains(next),
    };
    if !delimited {
        return None;
    }
    let of_one = |choice: &&String| {
        let mut characters = bare(choice).chars();
        characters.next().is_some() && characters.next().is_none()
    };
    if !choices.iter().all(|choice| of_one(&choice)) {
        return None;
    }
    named(letter.encode_utf8(&mut [0; 4]), choices)
}

/// A text without what models put around an answer.
fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| is_mark(c) || ".,:;!。".contains(c))
}

fn is_mark(character: char) -> bool {
    character.is_whitespace() || "\"'`*_~#>()[]{}<$“”‘’«»„「」\\".contains(character)
}
