//! Tools: what the model may ask for, and what the code that runs them gets.

use serde_json::{Map, Value, json};

use super::align::{Fate, align};
use super::messages::text_message;
use super::{Breaking, Change, ChangeKind, Class, below, pretty, same_bytes, schema};
use crate::message::Tool;

pub(super) fn compare(before: &[Tool], after: &[Tool], changes: &mut Vec<Change>) {
    let names = |tools: &[Tool]| tools.iter().map(|tool| tool.name.clone()).collect::<Vec<_>>();
    for fate in align(&names(before), &names(after), |_, _| 0, |_, _| false) {
        let classes = [Class::Consumer, Class::Model];
        match fate {
            Fate::Kept(a, b) => tool(&before[a], &after[b], changes),
            Fate::Moved(a, b) => {
                let message = "the tool stands elsewhere in the list";
                let change = Change::model(ChangeKind::ToolMoved, at(&after[b]), message);
                changes.push(change.values(Value::from(a), Value::from(b)));
                tool(&before[a], &after[b], changes);
            }
            Fate::Removed(a) => {
                let (kind, message) = (ChangeKind::ToolRemoved, "the tool is gone");
                let change = Change::new(kind, &classes, Breaking::Yes, at(&before[a]), message);
                changes.push(change.values(json!(before[a]), None));
            }
            Fate::Added(b) => {
                let message = "a new tool, which the code that runs tools must know";
                let kind = ChangeKind::ToolAdded;
                let change = Change::new(kind, &classes, Breaking::Yes, at(&after[b]), message);
                changes.push(change.values(None, json!(after[b])));
            }
        }
    }
}

fn at(tool: &Tool) -> String {
    format!("tools.{}", tool.name)
}

fn tool(old: &Tool, new: &Tool, changes: &mut Vec<Change>) {
    let location = at(new);
    if old.description != new.description {
        let (before, after) = (old.description.as_deref(), new.description.as_deref());
        let (old_text, new_text) = (before.unwrap_or_default(), after.unwrap_or_default());
        let message = text_message(old_text, new_text);
        changes.push(
            Change::model(ChangeKind::ToolChanged, format!("{location}.description"), message)
                .texts(old_text, new_text)
                .values(before.map(Value::from), after.map(Value::from)),
        );
    }
    let location = format!("{location}.parameters");
    let value = |tool: &Tool| Value::Object(tool.parameters.clone());
    for difference in schema::differences(&value(old), &value(new)) {
        // The model makes the arguments and the consumer takes them.
        let breaking = Breaking::from(&difference.effect.after_in_before);
        let place = below(&location, &difference);
        changes.push(
            Change::new(
                ChangeKind::ToolChanged,
                &[Class::Consumer],
                breaking,
                place,
                difference.message,
            )
            .values(difference.before, difference.after),
        );
    }
    let kind = ChangeKind::ToolChanged;
    changes.extend(schema_for_model(kind, &location, Some(&old.parameters), Some(&new.parameters)));
}

/// The change of a schema as the model sees it, which includes descriptions and order.
pub(super) fn schema_for_model(
    kind: ChangeKind,
    location: &str,
    before: Option<&Map<String, Value>>,
    after: Option<&Map<String, Value>>,
) -> Option<Change> {
    let value = |schema: &Map<String, Value>| Value::Object(schema.clone());
    let (old, new) = (before.map(value), after.map(value));
    if let (Some(old), Some(new)) = (&old, &new)
        && old == new
    {
        return (!same_bytes(old, new)).then(|| key_order(location, old, new));
    }
    if old == new {
        return None;
    }
    let text = |schema: &Option<Value>| schema.as_ref().map(pretty).unwrap_or_default();
    Some(
        Change::model(kind, location, "the model is given another schema")
            .texts(&text(&old), &text(&new))
            .values(old, new),
    )
}

/// The same value with its keys in another order, in a place where the model reads them.
pub(super) fn key_order(location: &str, old: &Value, new: &Value) -> Change {
    let message = "the keys stand in another order";
    Change::new(ChangeKind::KeyOrder, &[Class::Model], Breaking::No, location, message)
        .values(old.clone(), new.clone())
}
