//! The comparison of schemas: a table of what it decides, and a search for values that prove it wrong.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::Relation::{Equal, Incomparable, Narrower, Unknown, Wider};
use super::{Inclusion, Relation, compare, differences};
use crate::schema::compile;

#[test]
fn decides_what_is_accepted() {
    let open = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let closed = json!({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false});
    let reference =
        json!({"$defs": {"x": {"enum": ["a", "b"]}}, "properties": {"p": {"$ref": "#/$defs/x"}}});
    let table: &[(Value, Value, Relation)] = &[
        (json!({}), json!(true), Equal),
        (json!({"type": "string", "description": "a"}), json!({"type": "string"}), Equal),
        (json!({"type": "string"}), json!({"enum": ["a", "b"]}), Narrower),
        (json!({"enum": ["a", "b"]}), json!({"enum": ["b", "a"]}), Equal),
        (json!({"enum": ["a", "b"]}), json!({"enum": ["b", "c"]}), Incomparable),
        (json!({"const": "a"}), json!({"enum": ["a"]}), Equal),
        (json!({"type": "boolean"}), json!({"enum": [true, false]}), Equal),
        (json!({"type": "number"}), json!({"type": "integer"}), Narrower),
        (json!({"type": "integer"}), json!({"type": ["integer", "null"]}), Wider),
        (json!({"type": "integer"}), json!({"type": "string"}), Incomparable),
        (json!({"type": ["number", "integer"]}), json!({"type": "number"}), Equal),
        (json!({"maxLength": 10}), json!({"maxLength": 9}), Narrower),
        (json!({"enum": ["a"], "maxLength": 10}), json!({"enum": ["a"]}), Equal),
        (json!({"minimum": 0}), json!({"exclusiveMinimum": 0}), Narrower),
        (
            json!({"type": "integer", "minimum": 1}),
            json!({"type": "integer", "exclusiveMinimum": 0.5}),
            Equal,
        ),
        (
            json!({"type": "integer", "exclusiveMaximum": 5}),
            json!({"type": "integer", "maximum": 4}),
            Equal,
        ),
        (
            json!({"minimum": 9_007_199_254_740_993_i64}),
            json!({"minimum": 9_007_199_254_740_992_i64}),
            Wider,
        ),
        (
            json!({"type": "integer", "multipleOf": 3}),
            json!({"type": "integer", "multipleOf": 6}),
            Narrower,
        ),
        (
            json!({"type": "string", "pattern": "^a"}),
            json!({"type": "string", "pattern": "^(a)"}),
            Unknown,
        ),
        (
            json!({"type": "string", "pattern": "^a"}),
            json!({"type": "string", "pattern": "^b"}),
            Unknown,
        ),
        (json!({"type": "string"}), json!({"type": "string", "pattern": "^b"}), Narrower),
        (json!({"type": "string"}), json!({"type": "string", "format": "email"}), Narrower),
        (
            json!({"items": {"type": "string"}}),
            json!({"items": {"type": "string"}, "maxItems": 2}),
            Narrower,
        ),
        (
            json!({"type": "array", "items": {"enum": [1]}}),
            json!({"type": "array", "items": {"enum": [1, 2]}}),
            Wider,
        ),
        (json!({"type": "array", "minItems": 0}), json!({"type": "array"}), Equal),
        (open.clone(), closed.clone(), Narrower),
        (open.clone(), json!({"type": "object"}), Wider),
        (closed.clone(), json!({"type": "object", "additionalProperties": false}), Narrower),
        (
            open.clone(),
            json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}),
            Narrower,
        ),
        (
            json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
            json!({"type": ["null", "string"]}),
            Equal,
        ),
        (
            json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
            json!({"type": "string"}),
            Narrower,
        ),
        (
            json!({"type": ["integer", "string"]}),
            json!({"oneOf": [{"type": "string"}, {"type": "integer"}]}),
            Equal,
        ),
        (json!({"not": {"type": "string"}}), json!({"type": "integer"}), Narrower),
        (
            json!({"allOf": [{"type": "string"}, {"maxLength": 3}]}),
            json!({"type": "string", "maxLength": 3}),
            Equal,
        ),
        (reference.clone(), json!({"properties": {"p": {"enum": ["b", "a"]}}}), Equal),
        (reference, json!({"properties": {"p": {"enum": ["b"]}}}), Narrower),
        (json!({"x-own": 1, "type": "string"}), json!({"x-own": 2, "type": "string"}), Unknown),
        (json!({"type": 5}), json!({"type": "string"}), Unknown),
        (json!({"maxProperties": 1}), json!({"type": "object"}), Incomparable),
        (
            json!({"enum": [1, "a", null]}),
            json!({"anyOf": [{"type": "integer"}, {"enum": ["a", null]}]}),
            Wider,
        ),
        (json!(false), json!({"type": "string"}), Wider),
        (
            json!({"type": "object", "patternProperties": {"^a": {"type": "integer"}}, "additionalProperties": {"type": "string"}}),
            json!({"type": "object", "properties": {"a": {"type": "string"}}}),
            Incomparable,
        ),
    ];
    for (before, after, expected) in table {
        let comparison = compare(before, after);
        assert_eq!(comparison.relation(), *expected, "{before} → {after}: {comparison:?}");
    }
}

