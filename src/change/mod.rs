//! What changed between two versions of a prompt, and whom it breaks.
//!
//! Values are compared, not texts: comments, layout and the order of keys change nothing, except where the model sees the
//! order. Each [`Change`] says who notices it. Callers give values, so they break when fewer are accepted; consumers take
//! answers, so they break when more are possible. What is not proved harmless is unknown and never harmless. Whether
//! another text brings better or worse answers is always unknown here: that is what an evaluation is for.

mod align;
mod contract;
mod examples;
mod facts;
mod kind;
mod messages;
mod model;
mod partials;
mod prompts;
mod tools;
mod variables;

pub mod schema;
pub mod text;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

pub use self::kind::{Breaking, Change, ChangeKind, Class, UnknownClass};
pub use self::prompts::{PromptChange, Status, compare_projects};
use self::schema::{Difference, Inclusion, Step};
use crate::digest::Digest;
use crate::project::model::ResolvedModel;
use crate::project::prompt::Prompt;
use crate::span::SourceFile;

/// One version of a prompt, with what it takes from elsewhere in its snapshot.
#[derive(Clone, Debug)]
pub struct Side<'a> {
    /// The prompt.
    pub prompt: &'a Prompt,
    /// All files that its templates can reach, by the name in the `include`.
    pub partials: BTreeMap<String, Arc<SourceFile>>,
    /// The model that it asks; `None` when it names none, or one that this snapshot does not know.
    pub model: Option<ResolvedModel>,
    /// Its content digest, shown to people and not compared.
    pub digest: Option<Digest>,
}

/// All changes from one version to another, in the order of the prompt file.
pub fn compare(before: &Side<'_>, after: &Side<'_>) -> Vec<Change> {
    let (old, new) = (&before.prompt.file, &after.prompt.file);
    let mut changes = Vec::new();
    facts::compare(old, new, &mut changes);
    model::compare(before, after, &mut changes);
    variables::compare(&old.variables, &new.variables, &mut changes);
    messages::compare(&old.messages, &new.messages, &mut changes);
    partials::compare(&before.partials, &after.partials, &mut changes);
    examples::compare(before, after, &mut changes);
    contract::compare(old.output.as_ref(), new.output.as_ref(), &mut changes);
    tools::compare(&old.tools, &new.tools, &mut changes);
    changes
}

/// Whether a list of changes has one of these classes that may break it: what `--deny` refuses.
pub fn denied(changes: &[PromptChange], classes: &[Class]) -> bool {
    changes.iter().flat_map(|prompt| &prompt.changes).any(|change| {
        change.breaking != Breaking::No
            && change.classes.iter().any(|class| classes.contains(class))
    })
}

impl From<&Inclusion> for Breaking {
    fn from(inclusion: &Inclusion) -> Self {
        match inclusion {
            Inclusion::Proved => Self::No,
            Inclusion::Refuted(_) => Self::Yes,
            Inclusion::Unknown => Self::Unknown,
        }
    }
}

/// Where a difference of schemas stands, below the place of the schema: `output.schema.properties.label`.
fn below(location: &str, difference: &Difference) -> String {
    difference.place.iter().fold(location.to_owned(), |place, step| match step {
        Step::Property(name) => format!("{place}.properties.{name}"),
        Step::Keyword(keyword) => format!("{place}.{keyword}"),
    })
}

/// Whether two values are equal as the model reads them: with the order of keys.
fn same_bytes(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((k, v), (l, w))| k == l && same_bytes(v, w))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_bytes(a, b))
        }
        (a, b) => a == b,
    }
}

/// A value on lines of its own, for a comparison line by line.
fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("a JSON value can be written")
}

/// A value as part of a phrase; nothing when there is none.
fn phrase(value: Option<&Value>) -> String {
    match value {
        None => "none".to_owned(),
        Some(Value::String(text)) => crate::diagnostic::excerpt(text, 80),
        Some(value) => crate::diagnostic::excerpt(&value.to_string(), 80),
    }
}

#[cfg(test)]
mod tests;
