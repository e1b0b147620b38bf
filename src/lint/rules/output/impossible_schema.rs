//! O256

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Severity};
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// No value fits a schema, or a part of it.
    ///
    /// ## Why is this bad?
    ///
    /// Each answer of the model is invalid, and each is asked for again in vain; a tool with such parameters cannot be
    /// called. Usually a property was renamed in one place and not in the other.
    ///
    /// ## What it does
    ///
    /// It looks at `output.schema` and at the parameters of tools, for what is certain: a required property that
    /// `additionalProperties: false` forbids, bounds that cross, an `enum` or `const` of another type. A property that is
    /// not required and can have no value is a warning.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/sort.yaml
    /// messages:
    ///   - {role: user, content: Sort this.}
    /// output:
    ///   format: json
    ///   schema:
    ///     type: object
    ///     additionalProperties: false
    ///     required: [label, score]
    ///     properties: {label: {type: string}, rating: {type: number}}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/sort.yaml
    /// messages:
    ///   - {role: user, content: Sort this.}
    /// output:
    ///   format: json
    ///   schema:
    ///     type: object
    ///     additionalProperties: false
    ///     required: [label, rating]
    ///     properties: {label: {type: string}, rating: {type: number}}
    /// ```
    IMPOSSIBLE_SCHEMA: "O256" "impossible-schema" Error, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let file = &context.prompt.file;
    let mut found = Vec::new();
    if let Some(schema) = file.output.as_ref().and_then(|output| output.schema.as_ref()) {
        look(schema, &Route::root().key("output").key("schema"), true, &mut found);
    }
    for (index, tool) in file.tools.iter().enumerate() {
        let route = Route::root().key("tools").index(index).key("parameters");
        look(&tool.parameters, &route, true, &mut found);
    }
    let document = &context.prompt.document;
    findings.extend(found.into_iter().map(|found| {
        let finding =
            IMPOSSIBLE_SCHEMA.at(&document.file, document.key_span(&found.route), found.message);
        let finding = match found.needed {
            true => finding,
            false => finding.severity(Severity::Warning),
        };
        match found.known {
            Some((name, known)) => finding.did_you_mean(&name, known.iter().map(String::as_str)),
            None => finding,
        }
    }));
}

struct Found {
    route: Route,
    message: String,
    /// Whether the whole schema allows nothing because of it.
    needed: bool,
    /// A name and those that it may have meant.
    known: Option<(String, Vec<String>)>,
}