#[test]
fn a_recursive_schema_is_compared_with_itself_alone() {
    let tree = |leaf: &str| {
        json!({"$defs": {"tree": {"type": "object", "properties": {
        "leaf": {"type": leaf}, "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}}}, "$ref": "#/$defs/tree"})
    };
    assert_eq!(compare(&tree("string"), &tree("string")).relation(), Equal);
    assert_eq!(compare(&tree("integer"), &tree("number")).relation(), Unknown);
}

#[test]
fn hostile_schemas_end() {
    let doubling: serde_json::Map<String, Value> = (0..40)
        .map(|n| {
            let next = json!({"$ref": format!("#/$defs/d{}", n + 1)});
            (format!("d{n}"), json!({"anyOf": [next, next]}))
        })
        .chain([("d40".to_owned(), json!({"type": "string"}))])
        .collect();
    let before = json!({"$defs": doubling, "$ref": "#/$defs/d0"});
    assert_eq!(compare(&before, &json!({"type": "integer"})).relation(), Unknown);
    let mut nested = json!({"type": "string"});
    for n in 0..30 {
        nested =
            json!({"anyOf": [{"properties": {"a": nested, "b": nested}}, {"minProperties": n}]});
        if nested.to_string().len() > 100_000 {
            break;
        }
    }
    assert_ne!(compare(&nested, &json!({"type": "integer"})).relation(), Equal);
}

#[test]
fn large_schemas_end() {
    let wide = |from: usize| {
        let names = from..from + 150;
        let properties =
            names.map(|n| (format!("p{n}"), json!({"type": "string", "maxLength": n})));
        json!({"properties": Value::Object(properties.collect()), "additionalProperties": false})
    };
    let found = differences(&wide(0), &wide(100));
    assert_eq!(found.len(), 101);
    assert_eq!(found[100].message, "there are more differences");
    assert_eq!(found[100].effect.relation(), Incomparable);

    let deep = |inner: &str| {
        (0..40).fold(json!({"type": inner}), |schema, _| json!({"properties": {"a": schema}}))
    };
    let found = differences(&deep("string"), &deep("integer"));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].place.len(), 40);
}

/// `pointer: message = relation`, a line each.
fn lines(before: &Value, after: &Value) -> Vec<String> {
    differences(before, after)
        .into_iter()
        .map(|d| format!("{}: {} = {:?}", d.pointer(), d.message, d.effect.relation()))
        .collect()
}

#[test]
fn differences_have_places_and_effects() {
    let before = json!({
        "type": "object", "required": ["label", "gone"], "additionalProperties": false,
        "properties": {
            "label": {"enum": ["refund", "bug", "other"], "description": "which"},
            "gone": {"type": "string"},
            "list": {"type": "array", "items": {"type": "integer", "minimum": 1}},
        },
    });
    let after = json!({
        "type": "object", "required": ["label", "list"], "additionalProperties": false,
        "properties": {
            "label": {"enum": ["refund", "other", "spam"]},
            "list": {"type": "array", "items": {"type": "number", "minimum": 1}},
            "new": {"type": "string"},
        },
    });
    assert_eq!(
        lines(&before, &after),
        [
            ": the property `gone` is no longer required = Wider",
            ": the property `list` is required now = Narrower",
            "/properties/label: `bug` is no longer a value = Narrower",
            "/properties/label: `spam` is a new value = Wider",
            ": the property `gone` is gone = Narrower",
            "/properties/list/items: type: integer → number = Wider",
            ": the property `new` is new = Wider",
        ]
    );
}

#[test]
fn the_whole_overrules_its_parts() {
    let before = json!({"enum": ["a"], "maxLength": 10});
    let after = json!({"enum": ["a"], "maxLength": 5});
    assert_eq!(lines(&before, &after), [": maxLength: 10 → 5 = Equal"]);
    assert_eq!(lines(&json!({"enum": [1, 2]}), &json!({"enum": [2, 1]})), Vec::<String>::new());
}

fn small_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..6_i64).prop_map(Value::from),
        (-6..12_i32).prop_map(|halves| Value::from(f64::from(halves) / 2.0)),
        "[ab]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[abc]", inner, 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// Values for [`structure`].
fn shallow_value() -> impl Strategy<Value = Value> {
    let leaf = || prop::sample::select(vec![json!(1), json!(0.5), json!("a")]);
    prop_oneof![
        prop::collection::vec(leaf(), 0..4).prop_map(Value::from),
        prop::collection::btree_map("[abc]", leaf(), 0..3)
            .prop_map(|entries| Value::Object(entries.into_iter().collect())),
    ]
}

/// One keyword with its value.
fn keyword(inner: BoxedStrategy<Value>) -> impl Strategy<Value = (String, Value)> {
    let types = ["null", "boolean", "integer", "number", "string", "array", "object"];
    let name = || prop::sample::select(vec!["a", "b", "c"]);
    let named = |name: &'static str, values: BoxedStrategy<Value>| {
        values.prop_map(move |value| (name.to_owned(), value)).boxed()
    };
    let one_of = |names: &'static [&'static str], values: BoxedStrategy<Value>| {
        (prop::sample::select(names.to_vec()), values)
            .prop_map(|(name, value)| (name.to_owned(), value))
            .boxed()
    };
    let list = |values: BoxedStrategy<Value>| {
        prop::collection::vec(values, 1..4).prop_map(Value::from).boxed()
    };
    let schemas = |names: BoxedStrategy<String>, inner: BoxedStrategy<Value>| {
        prop::collection::btree_map(names, inner, 0..3)
            .prop_map(|entries| Value::Object(entries.into_iter().collect()))
            .boxed()
    };
    let letters = name().prop_map(str::to_owned).boxed();
    let patterns = prop::sample::select(vec!["^a", "b$", "^[ab]$"]).prop_map(str::to_owned).boxed();
    let quarters = (-8..16_i32).prop_map(|n| json!(f64::from(n) / 4.0)).boxed();
    let whole = (-2..4_i64).prop_map(Value::from).boxed();
    let count = (0..4_u64).prop_map(Value::from).boxed();
    prop_oneof![
        4 => named("type", prop::sample::select(types.to_vec()).prop_map(Value::from).boxed()),
        2 => named("type", prop::sample::subsequence(types.to_vec(), 1..4).prop_map(Value::from).boxed()),
        2 => named("enum", list(small_value().boxed())),
        1 => named("const", small_value().boxed()),
        2 => one_of(&["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"], whole),
        1 => one_of(&["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"], quarters),
        1 => named("multipleOf", prop::sample::select(vec![json!(1), json!(2), json!(4), json!(0.5), json!(1.0)]).boxed()),
        3 => one_of(&["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"], count),
        1 => named("pattern", patterns.clone().prop_map(Value::from).boxed()),
        1 => named("uniqueItems", any::<bool>().prop_map(Value::from).boxed()),
        2 => named("required", prop::sample::subsequence(vec!["a", "b", "c"], 0..3).prop_map(Value::from).boxed()),
        3 => named("properties", schemas(letters, inner.clone())),
        1 => named("patternProperties", schemas(patterns, inner.clone())),
        3 => one_of(&["items", "additionalProperties", "propertyNames", "not", "contains", "if", "then", "else"], inner.clone()),
        3 => one_of(&["anyOf", "oneOf", "allOf", "prefixItems"], list(inner)),
    ]
}

