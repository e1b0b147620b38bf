//! The tables of filters, methods and schemas, compared with the engine and with what schemas allow.

use serde_json::{Value, json};

use super::*;
use crate::jinja::{FILTERS, METHODS};
use crate::template::types::filters::{methods, takes};
use crate::template::types::kinds::Kinds;

/// A value of each kind; what is undefined has none.
fn samples() -> Vec<(Kinds, Option<Value>)> {
    vec![
        (Kinds::UNDEFINED, None),
        (Kinds::NONE, Some(Value::Null)),
        (Kinds::BOOL, Some(json!(true))),
        (Kinds::NUMBER, Some(json!(3))),
        (Kinds::STRING, Some(json!("3"))),
        (Kinds::LIST, Some(json!([[1]]))),
        (Kinds::OBJECT, Some(json!({"k": 1}))),
    ]
}

/// What an expression over `x` gives as text.
fn evaluated(expression: &str, value: Option<&Value>) -> Result<String, String> {
    let environment = crate::jinja::environment();
    let context = match value {
        Some(value) => json!({"x": value}),
        None => json!({}),
    };
    let context = minijinja::Value::from(minijinja::value::Serde(context));
    let outcome =
        environment.compile_expression(expression).and_then(|compiled| compiled.eval(context));
    outcome.map(|value| value.to_string()).map_err(|error| error.to_string())
}

#[test]
fn filters_fail_on_what_the_table_says() {
    for filter in FILTERS {
        let arguments = match filter {
            "replace" => "('a', 'b')",
            "batch" | "slice" => "(2)",
            "map" => "('string')",
            "selectattr" | "rejectattr" | "groupby" | "attr" => "('k')",
            _ => "",
        };
        for (kind, value) in samples() {
            let spelt = takes(filter, false).spells && kind == Kinds::STRING;
            // Their items are looked at too.
            if spelt || filter == "sum" || (kind == Kinds::OBJECT && filter == "map") {
                continue;
            }
            let outcome = evaluated(&format!("x | {filter}{arguments}"), value.as_ref());
            let fails = takes(filter, !arguments.is_empty()).fails.meets(kind);
            let is_lenient =
                matches!(filter, "chain" | "bool" | "d" | "default" | "pprint" | "tojson");
            // What is rarely of use on its input may still work; what is said to fail must fail.
            if fails || !is_lenient {
                assert_eq!(outcome.is_err(), fails, "{filter} of {}: {outcome:?}", kind.words());
            }
            if let Ok(text) = outcome {
                let dumped = text.contains(['[', '{', '(']) || text.to_lowercase() == "none";
                let dumps = takes(filter, !arguments.is_empty()).dumps.meets(kind);
                assert!(
                    !dumps || dumped || filter == "urlencode",
                    "{filter} of {}: {text}",
                    kind.words()
                );
            }
        }
    }
}

#[test]
fn methods_are_those_of_the_engine() {
    for (kind, value) in samples() {
        if value.is_none() {
            continue;
        }
        for method in METHODS {
            let outcome = evaluated(&format!("x.{method}()"), value.as_ref());
            let unknown = outcome.is_err_and(|error| error.contains("has no method"));
            let listed = methods(kind).iter().any(|known| known.0 == method);
            assert_eq!(!unknown, listed, "{method} of {}", kind.words());
        }
    }
}

#[test]
fn schemas_promise_only_what_is_certain() {
    for (schema, template, expected) in [
        ("{type: [string, integer]}", "{{ x | round }}{{ x | split | first }}", ""),
        (
            "{type: [array, object]}",
            "{{ x | split }}",
            "V103 `x` is a list or an object, which `split` does not take",
        ),
        (
            "{anyOf: [{type: integer}, {type: boolean}]}",
            "{{ x | split }}",
            "V103 `x` is a number or true or false, which `split` does not take",
        ),
        ("{oneOf: [{type: integer}, {$ref: '#/a'}]}", "{{ x | split | first }}", ""),
        ("{allOf: [{type: integer}]}", "{{ x | split | first }}", ""),
        (
            "{type: object, allOf: [{properties: {a: {}}}], additionalProperties: false, properties: {b: {}}}",
            "{{ x.c }}",
            "",
        ),
        ("{properties: {name: {type: string}}, additionalProperties: false}", "{{ x.c }}", ""),
        (
            "{type: object, properties: {name: {}}, patternProperties: {'^x': {}}, additionalProperties: false}",
            "{{ x.xy }}",
            "",
        ),
        (
            "{type: object, properties: {name: {}}, additionalProperties: false}",
            "{{ x.c }}",
            "V104 `x` has no property `c`",
        ),
        (
            "{type: array, prefixItems: [{type: string}], items: {type: integer}}",
            "{{ x[0] | split | first }}",
            "",
        ),
        ("{type: array}", "{{ x[0] | split | first }}", ""),
        ("{const: 3}", "{{ x | split }}", "V103 `x` is a number, which `split` does not take"),
        ("{enum: [1, a, null]}", "{{ x }}", "V105 `x` may be none, and then rendering fails"),
        (
            "{enum: [[1], [2]]}",
            "{{ x | split }}",
            "V103 `x` is a list, which `split` does not take",
        ),
        (
            "{type: string, default: null}",
            "{{ x }}",
            "V105 `x` is none when it is not given, and then rendering fails",
        ),
        ("{type: string, default: a, required: false}", "{{ x }}", ""),
    ] {
        let said = said_with(&format!("  x: {schema}\n"), template, &[]);
        assert_eq!(said.join(" / "), expected, "{schema}");
    }
}
