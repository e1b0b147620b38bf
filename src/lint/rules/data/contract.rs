//! What the output contract of a prompt lets stand at a place of an answer.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::diagnostic::closest;
use crate::document::{Route, Segment};
use crate::project::prompt::{Output, OutputFormat, Prompt};
use crate::schema::{self, Validator};

/// An output contract that says something about the answer.
pub(super) struct Contract<'a> {
    format: OutputFormat,
    schema: Option<&'a Map<String, Value>>,
    root: Place,
}

/// Why no answer that keeps the contract can be as it is compared.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Refusal {
    /// What the contract says: a lower-case fragment.
    pub message: String,
    /// Where in the prompt's file it says so.
    pub place: Route,
    /// What to do, where that can be guessed.
    pub help: Option<String>,
}

/// A place of an answer, with the schema of what may stand there as far as it is known.
#[derive(Clone)]
pub(super) struct Place {
    route: Route,
    validator: Option<Arc<Validator>>,
}

/// Keys that hold schemas by name, to which references lead.
const DEFINITIONS: [&str; 2] = ["$defs", "definitions"];

impl<'a> Contract<'a> {
    /// The contract of a prompt; none where it asks for nothing, or where its schema is none.
    pub(super) fn of(prompt: &'a Prompt) -> Option<Self> {
        let Output { format, schema, .. } = prompt.file.output.as_ref()?;
        if *format == OutputFormat::Text && schema.is_none() {
            return None;
        }
        let route =
            Route::root().key("output").key(if schema.is_some() { "schema" } else { "format" });
        let validator = match schema {
            Some(schema) => Some(schema::compile(&Value::Object(schema.clone())).ok()?),
            None => None,
        };
        Some(Self { format: *format, schema: schema.as_ref(), root: Place { route, validator } })
    }

    /// The answer as a whole.
    pub(super) fn root(&self) -> &Place {
        &self.root
    }

    /// Why the text of no answer is this one.
    pub(super) fn refuses_text(&self, text: &str) -> Option<Refusal> {
        if self.format == OutputFormat::Text {
            return self.root.refuses(&Value::String(text.to_owned()));
        }
        match serde_json::from_str(text) {
            Ok(value) => self.root.refuses(&value),
            Err(_) => Some(Refusal {
                message: "the answer is JSON, and this text is none".to_owned(),
                place: Route::root().key("output").key("format"),
                help: Some(
                    "compare a part of the answer with `json-path`, or give the whole as a map"
                        .to_owned(),
                ),
            }),
        }
    }

    /// The place that a route leads to. What a schema says beside `properties` and `items` can only rule out more, so
    /// that following these alone never rules out too much.
    pub(super) fn at(&self, route: &Route) -> Result<Place, Refusal> {
        let Some(mut schema) = self.schema else { return Ok(Place::unknown()) };
        let mut place = self.root.route.clone();
        for segment in route.segments() {
            // A reference decides what is meant here, in older drafts even alone.
            if schema.contains_key("$ref") || schema.contains_key("$dynamicRef") {
                return Ok(Place::unknown());
            }
            let wanted = if matches!(segment, Segment::Key(_)) { "object" } else { "array" };
            if let Some(kinds) = schema.get("type").filter(|kinds| !may_be(kinds, wanted)) {
                return Err(Refusal {
                    message: format!("`{}` is of type {kinds}", shown(route, segment)),
                    place: place.key("type"),
                    help: None,
                });
            }
            let next = match segment {
                Segment::Key(name) => property(schema, name, &place)?,
                Segment::Index(index) => item(schema, *index, &place),
            };
            match next {
                Some((Value::Object(inside), at)) => (schema, place) = (inside, at),
                Some((Value::Bool(false), at)) => {
                    return Err(Refusal {
                        message: format!("nothing may stand at `{}`", shown(route, segment)),
                        place: at,
                        help: None,
                    });
                }
                _ => return Ok(Place::unknown()),
            }
        }
        Ok(Place { validator: self.compile(schema), route: place })
    }

    /// A part of the schema as one of its own, with the definitions that it refers to.
    fn compile(&self, part: &Map<String, Value>) -> Option<Arc<Validator>> {
        let mut own = part.clone();
        for key in DEFINITIONS {
            if let Some(definitions) = self.schema.and_then(|schema| schema.get(key))
                && !own.contains_key(key)
            {
                own.insert(key.to_owned(), definitions.clone());
            }
        }
        let own = Value::Object(own);
        // Other references would lead elsewhere from here.
        refers_to_definitions_only(&own).then(|| schema::compile(&own).ok()).flatten()
    }
}

impl Place {
    fn unknown() -> Self {
        Self { route: Route::root(), validator: None }
    }

    /// Why no answer has this value here.
    pub(super) fn refuses(&self, value: &Value) -> Option<Refusal> {
        let validator = self.validator.as_ref()?;
        let (_, message) = schema::violations(validator, value).into_iter().next()?;
        Some(Refusal { message, place: self.route.clone(), help: None })
    }
}

type Found<'a> = Option<(&'a Value, Route)>;