fn small_schema() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        1 => any::<bool>().prop_map(Value::from),
        5 => prop::sample::select(vec!["integer", "number", "string"]).prop_map(|name| json!({"type": name})),
    ];
    leaf.prop_recursive(3, 24, 3, |inner| {
        prop::collection::vec(keyword(inner.boxed()), 0..4)
            .prop_map(|keywords| Value::Object(keywords.into_iter().collect()))
    })
    .boxed()
}

/// A schema and one that differs from it a little: of independent ones, almost none contains another.
fn near_schemas() -> impl Strategy<Value = (Value, Value)> {
    let edited = (small_schema(), keyword(small_schema()), any::<bool>()).prop_map(
        |(schema, (keyword, value), take_away)| {
            let mut other = schema.clone();
            if let Value::Object(keywords) = &mut other {
                let first = keywords.keys().next().cloned();
                match (take_away, first) {
                    (true, Some(first)) => keywords.shift_remove(&first),
                    _ => keywords.insert(keyword, value),
                };
            }
            (schema, other)
        },
    );
    let wrapped = (
        near_pair(),
        prop::sample::select(vec![
            "items",
            "additionalProperties",
            "not",
            "properties",
            "anyOf",
            "oneOf",
        ]),
    )
        .prop_map(|((a, b), keyword)| {
            let wrap = |schema: Value| match keyword {
                "properties" => json!({"properties": {"a": schema}, "required": ["a"]}),
                "anyOf" | "oneOf" => json!({keyword: [schema, {"type": "null"}]}),
                keyword => json!({keyword: schema}),
            };
            (wrap(a), wrap(b))
        });
    prop_oneof![
        2 => edited,
        1 => wrapped,
        1 => (small_schema(), small_schema()),
        3 => near_structures(),
    ]
}

