//! References inside a schema, replaced by what they mean, so that the comparison sees keywords only.

use serde_json::{Map, Value, json};

use super::is_annotation;

/// Values that an unfolded schema may have. References can multiply: without a limit a small file unfolds without end.
const MOST_VALUES: usize = 20_000;
/// How deep an unfolded schema may be.
const DEEPEST: usize = 64;

/// Keywords that change what a reference or its target means. Schemas that have them are not unfolded.
const MOVING: [&str; 5] = ["$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$vocabulary"];

/// The schema without references; `None` where a reference is recursive, leads elsewhere, or the result is too large.
pub(super) fn inline(root: &Value) -> Option<Value> {
    let mut unfolding = Unfolding { root, left: MOST_VALUES };
    unfolding.schema(root, DEEPEST)
}

struct Unfolding<'a> {
    root: &'a Value,
    left: usize,
}

impl Unfolding<'_> {
    fn schema(&mut self, schema: &Value, depth: usize) -> Option<Value> {
        self.spend()?;
        let depth = depth.checked_sub(1)?;
        let Value::Object(keywords) = schema else { return Some(schema.clone()) };
        let mut own = Map::new();
        for (keyword, value) in keywords {
            match keyword.as_str() {
                "$ref" | "$defs" | "definitions" => {}
                moving if MOVING.contains(&moving) => return None,
                "not"
                | "if"
                | "then"
                | "else"
                | "items"
                | "contains"
                | "additionalProperties"
                | "propertyNames"
                | "unevaluatedItems"
                | "unevaluatedProperties" => {
                    own.insert(keyword.clone(), self.schema(value, depth)?);
                }
                "allOf" | "anyOf" | "oneOf" | "prefixItems" => {
                    let schemas = value.as_array()?;
                    let schemas: Option<Vec<Value>> =
                        schemas.iter().map(|schema| self.schema(schema, depth)).collect();
                    own.insert(keyword.clone(), Value::Array(schemas?));
                }
                "properties" | "patternProperties" | "dependentSchemas" => {
                    let schemas = value.as_object()?;
                    let schemas: Option<Map<String, Value>> = schemas
                        .iter()
                        .map(|(name, schema)| Some((name.clone(), self.schema(schema, depth)?)))
                        .collect();
                    own.insert(keyword.clone(), Value::Object(schemas?));
                }
                _ => {
                    own.insert(keyword.clone(), value.clone());
                }
            }
        }
        let Some(reference) = keywords.get("$ref") else { return Some(Value::Object(own)) };
        let target = self.target(reference.as_str()?)?;
        let target = self.schema(&target, depth)?;
        if own.keys().all(|keyword| is_annotation(keyword)) {
            return Some(match target {
                Value::Object(mut target) => {
                    target.extend(own);
                    Value::Object(target)
                }
                target => target,
            });
        }
        match own.get_mut("allOf").and_then(Value::as_array_mut) {
            Some(all) => all.push(target),
            None => {
                own.insert("allOf".to_owned(), json!([target]));
            }
        }
        Some(Value::Object(own))
    }

    fn target(&self, reference: &str) -> Option<Value> {
        let pointer = reference.strip_prefix('#')?;
        let local = pointer.starts_with("/$defs/") || pointer.starts_with("/definitions/");
        (local && !pointer.contains('%')).then(|| self.root.pointer(pointer).cloned())?
    }

    fn spend(&mut self) -> Option<()> {
        self.left = self.left.checked_sub(1)?;
        Some(())
    }
}
