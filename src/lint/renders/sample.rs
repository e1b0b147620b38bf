//! Values that a variable allows, made from its schema.
//!
//! What is made is a guess until the variable's own validator has accepted it; where a keyword says more than can be
//! made here (`pattern`, `not`, `contains`), there is no value.

use serde_json::{Map, Number, Value};

/// How much is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fill {
    /// As little as the schemas allow: empty texts and lists, what is optional left out.
    Smallest,
    /// What is optional left out, and a little of the rest: one character, one item.
    Modest,
    /// Everything given, and of choices the last.
    Full,
}

/// A value, and whether the schema says all of what it looks like.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The value.
    pub value: Value,
    /// Whether a caller's value may have more than the schema says: properties of an object that lists none, any type.
    pub open: bool,
}

/// A value of a JSON Schema; `None` where it is hard to make one.
pub fn sample(schema: &Value, fill: Fill) -> Option<Sample> {
    let mut maker = Maker { fill, open: false, left: MOST_VALUES };
    let value = maker.value(schema, DEEPEST)?;
    Some(Sample { value, open: maker.open })
}

/// Levels of lists and objects.
const DEEPEST: usize = 8;
/// Values in one value.
const MOST_VALUES: usize = 1000;
/// The longest text and list.
const LONGEST: u64 = 4096;

struct Maker {
    fill: Fill,
    open: bool,
    left: usize,
}

impl Maker {
    fn value(&mut self, schema: &Value, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        self.left = self.left.checked_sub(1)?;
        let keywords = match schema {
            Value::Object(keywords) => keywords,
            Value::Bool(true) => return Some(self.anything()),
            _ => return None,
        };
        if let Some(value) = keywords.get("const") {
            return Some(value.clone());
        }
        if let Some(choices) = keywords.get("enum").and_then(Value::as_array) {
            let mut given = choices.iter().filter(|choice| !choice.is_null());
            let choice = match self.fill {
                Fill::Full => given.next_back(),
                Fill::Smallest | Fill::Modest => given.next(),
            };
            return choice.or(choices.first()).cloned();
        }
        if ["not", "if", "contains", "$ref"].iter().any(|keyword| keywords.contains_key(*keyword)) {
            return None;
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            let Some(branches) = keywords.get(keyword).and_then(Value::as_array) else { continue };
            let mut rest = keywords.clone();
            rest.shift_remove(keyword);
            if keyword == "allOf" {
                let all = branches.iter().try_fold(rest, merged)?;
                return self.value(&Value::Object(all), depth);
            }
            return branches.iter().find_map(|branch| {
                let one = merged(rest.clone(), branch)?;
                self.value(&Value::Object(one), depth)
            });
        }
        match type_of(keywords) {
            Some("string") => self.text(keywords),
            Some("integer") => number(keywords, true),
            Some("number") => number(keywords, false),
            Some("boolean") => Some(Value::Bool(self.fill == Fill::Full)),
            Some("null") => Some(Value::Null),
            Some("array") => self.list(keywords, depth),
            Some("object") => self.object(keywords, depth),
            Some(_) => None,
            None => Some(self.anything()),
        }
    }

    fn anything(&mut self) -> Value {
        self.open = true;
        Value::from("x")
    }

    fn text(&self, keywords: &Map<String, Value>) -> Option<Value> {
        if let Some(format) = keywords.get("format").and_then(Value::as_str) {
            return of_format(format).map(Value::from);
        }
        if keywords.contains_key("pattern") {
            return None;
        }
        let length = self.size(keywords, "minLength", "maxLength")?;
        Some(Value::from("x".repeat(length)))
    }

    /// How long a text or list is.
    fn size(&self, keywords: &Map<String, Value>, least: &str, most: &str) -> Option<usize> {
        let bound = |keyword: &str| keywords.get(keyword).and_then(Value::as_u64);
        let least = bound(least).unwrap_or(0);
        let size = match self.fill {
            Fill::Smallest => least,
            Fill::Modest | Fill::Full => least.max(bound(most).unwrap_or(1).min(1)),
        };
        usize::try_from(size).ok().filter(|_| size <= LONGEST)
    }

