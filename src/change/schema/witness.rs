//! The search for a value that one schema accepts and another does not.
//!
//! Candidates are made from both schemas: listed values, numbers and lengths beside each bound, objects with and
//! without each property. The validators alone decide, so whatever is found is a proof that can be shown.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Number, Value, json};

use crate::schema::{Validator, compile};

/// Values that are tried for one place.
const MOST_CANDIDATES: usize = 400;
/// Schemas that are looked at for one place.
const MOST_SCHEMAS: usize = 32;
/// Properties of one object that are varied.
const MOST_PROPERTIES: usize = 64;
/// Levels of lists and objects that are filled.
const DEEPEST: usize = 5;
/// The longest text and list that are tried.
const LONGEST_TEXT: u64 = 4096;
const LONGEST_LIST: u64 = 64;
/// Values that a whole search may make: hostile schemas branch at every level.
const MOST_VALUES: usize = 20_000;

/// A value that the first accepts and the second does not, if one is found. Each is a schema to take hints from and the
/// validator that decides.
pub(super) fn search(
    (accepting, accepts): (&Value, &Validator),
    (refusing, refuses): (&Value, &Validator),
) -> Option<Value> {
    let mut search = Search { left: MOST_VALUES };
    let candidates = search.candidates(&[accepting], &[refusing], DEEPEST);
    candidates.into_iter().find(|value| accepts.is_valid(value) && !refuses.is_valid(value))
}

struct Search {
    left: usize,
}

/// Values for one place, without repetition, in the order in which they came up.
struct Candidates {
    values: Vec<Value>,
    seen: BTreeSet<String>,
}

impl Candidates {
    fn new() -> Self {
        Self { values: Vec::new(), seen: BTreeSet::new() }
    }

    fn add(&mut self, search: &mut Search, value: Value) {
        if self.values.len() < MOST_CANDIDATES
            && search.left > 0
            && self.seen.insert(value.to_string())
        {
            search.left -= 1;
            self.values.push(value);
        }
    }
}

impl Search {
    /// Candidates for a place that the first schemas describe on the accepting side and the others on the refusing one.
    fn candidates(
        &mut self,
        accepting: &[&Value],
        refusing: &[&Value],
        depth: usize,
    ) -> Vec<Value> {
        let own = flatten(accepting);
        let other = flatten(refusing);
        let mut found = Candidates::new();
        let all: Vec<&Map<String, Value>> = own.iter().chain(&other).copied().collect();
        for schema in &all {
            let listed = schema.get("enum").and_then(Value::as_array);
            for value in listed.into_iter().flatten().chain(schema.get("const")) {
                found.add(self, value.clone());
            }
        }
        for value in [json!("a"), json!(1), Value::Null, json!(true), json!(false), json!(0.5)] {
            found.add(self, value);
        }
        for value in numbers(&all).into_iter().chain(texts(&all)) {
            found.add(self, value);
        }
        if let Some(depth) = depth.checked_sub(1) {
            self.lists(&own, &other, depth, &mut found);
            self.objects(&own, &other, depth, &mut found);
        }
        found.values
    }

    fn lists(
        &mut self,
        own: &[&Map<String, Value>],
        other: &[&Map<String, Value>],
        depth: usize,
        found: &mut Candidates,
    ) {
        found.add(self, json!([]));
        let inner = |schemas: &[&Map<String, Value>]| -> Vec<Value> {
            let items = schemas.iter().filter_map(|schema| schema.get("items").cloned());
            let prefix = schemas.iter().filter_map(|schema| schema.get("prefixItems"));
            items.chain(prefix.filter_map(Value::as_array).flatten().cloned()).collect()
        };
        let (own_items, other_items) = (inner(own), inner(other));
        if own_items.is_empty() && other_items.is_empty() && !mentions_lists(own, other) {
            return;
        }
        let own_items: Vec<&Value> = own_items.iter().collect();
        let other_items: Vec<&Value> = other_items.iter().collect();
        let values = self.candidates(&own_items, &other_items, depth);
        let fitting = fitting(&own_items, &values);
        let fill = fitting.first().or(values.first()).cloned().unwrap_or(Value::Null);
        let mut lengths = BTreeSet::from([1, 2]);
        for schema in own.iter().chain(other) {
            for keyword in ["minItems", "maxItems"] {
                let bound = schema.get(keyword).and_then(Value::as_u64);
                lengths.extend(bound.into_iter().flat_map(|n| [n.saturating_sub(1), n, n + 1]));
            }
        }
        let shortest = own
            .iter()
            .filter_map(|schema| schema.get("minItems").and_then(Value::as_u64))
            .max()
            .unwrap_or(0)
            .clamp(1, LONGEST_LIST);
        for length in lengths.into_iter().filter(|length| *length <= LONGEST_LIST) {
            found.add(self, Value::Array(vec![fill.clone(); length as usize]));
            let different = fitting.iter().cycle().take(length as usize).cloned().collect();
            found.add(self, Value::Array(different));
        }
        for value in values {
            let mut list = vec![fill.clone(); shortest as usize];
            if let Some(first) = list.first_mut() {
                *first = value;
            }
            found.add(self, Value::Array(list));
        }
    }

