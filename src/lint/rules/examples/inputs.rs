//! When two sets of inputs ask the same.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::hash::{DefaultHasher, Hasher};

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
    /// Made when they are first asked for: equal texts need none.
    shingles: OnceCell<Shingles>,
}

impl Input {
    fn shingles(&self) -> &Shingles {
        self.shingles.get_or_init(|| Shingles::of(&self.text))
    }
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
    /// Those of a prompt, defaults included.
    pub(super) fn of(prompt: &Prompt, given: &Map<String, Value>) -> Self {
        let values = texts(prompt, given)
            .map(|text| Input { text: normalised(&text), shingles: OnceCell::new() });
        Self { values: values.collect() }
    }

    /// Whether there is nothing to compare.
    pub(super) fn is_empty(&self) -> bool {
        self.values.iter().all(|input| input.text.is_empty())
    }

    /// The variable whose text says most, by its place, with its shingles; none where all texts are short.
    pub(super) fn longest(&self) -> Option<(usize, &Shingles)> {
        let long = self.values.iter().enumerate().map(|(place, input)| (place, input.shingles()));
        long.filter(|(_, shingles)| shingles.len() >= LEAST_SHINGLES)
            .max_by_key(|(place, shingles)| (shingles.len(), usize::MAX - place))
    }

    /// A hash of all values.
    pub(super) fn hash(&self) -> u64 {
        hash_of(self.values.iter().map(|input| Cow::Borrowed(input.text.as_str())))
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
            let long = a.shingles().len().min(b.shingles().len()) >= LEAST_SHINGLES;
            if !long || a.shingles().jaccard(b.shingles()) < NEAR {
                return None;
            }
            likeness = Likeness::Near;
        }
        Some(likeness)
    }
}

/// The value of each declared variable as text, by default where none is given.
pub(super) fn texts<'a>(
    prompt: &'a Prompt,
    given: &'a Map<String, Value>,
) -> impl Iterator<Item = Cow<'a, str>> {
    prompt.file.variables.iter().map(|(name, variable)| {
        match given.get(name).or_else(|| variable.default()) {
            None | Some(Value::Null) => Cow::Borrowed(""),
            Some(Value::String(text)) => Cow::Borrowed(text.as_str()),
            Some(other) => Cow::Owned(other.to_string()),
        }
    })
}

/// [`Inputs::hash`] without making them.
pub(super) fn hash(prompt: &Prompt, given: &Map<String, Value>) -> u64 {
    hash_of(texts(prompt, given))
}

/// Texts that differ in case and spacing alone have one hash.
fn hash_of<'a>(texts: impl Iterator<Item = Cow<'a, str>>) -> u64 {
    let mut hasher = DefaultHasher::new();
    for text in texts {
        for c in text.chars().filter(|c| !c.is_whitespace()) {
            match c.is_ascii() {
                true => hasher.write_u8(c.to_ascii_lowercase() as u8),
                false => c.to_lowercase().for_each(|c| hasher.write_u32(u32::from(c))),
            }
        }
        hasher.write_u8(0);
    }
    hasher.finish()
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
