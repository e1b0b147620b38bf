//! That the quick decision and the validator agree.

use proptest::prelude::*;
use serde_json::json;

use super::quick::Quick;
use super::*;

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