    fn list(&mut self, keywords: &Map<String, Value>, depth: usize) -> Option<Value> {
        let length = self.size(keywords, "minItems", "maxItems")?;
        if length > 1 && keywords.get("uniqueItems") == Some(&Value::Bool(true)) {
            return None;
        }
        let first = keywords.get("prefixItems").and_then(Value::as_array);
        let rest = keywords.get("items").unwrap_or(&Value::Bool(true));
        let items = (0..length).map(|index| {
            let schema = first.and_then(|schemas| schemas.get(index)).unwrap_or(rest);
            self.value(schema, depth)
        });
        items.collect::<Option<Vec<_>>>().map(Value::Array)
    }

    fn object(&mut self, keywords: &Map<String, Value>, depth: usize) -> Option<Value> {
        let properties = keywords.get("properties").and_then(Value::as_object);
        let required = keywords.get("required").and_then(Value::as_array);
        let required: Vec<&str> =
            required.into_iter().flatten().filter_map(Value::as_str).collect();
        let all = properties.into_iter().flat_map(Map::keys).map(String::as_str);
        let wanted: Vec<&str> = match self.fill {
            Fill::Full => all
                .chain(required.iter().copied().filter(|name| property(keywords, name).is_none()))
                .collect(),
            Fill::Smallest | Fill::Modest => required,
        };
        self.open |= properties.is_none();
        let mut object = Map::new();
        for name in wanted {
            let value = match property(keywords, name) {
                Some(schema) => self.value(schema, depth)?,
                None => self.anything(),
            };
            object.insert(name.to_owned(), value);
        }
        Some(Value::Object(object))
    }
}

fn property<'a>(keywords: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    keywords.get("properties")?.get(name)
}

/// The keywords of two schemas that both hold; `None` where they speak of the same in different words.
fn merged(mut all: Map<String, Value>, more: &Value) -> Option<Map<String, Value>> {
    match more {
        Value::Bool(true) => {}
        Value::Object(more) => {
            for (keyword, value) in more {
                match all.get(keyword) {
                    Some(known) if known != value => return None,
                    _ => all.insert(keyword.clone(), value.clone()),
                };
            }
        }
        _ => return None,
    }
    Some(all)
}

/// The type of which a value is made: of several the first but `null`, else the one that the keywords speak of.
fn type_of(keywords: &Map<String, Value>) -> Option<&str> {
    match keywords.get("type") {
        Some(Value::String(name)) => Some(name),
        Some(Value::Array(names)) => {
            let mut names = names.iter().filter_map(Value::as_str);
            names.find(|name| *name != "null").or(Some("null"))
        }
        _ => {
            let hints: [(&str, &[&str]); 4] = [
                ("object", &["properties", "required", "additionalProperties"]),
                ("array", &["items", "minItems", "maxItems", "prefixItems"]),
                ("string", &["minLength", "maxLength", "pattern", "format"]),
                ("number", &["minimum", "maximum", "exclusiveMinimum", "multipleOf"]),
            ];
            let hint = hints
                .iter()
                .find(|(_, words)| words.iter().any(|word| keywords.contains_key(*word)));
            hint.map(|(name, _)| *name)
        }
    }
}

/// Zero, or the nearest number that the bounds allow.
fn number(keywords: &Map<String, Value>, whole: bool) -> Option<Value> {
    let bound = |keyword: &str| keywords.get(keyword).and_then(Value::as_f64);
    let step = bound("multipleOf").filter(|step| *step > 0.0).or(whole.then_some(1.0));
    let above = match (bound("minimum"), bound("exclusiveMinimum")) {
        (least, Some(more)) if least.is_none_or(|least| least <= more) => Some(match step {
            Some(step) => (more / step).floor() * step + step,
            None => more + 1.0,
        }),
        (least, _) => least,
    };
    let below = match (bound("maximum"), bound("exclusiveMaximum")) {
        (most, Some(less)) if most.is_none_or(|most| most >= less) => Some(match step {
            Some(step) => (less / step).ceil() * step - step,
            None => less - 1.0,
        }),
        (most, _) => most,
    };
    let near = 0.0_f64.max(above.unwrap_or(0.0)).min(below.unwrap_or(f64::MAX));
    let value = match step {
        Some(step) if above.is_some_and(|above| above > 0.0) => (near / step).ceil() * step,
        Some(step) => (near / step).floor() * step,
        None => near,
    };
    // Whole numbers are written without a point, as a caller would.
    if value.fract() == 0.0 && value.abs() < 9e15 {
        return Some(Value::from(value as i64));
    }
    Number::from_f64(value).map(Value::Number)
}

