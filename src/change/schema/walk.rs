//! What differs between two schemas, place by place, each with what it does to the accepted values.

use std::borrow::Cow;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::{Comparison, Inclusion, compare, inline, is_annotation};

/// One difference between two schemas.
#[derive(Clone, PartialEq, Debug)]
pub struct Difference {
    /// The way to the value that is described: `.label`, `.items[]`; empty for the whole.
    pub place: Vec<Step>,
    /// What changed, as a phrase: `maxLength: 100 → 50`.
    pub message: String,
    /// What was there.
    pub before: Option<Value>,
    /// What is there now.
    pub after: Option<Value>,
    /// What it does to the values that are accepted.
    pub effect: Comparison,
}

/// One step into a schema.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// The schema of a property.
    Property(String),
    /// The schema below a keyword, such as `items`.
    Keyword(&'static str),
}

impl Difference {
    /// The place as a JSON Pointer into the schema.
    pub fn pointer(&self) -> String {
        let mut pointer = String::new();
        for step in &self.place {
            match step {
                Step::Property(name) => {
                    pointer.push_str("/properties/");
                    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                }
                Step::Keyword(keyword) => {
                    pointer.push('/');
                    pointer.push_str(keyword);
                }
            }
        }
        pointer
    }
}

/// Differences that are reported for one pair of schemas. Each needs validators of its own, so there is an end to them.
const MOST: usize = 100;

/// All differences that may concern the accepted values, with references resolved.
///
/// Schemas are changed step by step from the first into the second, and each step is compared by itself. Where the
/// whole is proved, no step says otherwise: a keyword may lose its meaning through another one.
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let whole = compare(before, after);
    let mut walk = Walk { place: Vec::new(), found: Vec::new() };
    match (inline::inline(before), inline::inline(after)) {
        (Some(before), Some(after)) => walk.schemas(&before, &after),
        // A recursive schema cannot be taken apart.
        _ if before != after => {
            walk.add("the schema changes", Some(before), Some(after), whole.clone());
        }
        _ => {}
    }
    let mut found = walk.found;
    if found.len() >= MOST {
        found.truncate(MOST);
        found.push(Difference {
            place: Vec::new(),
            message: "there are more differences".to_owned(),
            before: None,
            after: None,
            effect: whole.clone(),
        });
    }
    for difference in &mut found {
        let effect = &mut difference.effect;
        if whole.before_in_after == Inclusion::Proved {
            effect.before_in_after = Inclusion::Proved;
        }
        if whole.after_in_before == Inclusion::Proved {
            effect.after_in_before = Inclusion::Proved;
        }
    }
    found
}

struct Walk {
    place: Vec<Step>,
    found: Vec<Difference>,
}

impl Walk {
    fn add(
        &mut self,
        message: impl Into<String>,
        before: Option<&Value>,
        after: Option<&Value>,
        effect: Comparison,
    ) {
        self.found.push(Difference {
            place: self.place.clone(),
            message: message.into(),
            before: before.cloned(),
            after: after.cloned(),
            effect,
        });
    }

    fn below(&mut self, step: Step, before: &Value, after: &Value) {
        self.place.push(step);
        self.schemas(before, after);
        self.place.pop();
    }

    fn schemas(&mut self, before: &Value, after: &Value) {
        if before == after || self.found.len() >= MOST {
            return;
        }
        let (Value::Object(old), Value::Object(new)) = (before, after) else {
            let effect = compare(before, after);
            self.add(
                format!("{} → {}", short(before), short(after)),
                Some(before),
                Some(after),
                effect,
            );
            return;
        };
        let mut current = old.clone();
        let added = new.keys().filter(|keyword| !old.contains_key(*keyword));
        for keyword in old.keys().chain(added).filter(|keyword| !is_annotation(keyword)) {
            if self.found.len() >= MOST {
                return;
            }
            self.keyword(&mut current, keyword, old.get(keyword), new.get(keyword));
        }
    }

