//! When two sets of inputs ask the same.

use serde_json::{Map, Value};

use crate::metric::shingle::{NEAR, Shingles};
use crate::project::prompt::Prompt;

/// The inputs of an example or a case, ready to be compared.
pub(super) struct Inputs {
    /// In the order in which the prompt declares them.
    values: Vec<Input>,
}

struct Input {
    /// Without regard to case and spacing.
    text: String,
    shingles: Shingles,
}

/// Texts of fewer shingles (of fewer than eight words) are never called nearly the same: one word makes another question
/// of them.
const LEAST_SHINGLES: usize = 4;

/// How alike two sets of inputs are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Likeness {
    /// Long texts are near-duplicates, all else is the same.
    Near,
    /// They are the same but for case and spacing.
    Same,
}

impl Inputs {
    /// The value of each declared variable, by default where none is given.
    pub(super) fn of(prompt: &Prompt, given: &Map<String, Value>) -> Self {
        let values = prompt.file.variables.iter().map(|(name, variable)| {
            let text = match given.get(name).or_else(|| variable.default()) {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => normalised(text),
                Some(other) => other.to_string(),
            };
            Input { shingles: Shingles::of(&text), text }
        });
        Self { values: values.collect() }
    }

    /// Whether there is nothing to compare.
    pub(super) fn is_empty(&self) -> bool {
        self.values.iter().all(|input| input.text.is_empty())
    }

    /// The variable whose text says most, by its place, with its shingles; none where all texts are short.
    pub(super) fn longest(&self) -> Option<(usize, &Shingles)> {
        let long = self.values.iter().enumerate().map(|(place, input)| (place, &input.shingles));
        long.filter(|(_, shingles)| shingles.len() >= LEAST_SHINGLES)
            .max_by_key(|(place, shingles)| (shingles.len(), usize::MAX - place))
    }

    /// The shingles of the variable at a place.
    pub(super) fn shingles(&self, place: usize) -> Option<&Shingles> {
        self.values.get(place).map(|input| &input.shingles)
    }

    /// All values as one text.
    pub(super) fn joined(&self) -> String {
        self.values.iter().map(|input| input.text.as_str()).collect::<Vec<_>>().join("\u{1f}")
    }

    /// How alike these are to the inputs of another example or case of the same prompt, where they are.
    pub(super) fn likeness(&self, other: &Self) -> Option<Likeness> {
        let mut likeness = Likeness::Same;
        for (a, b) in self.values.iter().zip(&other.values) {
            if a.text == b.text {
                continue;
            }
            let long = a.shingles.len().min(b.shingles.len()) >= LEAST_SHINGLES;
            if !long || a.shingles.jaccard(&b.shingles) < NEAR {
                return None;
            }
            likeness = Likeness::Near;
        }
        Some(likeness)
    }
}

/// A text in lower case with single spaces.
fn normalised(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !plain.is_empty() {
            plain.push(' ');
        }
        plain.push_str(&word.to_lowercase());
    }
    plain
}