/// Looks through a schema; `needed` says whether a value must have what it describes.
fn look(schema: &Map<String, Value>, route: &Route, needed: bool, found: &mut Vec<Found>) {
    if let Some((keyword, message)) = contradiction(schema) {
        found.push(Found { route: route.key(keyword), message, needed, known: None });
    }
    // What other types allow, an object need not fit.
    let only = schema.get("type").and_then(Value::as_str);
    let properties = schema.get("properties").and_then(Value::as_object);
    let required: Vec<&str> = match schema.get("required") {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let closed = schema.get("additionalProperties") == Some(&Value::Bool(false))
        && !schema.contains_key("patternProperties");
    if only == Some("object") && closed {
        let known = |name: &str| properties.is_some_and(|known| known.contains_key(name));
        for (index, name) in required.iter().enumerate().filter(|(_, name)| !known(name)) {
            let free = properties.into_iter().flat_map(Map::keys);
            let free = free.filter(|key| !required.contains(&key.as_str())).cloned().collect();
            found.push(Found {
                route: route.key("required").index(index),
                message: format!(
                    "`{name}` is required, but it is none of the properties, and no others are allowed"
                ),
                needed,
                known: Some(((*name).to_owned(), free)),
            });
        }
    }
    for (name, inner) in properties.into_iter().flatten() {
        let needed = needed && only == Some("object") && required.contains(&name.as_str());
        match inner {
            Value::Object(inner) => {
                look(inner, &route.key("properties").key(name), needed, found);
            }
            Value::Bool(false) if needed => found.push(Found {
                route: route.key("properties").key(name),
                message: format!("`{name}` is required, but nothing is allowed for it"),
                needed,
                known: None,
            }),
            _ => {}
        }
    }
    if let Some(Value::Object(items)) = schema.get("items") {
        let some = schema.get("minItems").and_then(Value::as_u64).is_some_and(|least| least > 0);
        look(items, &route.key("items"), needed && only == Some("array") && some, found);
    }
}

/// The keyword that leaves nothing for the others, and why.
fn contradiction(schema: &Map<String, Value>) -> Option<(&'static str, String)> {
    let only = schema.get("type").and_then(Value::as_str);
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if let Some(Value::Array(values)) = schema.get("enum") {
        if values.is_empty() {
            return Some(("enum", "`enum` has no value".to_owned()));
        }
        if !types.is_empty() && !values.iter().any(|value| is_any_of(value, &types)) {
            return Some(("enum", format!("no value of `enum` is of the type {}", list(&types))));
        }
    }
    if let Some(value) = schema.get("const")
        && !types.is_empty()
        && !is_any_of(value, &types)
    {
        return Some(("const", format!("`const` is not of the type {}", list(&types))));
    }
    let bounds = match only? {
        "string" => ("minLength", "maxLength"),
        "number" | "integer" => ("minimum", "maximum"),
        "array" => ("minItems", "maxItems"),
        "object" => ("minProperties", "maxProperties"),
        _ => return None,
    };
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    let (least, most) = (bound(bounds.0)?, bound(bounds.1)?);
    (least > most).then(|| (bounds.0, format!("`{}` is above `{}`", bounds.0, bounds.1)))
}

fn is_any_of(value: &Value, types: &[&str]) -> bool {
    types.iter().any(|kind| match *kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        // What is no type at all is the subject of another rule.
        _ => true,
    })
}

fn list(types: &[&str]) -> String {
    let types: Vec<String> = types.iter().map(|kind| format!("`{kind}`")).collect();
    types.join(" or ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(schema: &Value) -> Vec<String> {
        let mut found = Vec::new();
        look(schema.as_object().unwrap(), &Route::root(), true, &mut found);
        let line = |found: Found| {
            let weight = if found.needed { "error" } else { "warning" };
            format!("{weight} {}: {}", found.route, found.message)
        };
        found.into_iter().map(line).collect()
    }

    #[test]
    fn what_nothing_fits_is_found() {
        assert_eq!(
            of(&json!({"type": "string", "minLength": 5, "maxLength": 4})),
            ["error minLength: `minLength` is above `maxLength`"]
        );
        assert_eq!(
            of(&json!({"type": "object", "required": ["a"], "properties": {
                "a": {"type": "integer", "enum": ["x", 1.5]}, "b": {"const": 1, "type": ["string", "null"]},
            }})),
            [
                "error properties.a.enum: no value of `enum` is of the type `integer`",
                "warning properties.b.const: `const` is not of the type `string` or `null`",
            ]
        );
        assert_eq!(
            of(
                &json!({"type": "array", "minItems": 1, "items": {"type": "object", "additionalProperties": false, "required": ["a"]}})
            ),
            [
                "error items.required[0]: `a` is required, but it is none of the properties, and no others are allowed"
            ]
        );
    }

    #[test]
    fn what_something_fits_is_left_alone() {
        for schema in [
            json!({}),
            json!({"type": "object", "required": ["a"], "properties": {"b": {}}}),
            json!({"required": ["a"], "additionalProperties": false}),
            json!({"type": "object", "required": ["xa"], "additionalProperties": false, "patternProperties": {"^x": {}}}),
            json!({"type": ["string", "array"], "minLength": 5, "maxLength": 4}),
            json!({"type": "number", "enum": [1]}),
            json!({"type": "integer", "const": 1.0}),
            json!({"type": "integer", "minimum": 3, "maximum": 3}),
        ] {
            assert_eq!(of(&schema), [""; 0], "{schema}");
        }
    }
}
