//! What keeps a JSON Schema out of OpenAI's strict mode, in which an answer is certain to fit.
//!
//! <https://platform.openai.com/docs/guides/structured-outputs#supported-schemas>

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::document::Route;

/// Keywords that strict mode takes, with any value.
const KEYWORDS: [&str; 15] = [
    "type",
    "title",
    "description",
    "enum",
    "const",
    "$ref",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
];

/// Obstacles, each with its place.
type Found = Vec<(Route, String)>;

/// Whether OpenAI takes a schema with `strict: true`. It refuses the whole request when the schema goes beyond its subset
/// of JSON Schema, so what is not known to belong to it does not.
pub fn allows(schema: &Value) -> bool {
    schema.as_object().is_some_and(|schema| obstacles(schema).is_empty())
}

/// What is in the way, each at its place below the schema.
pub fn obstacles(schema: &Map<String, Value>) -> Vec<(Route, String)> {
    let mut found = Vec::new();
    let root = Route::root();
    if schema.get("type").is_none_or(|kind| kind != "object") {
        found.push((root.clone(), "the top must be an object".to_owned()));
    }
    if schema.contains_key("anyOf") {
        found.push((root.key("anyOf"), "`anyOf` may not stand at the top".to_owned()));
    }
    keywords(schema, &root, &mut found);
    found
}

fn walk(schema: &Value, route: Route, found: &mut Found) {
    match schema {
        Value::Object(schema) => keywords(schema, &route, found),
        _ => found.push((route, "it takes no schema that is not a mapping".to_owned())),
    }
}

fn keywords(schema: &Map<String, Value>, route: &Route, found: &mut Found) {
    let object = schema.get("type").is_some_and(allows_object);
    for (keyword, value) in schema {
        let below = route.key(keyword);
        match (keyword.as_str(), value) {
            ("required", Value::Array(_)) | ("additionalProperties", Value::Bool(false)) => {}
            // Said of the object.
            ("additionalProperties", _) if object => {}
            ("additionalProperties", _) => {
                found.push((below, "`additionalProperties` may be nothing but `false`".to_owned()));
            }
            ("properties" | "$defs" | "definitions", Value::Object(schemas)) => {
                schemas.iter().for_each(|(name, inner)| walk(inner, below.key(name), found));
            }
            ("items", inner) => walk(inner, below, found),
            ("anyOf", Value::Array(branches)) => {
                let branches = branches.iter().enumerate();
                branches.for_each(|(index, inner)| walk(inner, below.index(index), found));
            }
            ("required" | "anyOf", _) => {
                found.push((below, format!("`{keyword}` must be a list")));
            }
            ("properties" | "$defs" | "definitions", _) => {
                found.push((below, format!("`{keyword}` must be a mapping")));
            }
            (known, _) if KEYWORDS.contains(&known) => {}
            (other, _) => found.push((below, format!("it does not take `{other}`"))),
        }
    }
    if object {
        closed(schema, route, found);
    }
}

/// Whether a `type` keyword allows objects.
fn allows_object(kind: &Value) -> bool {
    match kind {
        Value::Array(kinds) => kinds.iter().any(|kind| kind == "object"),
        kind => kind == "object",
    }
}

/// An object schema allows no other properties and requires all that it names.
fn closed(schema: &Map<String, Value>, route: &Route, found: &mut Found) {
    if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
        found.push((route.clone(), "`additionalProperties: false` is missing".to_owned()));
    }
    if !schema.contains_key("properties") {
        found.push((route.clone(), "`properties` is missing".to_owned()));
    }
    let required = schema.get("required").and_then(Value::as_array);
    let required: HashSet<&str> =
        required.into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema.get("properties").and_then(Value::as_object);
    let properties = properties.into_iter().flat_map(Map::keys);
    for name in properties.filter(|name| !required.contains(name.as_str())) {
        let why = format!("`{name}` is not required; allow `null` where it may be absent");
        found.push((route.key("properties").key(name), why));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_obstacle_has_its_place() {
        let said = |schema: Value| -> Vec<String> {
            let found = obstacles(schema.as_object().unwrap());
            found.into_iter().map(|(route, why)| format!("{route}: {why}")).collect()
        };
        assert_eq!(
            said(json!({
                "type": "object", "additionalProperties": false, "required": ["a"],
                "properties": {"a": {"type": "array", "items": {"type": "object", "properties": {}}}, "b": {"type": "string", "minLength": 1}},
            })),
            [
                "properties.a.items: `additionalProperties: false` is missing",
                "properties.b.minLength: it does not take `minLength`",
                "properties.b: `b` is not required; allow `null` where it may be absent",
            ]
        );
        assert_eq!(said(json!({"type": "array"})), ["the file: the top must be an object"]);
        assert_eq!(
            said(json!({
                "type": "object", "additionalProperties": false, "required": ["a"],
                "properties": {"a": {"type": ["string", "null"], "enum": ["x", null]}},
            })),
            [""; 0]
        );
        assert_eq!(
            said(
                json!({"type": "object", "additionalProperties": false, "$defs": {"x": {"items": true, "additionalProperties": {}}}})
            ),
            [
                "$defs.x.items: it takes no schema that is not a mapping",
                "$defs.x.additionalProperties: `additionalProperties` may be nothing but `false`",
                "the file: `properties` is missing",
            ]
        );
    }

    #[test]
    fn what_is_not_known_to_be_allowed_is_not() {
        let closed = json!({
            "type": "object",
            "properties": {"a": {"type": ["string", "null"]}, "b": {"type": "array", "items": {"$ref": "#/$defs/x"}}},
            "required": ["a", "b"],
            "additionalProperties": false,
            "$defs": {"x": {"enum": [1, 2]}}
        });
        assert!(allows(&closed));
        for open in [
            json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}),
            json!({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false}),
            json!({"type": "object", "properties": {"a": {"type": "object"}}, "required": ["a"], "additionalProperties": false}),
            json!({"type": "object", "properties": {"a": {"oneOf": []}}, "required": ["a"], "additionalProperties": false}),
            json!({"type": "object", "additionalProperties": false}),
            json!({"type": "array", "items": {"type": "string"}}),
            json!({"enum": [1]}),
            json!(true),
        ] {
            assert!(!allows(&open), "{open}");
        }
    }
}
