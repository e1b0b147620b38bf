//! JSON Schemas as Anthropic takes them.

use serde_json::{Map, Value};

/// Keywords that no grammar can enforce while the model writes, and the request is refused for.
///
/// <https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations>
const NOT_ENFORCED: [&str; 12] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
];

/// The schema with these keywords as words in the description, and with its objects closed: what the vendor's own
/// libraries send. An answer is still checked against the whole schema.
pub(super) fn enforceable(schema: &Value) -> Value {
    let Value::Object(map) = schema else { return schema.clone() };
    let mut kept = Map::new();
    let mut said = Vec::new();
    for (keyword, value) in map {
        match keyword.as_str() {
            "minItems" if matches!(value.as_u64(), Some(0 | 1)) => {
                kept.insert(keyword.clone(), value.clone());
            }
            known if NOT_ENFORCED.contains(&known) => said.push(format!("{keyword}: {value}")),
            "properties" | "$defs" | "definitions" => {
                let inner = match value {
                    Value::Object(inner) => Value::Object(
                        inner
                            .iter()
                            .map(|(name, value)| (name.clone(), enforceable(value)))
                            .collect(),
                    ),
                    other => other.clone(),
                };
                kept.insert(keyword.clone(), inner);
            }
            "items" | "additionalProperties" => {
                kept.insert(keyword.clone(), enforceable(value));
            }
            "anyOf" | "allOf" | "oneOf" => {
                let inner = match value {
                    Value::Array(branches) => branches.iter().map(enforceable).collect(),
                    other => other.clone(),
                };
                kept.insert(keyword.clone(), inner);
            }
            _ => {
                kept.insert(keyword.clone(), value.clone());
            }
        }
    }
    if !said.is_empty() {
        let said = format!("({})", said.join(", "));
        let text = match kept.get("description").and_then(Value::as_str) {
            Some(text) if !text.is_empty() => format!("{text} {said}"),
            _ => said,
        };
        kept.insert("description".to_owned(), Value::String(text));
    }
    let is_object = kept.get("type").is_some_and(|kind| kind == "object");
    if is_object && !kept.contains_key("additionalProperties") {
        kept.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    Value::Object(kept)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_cannot_be_enforced_is_said_in_words() {
        let schema = json!({
            "type": "object",
            "properties": {
                "minimum": {"type": "integer", "minimum": 1, "maximum": 5, "description": "Stars."},
                "tags": {"type": "array", "minItems": 1, "maxItems": 3, "items": {"type": "string", "minLength": 2}}
            },
            "required": ["minimum"]
        });
        assert_eq!(
            enforceable(&schema),
            json!({
                "type": "object",
                "properties": {
                    "minimum": {"type": "integer", "description": "Stars. (minimum: 1, maximum: 5)"},
                    "tags": {"type": "array", "minItems": 1, "items": {"type": "string", "description": "(minLength: 2)"}, "description": "(maxItems: 3)"}
                },
                "required": ["minimum"],
                "additionalProperties": false
            })
        );
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let schema = json!({"type": "object", "properties": {"a": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/x"}]}}, "$defs": {"x": {"enum": ["y"]}}, "additionalProperties": false});
        assert_eq!(enforceable(&schema), schema);
        assert_eq!(enforceable(&json!(true)), json!(true));
    }
}
