//! The conversation: which messages are new, gone or elsewhere, and what is said differently in the others.

use serde_json::{Value, json};

use super::align::{Fate, align};
use super::text::{SAME, Words, same_but_for_space};
use super::{Breaking, Change, ChangeKind, Class};
use crate::project::prompt::{ContentTemplate, Entry, MessageTemplate, PartTemplate};

pub(super) fn compare(before: &[Entry], after: &[Entry], changes: &mut Vec<Change>) {
    let (old, new) = (Item::all(before), Item::all(after));
    let keys = |items: &[Item<'_>]| -> Vec<String> {
        items.iter().map(|item| item.value.to_string()).collect()
    };
    let fates = align(
        &keys(&old),
        &keys(&new),
        |a, b| old[a].similarity(&new[b]),
        |a, b| old[a].is_followed_by(&new[b]),
    );
    for fate in fates {
        match fate {
            Fate::Kept(a, b) => entry(&at(b), &old[a], &new[b], changes),
            Fate::Moved(a, b) => {
                let message = format!("{} moves here from {}", new[b].name(), at(a));
                changes.push(
                    Change::model(ChangeKind::MessageMoved, at(b), message)
                        .values(Value::from(at(a)), Value::from(at(b))),
                );
            }
            Fate::Removed(a) => {
                let change = Change::model(
                    ChangeKind::MessageRemoved,
                    at(a),
                    format!("{} is gone", old[a].name()),
                );
                changes.push(change.texts(&old[a].text, "").values(old[a].value.clone(), None));
            }
            Fate::Added(b) => {
                let change = Change::model(
                    ChangeKind::MessageAdded,
                    at(b),
                    format!("{} is new", new[b].name()),
                );
                changes.push(change.texts("", &new[b].text).values(None, new[b].value.clone()));
            }
        }
    }
}

fn at(index: usize) -> String {
    format!("messages[{index}]")
}

/// An entry of `messages` with what it is compared by.
struct Item<'a> {
    entry: &'a Entry,
    /// All of it.
    value: Value,
    /// Its text; empty for what has none of its own.
    text: String,
    words: Words,
}

impl<'a> Item<'a> {
    fn all(entries: &'a [Entry]) -> Vec<Self> {
        let item = |entry: &'a Entry| {
            let (value, text) = match entry {
                Entry::Message(message) => {
                    let content = content(&message.content);
                    let value =
                        json!({"role": message.role, "when": message.when, "content": content});
                    (value, flat(&message.content))
                }
                Entry::Examples(entry) => {
                    (json!({"examples": {"max": entry.examples.max}}), String::new())
                }
                Entry::Insert(entry) => {
                    (json!({"insert": entry.insert, "max": entry.max}), String::new())
                }
            };
            let words = Words::of(&text);
            Self { entry, value, text, words }
        };
        entries.iter().map(item).collect()
    }

    fn name(&self) -> String {
        match self.entry {
            Entry::Message(message) => format!("the {} message", message.role),
            Entry::Examples(_) => "the place for the examples".to_owned(),
            Entry::Insert(entry) => {
                format!("the conversation `{}`", crate::diagnostic::excerpt(&entry.insert, 60))
            }
        }
    }

    fn similarity(&self, other: &Self) -> u32 {
        match (self.entry, other.entry) {
            (Entry::Message(old), Entry::Message(new)) => {
                let similarity = self.words.similarity(&other.words);
                // Of two messages that resemble it equally, the one with the same role is meant.
                if old.role == new.role { similarity } else { similarity.saturating_sub(1) }
            }
            (Entry::Examples(_), Entry::Examples(_)) => SAME,
            (Entry::Insert(old), Entry::Insert(new)) if old.insert == new.insert => SAME,
            _ => 0,
        }
    }

    /// Whether `other` in the place of `self` is better read as a rewritten message than as another one.
    fn is_followed_by(&self, other: &Self) -> bool {
        match (self.entry, other.entry) {
            (Entry::Message(old), Entry::Message(new)) => old.role == new.role,
            _ => false,
        }
    }
}

fn content(content: &ContentTemplate) -> Value {
    match content {
        ContentTemplate::Text(text) => json!(text),
        ContentTemplate::Parts(parts) => parts
            .iter()
            .map(|part| match part {
                PartTemplate::Text(text) => json!({"text": text}),
                PartTemplate::Image(image) => json!({"image": image}),
            })
            .collect(),
    }
}

fn flat(content: &ContentTemplate) -> String {
    match content {
        ContentTemplate::Text(text) => text.clone(),
        ContentTemplate::Parts(parts) => {
            let texts = parts.iter().map(|part| match part {
                PartTemplate::Text(text) => text.clone(),
                PartTemplate::Image(image) => format!("image: {image}"),
            });
            texts.collect::<Vec<_>>().join("\n")
        }
    }
}

fn entry(location: &str, old: &Item<'_>, new: &Item<'_>, changes: &mut Vec<Change>) {
    let limits = match (old.entry, new.entry) {
        (Entry::Message(a), Entry::Message(b)) => return message(location, a, b, changes),
        (Entry::Examples(a), Entry::Examples(b)) => (a.examples.max, b.examples.max),
        (Entry::Insert(a), Entry::Insert(b)) => (a.max, b.max),
        _ => return,
    };
    if limits.0 != limits.1 {
        let word = |max: Option<usize>| max.map_or("all".to_owned(), |max| max.to_string());
        let message =
            format!("at most this many of {}: {} → {}", new.name(), word(limits.0), word(limits.1));
        let classes = [Class::Model, Class::Cost];
        changes.push(
            Change::new(ChangeKind::MessageLimit, &classes, Breaking::Unknown, location, message)
                .values(limits.0.map(Value::from), limits.1.map(Value::from)),
        );
    }
}

fn message(
    location: &str,
    old: &MessageTemplate,
    new: &MessageTemplate,
    changes: &mut Vec<Change>,
) {
    if old.role != new.role {
        let message = format!("{} → {}", old.role, new.role);
        changes.push(
            Change::model(ChangeKind::MessageRole, location, message)
                .values(json!(old.role), json!(new.role)),
        );
    }
    if old.when != new.when {
        let word = |when: &Option<String>| {
            when.as_deref().map_or("always".to_owned(), |when| crate::diagnostic::excerpt(when, 80))
        };
        let message = format!("sent when: {} → {}", word(&old.when), word(&new.when));
        changes.push(
            Change::model(ChangeKind::MessageWhen, location, message)
                .values(old.when.as_deref().map(Value::from), new.when.as_deref().map(Value::from)),
        );
    }
    let (old_value, new_value) = (content(&old.content), content(&new.content));
    if old_value == new_value {
        return;
    }
    let (old_text, new_text) = (flat(&old.content), flat(&new.content));
    let message = match (&old.content, &new.content) {
        (ContentTemplate::Text(_), ContentTemplate::Parts(_)) => "the text becomes a list of parts",
        (ContentTemplate::Parts(_), ContentTemplate::Text(_)) => "the list of parts becomes a text",
        _ => text_message(&old_text, &new_text),
    };
    changes.push(
        Change::model(ChangeKind::MessageText, location, message)
            .texts(&old_text, &new_text)
            .values(old_value, new_value),
    );
}

/// What to say about two texts that differ.
pub(super) fn text_message(old: &str, new: &str) -> &'static str {
    match same_but_for_space(old, new) {
        true => "the text changes in white space only",
        false => "the text changes",
    }
}
