//! What each type says about an answer.

use serde_json::json;

use super::*;

#[test]
fn each_type_says_what_it_sees() {
    for (assertion, output, passes, reason) in [
        (json!({"type": "equals", "value": "a"}), "a", true, r#"is "a""#),
        (json!({"type": "equals", "value": "a"}), "b", false, r#"is "b", expected "a""#),
        (
            json!({"type": "equals", "value": "a"}),
            "a\n",
            false,
            r#"is "a\n", expected "a"; they differ in the space around them"#,
        ),
        (json!({"type": "equals", "value": {"a": 1}}), r#"{ "a": 1.0 }"#, true, r#"is {"a":1.0}"#),
        (
            json!({"type": "equals", "value": 18}),
            "\"18\"",
            false,
            r#"the answer is "18" (a text), expected 18 (a number)"#,
        ),
        (json!({"type": "iequals", "value": "ÄB"}), "äb", true, r#"is "äb""#),
        (json!({"type": "contains", "value": "refund"}), "a refund", true, r#"contains "refund""#),
        (
            json!({"type": "contains", "value": "refund"}),
            "no",
            false,
            r#"does not contain "refund""#,
        ),
        (json!({"type": "contains", "value": 42}), "is 42.", true, r#"contains "42""#),
        (
            json!({"type": "not-contains", "value": "refund"}),
            "no",
            true,
            r#"does not contain "refund""#,
        ),
        (json!({"type": "icontains", "value": "Refund"}), "REFUND", true, r#"contains "Refund""#),
        (json!({"type": "contains-any", "value": ["x", "y"]}), "a y", true, r#"contains "y""#),
        (
            json!({"type": "contains-any", "value": ["x", "y"]}),
            "a",
            false,
            "contains none of 2 texts",
        ),
        (json!({"type": "contains-all", "value": ["x", "y"]}), "xy", true, "contains all 2 texts"),
        (
            json!({"type": "contains-all", "value": ["x", "y"]}),
            "x",
            false,
            r#"does not contain "y""#,
        ),
        (
            json!({"type": "icontains-all", "value": ["X", "y", "z"]}),
            "x",
            false,
            r#"does not contain "y" and 1 more of 3"#,
        ),
        (json!({"type": "icontains-any", "value": ["X"]}), "x", true, r#"contains "X""#),
        (
            json!({"type": "starts-with", "value": "Dear"}),
            "Dear you",
            true,
            r#"starts with "Dear""#,
        ),
        (json!({"type": "ends-with", "value": "!"}), "no", false, r#"does not end with "!""#),
        (json!({"type": "regex", "value": r"\d{2}"}), "in 25 days", true, r#"matches with "25""#),
        (
            json!({"type": "regex", "value": "^{{ expected }}$"}),
            "refund",
            true,
            r#"matches with "refund""#,
        ),
        (json!({"type": "regex", "value": "x+"}), "no", false, "does not match `x+`"),
        (json!({"type": "is-json"}), "[1]", true, "is JSON, a list"),
        (
            json!({"type": "is-json"}),
            "no",
            false,
            "the answer is not JSON: expected ident at line 1 column 2",
        ),
        (
            json!({"type": "json-schema", "value": {"type": "object", "required": ["a"]}}),
            r#"{"b": 1}"#,
            false,
            r#"does not fit the schema at the answer: "a" is a required property"#,
        ),
        (
            json!({"type": "json-schema", "value": {"properties": {"a": {"type": "string"}}}}),
            r#"{"a": 1}"#,
            false,
            r#"does not fit the schema at /a: 1 is not of type "string""#,
        ),
        (json!({"type": "is-json", "value": {"type": "array"}}), "[]", true, "fits the schema"),
        (
            json!({"type": "json-path", "value": "$.label", "equals": "{{ expected }}"}),
            r#"{"label": "refund"}"#,
            true,
            r#"$.label is "refund""#,
        ),
        (
            json!({"type": "json-path", "value": "$.label", "equals": "{{ expected }}"}),
            r#"{"label": "bug"}"#,
            false,
            r#"$.label is "bug", expected "refund""#,
        ),
        (
            json!({"type": "json-path", "value": "$.label", "equals": "{{ expected }}"}),
            "sure",
            false,
            "$.label is missing; the answer is not JSON: expected value at line 1 column 1",
        ),
        (
            json!({"type": "json-path", "value": "$.label", "equals": "refund"}),
            "{}",
            false,
            r#"$.label is missing, expected "refund""#,
        ),
        (
            json!({"type": "json-path", "value": "$.n", "equals": "18"}),
            r#"{"n": 18}"#,
            false,
            r#"$.n is 18 (a number), expected "18" (a text)"#,
        ),
        (
            json!({"type": "json-path", "value": "$.items[*].n", "equals": [1, 2]}),
            r#"{"items": [{"n": 1}, {"n": 2.0}]}"#,
            true,
            "$.items[*].n is [1,2.0]",
        ),
        (json!({"type": "json-path", "value": "$.a"}), r#"{"a": null}"#, true, "$.a is null"),
        (json!({"type": "not-json-path", "value": "$.a"}), r#"{"a": 0}"#, false, "$.a is 0"),
        (
            json!({"type": "levenshtein", "value": "kitten"}),
            "sitting",
            true,
            r#"3 edits from "kitten", at most 5"#,
        ),
        (
            json!({"type": "levenshtein", "value": "kitten", "threshold": 2}),
            "sitting",
            false,
            r#"3 edits from "kitten", at most 2"#,
        ),
        (
            json!({"type": "similarity-ratio", "value": "abcd", "threshold": 0.75}),
            "abcx",
            true,
            r#"0.750 similar to "abcd", at least 0.75"#,
        ),
        (
            json!({"type": "number", "value": 18}),
            "A: 26",
            false,
            "expected 18, the last number is 26",
        ),
        (
            json!({"type": "number", "value": "A: 1,018"}),
            "$1018.00",
            true,
            "the last number is 1018.00",
        ),
        (
            json!({"type": "number", "value": 3}),
            "none",
            false,
            r#"expected 3, "none" holds no number"#,
        ),
        (
            json!({"type": "number", "value": 3, "tolerance": 0.1}),
            "3.1",
            true,
            "the last number is 3.1",
        ),
        (
            json!({"type": "rouge-l", "value": "the cat sat on the mat", "threshold": 0.4}),
            "On the mat sat a cat.",
            true,
            "rouge-l 0.50, at least 0.4",
        ),
        (
            json!({"type": "rouge-1", "value": ["no", "cats sitting"]}),
            "the cat sits",
            false,
            "rouge-1 0.00, at least 0.75, against 2 references",
        ),
        (
            json!({"type": "rouge-1", "value": ["no", "cats sitting"], "stem": true}),
            "the cat sits",
            true,
            "rouge-1 0.80, at least 0.75, against 2 references",
        ),
        (
            json!({"type": "rouge-2", "value": "a b c"}),
            "c a b",
            false,
            "rouge-2 0.50, at least 0.75",
        ),
        (
            json!({"type": "rouge-lsum", "value": "a b\nc d"}),
            "c d\na b",
            true,
            "rouge-lsum 1.00, at least 0.75",
        ),
        (json!({"type": "bleu", "value": "a b c d e"}), "a b c d", true, "bleu 0.78, at least 0.5"),
        (json!({"type": "bleu", "value": "{{ expected }}"}), "", false, "bleu 0.00, at least 0.5"),
        (
            json!({"type": "chrf", "value": "猫坐在垫子上"}),
            "猫坐在垫子",
            true,
            "chrf 0.75, at least 0.5",
        ),
        (json!({"type": "chrf++", "value": ""}), "x", false, "chrf++ 0.00, at least 0.5"),
        (
            json!({"type": "f1", "value": "Denver Broncos", "threshold": 0.7}),
            "The Broncos",
            false,
            "f1 0.67, at least 0.7",
        ),
        (
            json!({"type": "exact-match", "value": "{{ expected }}"}),
            "The refund!",
            true,
            r#""The refund!" matches"#,
        ),
        (
            json!({"type": "exact-match", "value": "a cat"}),
            "cats",
            false,
            r#""cats" does not match "a cat""#,
        ),
        (
            json!({"type": "exact-match", "value": ["a", 2]}),
            "cats",
            false,
            r#""cats" matches none of 2 references"#,
        ),
        (
            json!({"type": "number", "value": 200, "relative": 0.01}),
            "198",
            true,
            "the last number is 198",
        ),
        (
            json!({"type": "number", "value": 200, "relative": 0.01}),
            "197.9",
            false,
            "expected 200, the last number is 197.9",
        ),
        (
            json!({"type": "expression", "value": "output | length < 4"}),
            "abc",
            true,
            "the expression is true",
        ),
        (
            json!({"type": "expression", "value": "json.label == expected and variables.limit == 3"}),
            r#"{"label": "bug"}"#,
            false,
            "the expression is false",
        ),
        (
            json!({"type": "expression", "value": "json is none"}),
            "no",
            true,
            "the expression is true",
        ),
        (
            json!({"type": "expression", "value": "0.5", "threshold": 0.4}),
            "",
            true,
            "the expression is 0.5, at least 0.4",
        ),
        (json!({"type": "word-count", "value": 2}), " a  b\n", true, "2 words, expected 2"),
        (
            json!({"type": "word-count", "value": {"min": 1, "max": 2}}),
            "",
            false,
            "0 words, expected 1 to 2",
        ),
        (json!({"type": "max-length", "value": 3}), "äöüß", false, "4 characters, at most 3"),
        (
            json!({"type": "min-length", "value": "{{ variables.limit }}"}),
            "a",
            false,
            "1 character, at least 3",
        ),
        (json!({"type": "cost", "threshold": 0.001}), "", false, "$0.002, at most $0.001"),
        (json!({"type": "latency", "threshold": 1000}), "", true, "812.5 ms, at most 1000 ms"),
        (json!({"type": "tokens", "threshold": 100}), "", false, "120 tokens, at most 100 tokens"),
        (
            json!({"type": "tokens", "threshold": 100, "count": "output"}),
            "",
            true,
            "20 tokens, at most 100 tokens",
        ),
        (json!({"type": "finish-reason", "value": "STOP"}), "", true, r#"stopped by "stop""#),
    ] {
        assert_eq!(
            judged(&assertion, output),
            (passes, reason.to_owned()),
            "{assertion} {output:?}"
        );
    }
}

#[test]
fn every_type_has_a_form_that_inverts_it() {
    for (kind, value, output) in
        [("similarity-ratio", json!("abcd"), "abxx"), ("contains", json!("a"), "a")]
    {
        let score = |name: String| {
            let assertion = compiled(&json!({"type": name, "value": value.clone()}));
            assert_eq!(assertion.type_name(), name);
            match Case::new(output, None).score(&assertion) {
                Outcome::Scored(verdict) => verdict,
                Outcome::Unscored(reason) => panic!("{reason}"),
            }
        };
        let (plain, inverted) = (score(kind.to_owned()), score(format!("not-{kind}")));
        assert!((plain.score + inverted.score - 1.0).abs() < 1e-15);
        assert_ne!(plain.passed, inverted.passed);
        assert_eq!(plain.raw, inverted.raw);
    }
    for spec in SPECS {
        let schema = schemars::schema_for!(Syntax).to_value().to_string();
        assert!(schema.contains(&format!("\"not-{}\"", spec.name)), "{}", spec.name);
    }
}

#[test]
fn labels_are_taken_out_of_the_answer() {
    let open = json!({"type": "label"});
    let closed = json!({"type": "label", "labels": ["Refund", "not a bug"]});
    let inside = json!({"type": "label", "labels": ["1", "2"], "path": "$.label"});
    for (assertion, output, expected, predicted, reason) in [
        (&open, "**Refund.**\n", json!("refund"), Some("Refund"), r#"the label is "Refund""#),
        (&open, "bug", json!("refund"), Some("bug"), r#"the label is "bug", expected "refund""#),
        (&open, " ", json!("refund"), None, r#"the answer is empty, expected "refund""#),
        (&open, "1", json!(1), Some("1"), r#"the label is "1""#),
        (&open, "true", json!(true), Some("true"), r#"the label is "true""#),
        (&closed, "REFUND", json!("refund"), Some("Refund"), r#"the label is "Refund""#),
        (
            &closed,
            "a refund",
            json!("refund"),
            None,
            r#""a refund" is none of the labels, expected "Refund""#,
        ),
        (&inside, r#"{"label": 2}"#, json!("2"), Some("2"), r#"the label is "2""#),
        (
            &inside,
            r#"{"label": []}"#,
            json!(2),
            None,
            r#"$.label is a list, not a text, expected "2""#,
        ),
        (&inside, "{}", json!(2), None, r#"$.label is missing, expected "2""#),
        (&inside, "2", json!(2), None, r#"$.label is missing, expected "2""#),
    ] {
        match Case::new(output, Some(expected)).score(&compiled(assertion)) {
            Outcome::Scored(verdict) => {
                assert_eq!(verdict.reason, reason);
                let label = verdict.label.unwrap();
                assert_eq!(label.predicted.as_deref(), predicted, "{output}");
                let same =
                    predicted.is_some_and(|it| fold_label(it) == fold_label(&label.expected));
                assert_eq!(verdict.passed, same, "{output}");
            }
            Outcome::Unscored(reason) => panic!("{reason}"),
        }
    }
    assert_eq!(
        unscored(&closed, "refund", Some(json!("bug"))),
        r#"the expected label "bug" is none of the `labels`"#
    );
    assert_eq!(unscored(&open, "refund", Some(json!(" "))), "the label is empty");
    let negated = json!({"type": "not-label", "value": "refund"});
    match Case::new("bug", None).score(&compiled(&negated)) {
        Outcome::Scored(verdict) => assert_eq!((verdict.passed, verdict.label), (true, None)),
        Outcome::Unscored(reason) => panic!("{reason}"),
    }
}

#[test]
fn lists_of_labels_are_checked_before_anything_is_asked() {
    let messages = |assertion: Value| {
        let syntax: Syntax = serde_json::from_value(assertion).unwrap();
        let problems = syntax.compile().unwrap_err();
        problems
            .into_iter()
            .map(|it| format!("{}: {}", it.route.join("."), it.message))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        messages(
            json!({"type": "label", "labels": ["a", "A.", "{{ x }}", "", 1, null], "path": "$..a"})
        ),
        [
            r#"labels.1: "A" stands here twice: case, quotes and a full stop make no difference"#,
            "labels.2: a list of labels holds no templates",
            "labels.3: the label is empty",
            "labels.5: is null, not a text",
            "path: the path can find several values, and an answer has one label",
        ]
    );
    assert_eq!(
        messages(json!({"type": "label", "labels": [], "path": 1})),
        [
            "labels: `labels` is empty, so that no answer could pass",
            "path: is a number, not a path such as `$.label`",
        ]
    );
    assert_eq!(
        messages(json!({"type": "label", "labels": "a"})),
        ["labels: `labels` is a text, not a list"]
    );
    assert_eq!(
        messages(json!({"type": "label", "labels": ["a"], "value": "b"})),
        [r#"value: "b" is none of the `labels`"#]
    );
}

#[test]
fn what_cannot_be_judged_is_unscored_in_both_forms() {
    for name in ["number", "not-number"] {
        let reason = unscored(&json!({"type": name, "value": "{{ expected }}"}), "18", None);
        assert_eq!(reason, "the case has no `expected`");
        let reason =
            unscored(&json!({"type": name, "value": "{{ expected }}"}), "18", Some(json!("many")));
        assert_eq!(reason, r#""many" holds no number"#);
    }
    for (assertion, reason) in [
        (
            json!({"type": "contains", "value": "{{ variables.nope }}"}),
            "the case has no `variables.nope`",
        ),
        (
            json!({"type": "contains", "value": "{{ variables.user.zip }}"}),
            "the case has no `variables.user.zip`",
        ),
        (
            json!({"type": "contains", "value": "x{{ variables.nope }}"}),
            "`variables.nope` is undefined",
        ),
        (
            json!({"type": "contains", "value": "{{ '' }}"}),
            "the text is empty, which every answer contains",
        ),
        (
            json!({"type": "contains-all", "value": "{{ [] }}"}),
            "the list is empty, so that it would decide nothing",
        ),
        (
            json!({"type": "regex", "value": "{{ '(' }}"}),
            "is no valid regular expression: unclosed group",
        ),
        (
            json!({"type": "expression", "value": "json.label == 'x'"}),
            "the expression failed: `json.label` is undefined",
        ),
        (
            json!({"type": "expression", "value": "2"}),
            "the expression is 2; a score lies between 0 and 1",
        ),
        (
            json!({"type": "expression", "value": "0.0 / 0.0"}),
            "the expression failed: unable to calculate 0.0 / 0.0",
        ),
        (
            json!({"type": "expression", "value": "output"}),
            r#"the expression is a text, neither true or false nor a number: "x""#,
        ),
    ] {
        assert_eq!(unscored(&assertion, "x", Some(json!("refund"))), reason, "{assertion}");
    }
    let mut case = Case::new("x", None);
    case.answer = Answer::default();
    for (assertion, reason) in [
        (json!({"type": "latency", "threshold": 1}), "the latency of the answer is unknown"),
        (json!({"type": "not-tokens", "threshold": 1}), "the provider did not count tokens"),
        (json!({"type": "finish-reason", "value": "stop"}), "why the model stopped is unknown"),
    ] {
        assert_eq!(case.score(&compiled(&assertion)), Outcome::Unscored(reason.to_owned()));
    }
}

#[test]
fn templates_render_once_and_keep_types() {
    let value = |template: Value, expected: Value| {
        let assertion = compiled(&json!({"type": "equals", "value": template}));
        match Case::new("", Some(expected)).score(&assertion) {
            Outcome::Scored(verdict) => verdict.value.unwrap(),
            Outcome::Unscored(reason) => panic!("{reason}"),
        }
    };
    for (template, expected, rendered) in [
        (json!("{{ expected }}"), json!(18), json!(18)),
        (json!("{{expected}}"), json!([1, null]), json!([1, null])),
        (json!("{{ expected }}"), json!("{{ output }}"), json!("{{ output }}")),
        (json!("{{ variables.name }}"), json!(1), json!("Ada {{ expected }}")),
        (json!("{{ variables.user.city }}"), json!(1), json!("Bonn")),
        (json!("{{ variables['name'] }}"), json!(1), json!("Ada {{ expected }}")),
        (json!("{{ expected + 1 }}"), json!(18), json!(19)),
        (json!("{{ expected }} "), json!(18), json!("18 ")),
        (json!("{{ expected }}{{ expected }}"), json!(18), json!("1818")),
        (
            json!("{{ metadata.label }}-{{ variables.name }}"),
            json!(1),
            json!("refund-Ada {{ expected }}"),
        ),
        (
            json!({"a": ["{{ expected }}", "x"], "{{ b }}": 1}),
            json!(2),
            json!({"a": [2, "x"], "{{ b }}": 1}),
        ),
        (json!("{{ '}}' }}"), json!(1), json!("}}")),
        (json!("{% if expected %}yes{% endif %}"), json!(true), json!("yes")),
        (json!("{{ expected }}"), json!(null), json!(null)),
    ] {
        assert_eq!(value(template.clone(), expected), rendered, "{template}");
    }
}

#[test]
fn an_assertion_tells_what_it_uses() {
    let assertion = compiled(&json!({
        "type": "json-path", "value": "$.{{ variables.field }}",
        "equals": {"a": "{{ expected }}", "b": "{{ variables['city'] | upper }} {{ variables.user.name }}"},
    }));
    assert!(assertion.uses_expected());
    assert_eq!(assertion.variables_used(), ["city", "field", "user"].map(str::to_owned).into());
    let expression =
        compiled(&json!({"type": "expression", "value": "variables.a in output", "metric": "m"}));
    assert!(!expression.uses_expected());
    assert_eq!(expression.variables_used(), ["a".to_owned()].into());
    assert_eq!((expression.metric_name(), expression.threshold), ("m".to_owned(), Some(1.0)));
    assert_eq!(compiled(&json!({"type": "not-is-json"})).metric_name(), "not-is-json");
}

#[test]
fn scores_combine_by_weight() {
    let verdict =
        |score: f64, passed: bool| Verdict { score, ..Verdict::decided(passed, String::new()) };
    let (good, bad, half) = (verdict(1.0, true), verdict(0.0, false), verdict(0.5, true));
    assert_eq!(combine([(1.0, &good), (1.0, &bad)], None), Some((0.5, false)));
    assert_eq!(combine([(1.0, &good), (1.0, &bad)], Some(0.5)), Some((0.5, true)));
    assert_eq!(combine([(3.0, &good), (1.0, &bad)], Some(0.8)), Some((0.75, false)));
    assert_eq!(combine([(1.0, &good), (0.0, &bad)], None), Some((1.0, true)));
    assert_eq!(combine([(1.0, &half), (2.0, &half)], Some(0.5)), Some((0.5, true)));
    assert_eq!(combine([(0.0, &good)], None), None);
    assert_eq!(combine([], Some(0.0)), None);
    let tenths = [verdict(0.7, true), verdict(0.1, true), verdict(0.1, true)];
    let (score, passed) = combine(tenths.iter().map(|verdict| (1.0, verdict)), Some(0.3)).unwrap();
    assert!(passed, "{score}");
}

#[test]
fn references_are_a_list_where_expected_is_one() {
    let expected = json!(["a refund", "money back", 3]);
    for (kind, output, raw) in
        [("f1", "your money", 0.5), ("bleu", "3", 100.0), ("chrf", "moneyback", 100.0)]
    {
        let assertion = json!({"type": kind, "value": "{{ expected }}", "threshold": 0.5});
        let Outcome::Scored(verdict) =
            Case::new(output, Some(expected.clone())).score(&compiled(&assertion))
        else {
            panic!("{kind} leaves {output:?} unscored");
        };
        let found = verdict.raw.unwrap();
        assert!((found - raw).abs() < 1e-9, "{kind}: {found}");
        assert!((verdict.score - if raw > 1.0 { raw / 100.0 } else { raw }).abs() < 1e-12);
        assert_eq!((verdict.passed, verdict.value), (true, Some(expected.clone())));
    }
    for (expected, reason) in [
        (json!(null), "is null, not a text"),
        (json!([]), "the list is empty, so that there is nothing to compare with"),
        (json!(["a", {}]), "is a map, not a text"),
    ] {
        let assertion = json!({"type": "not-f1", "value": "{{ expected }}"});
        assert_eq!(unscored(&assertion, "x", Some(expected)), reason);
    }
}

#[test]
fn texts_that_take_too_long_are_unscored() {
    let long = "a b ".repeat(1 << 20);
    for (kind, reason) in [
        ("rouge-l", "the texts are too long to compare: 2097152 and 2097153 words"),
        ("rouge-lsum", "the texts are too long to compare: 2097152 and 2097153 words"),
    ] {
        let assertion = json!({"type": kind, "value": format!("{long} c")});
        assert_eq!(unscored(&assertion, &long, None), reason);
    }
    let huge = "a".repeat((16 << 20) + 1);
    let assertion = json!({"type": "f1", "value": "a"});
    assert_eq!(unscored(&assertion, &huge, None), "a text is too long to compare: 16777217 bytes");
}
