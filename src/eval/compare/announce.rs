//! What besides the prompt is another thing on the other side. A difference may come from any of it, so it is said.

use std::fmt;

use super::pairing::Pairs;
use super::side::{Column, Outcome};

/// Something that a reader of the figures must know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Announcement {
    /// Prompt and model are the same: what differs is chance.
    SamePrompt,
    /// The model is another one.
    Model {
        /// Before.
        before: String,
        /// After.
        after: String,
    },
    /// The cases of the suite are others.
    Dataset {
        /// Cases with the same id and other variables or expectations, in the order of the second side.
        changed: Vec<String>,
    },
    /// The assertions, the pass mark or the number of repeats is another one.
    Assertions,
    /// The gates on comparisons are others: those of the second side count.
    Gates,
    /// The two sides name different primary metrics: that of the second side counts.
    Primary {
        /// Before.
        before: String,
        /// After.
        after: String,
    },
}

impl Announcement {
    /// The word for it in JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SamePrompt => "same-prompt",
            Self::Model { .. } => "model",
            Self::Dataset { .. } => "dataset",
            Self::Assertions => "assertions",
            Self::Gates => "gates",
            Self::Primary { .. } => "primary",
        }
    }
}

impl fmt::Display for Announcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SamePrompt => {
                f.write_str("prompt and model are the same on both sides: what differs is chance")
            }
            Self::Model { before, after } => write!(f, "the model changed from {before} to {after}"),
            Self::Dataset { changed } => match changed.as_slice() {
                [] => f.write_str("the dataset changed"),
                [one] => write!(f, "the dataset changed: case {one} has other variables or another expectation"),
                [first, rest @ ..] => write!(
                    f,
                    "the dataset changed: {first} and {} more cases have other variables or expectations",
                    rest.len()
                ),
            },
            Self::Assertions => {
                f.write_str("the assertions, their thresholds or the repeats changed: the sides were not measured alike")
            }
            Self::Gates => f.write_str("the gates on comparisons changed: those of the second side count"),
            Self::Primary { before, after } => {
                write!(f, "the primary metric changed from {before} to {after}, which counts")
            }
        }
    }
}

/// Looks for all of it.
pub(super) fn announcements(a: &Column, b: &Column, pairs: &Pairs<'_>) -> Vec<Announcement> {
    let mut found = Vec::new();
    let same_model = a.name.model == b.name.model;
    if same_model && a.name.digest.is_some() && a.name.digest == b.name.digest {
        found.push(Announcement::SamePrompt);
    }
    if !same_model {
        let (before, after) = (a.name.model.clone(), b.name.model.clone());
        found.push(Announcement::Model { before, after });
    }
    let changed: Vec<String> = pairs
        .cases
        .iter()
        .filter(|case| {
            let inputs = |side: &[&Outcome]| side.iter().find_map(|outcome| outcome.inputs);
            inputs(&case.a).zip(inputs(&case.b)).is_some_and(|(before, after)| before != after)
        })
        .map(|case| case.id.to_owned())
        .collect();
    let differ = |one: Option<_>, other| one.zip(other).is_some_and(|(one, other)| one != other);
    if !changed.is_empty() || differ(a.dataset_digest, b.dataset_digest) {
        found.push(Announcement::Dataset { changed });
    }
    if differ(a.suite_digest, b.suite_digest) {
        found.push(Announcement::Assertions);
    }
    // Where a side does not say what it was judged by, it says nothing of gates either.
    if a.suite_digest.is_some() && b.suite_digest.is_some() && a.gates != b.gates {
        found.push(Announcement::Gates);
    }
    let primary =
        |column: &Column| column.primary.clone().unwrap_or_else(|| "pass_rate".to_owned());
    let (before, after) = (primary(a), primary(b));
    if before != after {
        found.push(Announcement::Primary { before, after });
    }
    found
}
