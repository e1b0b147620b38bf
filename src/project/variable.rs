//! A variable: a named, typed input of a prompt.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock, PoisonError, RwLock};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::schema::{self, Validator};

/// A named, typed input of a prompt: a JSON Schema with a few keys of pf's own
/// (`description`, `default`, `required`, `trust`, and the type `messages`).
#[derive(Clone, Default)]
pub struct Variable(Arc<Definition>);

#[derive(Default)]
struct Definition {
    keys: Map<String, Value>,
    /// Made when it is first asked for: rules, examples and every row of a dataset ask.
    validator: OnceLock<Result<Arc<Validator>, String>>,
}

impl fmt::Debug for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Variable").field(&self.0.keys).finish()
    }
}

impl PartialEq for Variable {
    fn eq(&self, other: &Self) -> bool {
        self.0.keys == other.0.keys
    }
}

/// How many definitions are remembered; beyond, all are forgotten and gathered anew.
const MAX_KNOWN: usize = 1024;

/// Definitions by their text. A library of prompts declares the same few variables again and again: each is in memory
/// once, with its validator.
static KNOWN: LazyLock<RwLock<HashMap<String, Arc<Definition>>>> = LazyLock::new(RwLock::default);

/// The keys that say nothing about which values are right: pf's own, and words for people.
const ANNOTATIONS: [&str; 7] =
    ["trust", "default", "title", "description", "examples", "deprecated", "$comment"];

/// JSON Schema keywords that a variable may have, with the shape of their values.
const KEYWORDS: [(&str, &str); 36] = [
    ("title", "string"),
    ("description", "string"),
    ("enum", "array"),
    ("const", "any"),
    ("examples", "array"),
    ("format", "string"),
    ("minLength", "integer"),
    ("maxLength", "integer"),
    ("pattern", "string"),
    ("minimum", "number"),
    ("maximum", "number"),
    ("exclusiveMinimum", "number"),
    ("exclusiveMaximum", "number"),
    ("multipleOf", "number"),
    ("items", "schema"),
    ("prefixItems", "array"),
    ("contains", "schema"),
    ("minItems", "integer"),
    ("maxItems", "integer"),
    ("uniqueItems", "boolean"),
    ("properties", "object"),
    ("patternProperties", "object"),
    ("additionalProperties", "schema"),
    ("propertyNames", "schema"),
    ("minProperties", "integer"),
    ("maxProperties", "integer"),
    ("dependentRequired", "object"),
    ("allOf", "array"),
    ("anyOf", "array"),
    ("oneOf", "array"),
    ("not", "schema"),
    ("if", "schema"),
    ("then", "schema"),
    ("else", "schema"),
    ("deprecated", "boolean"),
    ("$comment", "string"),
];

impl Variable {
    fn new(keys: Map<String, Value>) -> Self {
        let text = serde_json::to_string(&keys).unwrap_or_default();
        let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(&text).cloned();
        if let Some(known) = known {
            return Self(known);
        }
        let definition = Arc::new(Definition { keys, validator: OnceLock::new() });
        let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert(text, Arc::clone(&definition));
        Self(definition)
    }

    /// The name of its type, when it is a single one: `string`, …, or `messages`.
    pub fn type_name(&self) -> Option<&str> {
        self.0.keys.get("type").and_then(Value::as_str)
    }

    /// Whether it holds a conversation to insert.
    pub fn is_messages(&self) -> bool {
        self.type_name() == Some("messages")
    }

    /// The value when none is given.
    pub fn default(&self) -> Option<&Value> {
        self.0.keys.get("default")
    }

    /// Whether a caller must give it: it has no default and does not say `required: false`.
    pub fn required(&self) -> bool {
        self.default().is_none() && self.0.keys.get("required") != Some(&Value::Bool(false))
    }

    /// What it is for.
    pub fn description(&self) -> Option<&str> {
        self.0.keys.get("description").and_then(Value::as_str)
    }

