//! The model and its parameters. A profile with another name and the same settings is the same model.

use serde_json::{Value, json};

use super::{Breaking, Change, ChangeKind, Class, Side, phrase};
use crate::message::ModelSettings;

pub(super) fn compare(before: &Side<'_>, after: &Side<'_>, changes: &mut Vec<Change>) {
    let (Some(old), Some(new)) = (&before.model, &after.model) else {
        let written = |side: &Side<'_>| {
            let text = side.prompt.document.root.entry("model").map(|entry| entry.value.to_json());
            side.model.as_ref().map(|model| Value::from(model.settings.id())).or(text)
        };
        let (old, new) = (written(before), written(after));
        if old != new || before.model.is_some() != after.model.is_some() {
            changes.push(model(old, new));
        }
        return;
    };
    let (old_prefix, new_prefix) = (&old.prefix, &new.prefix);
    let (old, new) = (&old.settings, &new.settings);
    if old.id() != new.id() {
        changes.push(model(Some(old.id().into()), Some(new.id().into())));
    }
    for ((name, old), (_, new)) in parameters(old).into_iter().zip(parameters(new)) {
        parameter(name, old, new, changes);
    }
    let added = new.extra.keys().filter(|key| !old.extra.contains_key(*key));
    for key in old.extra.keys().chain(added) {
        let name = format!("extra.{key}");
        parameter(&name, old.extra.get(key).cloned(), new.extra.get(key).cloned(), changes);
    }
    if old_prefix != new_prefix {
        let value = |prefix: &Option<String>| prefix.as_deref().map(Value::from);
        parameter("prefix", value(old_prefix), value(new_prefix), changes);
    }
}

fn model(old: Option<Value>, new: Option<Value>) -> Change {
    let message = format!("{} → {}", phrase(old.as_ref()), phrase(new.as_ref()));
    let classes = [Class::Model, Class::Cost];
    Change::new(ChangeKind::Model, &classes, Breaking::Unknown, "model", message).values(old, new)
}

fn parameters(settings: &ModelSettings) -> [(&'static str, Option<Value>); 5] {
    [
        ("temperature", settings.temperature.map(Value::from)),
        ("top_p", settings.top_p.map(Value::from)),
        ("max_output_tokens", settings.max_output_tokens.map(Value::from)),
        ("seed", settings.seed.map(Value::from)),
        ("stop", (!settings.stop.is_empty()).then(|| json!(settings.stop))),
    ]
}

fn parameter(name: &str, old: Option<Value>, new: Option<Value>, changes: &mut Vec<Change>) {
    if old == new {
        return;
    }
    let limit = |value: &Option<Value>| value.as_ref().and_then(Value::as_u64).unwrap_or(u64::MAX);
    let classes: &[Class] = match name {
        // A shorter answer may be cut where the consumer expects its end.
        "max_output_tokens" if limit(&new) < limit(&old) => {
            &[Class::Consumer, Class::Model, Class::Cost]
        }
        "max_output_tokens" => &[Class::Model, Class::Cost],
        "stop" => &[Class::Consumer, Class::Model],
        _ => &[Class::Model],
    };
    let message = format!("{} → {}", phrase(old.as_ref()), phrase(new.as_ref()));
    let location = format!("model.{name}");
    changes.push(
        Change::new(ChangeKind::ModelParameter, classes, Breaking::Unknown, location, message)
            .values(old, new),
    );
}
