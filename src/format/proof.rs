//! That a formatted file says what it said before.

use std::collections::HashMap;
use std::sync::Arc;

use super::order::Shape;
use super::{Formatted, Refused};
use crate::digest;
use crate::document::{Document, Entry, Node, NodeKind};
use crate::lint::proof;
use crate::project::Project;
use crate::project::model;
use crate::project::prompt::{Prompt, PromptName};
use crate::template::{Closure, Partials};

/// Whether two documents hold the same values, in the same order where the order means something, and the same comments.
pub(super) fn same(before: &Document, after: &Document, shape: Shape<'_>) -> Result<(), Refused> {
    if !same_values(&before.root, &after.root, shape) {
        return Err(Refused::Changed("its values".into()));
    }
    if comments(before) != comments(after) {
        return Err(Refused::Changed("its comments".into()));
    }
    Ok(())
}

fn comments(document: &Document) -> Vec<&str> {
    let mut texts: Vec<&str> =
        document.comments.iter().map(|comment| comment.text.trim_end()).collect();
    texts.sort_unstable();
    texts
}

fn same_values(before: &Node, after: &Node, shape: Shape<'_>) -> bool {
    match (&before.kind, &after.kind) {
        (NodeKind::Mapping(before), NodeKind::Mapping(after)) => {
            let shape = shape.map(&before.iter().map(|entry| &*entry.key));
            let same = |one: &Entry, other: &Entry| {
                same_values(&one.value, &other.value, shape.value(&one.key))
            };
            let mut pairs = before.iter().zip(after);
            if before.len() != after.len() {
                false
            } else if pairs.clone().all(|(one, other)| one.key == other.key) {
                pairs.all(|(one, other)| same(one, other))
            } else {
                let after: HashMap<&str, &Entry> =
                    after.iter().map(|entry| (&*entry.key, entry)).collect();
                let there =
                    |entry: &Entry| after.get(&*entry.key).is_some_and(|other| same(entry, other));
                shape.is_fixed() && before.iter().all(there)
            }
        }
        (NodeKind::Sequence(before), NodeKind::Sequence(after)) => {
            let mut pairs = before.iter().zip(after);
            before.len() == after.len() && pairs.all(|(a, b)| same_values(a, b, shape.items()))
        }
        (NodeKind::String(before), NodeKind::String(after)) => before.text == after.text,
        (NodeKind::Number(before), NodeKind::Number(after)) => before == after,
        (NodeKind::Bool(before), NodeKind::Bool(after)) => before == after,
        (NodeKind::Null, NodeKind::Null) => true,
        _ => false,
    }
}

/// Whether a prompt that was formatted has the same digests as before and renders to the same messages: with each of its
/// examples, with nothing, and with made-up values. A file that is no prompt yet renders to nothing.
pub fn messages_stay(
    project: &Project,
    partials: &Partials<'_>,
    formatted: Formatted,
) -> Result<(), Refused> {
    let Formatted { before, after: Some(after) } = formatted else { return Ok(()) };
    let Some(before) = prompt(before) else { return Ok(()) };
    let after = prompt(after)
        .ok_or_else(|| Refused::Changed("it into something that is no prompt".into()))?;
    let closures = partials.closure(&before).and_then(|a| Ok((a, partials.closure(&after)?)));
    // A partial that cannot be read is the same for both; their own texts are equal already.
    let Ok((closure_before, closure_after)) = closures else { return Ok(()) };
    if digests(project, &before, &closure_before) != digests(project, &after, &closure_after) {
        return Err(Refused::Changed("its digest".into()));
    }
    let inputs = proof::inputs(&before);
    match proof::renders(&before, &closure_before, &inputs)
        == proof::renders(&after, &closure_after, &inputs)
    {
        true => Ok(()),
        false => Err(Refused::Changed("its messages".into())),
    }
}

/// The prompt that a document is, if it has the right shape. What it is called changes neither digests nor messages.
fn prompt(document: Document) -> Option<Prompt> {
    let file = serde_json::from_value(document.to_json()).ok()?;
    let path = document.file.path().clone();
    let name = PromptName(path.without_extension().to_owned());
    Some(Prompt { name, path, document: Arc::new(document), file })
}

fn digests(project: &Project, prompt: &Prompt, closure: &Closure) -> [digest::Digest; 2] {
    let model = model::resolve(&project.config, prompt.file.model.as_ref(), None).ok();
    [digest::content(prompt, closure, model.as_ref()), digest::contract(prompt)]
}