    /// Whether its text comes from someone who may mean harm.
    pub fn untrusted(&self) -> bool {
        self.0.keys.get("trust").and_then(Value::as_str) == Some("untrusted")
    }

    /// The values that it may have, where the schema lists them.
    pub fn choices(&self) -> Option<&Vec<Value>> {
        self.0.keys.get("enum").and_then(Value::as_array)
    }

    /// All keys as written.
    pub fn keys(&self) -> &Map<String, Value> {
        &self.0.keys
    }

    /// What checks its values, or why its schema is none.
    pub fn validator(&self) -> &Result<Arc<Validator>, String> {
        self.0.validator.get_or_init(|| schema::compile(&self.json_schema()))
    }

    /// The JSON Schema that a value must satisfy, with nothing else in it: variables that take the same values have the
    /// same one.
    pub fn json_schema(&self) -> Value {
        let constraints = self.0.keys.iter().filter(|(key, value)| {
            let own = key.as_str() == "required" && value.is_boolean();
            !own && !ANNOTATIONS.contains(&key.as_str())
        });
        let mut schema: Map<String, Value> =
            constraints.map(|(key, value)| (key.clone(), value.clone())).collect();
        if self.is_messages() {
            schema.insert("type".into(), "array".into());
            schema.insert("items".into(), messages_schema());
        }
        Value::Object(schema)
    }
}

/// The schema of one message of a conversation that is inserted.
fn messages_schema() -> Value {
    serde_json::json!({
        "type": "object",
        "required": ["role", "content"],
        "properties": {
            "role": {"enum": ["system", "developer", "user", "assistant", "tool"]},
            "content": {"type": ["string", "array"]},
            "tool_calls": {"type": "array"},
            "tool_call_id": {"type": "string"},
        },
        "additionalProperties": false,
    })
}

impl<'de> Deserialize<'de> for Variable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let keys = match Value::deserialize(deserializer)? {
            Value::String(name) => Map::from_iter([("type".to_owned(), Value::String(name))]),
            Value::Object(keys) => keys,
            _ => {
                return Err(serde::de::Error::custom("a variable is a type name or a map"));
            }
        };
        Ok(Self::new(keys))
    }
}

const TYPE_NAMES: [&str; 8] =
    ["string", "number", "integer", "boolean", "array", "object", "null", "messages"];

impl JsonSchema for Variable {
    fn schema_name() -> Cow<'static, str> {
        "Variable".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut properties = Map::new();
        let names = Value::from(TYPE_NAMES.to_vec());
        properties.insert(
            "type".into(),
            serde_json::json!({
                "description": "The type of the value; `messages` is a conversation to insert.",
                "anyOf": [{"enum": names}, {"type": "array", "items": {"enum": names}}],
            }),
        );
        properties.insert(
            "default".into(),
            serde_json::json!({"description": "The value when none is given; makes the variable optional."}),
        );
        properties.insert(
            "required".into(),
            serde_json::json!({
                "description": "`false`: the variable is none when not given. A list names required properties of an object.",
                "anyOf": [{"type": "boolean"}, {"type": "array", "items": {"type": "string"}}],
            }),
        );
        properties.insert(
            "trust".into(),
            serde_json::json!({
                "description": "`untrusted`: the text comes from someone who may mean harm.",
                "enum": ["trusted", "untrusted"],
            }),
        );
        for (keyword, shape) in KEYWORDS {
            let schema = match shape {
                "any" => serde_json::json!({}),
                "schema" => serde_json::json!({"type": ["object", "boolean"]}),
                shape => serde_json::json!({"type": shape}),
            };
            properties.insert(keyword.into(), schema);
        }
        json_schema!({
            "description": "A named, typed input: the name of a type, or a JSON Schema.",
            "anyOf": [
                {"enum": names},
                {"type": "object", "properties": properties, "additionalProperties": false},
            ],
        })
    }
}