    fn objects(
        &mut self,
        own: &[&Map<String, Value>],
        other: &[&Map<String, Value>],
        depth: usize,
        found: &mut Candidates,
    ) {
        found.add(self, json!({}));
        let names = property_names(own, other);
        if names.is_empty() && !mentions_objects(own, other) {
            return;
        }
        let required = required(own);
        let mut least = Map::new();
        let mut most = Map::new();
        let mut values_of = Vec::new();
        for name in names {
            let own_schemas = schemas_for(own, &name);
            let other_schemas = schemas_for(other, &name);
            let values = self.candidates(&own_schemas, &other_schemas, depth);
            let fill = fitting(&own_schemas, &values).into_iter().next();
            if let Some(fill) = fill {
                if required.contains(&name) {
                    least.insert(name.clone(), fill.clone());
                }
                most.insert(name.clone(), fill);
            }
            values_of.push((name, values));
        }
        for base in [&least, &most] {
            found.add(self, Value::Object(base.clone()));
        }
        for base in [&least, &most] {
            for (name, _) in &values_of {
                let mut without = base.clone();
                without.shift_remove(name);
                found.add(self, Value::Object(without));
            }
        }
        for size in sizes(own, other) {
            let mut filled = least.clone();
            let more = (1..=size).map(|n| (format!("another{n}"), json!("a")));
            filled.extend(more.take(size.saturating_sub(least.len())));
            found.add(self, Value::Object(filled));
        }
        for (name, values) in values_of {
            for value in values {
                let mut with = least.clone();
                with.insert(name.clone(), value);
                found.add(self, Value::Object(with));
            }
        }
        for value in [json!("a"), json!(1), Value::Null] {
            for base in [&least, &most] {
                let mut with = base.clone();
                with.insert("another".to_owned(), value.clone());
                found.add(self, Value::Object(with));
            }
        }
    }
}

/// The schemas with everything that they combine: a value for one of them may be of interest to all.
fn flatten<'a>(schemas: &[&'a Value]) -> Vec<&'a Map<String, Value>> {
    let mut found: Vec<&Map<String, Value>> = Vec::new();
    let mut next: Vec<&Value> = schemas.to_vec();
    while let Some(schema) = next.pop() {
        let Value::Object(keywords) = schema else { continue };
        if found.len() >= MOST_SCHEMAS {
            break;
        }
        found.push(keywords);
        for keyword in ["if", "then", "else", "not"] {
            next.extend(keywords.get(keyword));
        }
        for keyword in ["oneOf", "anyOf", "allOf"] {
            next.extend(
                keywords.get(keyword).and_then(Value::as_array).into_iter().flatten().rev(),
            );
        }
    }
    found
}

/// The values that at least one of the schemas accepts; all values where there is no schema.
fn fitting(schemas: &[&Value], values: &[Value]) -> Vec<Value> {
    let validators: Vec<Arc<Validator>> =
        schemas.iter().take(MOST_SCHEMAS).filter_map(|schema| compile(schema).ok()).collect();
    let accepted = |value: &&Value| {
        validators.is_empty() || validators.iter().any(|validator| validator.is_valid(value))
    };
    values.iter().filter(accepted).cloned().collect()
}

fn property_names(own: &[&Map<String, Value>], other: &[&Map<String, Value>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        if names.len() < MOST_PROPERTIES && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    };
    for schema in own.iter().chain(other) {
        for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
            name.as_str().into_iter().for_each(&mut add);
        }
    }
    for schema in own.iter().chain(other) {
        let properties = schema.get("properties").and_then(Value::as_object);
        properties.into_iter().flat_map(Map::keys).for_each(|name| add(name));
    }
    names
}

fn required(own: &[&Map<String, Value>]) -> BTreeSet<String> {
    own.iter()
        .filter_map(|schema| schema.get("required").and_then(Value::as_array))
        .flatten()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect()
}

