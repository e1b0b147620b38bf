//! The few-shot examples. Those that are not sent concern readers of the file alone.

use serde_json::{Value, json};

use super::align::{Fate, align};
use super::text::Words;
use super::{Breaking, Change, ChangeKind, Class, Side, pretty, same_bytes};
use crate::project::prompt::{ContentTemplate, Entry, Example, PartTemplate};

pub(super) fn compare(before: &Side<'_>, after: &Side<'_>, changes: &mut Vec<Change>) {
    let (old, new) = (&before.prompt.file.examples, &after.prompt.file.examples);
    let (old_sent, new_sent) = (sent(before), sent(after));
    let keys = |examples: &[Example]| -> Vec<String> {
        examples.iter().map(|example| identity(example).to_string()).collect()
    };
    let (old_keys, new_keys) = (keys(old), keys(new));
    let words = |examples: &[Example]| -> Vec<Words> {
        examples.iter().map(|example| Words::of_value(&identity(example))).collect()
    };
    let (old_words, new_words) = (words(old), words(new));
    let similarity = |a: usize, b: usize| old_words[a].similarity(&new_words[b]);
    for fate in align(&old_keys, &new_keys, similarity, |_, _| false) {
        match fate {
            Fate::Kept(a, b) => {
                let reaches = a < old_sent || b < new_sent;
                example(&at(b), &old[a], &new[b], reaches, changes);
            }
            Fate::Moved(a, b) => {
                let message = format!("the example moves here from {}", at(a));
                let reaches = a < old_sent || b < new_sent;
                let change = change(ChangeKind::ExampleMoved, at(b), message, reaches);
                changes.push(change.values(Value::from(at(a)), Value::from(at(b))));
            }
            Fate::Removed(a) => {
                let message = "the example is gone";
                let change = change(ChangeKind::ExampleRemoved, at(a), message, a < old_sent);
                changes.push(change.values(identity(&old[a]), None));
            }
            Fate::Added(b) => {
                let message = "the example is new";
                let change = change(ChangeKind::ExampleAdded, at(b), message, b < new_sent);
                changes.push(change.values(None, identity(&new[b])));
            }
        }
    }
}

fn at(index: usize) -> String {
    format!("examples[{index}]")
}

fn change(kind: ChangeKind, location: String, message: impl Into<String>, sent: bool) -> Change {
    match sent {
        true => {
            Change::new(kind, &[Class::Model, Class::Cost], Breaking::Unknown, location, message)
        }
        false => Change::new(kind, &[Class::Docs], Breaking::No, location, message),
    }
}

/// What of an example reaches the model, with the keys of its inputs in one order and those of its output as written.
fn identity(example: &Example) -> Value {
    let mut variables = example.variables.clone();
    variables.sort_keys();
    json!({"variables": variables, "output": example.output})
}

fn example(location: &str, old: &Example, new: &Example, sent: bool, changes: &mut Vec<Change>) {
    let (before, after) = (identity(old), identity(new));
    if before != after {
        let message = "the example changes";
        changes.push(
            change(ChangeKind::ExampleChanged, location.to_owned(), message, sent)
                .texts(&pretty(&before), &pretty(&after))
                .values(before, after),
        );
    } else if sent && !same_bytes(&old.output, &new.output) {
        let location = format!("{location}.output");
        changes.push(super::tools::key_order(&location, &old.output, &new.output));
    }
    if old.tags != new.tags {
        let message = format!("tags: {} → {}", old.tags.join(", "), new.tags.join(", "));
        let location = format!("{location}.tags");
        changes.push(
            Change::new(ChangeKind::Metadata, &[Class::Docs], Breaking::No, location, message)
                .values(json!(old.tags), json!(new.tags)),
        );
    }
}

/// How many of the examples are sent: those that an `examples` entry takes, or all where a template may speak of them.
fn sent(side: &Side<'_>) -> usize {
    let file = &side.prompt.file;
    let mut most = 0;
    let mentioned = |text: &str| text.contains("examples");
    for entry in &file.messages {
        let all = match entry {
            Entry::Examples(entry) => {
                most = most.max(entry.examples.max.unwrap_or(usize::MAX));
                false
            }
            Entry::Message(message) => {
                let content = match &message.content {
                    ContentTemplate::Text(text) => mentioned(text),
                    ContentTemplate::Parts(parts) => parts.iter().any(|part| match part {
                        PartTemplate::Text(text) | PartTemplate::Image(text) => mentioned(text),
                    }),
                };
                content || message.when.as_deref().is_some_and(mentioned)
            }
            Entry::Insert(_) => false,
        };
        if all {
            return usize::MAX;
        }
    }
    match side.partials.values().any(|file| mentioned(file.text())) {
        true => usize::MAX,
        false => most,
    }
}
