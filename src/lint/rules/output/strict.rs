//! What keeps a JSON Schema out of OpenAI's strict mode, in which an answer is certain to fit.
//!
//! <https://platform.openai.com/docs/guides/structured-outputs#supported-schemas>

use serde_json::{Map, Value};

use crate::document::Route;

/// Keywords that strict mode takes.
const KEYWORDS: [&str; 20] = [
    "type",
    "title",
    "description",
    "enum",
    "const",
    "$ref",
    "$defs",
    "definitions",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "items",
    "anyOf",
    "properties",
];

/// What is in the way, each at its place below the schema.
pub(super) fn obstacles(schema: &Map<String, Value>) -> Vec<(Route, String)> {
    let mut found = Vec::new();
    let root = Route::root();
    if schema.get("type").is_none_or(|kind| kind != "object") {
        found.push((root.clone(), "the top must be an object".to_owned()));
    }
    if schema.contains_key("anyOf") {
        found.push((root.key("anyOf"), "`anyOf` may not stand at the top".to_owned()));
    }
    walk(schema, &root, &mut found);
    found
}

fn walk(schema: &Map<String, Value>, route: &Route, found: &mut Vec<(Route, String)>) {
    for (keyword, value) in schema {
        let below = route.key(keyword);
        match keyword.as_str() {
            "required" | "additionalProperties" => {}
            "properties" | "$defs" | "definitions" => {
                for (name, inner) in value.as_object().into_iter().flatten() {
                    if let Value::Object(inner) = inner {
                        walk(inner, &below.key(name), found);
                    }
                }
            }
            "items" => {
                if let Value::Object(inner) = value {
                    walk(inner, &below, found);
                }
            }
            "anyOf" => {
                for (index, inner) in value.as_array().into_iter().flatten().enumerate() {
                    if let Value::Object(inner) = inner {
                        walk(inner, &below.index(index), found);
                    }
                }
            }
            known if KEYWORDS.contains(&known) => {}
            other => found.push((below, format!("it does not take `{other}`"))),
        }
    }
    if schema.get("type").is_some_and(allows_object) {
        object(schema, route, found);
    }
}

/// Whether a `type` keyword allows objects.
fn allows_object(kind: &Value) -> bool {
    match kind {
        Value::Array(kinds) => kinds.iter().any(allows_object),
        kind => kind == "object",
    }
}

fn object(schema: &Map<String, Value>, route: &Route, found: &mut Vec<(Route, String)>) {
    if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
        found.push((route.clone(), "`additionalProperties: false` is missing".to_owned()));
    }
    let required = schema.get("required").and_then(Value::as_array);
    let requires = |name: &str| required.is_some_and(|names| names.iter().any(|one| one == name));
    let properties = schema.get("properties").and_then(Value::as_object);
    for name in properties.into_iter().flat_map(Map::keys).filter(|name| !requires(name)) {
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
    }
}