/// Objects or lists whose keywords depend on each other, with the simplest of schemas inside.
fn structure(object: bool) -> BoxedStrategy<Value> {
    let leaf = || {
        let leaves = [
            json!(true),
            json!(false),
            json!({"type": "integer"}),
            json!({"type": "number"}),
            json!({"type": "string"}),
        ];
        prop::sample::select(leaves.to_vec())
    };
    let maybe = |values: BoxedStrategy<Value>| prop::option::of(values);
    let schemas = |names: Vec<&'static str>| {
        let names = prop::sample::select(names).prop_map(str::to_owned);
        let schemas = prop::collection::btree_map(names, leaf(), 0..3);
        schemas.prop_map(|entries| Value::Object(entries.into_iter().collect())).boxed()
    };
    let count = || (0..3_u64).prop_map(Value::from).boxed();
    let keywords = match object {
        true => (
            maybe(schemas(vec!["a", "b", "c"])),
            maybe(leaf().boxed()),
            maybe(schemas(vec!["^a", "[ab]"])),
            maybe(count()),
        )
            .prop_map(|(a, b, c, d)| {
                [
                    ("properties", a),
                    ("additionalProperties", b),
                    ("patternProperties", c),
                    ("maxProperties", d),
                ]
            })
            .boxed(),
        false => (
            maybe(prop::collection::vec(leaf(), 1..3).prop_map(Value::from).boxed()),
            maybe(leaf().boxed()),
            maybe(count()),
            maybe(count()),
        )
            .prop_map(|(a, b, c, d)| {
                [("prefixItems", a), ("items", b), ("minItems", c), ("maxItems", d)]
            })
            .boxed(),
    };
    let kind = if object { "object" } else { "array" };
    keywords
        .prop_map(move |keywords| {
            let given =
                keywords.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
            Value::Object([("type".to_owned(), json!(kind))].into_iter().chain(given).collect())
        })
        .boxed()
}

/// Two such schemas that share some of their keywords.
fn near_structures() -> impl Strategy<Value = (Value, Value)> {
    any::<bool>()
        .prop_flat_map(|object| (structure(object), structure(object), any::<u8>()))
        .prop_map(|(schema, mut other, shared)| {
            let keywords = schema.as_object().into_iter().flatten().enumerate();
            for (_, (keyword, value)) in keywords.filter(|(index, _)| shared >> index & 1 == 1) {
                other[keyword.as_str()] = value.clone();
            }
            (schema, other)
        })
}

fn near_pair() -> impl Strategy<Value = (Value, Value)> {
    (small_schema(), small_schema()).prop_map(|(a, b)| (a.clone(), json!({"anyOf": [a, b]})))
}

proptest! {
    #[test]
    fn no_value_contradicts_a_claim(
        (before, after) in near_schemas(),
        values in prop::collection::vec(prop_oneof![small_value(), shallow_value()], 60),
    ) {
        let (Ok(old), Ok(new)) = (compile(&before), compile(&after)) else { return Ok(()) };
        let comparison = compare(&before, &after);
        let steps = differences(&before, &after);
        let all = |direction: fn(&super::Comparison) -> &Inclusion| {
            steps.iter().all(|step| *direction(&step.effect) == Inclusion::Proved)
        };
        let forwards = comparison.before_in_after == Inclusion::Proved || all(|c| &c.before_in_after);
        let backwards = comparison.after_in_before == Inclusion::Proved || all(|c| &c.after_in_before);
        for value in &values {
            prop_assert!(!(forwards && old.is_valid(value) && !new.is_valid(value)), "{before} → {after} loses {value}");
            prop_assert!(!(backwards && new.is_valid(value) && !old.is_valid(value)), "{before} → {after} gains {value}");
        }
        if let Inclusion::Refuted(value) = &comparison.before_in_after {
            prop_assert!(old.is_valid(value) && !new.is_valid(value));
        }
        if let Inclusion::Refuted(value) = &comparison.after_in_before {
            prop_assert!(new.is_valid(value) && !old.is_valid(value));
        }
    }

    #[test]
    fn a_comparison_reads_the_same_from_both_sides((before, after) in near_schemas()) {
        let there = compare(&before, &after);
        let back = compare(&after, &before);
        prop_assert_eq!(there.before_in_after, back.after_in_before);
        prop_assert_eq!(there.after_in_before, back.before_in_after);
    }
}
