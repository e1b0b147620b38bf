//! What people and tools know about a prompt, and how its conversation is cut: nothing here is a text for the model.

use serde_json::{Value, json};

use super::{Breaking, Change, ChangeKind, Class, phrase};
use crate::project::prompt::{ContextLimits, Deprecated, PromptFile};

pub(super) fn compare(before: &PromptFile, after: &PromptFile, changes: &mut Vec<Change>) {
    active(before.active, after.active, changes);
    deprecated(before.deprecated.as_ref(), after.deprecated.as_ref(), changes);
    if before.description != after.description {
        let (old, new) = (before.description.as_deref(), after.description.as_deref());
        changes.push(
            docs(ChangeKind::Description, "description", "another description")
                .texts(old.unwrap_or_default(), new.unwrap_or_default())
                .values(old.map(Value::from), new.map(Value::from)),
        );
    }
    let text = |text: &Option<String>| text.as_deref().map(Value::from);
    let list = |tags: &[String]| (!tags.is_empty()).then(|| json!(tags));
    metadata("owner", text(&before.owner), text(&after.owner), changes);
    metadata("category", text(&before.category), text(&after.category), changes);
    metadata("tags", list(&before.tags), list(&after.tags), changes);
    let added = after.metadata.keys().filter(|key| !before.metadata.contains_key(*key));
    for key in before.metadata.keys().chain(added) {
        let (old, new) = (before.metadata.get(key), after.metadata.get(key));
        metadata(&format!("metadata.{key}"), old.cloned(), new.cloned(), changes);
    }
    context(before.context.as_ref(), after.context.as_ref(), changes);
}

fn docs(kind: ChangeKind, location: &str, message: impl Into<String>) -> Change {
    Change::new(kind, &[Class::Docs], Breaking::No, location, message)
}

fn metadata(location: &str, old: Option<Value>, new: Option<Value>, changes: &mut Vec<Change>) {
    if old != new {
        let message = format!("{} → {}", phrase(old.as_ref()), phrase(new.as_ref()));
        changes.push(docs(ChangeKind::Metadata, location, message).values(old, new));
    }
}

fn active(before: bool, after: bool, changes: &mut Vec<Change>) {
    let (breaking, message) = match (before, after) {
        (true, false) => (Breaking::Yes, "not active any more: run, eval and labels refuse it"),
        (false, true) => (Breaking::No, "active now"),
        _ => return,
    };
    changes.push(
        Change::new(ChangeKind::Active, &[Class::Caller], breaking, "active", message)
            .values(Value::from(before), Value::from(after)),
    );
}

fn deprecated(before: Option<&Deprecated>, after: Option<&Deprecated>, changes: &mut Vec<Change>) {
    let value = |deprecated: Option<&Deprecated>| {
        deprecated.map(|d| json!({"use": d.instead, "reason": d.reason}))
    };
    let (old, new) = (value(before), value(after));
    if old == new {
        return;
    }
    let message = match after {
        None => "no longer deprecated".to_owned(),
        Some(Deprecated { instead: Some(instead), .. }) => {
            format!("deprecated: use {}", crate::diagnostic::excerpt(instead, 80))
        }
        Some(_) => "deprecated".to_owned(),
    };
    changes.push(
        Change::new(ChangeKind::Deprecated, &[Class::Caller], Breaking::No, "deprecated", message)
            .values(old, new),
    );
}

fn context(
    before: Option<&ContextLimits>,
    after: Option<&ContextLimits>,
    changes: &mut Vec<Change>,
) {
    let fields = |limits: Option<&ContextLimits>| {
        let drop = limits.map(|limits| limits.drop.as_slice()).unwrap_or_default();
        [
            ("context.window", limits.and_then(|limits| limits.window).map(Value::from)),
            ("context.reserve", Some(Value::from(limits.map_or(0, |limits| limits.reserve)))),
            ("context.drop", (!drop.is_empty()).then(|| json!(drop))),
        ]
    };
    for ((location, old), (_, new)) in fields(before).into_iter().zip(fields(after)) {
        if old != new {
            let message = format!("{} → {}", phrase(old.as_ref()), phrase(new.as_ref()));
            let classes = [Class::Model, Class::Cost];
            let change =
                Change::new(ChangeKind::Context, &classes, Breaking::Unknown, location, message);
            changes.push(change.values(old, new));
        }
    }
}
