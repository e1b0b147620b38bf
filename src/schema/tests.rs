use proptest::prelude::*;
use serde_json::json;

use super::quick::Quick;
use super::*;
use crate::document;
use crate::path::RepoPath;
use crate::span::SourceFile;

fn value() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        (-3_i64..6).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-8_i32..16).prop_map(|halves| Value::from(f64::from(halves) / 2.0)),
        any::<f64>().prop_map(Value::from),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number,
        "[abé]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[abc]", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn type_name() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        "null", "boolean", "integer", "number", "string", "array", "object", "messages",
    ])
    .prop_map(Value::from)
}

/// Mostly valid schemas of keywords that are understood, with some that are not, and some that are no schemas.
fn schema() -> impl Strategy<Value = Value> {
    let keyword = |names: &'static [&'static str], values: BoxedStrategy<Value>| {
        (prop::sample::select(names), values).prop_map(|(name, value)| (name.to_owned(), value))
    };
    let leaf = prop_oneof![
        4 => keyword(&["type"], type_name().boxed()),
        1 => keyword(&["type"], prop::collection::vec(type_name(), 0..3).prop_map(Value::from).boxed()),
        2 => keyword(
            &["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"],
            (0_u64..4).prop_map(Value::from).boxed(),
        ),
        2 => keyword(
            &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
            (-2_i64..4).prop_map(Value::from).boxed(),
        ),
        2 => keyword(
            &["enum", "required"],
            prop::collection::vec("[abc]", 0..3).prop_map(Value::from).boxed(),
        ),
        1 => keyword(
            &[
                "type", "enum", "required", "minimum", "maxItems", "items", "properties", "anyOf", "default",
                "additionalProperties", "title", "format", "if", "uniqueItems", "const", "pattern", "$ref", "$defs",
            ],
            value().boxed(),
        ),
    ];
    let keywords = prop::collection::vec(leaf, 0..4)
        .prop_map(|keywords| Value::Object(keywords.into_iter().collect()));
    keywords.prop_recursive(3, 24, 4, move |inner| {
        let list = prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from).boxed();
        let map = prop::collection::btree_map("[abc]", inner.clone(), 0..3)
            .prop_map(|map| Value::Object(map.into_iter().collect()))
            .boxed();
        let one = prop_oneof![6 => inner.clone(), 1 => any::<bool>().prop_map(Value::from)].boxed();
        let keyword = prop_oneof![
            3 => keyword(&["properties", "patternProperties"], map),
            3 => keyword(&["items", "additionalProperties", "if", "then", "else", "not"], one),
            2 => keyword(&["anyOf", "allOf", "oneOf", "prefixItems"], list),
        ];
        (inner, prop::collection::vec(keyword, 1..4)).prop_map(|(schema, keywords)| {
            let mut schema = schema.as_object().cloned().unwrap_or_default();
            schema.extend(keywords);
            Value::Object(schema)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_quick_answer_is_that_of_the_validator(schema in schema(), values in prop::collection::vec(value(), 1..6)) {
        let quick = Quick::of(&schema);
        let built = build(&schema);
        if quick.is_complete() {
            prop_assert!(built.is_ok(), "{schema} is thought to be a schema: {built:?}");
        }
        let Ok(validator) = built else { return Ok(()) };
        for value in values {
            if let Some(fits) = quick.fits(&value) {
                prop_assert_eq!(fits, validator.is_valid(&value), "{} under {}", value, schema);
            }
        }
    }
}

#[test]
fn plain_schemas_need_no_validator() {
    for schema in [
        json!({"type": "string", "minLength": 1, "maxLength": 4000}),
        json!({"type": ["string", "null"], "description": "What it is."}),
        json!({"enum": ["free", "pro"]}),
        json!({"type": "integer", "minimum": 0, "maximum": 50}),
        json!({"type": "array", "maxItems": 20, "items": {
            "type": "object", "required": ["id"], "properties": {"id": {"type": "string"}},
            "additionalProperties": false,
        }}),
    ] {
        assert!(Quick::of(&schema).is_complete(), "{schema}");
    }
    for schema in [json!({"pattern": "("}), json!({"format": "date"}), json!({"$ref": "#"})] {
        assert!(!Quick::of(&schema).is_complete(), "{schema}");
    }
}

/// A prompt with most keys, and what can be put in the place of any value in it.
const PROMPT: &str = r"
description: Sorts.
model: {provider: openai, name: gpt, temperature: 0.5, top_p: 1, max_output_tokens: 3, seed: -1, stop: [a], extra: {a: 1}}
variables:
  text: string
  tier: {enum: [free, pro], default: free, trust: untrusted}
  orders: {type: array, items: {type: object}, maxItems: 3, default: []}
messages:
  - {role: system, when: tier, content: Hello}
  - examples: {max: 4}
  - insert: history
    max: 3
  - role: user
    content: [{text: a}, {image: b}]
examples:
  - {variables: {text: a}, output: {label: b}, tags: [c]}
output:
  format: json
  schema: {type: object}
  extract: [json]
  assert: [{type: contains, value: a}]
  on_invalid: {retry: 2}
tools: [{name: look, description: Looks., parameters: {type: object}}]
context: {window: 1000, reserve: 10, drop: [history]}
";

fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(entries) => {
            for (key, value) in entries {
                places(value, &format!("{at}/{key}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn every_file_is_read_as_it_would_be_from_json() {
    use crate::project::prompt::PromptFile;
    let read = |json: &Value| {
        let file = SourceFile::new(RepoPath::new("a.yaml").unwrap(), json.to_string());
        let document = document::parse(&file).0.unwrap();
        assert_eq!(document.to_json(), *json);
        let schema = Schema::of::<PromptFile>();
        let quick = schema.quick.fits(&document.root);
        let validator = build(&schema.value).unwrap();
        if let Some(fits) = quick {
            assert_eq!(fits, validator.is_valid(json), "{json}");
        }
        let direct = document.read::<PromptFile>().map_err(|error| error.to_string());
        let from_json =
            serde_json::from_value::<PromptFile>(json.clone()).map_err(|error| error.to_string());
        assert_eq!(format!("{direct:?}"), format!("{from_json:?}"), "{json}");
        quick
    };
    let file = SourceFile::new(RepoPath::new("a.yaml").unwrap(), PROMPT);
    let whole = document::parse(&file).0.unwrap().to_json();
    let mut without_assertions = whole.clone();
    without_assertions["output"].as_object_mut().unwrap().remove("assert");
    assert_eq!(read(&without_assertions), Some(true));
    let mut at = Vec::new();
    places(&whole, "", &mut at);
    let others = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5),
        json!(4.0),
        json!(u64::MAX),
        json!("x"),
        json!([]),
        json!(["x"]),
        json!({}),
        json!({"x": 1}),
        json!({"text": "x"}),
    ];
    for place in &at {
        for other in &others {
            let mut changed = whole.clone();
            *changed.pointer_mut(place).unwrap() = other.clone();
            if place.is_empty() && other.is_null() {
                continue;
            }
            read(&changed);
        }
    }
}