fn property<'a>(
    schema: &'a Map<String, Value>,
    name: &str,
    place: &Route,
) -> Result<Found<'a>, Refusal> {
    let listed = schema.get("properties").and_then(Value::as_object);
    if let Some(found) = listed.and_then(|listed| listed.get(name)) {
        return Ok(Some((found, place.key("properties").key(name))));
    }
    // Other keywords can allow the property where `additionalProperties` does not see it.
    let elsewhere = ["patternProperties", "allOf", "anyOf", "oneOf", "if", "$ref"];
    let Some(listed) = listed.filter(|_| !elsewhere.iter().any(|key| schema.contains_key(*key)))
    else {
        return Ok(None);
    };
    let similar = closest(name, listed.keys().map(String::as_str));
    let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    if closed || similar.is_some() {
        return Err(Refusal {
            message: format!("the schema has no property `{name}`"),
            place: place.key("properties"),
            help: Some(match similar {
                Some(similar) => format!("did you mean `{similar}`?"),
                None => format!(
                    "it has {}",
                    listed.keys().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
                ),
            }),
        });
    }
    Ok(None)
}

fn item<'a>(schema: &'a Map<String, Value>, index: usize, place: &Route) -> Found<'a> {
    let prefix = schema.get("prefixItems").and_then(Value::as_array);
    if let Some(found) = prefix.and_then(|items| items.get(index)) {
        return Some((found, place.key("prefixItems").index(index)));
    }
    schema.get("items").filter(|items| !items.is_array()).map(|items| (items, place.key("items")))
}

fn may_be(kinds: &Value, wanted: &str) -> bool {
    match kinds {
        Value::String(kind) => kind == wanted,
        Value::Array(kinds) => kinds.iter().any(|kind| kind == wanted),
        _ => true,
    }
}

/// The route before a step.
fn shown(route: &Route, until: &Segment) -> String {
    let steps = route.segments().iter().take_while(|segment| !std::ptr::eq(*segment, until));
    let before: Route = steps.cloned().collect();
    match before.segments() {
        [] => "$".to_owned(),
        _ => format!("$.{before}"),
    }
}

fn refers_to_definitions_only(schema: &Value) -> bool {
    match schema {
        Value::Object(map) => map.iter().all(|(key, value)| match (key.as_str(), value) {
            ("$ref", Value::String(to)) => {
                DEFINITIONS.iter().any(|name| to.starts_with(&format!("#/{name}/")))
            }
            ("$id" | "$anchor" | "$dynamicRef" | "$recursiveRef", Value::String(_)) => false,
            (_, value) => refers_to_definitions_only(value),
        }),
        Value::Array(items) => items.iter().all(refers_to_definitions_only),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::lint::tests::project;
    use crate::project::prompt::PromptName;

    /// What is refused at `path`, with the value where one is given.
    fn said(schema: &Value, path: &[&str], value: Option<Value>) -> Option<String> {
        let output = json!({"format": "json", "schema": schema});
        let text = format!("messages: [{{role: user, content: x}}]\noutput: {output}\n");
        let project = project(&[("prompts/a.yaml", text)]);
        let contract = Contract::of(&project.prompts[&PromptName("a".into())]).unwrap();
        let route: Route = path
            .iter()
            .map(|step| {
                step.parse().map_or_else(|_| Segment::Key((*step).to_owned()), Segment::Index)
            })
            .collect();
        match contract.at(&route) {
            Err(refusal) => Some(refusal.message),
            Ok(place) => place.refuses(&value?).map(|refusal| refusal.message),
        }
    }

    #[test]
    fn places_are_found_through_properties_and_items() {
        let schema = json!({
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "label": {"enum": ["a", "b"]},
                "items": {"type": "array", "items": {"properties": {"n": {"type": "integer"}}}},
                "open": {"type": "object"},
                "name": {"type": "string"},
            },
        });
        let refused = |path: &[&str], value: Value| said(&schema, path, Some(value));
        assert_eq!(refused(&["label"], json!("a")), None);
        assert_eq!(refused(&["label"], json!("c")).unwrap(), "`c` is none of `a`, `b`");
        assert_eq!(refused(&["items", "3", "n"], json!(1)), None);
        assert!(refused(&["items", "3", "n"], json!("1")).is_some());
        assert_eq!(refused(&["open", "x"], json!(1)), None);
        assert_eq!(refused(&["other"], json!(1)).unwrap(), "the schema has no property `other`");
        assert_eq!(
            refused(&["name", "first"], json!(1)).unwrap(),
            "`$.name` is of type \"string\""
        );
        assert_eq!(
            refused(&["items", "first"], json!(1)).unwrap(),
            "`$.items` is of type \"array\""
        );
    }

    #[test]
    fn what_cannot_be_followed_rules_nothing_out() {
        for schema in [
            json!({"$ref": "#/$defs/x", "$defs": {"x": {"type": "object"}}, "properties": {"a": false}}),
            json!({"properties": {"b": {}}, "allOf": [{"properties": {"a": {}}}], "additionalProperties": false}),
            json!({"properties": {"b": {}}}),
            json!({"properties": {"a": {"$ref": "#"}}}),
            json!({"properties": {"a": {"anyOf": [{"$ref": "#/properties/c"}]}, "c": {"type": "string"}}}),
            json!({"patternProperties": {"^a": {"type": "string"}}, "properties": {}, "additionalProperties": false}),
            json!({"properties": {"a": true}}),
        ] {
            assert_eq!(said(&schema, &["a"], Some(json!(1))), None, "{schema}");
        }
    }

    #[test]
    fn definitions_are_followed_at_the_end_of_the_way() {
        let schema = json!({
            "properties": {"a": {"$ref": "#/$defs/label"}, "n": false},
            "$defs": {"label": {"enum": ["x", "y"]}},
        });
        assert_eq!(said(&schema, &["a"], Some(json!("x"))), None);
        assert_eq!(said(&schema, &["a"], Some(json!("z"))).unwrap(), "`z` is none of `x`, `y`");
        assert_eq!(said(&schema, &["n"], None).unwrap(), "nothing may stand at `$`");
    }
}
