//! Variables, as callers see them: what must be given, what may be given, and what happens when nothing is.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::{Breaking, Change, ChangeKind, Class, below, phrase, schema};
use crate::project::variable::Variable;

pub(super) fn compare(
    before: &IndexMap<String, Variable>,
    after: &IndexMap<String, Variable>,
    changes: &mut Vec<Change>,
) {
    for (name, old) in before {
        let location = format!("variables.{name}");
        let Some(new) = after.get(name) else {
            let message = "the variable is gone: giving it is an error";
            let kind = ChangeKind::VariableRemoved;
            changes.push(caller(kind, Breaking::Yes, &location, message).values(keys(old), None));
            continue;
        };
        variable(&location, old, new, changes);
    }
    for (name, new) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
        let (breaking, message) = match new.required() {
            true => (Breaking::Yes, "a new variable that callers must give"),
            false => (Breaking::No, "a new variable that callers may give"),
        };
        let location = format!("variables.{name}");
        let change = caller(ChangeKind::VariableAdded, breaking, &location, message);
        changes.push(change.values(None, keys(new)));
    }
}

fn caller(
    kind: ChangeKind,
    breaking: Breaking,
    location: &str,
    message: impl Into<String>,
) -> Change {
    Change::new(kind, &[Class::Caller], breaking, location, message)
}

fn keys(variable: &Variable) -> Value {
    Value::Object(variable.keys().clone())
}

fn variable(location: &str, old: &Variable, new: &Variable, changes: &mut Vec<Change>) {
    required(location, old, new, changes);
    for difference in schema::differences(&old.json_schema(), &new.json_schema()) {
        let breaking = Breaking::from(&difference.effect.before_in_after);
        let place = below(location, &difference);
        changes.push(
            caller(ChangeKind::VariableType, breaking, &place, difference.message)
                .values(difference.before, difference.after),
        );
    }
    if old.untrusted() != new.untrusted() {
        let word = |variable: &Variable| match variable.untrusted() {
            true => "untrusted",
            false => "trusted",
        };
        let message = format!("{} → {}", word(old), word(new));
        changes.push(
            Change::new(ChangeKind::VariableTrust, &[Class::Docs], Breaking::No, location, message)
                .values(Value::from(word(old)), Value::from(word(new))),
        );
    }
    let (old_words, new_words) = (annotations(old), annotations(new));
    if old_words != new_words {
        let text = |words: &Map<String, Value>| {
            words.get("description").and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let kind = ChangeKind::VariableDescription;
        let change =
            Change::new(kind, &[Class::Docs], Breaking::No, location, "another description");
        let change = change.texts(&text(&old_words), &text(&new_words));
        changes.push(change.values(Value::Object(old_words), Value::Object(new_words)));
    }
}

/// What people read about a variable.
fn annotations(variable: &Variable) -> Map<String, Value> {
    let words = ["title", "description", "examples", "deprecated", "$comment"];
    let keys = variable.keys().iter().filter(|(key, _)| words.contains(&key.as_str()));
    keys.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Whether the variable must be given, and what it is when it is not.
fn required(location: &str, old: &Variable, new: &Variable, changes: &mut Vec<Change>) {
    let (before, after) = (old.default(), new.default());
    let values = |change: Change| change.values(before.cloned(), after.cloned());
    match (old.required(), new.required()) {
        (false, true) => {
            let message = match before {
                Some(default) => format!("required now; it had the default {}", quoted(default)),
                None => "required now; it could be left out".to_owned(),
            };
            let kind = ChangeKind::VariableRequired;
            changes.push(values(caller(kind, Breaking::Yes, location, message)));
        }
        (true, false) => {
            let message = match after {
                Some(default) => format!("optional now, with the default {}", quoted(default)),
                None => "optional now".to_owned(),
            };
            let kind = ChangeKind::VariableRequired;
            changes.push(values(caller(kind, Breaking::No, location, message)));
        }
        _ if before == after => {}
        // Callers who leave it out are not told that the model now gets something else.
        _ => {
            let message = format!("default: {} → {}", phrase(before), phrase(after));
            let classes = [Class::Caller, Class::Model];
            let kind = ChangeKind::VariableDefault;
            let change = Change::new(kind, &classes, Breaking::Unknown, location, message);
            changes.push(values(change));
        }
    }
}

fn quoted(value: &Value) -> String {
    format!("`{}`", phrase(Some(value)))
}