    /// One keyword: `current` has those before it in their new form already, and gets this one too.
    fn keyword(
        &mut self,
        current: &mut Map<String, Value>,
        keyword: &str,
        old: Option<&Value>,
        new: Option<&Value>,
    ) {
        match (keyword, old, new) {
            (_, old, new) if old == new => {}
            ("properties", old, new) => self.properties(current, object(old), object(new)),
            ("items", Some(old @ Value::Object(_)), Some(new @ Value::Object(_))) => {
                self.below(Step::Keyword("items"), old, new);
                current.insert(keyword.to_owned(), new.clone());
            }
            (
                "additionalProperties",
                Some(old @ Value::Object(_)),
                Some(new @ Value::Object(_)),
            ) => {
                self.below(Step::Keyword("additionalProperties"), old, new);
                current.insert(keyword.to_owned(), new.clone());
            }
            ("enum", Some(Value::Array(old)), Some(Value::Array(new))) => {
                let missing = |from: &[Value], other: &[Value]| -> Vec<Value> {
                    from.iter().filter(|value| !other.contains(value)).cloned().collect()
                };
                let (removed, added) = (missing(old, new), missing(new, old));
                let kept: Vec<Value> =
                    old.iter().filter(|value| new.contains(value)).cloned().collect();
                if !removed.is_empty() {
                    let message = format!("{} no longer a value", are(&removed));
                    self.step(
                        current,
                        keyword,
                        Some(Value::Array(kept)),
                        message,
                        Some(&json!(removed)),
                        None,
                    );
                }
                if added.is_empty() {
                    // At most another order of the same values is left.
                    current.insert(keyword.to_owned(), json!(new));
                } else {
                    let message = format!("{} a new value", are(&added));
                    self.step(
                        current,
                        keyword,
                        Some(json!(new)),
                        message,
                        None,
                        Some(&json!(added)),
                    );
                }
            }
            ("required", old, new) => self.required(current, array(old), array(new)),
            (keyword, old, new) => {
                let message = match (old, new) {
                    (Some(old), Some(new)) => format!("{keyword}: {} → {}", short(old), short(new)),
                    (None, Some(new)) => format!("{keyword}: {} is new", short(new)),
                    (Some(old), None) => format!("{keyword}: {} is gone", short(old)),
                    (None, None) => return,
                };
                self.step(current, keyword, new.cloned(), message, old, new);
            }
        }
    }

    fn properties(
        &mut self,
        current: &mut Map<String, Value>,
        old: &Map<String, Value>,
        new: &Map<String, Value>,
    ) {
        let added = new.keys().filter(|name| !old.contains_key(*name));
        for name in old.keys().chain(added) {
            let (before, after) = (old.get(name), new.get(name));
            if before == after || self.found.len() >= MOST {
                continue;
            }
            let mut next = object(current.get("properties")).clone();
            match after {
                Some(after) => next.insert(name.clone(), after.clone()),
                None => next.shift_remove(name),
            };
            if let (Some(before), Some(after)) = (before, after) {
                self.below(Step::Property(name.clone()), before, after);
                current.insert("properties".to_owned(), Value::Object(next));
                continue;
            }
            let what = if after.is_some() { "new" } else { "gone" };
            let message = format!("the property `{name}` is {what}");
            let next = Some(Value::Object(next));
            self.step(current, "properties", next, message, before, after);
        }
    }

    fn required(&mut self, current: &mut Map<String, Value>, old: &[Value], new: &[Value]) {
        let gone = old.iter().filter(|name| !new.contains(name)).map(|name| (name, false));
        let come = new.iter().filter(|name| !old.contains(name)).map(|name| (name, true));
        for (name, required) in gone.chain(come) {
            let mut next = array(current.get("required")).to_vec();
            match required {
                true => next.push(name.clone()),
                false => next.retain(|other| other != name),
            }
            let text = plain(name);
            let (message, before, after) = match required {
                true => (format!("the property `{text}` is required now"), None, Some(name)),
                false => (format!("the property `{text}` is no longer required"), Some(name), None),
            };
            self.step(current, "required", Some(Value::Array(next)), message, before, after);
        }
    }

    /// Gives a keyword another value, or takes it away, and notes what that does.
    fn step(
        &mut self,
        current: &mut Map<String, Value>,
        keyword: &str,
        value: Option<Value>,
        message: String,
        before: Option<&Value>,
        after: Option<&Value>,
    ) {
        let mut next = current.clone();
        match value {
            Some(value) => next.insert(keyword.to_owned(), value),
            None => next.shift_remove(keyword),
        };
        let old = Value::Object(std::mem::replace(current, next));
        let new = Value::Object(current.clone());
        let effect = compare(&old, &new);
        self.add(message, before, after, effect);
    }
}

fn object(value: Option<&Value>) -> &Map<String, Value> {
    static NONE: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
    value.and_then(Value::as_object).unwrap_or(&NONE)
}

fn array(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// "`a` is" or "`a`, `b` are", for a phrase that goes on with "no longer a value".
fn are(values: &[Value]) -> String {
    const SHOWN: usize = 8;
    let mut names: Vec<String> =
        values.iter().take(SHOWN).map(|value| format!("`{}`", plain(value))).collect();
    if values.len() > SHOWN {
        names.push(format!("{} more", values.len() - SHOWN));
    }
    let verb = if values.len() == 1 { "is" } else { "are each" };
    format!("{} {verb}", names.join(", "))
}

fn plain(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        value => Cow::Owned(value.to_string()),
    }
}

/// A value of a schema as part of a phrase.
fn short(value: &Value) -> String {
    let text = match value {
        Value::Array(names) if names.iter().all(Value::is_string) => {
            names.iter().map(plain).collect::<Vec<_>>().join(" | ")
        }
        value => plain(value).into_owned(),
    };
    crate::diagnostic::excerpt(&text, 80)
}
