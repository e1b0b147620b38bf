//! That a formatted file says what it said before.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::Refused;
use super::order::Shape;
use crate::digest;
use crate::document::Document;
use crate::message::Message;
use crate::project::Project;
use crate::project::model;
use crate::project::prompt::{Prompt, PromptName};
use crate::span::SourceFile;
use crate::template::{self, Closure, Origin, Partials, Renderer};

/// Whether two documents hold the same values, in the same order where the order means something, and the same comments.
pub(super) fn same(before: &Document, after: &Document, shape: Shape<'_>) -> Result<(), Refused> {
    if !same_values(&before.to_json(), &after.to_json(), shape) {
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

fn same_values(before: &Value, after: &Value, shape: Shape<'_>) -> bool {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let shape = shape.map(&before.keys().map(String::as_str));
            let in_order = shape.is_fixed() || before.keys().eq(after.keys());
            let each = |(key, value): (&String, &Value)| {
                after.get(key).is_some_and(|other| same_values(value, other, shape.value(key)))
            };
            in_order && before.len() == after.len() && before.iter().all(each)
        }
        (Value::Array(before), Value::Array(after)) => {
            let mut pairs = before.iter().zip(after);
            before.len() == after.len() && pairs.all(|(a, b)| same_values(a, b, shape.items()))
        }
        _ => before == after,
    }
}

/// Whether a prompt whose file held one text and then another has the same digests and renders to the same messages: with
/// each of its examples, and with as little as it can be given. A file that is no prompt yet renders to nothing.
pub fn messages_stay(
    project: &Project,
    partials: &Partials<'_>,
    before: &Arc<SourceFile>,
    after: &str,
) -> Result<(), Refused> {
    let Some(before) = super::read(before).ok().and_then(prompt) else { return Ok(()) };
    let after = prompt(super::reread(&before.document.file, after)?)
        .ok_or_else(|| Refused::Changed("it into something that is no prompt".into()))?;
    let closures = partials.closure(&before).and_then(|a| Ok((a, partials.closure(&after)?)));
    // A partial that cannot be read is the same for both; their own texts are equal already.
    let Ok((closure_before, closure_after)) = closures else { return Ok(()) };
    if digests(project, &before, &closure_before) != digests(project, &after, &closure_after) {
        return Err(Refused::Changed("its digest".into()));
    }
    match renders(&before, &closure_before) == renders(&after, &closure_after) {
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

/// The messages for each set of values; `None` where they cannot be rendered.
fn renders(prompt: &Prompt, closure: &Closure) -> Vec<Option<Vec<Message>>> {
    let Ok(renderer) = Renderer::new(prompt, closure) else { return Vec::new() };
    let binder = template::Binder::new(prompt);
    let inputs = prompt.file.examples.iter().map(|example| example.variables.clone());
    inputs
        .chain([minimal(prompt)])
        .map(|given| renderer.render(&binder.bind(&given, Origin::Typed).ok()?).ok())
        .collect()
}

/// The least that each required variable takes, as far as its type tells.
fn minimal(prompt: &Prompt) -> Map<String, Value> {
    let required = prompt.file.variables.iter().filter(|(_, variable)| variable.required());
    required
        .map(|(name, variable)| {
            let choice = variable.choices().and_then(|choices| choices.first().cloned());
            let least = match variable.type_name() {
                Some("number" | "integer") => Value::from(0),
                Some("boolean") => Value::Bool(false),
                Some("array" | "messages") => Value::Array(Vec::new()),
                Some("object") => Value::Object(Map::new()),
                Some("null") => Value::Null,
                _ => Value::from("x"),
            };
            (name.clone(), choice.unwrap_or(least))
        })
        .collect()
}