fn of_format(format: &str) -> Option<&'static str> {
    Some(match format {
        "date" => "2024-01-31",
        "date-time" => "2024-01-31T12:00:00Z",
        "time" => "12:00:00Z",
        "email" => "a@example.org",
        "hostname" => "example.org",
        "ipv4" => "192.0.2.1",
        "uri" | "url" => "https://example.org/a",
        "uuid" => "123e4567-e89b-12d3-a456-426614174000",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values(schema: &Value) -> [Option<Value>; 3] {
        [Fill::Smallest, Fill::Modest, Fill::Full].map(|fill| Some(sample(schema, fill)?.value))
    }

    #[test]
    fn what_is_made_is_as_small_as_asked_for_and_fits() {
        let object = json!({
            "type": "object", "required": ["a"],
            "properties": {"a": {"type": "string"}, "b": {"type": "array", "items": {"type": "boolean"}}},
        });
        for (schema, expected) in [
            (json!({"type": "string"}), [json!(""), json!("x"), json!("x")]),
            (json!({"type": "string", "minLength": 2}), [json!("xx"), json!("xx"), json!("xx")]),
            (json!({"type": "string", "maxLength": 0}), [json!(""), json!(""), json!("")]),
            (json!({"type": "string", "format": "date"}), ["2024-01-31"; 3].map(Value::from)),
            (json!({"enum": [null, "a", "b"]}), [json!("a"), json!("a"), json!("b")]),
            (json!({"type": ["null", "boolean"]}), [json!(false), json!(false), json!(true)]),
            (json!({"type": "integer", "minimum": 3}), [json!(3), json!(3), json!(3)]),
            (
                json!({"type": "integer", "exclusiveMinimum": 3, "multipleOf": 5}),
                [json!(5), json!(5), json!(5)],
            ),
            (json!({"type": "number", "maximum": -0.5}), [json!(-0.5), json!(-0.5), json!(-0.5)]),
            (json!({"type": "integer", "exclusiveMaximum": 0}), [json!(-1), json!(-1), json!(-1)]),
            (
                json!({"type": "array", "items": {"type": "integer"}}),
                [json!([]), json!([0]), json!([0])],
            ),
            (
                json!({"items": {"const": 1}, "minItems": 2}),
                [json!([1, 1]), json!([1, 1]), json!([1, 1])],
            ),
            (object, [json!({"a": ""}), json!({"a": "x"}), json!({"a": "x", "b": [true]})]),
            (
                json!({"allOf": [{"type": "string"}, {"minLength": 1}]}),
                [json!("x"), json!("x"), json!("x")],
            ),
            (
                json!({"anyOf": [{"type": "string", "pattern": "^a"}, {"type": "integer"}]}),
                [json!(0), json!(0), json!(0)],
            ),
        ] {
            let validator = crate::schema::compile(&schema).unwrap();
            for value in &expected {
                assert!(validator.is_valid(value), "{value} against {schema}");
            }
            assert_eq!(values(&schema), expected.map(Some), "{schema}");
        }
    }

    #[test]
    fn what_is_hard_to_make_is_not_made() {
        for schema in [
            json!({"type": "string", "pattern": "^[a-z]+$"}),
            json!({"type": "array", "minItems": 2, "uniqueItems": true}),
            json!({"type": "string", "minLength": 1_000_000}),
            json!({"not": {"type": "string"}}),
            json!(false),
        ] {
            assert_eq!(values(&schema), [None, None, None], "{schema}");
        }
    }

    #[test]
    fn schemas_that_say_little_are_open() {
        let open = |schema: Value| sample(&schema, Fill::Modest).unwrap().open;
        assert!(open(json!({})));
        assert!(open(json!({"type": "object"})));
        assert!(open(json!({"type": "array"})));
        assert!(!open(json!({"type": "object", "properties": {}})));
        assert!(!open(json!({"type": "array", "items": {"type": "string"}})));
    }
}