fn schemas_for<'a>(schemas: &[&'a Map<String, Value>], name: &str) -> Vec<&'a Value> {
    let named = schemas.iter().filter_map(|schema| schema.get("properties")?.get(name));
    let named: Vec<&Value> = named.collect();
    match named.is_empty() {
        true => schemas
            .iter()
            .filter_map(|schema| schema.get("additionalProperties"))
            .filter(|schema| schema.is_object())
            .collect(),
        false => named,
    }
}

/// The numbers of properties at and beside each bound.
fn sizes(own: &[&Map<String, Value>], other: &[&Map<String, Value>]) -> BTreeSet<usize> {
    let bounds = own.iter().chain(other).flat_map(|schema| {
        ["minProperties", "maxProperties"]
            .into_iter()
            .filter_map(|keyword| schema.get(keyword)?.as_u64())
    });
    bounds
        .flat_map(|bound| [bound.saturating_sub(1), bound, bound.saturating_add(1)])
        .filter_map(|size| usize::try_from(size).ok())
        .filter(|size| *size <= MOST_PROPERTIES)
        .collect()
}

fn mentions(own: &[&Map<String, Value>], other: &[&Map<String, Value>], keywords: &[&str]) -> bool {
    own.iter()
        .chain(other)
        .any(|schema| keywords.iter().any(|keyword| schema.contains_key(*keyword)))
}

fn mentions_lists(own: &[&Map<String, Value>], other: &[&Map<String, Value>]) -> bool {
    mentions(own, other, &["minItems", "maxItems", "uniqueItems", "contains"])
}

fn mentions_objects(own: &[&Map<String, Value>], other: &[&Map<String, Value>]) -> bool {
    let keywords = [
        "additionalProperties",
        "patternProperties",
        "propertyNames",
        "minProperties",
        "maxProperties",
    ];
    mentions(own, other, &keywords)
}

/// The numbers at and beside each bound.
fn numbers(schemas: &[&Map<String, Value>]) -> Vec<Value> {
    let mut found = vec![json!(0), json!(-1), json!(2), json!(-0.5), json!(1.5)];
    for schema in schemas {
        for keyword in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"] {
            let Some(bound) = schema.get(keyword).and_then(Value::as_number) else { continue };
            found.push(Value::Number(bound.clone()));
            if let Some(whole) = bound.as_i128() {
                let near = [whole - 1, whole + 1].into_iter().filter_map(Number::from_i128);
                found.extend(near.map(Value::Number));
            }
            if let Some(float) = bound.as_f64() {
                let near = [float - 0.5, float + 0.5, float.floor(), float.ceil()];
                found.extend(near.into_iter().filter_map(Number::from_f64).map(Value::Number));
            }
        }
        if let Some(step) = schema.get("multipleOf").and_then(Value::as_number) {
            found.push(Value::Number(step.clone()));
            if let Some(float) = step.as_f64() {
                let near = [float * 2.0, float * 3.0, float * 5.0, float / 2.0];
                found.extend(near.into_iter().filter_map(Number::from_f64).map(Value::Number));
            }
        }
    }
    found
}

/// Texts of the lengths at and beside each bound, and one of each format.
fn texts(schemas: &[&Map<String, Value>]) -> Vec<Value> {
    let mut found = vec![json!(""), json!("some text"), json!("A1"), json!("1")];
    for schema in schemas {
        for keyword in ["minLength", "maxLength"] {
            let Some(bound) = schema.get(keyword).and_then(Value::as_u64) else { continue };
            let near = [bound.saturating_sub(1), bound, bound.saturating_add(1)];
            let lengths = near.into_iter().filter(|length| *length <= LONGEST_TEXT);
            found.extend(lengths.map(|length| Value::from("a".repeat(length as usize))));
        }
        let format = schema.get("format").and_then(Value::as_str);
        found.extend(format.and_then(of_format).map(Value::from));
    }
    found
}

fn of_format(format: &str) -> Option<&'static str> {
    Some(match format {
        "date" => "2024-01-31",
        "date-time" => "2024-01-31T12:00:00Z",
        "time" => "12:00:00Z",
        "duration" => "P1D",
        "email" | "idn-email" => "a@example.org",
        "hostname" | "idn-hostname" => "example.org",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "uri" | "iri" | "uri-reference" | "iri-reference" => "https://example.org/a",
        "uuid" => "123e4567-e89b-12d3-a456-426614174000",
        _ => return None,
    })
}
