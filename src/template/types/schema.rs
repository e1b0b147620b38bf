//! What a JSON Schema lets a value be.
//!
//! Only what is certain is taken: a keyword that is not looked at narrows the values further, so leaving it out is never
//! wrong, and what refers elsewhere is unknown.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::kinds::Kinds;
use super::lattice::{ListFacts, Property, Shape, Type};
use crate::project::variable::Variable;

/// How deep schemas are followed.
const MAX_DEPTH: usize = 32;

/// What a variable can be.
pub(super) fn of_variable(variable: &Variable) -> Type {
    let mut of = if variable.is_messages() {
        conversation()
    } else {
        Reader { untrusted: variable.untrusted() }.object(variable.keys(), 0)
    };
    if may_be_none(variable) {
        of = of.or_kinds(Kinds::NONE);
    }
    of
}

/// Whether a variable is none when it is not given.
pub(super) fn may_be_none(variable: &Variable) -> bool {
    !variable.required() && variable.default().is_none_or(Value::is_null)
}

/// What templates see as `examples`.
pub(super) fn examples() -> Type {
    let property = || Property { of: Type::unknown(), required: true };
    Type::list_of(Type::object(Shape {
        properties: [("variables".to_owned(), property()), ("output".to_owned(), property())]
            .into(),
        ..Shape::default()
    }))
}

fn conversation() -> Type {
    let property = |of, required| Property { of, required };
    let text = || Type::of(Kinds::STRING);
    let mut list = Type::list_of(Type::object(Shape {
        properties: [
            ("role".to_owned(), property(text(), true)),
            ("content".to_owned(), property(Type::of(Kinds::STRING | Kinds::LIST), true)),
            ("tool_calls".to_owned(), property(Type::of(Kinds::LIST), false)),
            ("tool_call_id".to_owned(), property(text(), false)),
        ]
        .into(),
        ..Shape::default()
    }));
    list.list = ListFacts::Conversation;
    list
}

struct Reader {
    untrusted: bool,
}

impl Reader {
    fn schema(&self, schema: &Value, depth: usize) -> Type {
        match schema {
            Value::Object(keys) if depth < MAX_DEPTH => self.object(keys, depth),
            _ => Type::unknown(),
        }
    }

    fn object(&self, keys: &Map<String, Value>, depth: usize) -> Type {
        if keys.contains_key("$ref") || keys.contains_key("$dynamicRef") {
            return Type::unknown();
        }
        if let Some(choices) = keys.get("enum").and_then(Value::as_array) {
            return Type::choices(choices);
        }
        if let Some(only) = keys.get("const") {
            return Type::choices(std::slice::from_ref(only));
        }
        let mut kinds = match keys.get("type") {
            Some(Value::String(name)) => named(name),
            Some(Value::Array(names)) => names
                .iter()
                .map(|name| name.as_str().map_or(Kinds::UNKNOWN, named))
                .fold(Kinds::NOTHING, Kinds::or),
            _ => Kinds::UNKNOWN,
        };
        for keyword in ["anyOf", "oneOf"] {
            let Some(branches) = keys.get(keyword).and_then(Value::as_array) else { continue };
            let union = branches
                .iter()
                .map(|branch| self.schema(branch, depth + 1))
                .fold(Type::of(Kinds::NOTHING), Type::union);
            if kinds == Kinds::UNKNOWN && !keys.contains_key("properties") {
                return union;
            }
            if union.is_known() {
                kinds = kinds & union.kinds;
            }
        }
        let mut of = Type::of(kinds);
        // More about these may stand in what is not read.
        let partial = ["allOf", "anyOf", "oneOf"].iter().any(|key| keys.contains_key(*key));
        if kinds.meets(Kinds::LIST) {
            if !partial && !keys.contains_key("prefixItems") {
                of.item = keys.get("items").map(|items| Rc::new(self.schema(items, depth + 1)));
            }
            if self.untrusted && !keys.contains_key("maxItems") {
                of.list = ListFacts::Unbounded;
            }
        }
        if !partial
            && kinds.meets(Kinds::OBJECT | Kinds::UNKNOWN)
            && keys.contains_key("properties")
        {
            of.shape = Some(Rc::new(self.shape(keys, depth)));
        }
        of
    }

    fn shape(&self, keys: &Map<String, Value>, depth: usize) -> Shape {
        // A schema that requires nothing says nothing about what is there.
        let required = keys.get("required").and_then(Value::as_array);
        let is_required = |name: &str| {
            required.is_none_or(|names| names.iter().any(|other| other.as_str() == Some(name)))
        };
        let properties = keys.get("properties").and_then(Value::as_object).into_iter().flatten();
        let properties = properties.map(|(name, schema)| {
            let of = self.schema(schema, depth + 1);
            (name.clone(), Property { of, required: is_required(name) })
        });
        let closed = keys.get("additionalProperties") == Some(&Value::Bool(false))
            && !keys.contains_key("patternProperties");
        Shape {
            properties: properties.collect(),
            rest: (!closed).then(Type::unknown),
            methods: &[],
        }
    }
}

fn named(name: &str) -> Kinds {
    match name {
        "string" => Kinds::STRING,
        "number" | "integer" => Kinds::NUMBER,
        "boolean" => Kinds::BOOL,
        "array" => Kinds::LIST,
        "object" => Kinds::OBJECT,
        "null" => Kinds::NONE,
        _ => Kinds::UNKNOWN,
    }
}
