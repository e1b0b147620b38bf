//! The output contract, as consumers of answers see it: an answer that was not possible before breaks them.

use serde_json::{Map, Value, json};

use super::align::{Fate, align};
use super::tools::schema_for_model;
use super::{Breaking, Change, ChangeKind, Class, below, phrase, schema};
use crate::project::prompt::{Output, OutputFormat};

pub(super) fn compare(before: Option<&Output>, after: Option<&Output>, changes: &mut Vec<Change>) {
    let none = Output::default();
    let (old, new) = (before.unwrap_or(&none), after.unwrap_or(&none));
    if old.format != new.format {
        let word = |format: OutputFormat| match format {
            OutputFormat::Text => "text",
            OutputFormat::Json => "json",
        };
        let message = format!("answers are {} instead of {}", word(new.format), word(old.format));
        let classes = [Class::Consumer, Class::Model];
        changes.push(
            Change::new(
                ChangeKind::OutputFormat,
                &classes,
                Breaking::Yes,
                "output.format",
                message,
            )
            .values(Value::from(word(old.format)), Value::from(word(new.format))),
        );
    }
    answers(old.schema.as_ref(), new.schema.as_ref(), changes);
    if old.format == OutputFormat::Json || new.format == OutputFormat::Json {
        let kind = ChangeKind::OutputSchema;
        let change =
            schema_for_model(kind, "output.schema", old.schema.as_ref(), new.schema.as_ref());
        changes.extend(change);
    }
    if old.extract != new.extract {
        let (before, after) = (json!(old.extract), json!(new.extract));
        let word = |steps: &[String]| match steps.is_empty() {
            true => "none".to_owned(),
            false => phrase(Some(&Value::from(steps.join(", ")))),
        };
        let message = format!("{} → {}", word(&old.extract), word(&new.extract));
        changes.push(
            consumer(ChangeKind::OutputExtract, Breaking::Unknown, "output.extract", message)
                .values(before, after),
        );
    }
    assertions(old, new, changes);
    retries(old, new, changes);
}

fn consumer(
    kind: ChangeKind,
    breaking: Breaking,
    location: impl Into<String>,
    message: impl Into<String>,
) -> Change {
    Change::new(kind, &[Class::Consumer], breaking, location, message)
}

/// What the schema promises about answers.
fn answers(
    before: Option<&Map<String, Value>>,
    after: Option<&Map<String, Value>>,
    changes: &mut Vec<Change>,
) {
    let location = "output.schema";
    let kind = ChangeKind::OutputSchema;
    let value = |schema: &Map<String, Value>| Value::Object(schema.clone());
    let anything = Value::Bool(true);
    match (before.map(value), after.map(value)) {
        (None, None) => {}
        (Some(old), Some(new)) => {
            for difference in schema::differences(&old, &new) {
                let breaking = Breaking::from(&difference.effect.after_in_before);
                let place = below(location, &difference);
                changes.push(
                    consumer(kind, breaking, place, difference.message)
                        .values(difference.before, difference.after),
                );
            }
        }
        (Some(old), None) => {
            let breaking = Breaking::from(&schema::compare(&old, &anything).after_in_before);
            let message = "answers have no schema any more";
            changes.push(consumer(kind, breaking, location, message).values(old, None));
        }
        (None, Some(new)) => {
            let message = "answers have a schema now";
            changes.push(consumer(kind, Breaking::No, location, message).values(None, new));
        }
    }
}

fn assertions(old: &Output, new: &Output, changes: &mut Vec<Change>) {
    let values = |output: &Output| -> Vec<Value> {
        output.assert.iter().map(|assertion| Value::Object(assertion.keys().clone())).collect()
    };
    let (before, after) = (values(old), values(new));
    let keys = |values: &[Value]| -> Vec<String> {
        values.iter().map(crate::digest::canonical_json).collect()
    };
    let same_type = |a: usize, b: usize| before[a].get("type") == after[b].get("type");
    let at = |index: usize| format!("output.assert[{index}]");
    let kind = ChangeKind::OutputAssert;
    for fate in align(&keys(&before), &keys(&after), |_, _| 0, same_type) {
        let change = match fate {
            Fate::Kept(a, b) if before[a] != after[b] => {
                let message = format!("{} → {}", phrase(Some(&before[a])), phrase(Some(&after[b])));
                consumer(kind, Breaking::Unknown, at(b), message)
                    .values(before[a].clone(), after[b].clone())
            }
            // The order of assertions decides nothing.
            Fate::Kept(..) | Fate::Moved(..) => continue,
            Fate::Removed(a) => {
                let message = format!("no longer checked: {}", phrase(Some(&before[a])));
                consumer(kind, Breaking::Unknown, at(a), message).values(before[a].clone(), None)
            }
            Fate::Added(b) => {
                let message = format!("checked now: {}", phrase(Some(&after[b])));
                consumer(kind, Breaking::No, at(b), message).values(None, after[b].clone())
            }
        };
        changes.push(change);
    }
}

fn retries(old: &Output, new: &Output, changes: &mut Vec<Change>) {
    let count =
        |output: &Output| output.on_invalid.as_ref().map_or(0, |on_invalid| on_invalid.retry);
    let (before, after) = (count(old), count(new));
    if before != after {
        let breaking = if after > before { Breaking::Unknown } else { Breaking::No };
        let message = format!("an invalid answer is asked for again at most: {before} → {after}");
        let location = "output.on_invalid.retry";
        changes.push(
            Change::new(ChangeKind::OutputRetry, &[Class::Cost], breaking, location, message)
                .values(Value::from(before), Value::from(after)),
        );
    }
}
