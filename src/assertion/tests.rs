//! What the types say about answers, and what is said about assertions that are wrong.

use serde_json::json;

use super::*;
use crate::message::Usage;

fn syntax(value: &Value) -> Syntax {
    serde_json::from_value(value.clone()).unwrap()
}

fn compiled(value: &Value) -> Assertion {
    syntax(value)
        .compile()
        .unwrap_or_else(|problems| panic!("{value}: {problems:?}"))
}

/// The case of all tests: an expected text, a variable, metadata.
struct Case {
    answer: Answer,
    expected: Option<Value>,
    variables: Value,
    metadata: Value,
}

impl Case {
    fn new(output: &str, expected: Option<Value>) -> Self {
        let answer = Answer {
            output: output.to_owned(),
            finish: Some("stop".to_owned()),
            usage: Some(Usage {
                input_tokens: 100,
                output_tokens: 20,
                ..Usage::default()
            }),
            latency_ms: Some(812.5),
            ..Answer::default()
        };
        let variables = json!({"name": "Ada {{ expected }}", "limit": 3, "user": {"city": "Bonn"}});
        Self {
            answer,
            expected,
            variables,
            metadata: json!({"label": "refund"}),
        }
    }

    fn score(&self, assertion: &Assertion) -> Outcome {
        assertion.score(&Subject {
            output: &self.answer.output,
            answer: &self.answer,
            expected: self.expected.as_ref(),
            variables: self.variables.as_object().unwrap(),
            metadata: self.metadata.as_object().unwrap(),
            cost_usd: Some(0.002),
        })
    }
}

/// Whether the assertion passes for an answer, and what it says.
fn judged(assertion: &Value, output: &str) -> (bool, String) {
    match Case::new(output, Some(json!("refund"))).score(&compiled(assertion)) {
        Outcome::Scored(verdict) => (verdict.passed, verdict.reason),
        Outcome::Unscored(reason) => panic!("{assertion} leaves {output:?} unscored: {reason}"),
    }
}

fn unscored(assertion: &Value, output: &str, expected: Option<Value>) -> String {
    match Case::new(output, expected).score(&compiled(assertion)) {
        Outcome::Unscored(reason) => reason,
        Outcome::Scored(verdict) => panic!("{assertion} judges {output:?}: {verdict:?}"),
    }
}

fn problems(assertion: &Value) -> Vec<(String, String)> {
    let problems = syntax(assertion)
        .compile()
        .expect_err(&assertion.to_string());
    problems
        .into_iter()
        .map(|problem| (problem.route.join("."), problem.message))
        .collect()
}

#[test]
fn each_type_says_what_it_sees() {
    for (assertion, output, passes, reason) in [
        (
            json!({"type": "equals", "value": "a"}),
            "a",
            true,
            r#"is "a""#,
        ),
        (
            json!({"type": "equals", "value": "a"}),
            "b",
            false,
            r#"is "b", expected "a""#,
        ),
        (
            json!({"type": "equals", "value": "a"}),
            "a\n",
            false,
            r#"is "a\n", expected "a"; they differ in the space around them"#,
        ),
        (
            json!({"type": "equals", "value": {"a": 1}}),
            r#"{ "a": 1.0 }"#,
            true,
            r#"is {"a":1.0}"#,
        ),
        (
            json!({"type": "equals", "value": 18}),
            "\"18\"",
            false,
            r#"the answer is "18" (a text), expected 18 (a number)"#,
        ),
        (
            json!({"type": "iequals", "value": "ÄB"}),
            "äb",
            true,
            r#"is "äb""#,
        ),
        (
            json!({"type": "contains", "value": "refund"}),
            "a refund",
            true,
            r#"contains "refund""#,
        ),
        (
            json!({"type": "contains", "value": "refund"}),
            "no",
            false,
            r#"does not contain "refund""#,
        ),
        (
            json!({"type": "contains", "value": 42}),
            "is 42.",
            true,
            r#"contains "42""#,
        ),
        (
            json!({"type": "not-contains", "value": "refund"}),
            "no",
            true,
            r#"does not contain "refund""#,
        ),
        (
            json!({"type": "icontains", "value": "Refund"}),
            "REFUND",
            true,
            r#"contains "Refund""#,
        ),
        (
            json!({"type": "contains-any", "value": ["x", "y"]}),
            "a y",
            true,
            r#"contains "y""#,
        ),
        (
            json!({"type": "contains-any", "value": ["x", "y"]}),
            "a",
            false,
            "contains none of 2 texts",
        ),
        (
            json!({"type": "contains-all", "value": ["x", "y"]}),
            "xy",
            true,
            "contains all 2 texts",
        ),
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
        (
            json!({"type": "icontains-any", "value": ["X"]}),
            "x",
            true,
            r#"contains "X""#,
        ),
        (
            json!({"type": "starts-with", "value": "Dear"}),
            "Dear you",
            true,
            r#"starts with "Dear""#,
        ),
        (
            json!({"type": "ends-with", "value": "!"}),
            "no",
            false,
            r#"does not end with "!""#,
        ),
        (
            json!({"type": "regex", "value": r"\d{2}"}),
            "in 25 days",
            true,
            r#"matches with "25""#,
        ),
        (
            json!({"type": "regex", "value": "^{{ expected }}$"}),
            "refund",
            true,
            r#"matches with "refund""#,
        ),
        (
            json!({"type": "regex", "value": "x+"}),
            "no",
            false,
            "does not match `x+`",
        ),
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
        (
            json!({"type": "is-json", "value": {"type": "array"}}),
            "[]",
            true,
            "fits the schema",
        ),
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
        (
            json!({"type": "json-path", "value": "$.a"}),
            r#"{"a": null}"#,
            true,
            "$.a is null",
        ),
        (
            json!({"type": "not-json-path", "value": "$.a"}),
            r#"{"a": 0}"#,
            false,
            "$.a is 0",
        ),
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
        (
            json!({"type": "word-count", "value": 2}),
            " a  b\n",
            true,
            "2 words, expected 2",
        ),
        (
            json!({"type": "word-count", "value": {"min": 1, "max": 2}}),
            "",
            false,
            "0 words, expected 1 to 2",
        ),
        (
            json!({"type": "max-length", "value": 3}),
            "äöüß",
            false,
            "4 characters, at most 3",
        ),
        (
            json!({"type": "min-length", "value": "{{ variables.limit }}"}),
            "a",
            false,
            "1 character, at least 3",
        ),
        (
            json!({"type": "cost", "threshold": 0.001}),
            "",
            false,
            "$0.002, at most $0.001",
        ),
        (
            json!({"type": "latency", "threshold": 1000}),
            "",
            true,
            "812.5 ms, at most 1000 ms",
        ),
        (
            json!({"type": "tokens", "threshold": 100}),
            "",
            false,
            "120 tokens, at most 100 tokens",
        ),
        (
            json!({"type": "tokens", "threshold": 100, "count": "output"}),
            "",
            true,
            "20 tokens, at most 100 tokens",
        ),
        (
            json!({"type": "finish-reason", "value": "STOP"}),
            "",
            true,
            r#"stopped by "stop""#,
        ),
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
    for (kind, value, output) in [
        ("similarity-ratio", json!("abcd"), "abxx"),
        ("contains", json!("a"), "a"),
    ] {
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
    for spec in &SPECS {
        let schema = schemars::schema_for!(Syntax).to_value().to_string();
        assert!(
            schema.contains(&format!("\"not-{}\"", spec.name)),
            "{}",
            spec.name
        );
    }
}

#[test]
fn what_cannot_be_judged_is_unscored_in_both_forms() {
    for name in ["number", "not-number"] {
        let reason = unscored(
            &json!({"type": name, "value": "{{ expected }}"}),
            "18",
            None,
        );
        assert_eq!(reason, "the case has no `expected`");
        let reason = unscored(
            &json!({"type": name, "value": "{{ expected }}"}),
            "18",
            Some(json!("many")),
        );
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
        assert_eq!(
            unscored(&assertion, "x", Some(json!("refund"))),
            reason,
            "{assertion}"
        );
    }
    let mut case = Case::new("x", None);
    case.answer = Answer::default();
    for (assertion, reason) in [
        (
            json!({"type": "latency", "threshold": 1}),
            "the latency of the answer is unknown",
        ),
        (
            json!({"type": "not-tokens", "threshold": 1}),
            "the provider did not count tokens",
        ),
        (
            json!({"type": "finish-reason", "value": "stop"}),
            "why the model stopped is unknown",
        ),
    ] {
        assert_eq!(
            case.score(&compiled(&assertion)),
            Outcome::Unscored(reason.to_owned())
        );
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
        (
            json!("{{ expected }}"),
            json!("{{ output }}"),
            json!("{{ output }}"),
        ),
        (
            json!("{{ variables.name }}"),
            json!(1),
            json!("Ada {{ expected }}"),
        ),
        (json!("{{ variables.user.city }}"), json!(1), json!("Bonn")),
        (
            json!("{{ variables['name'] }}"),
            json!(1),
            json!("Ada {{ expected }}"),
        ),
        (json!("{{ expected + 1 }}"), json!(18), json!(19)),
        (json!("{{ expected }} "), json!(18), json!("18 ")),
        (
            json!("{{ expected }}{{ expected }}"),
            json!(18),
            json!("1818"),
        ),
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
        (
            json!("{% if expected %}yes{% endif %}"),
            json!(true),
            json!("yes"),
        ),
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
    assert_eq!(
        assertion.variables_used(),
        ["city", "field", "user"].map(str::to_owned).into()
    );
    let expression =
        compiled(&json!({"type": "expression", "value": "variables.a in output", "metric": "m"}));
    assert!(!expression.uses_expected());
    assert_eq!(expression.variables_used(), ["a".to_owned()].into());
    assert_eq!(
        (expression.metric_name(), expression.threshold),
        ("m".to_owned(), Some(1.0))
    );
    assert_eq!(
        compiled(&json!({"type": "not-is-json"})).metric_name(),
        "not-is-json"
    );
}

#[test]
fn all_problems_are_found_before_any_answer() {
    for (assertion, expected) in [
        (json!({}), vec![("", "an assertion needs a `type`")]),
        (
            json!({"type": 3}),
            vec![("type", "`type` must be a text, such as `contains`")],
        ),
        (
            json!({"type": "contians", "value": "x"}),
            vec![("type", "`contians` is no type of assertion")],
        ),
        (
            json!({"type": "not-not-contains"}),
            vec![("type", "`not-not-contains` is no type of assertion")],
        ),
        (
            json!({"type": "contains"}),
            vec![("", "`contains` needs a `value`: a text")],
        ),
        (
            json!({"type": "latency", "value": 5}),
            vec![
                ("value", "`latency` takes no `value`"),
                (
                    "",
                    "`latency` needs a `threshold`: the most that passes, in milliseconds",
                ),
            ],
        ),
        (
            json!({"type": "contains", "value": ["a"], "threshold": 0.5, "weight": -1, "metric": "", "tolerance": 1, "wieght": 1}),
            vec![
                ("threshold", "`contains` takes no `threshold`"),
                ("tolerance", "`contains` has no key `tolerance`"),
                ("wieght", "`contains` has no key `wieght`"),
                ("weight", "`weight` must be a number from 0"),
                ("metric", "`metric` is empty"),
                ("value", "is a list, not a text"),
            ],
        ),
        (
            json!({"type": "contains", "value": ""}),
            vec![("value", "the text is empty, which every answer contains")],
        ),
        (
            json!({"type": "contains", "value": null}),
            vec![("value", "is null, not a text")],
        ),
        (
            json!({"type": "contains-any", "value": "a, b"}),
            vec![("value", "is a text, not a list of texts")],
        ),
        (
            json!({"type": "contains-any", "value": []}),
            vec![(
                "value",
                "the list is empty, so that it would decide nothing",
            )],
        ),
        (
            json!({"type": "contains-any", "value": ["a", {}]}),
            vec![("value.1", "is a map, not a text")],
        ),
        (
            json!({"type": "similarity-ratio", "value": "a", "threshold": 75}),
            vec![(
                "threshold",
                "`threshold` must be a number from 0 to 1: the least score that passes",
            )],
        ),
        (
            json!({"type": "levenshtein", "value": "a", "threshold": "5"}),
            vec![(
                "threshold",
                "`threshold` must be a number from 0: the greatest raw value that passes",
            )],
        ),
        (
            json!({"type": "regex", "value": "(a"}),
            vec![("value", "is no valid regular expression: unclosed group")],
        ),
        (
            json!({"type": "regex", "value": "(?!a)b"}),
            vec![(
                "value",
                "uses look-around (`(?=`, `(?!`, `(?<=`, `(?<!`), which `regex` does not have",
            )],
        ),
        (
            json!({"type": "regex", "value": r"(a)\1"}),
            vec![(
                "value",
                "uses a back-reference (such as `\\1`), which `regex` does not have",
            )],
        ),
        (
            json!({"type": "regex", "value": "(a{1000}){1000}"}),
            vec![("value", "the regular expression is too large")],
        ),
        (
            json!({"type": "json-schema", "value": {"properties": {"a": {"type": "strin"}}}}),
            vec![(
                "value.properties.a.type",
                "is no valid JSON Schema: \"strin\" is not valid under any of the schemas listed in the 'anyOf' keyword",
            )],
        ),
        (
            json!({"type": "json-schema", "value": "{}"}),
            vec![("value", "is a text, not a JSON Schema")],
        ),
        (
            json!({"type": "json-path", "value": "label", "equals": "{{ expcted }}"}),
            vec![
                (
                    "value",
                    "`label` is no valid JSONPath at character 1: a path starts with `$`, the answer itself",
                ),
                ("equals", "uses `expcted`, which an assertion does not know"),
            ],
        ),
        (
            json!({"type": "number", "value": "many"}),
            vec![("value", "\"many\" holds no number")],
        ),
        (
            json!({"type": "number", "value": 1, "relative": -0.1}),
            vec![("relative", "`relative` must be a number from 0")],
        ),
        (
            json!({"type": "expression", "value": "{{ output }}"}),
            vec![("value", "an expression is written without `{{ }}`")],
        ),
        (
            json!({"type": "expression", "value": "ticket == 'x'"}),
            vec![("value", "uses `ticket`, which an assertion does not know")],
        ),
        (
            json!({"type": "expression", "value": "output | lenght < 3"}),
            vec![("value", "uses the filter `lenght`, which does not exist")],
        ),
        (
            json!({"type": "expression", "value": "output is not strng"}),
            vec![("value", "uses the test `strng`, which does not exist")],
        ),
        (
            json!({"type": "contains-all", "value": ["a", "{{ b }}", "{% include 'c' %}"]}),
            vec![
                ("value.1", "uses `b`, which an assertion does not know"),
                (
                    "value.2",
                    "uses `include`; an assertion cannot read other files",
                ),
            ],
        ),
        (
            json!({"type": "word-count", "value": {"min": 3, "max": 2}}),
            vec![("value", "`min` 3 is greater than `max` 2")],
        ),
        (
            json!({"type": "word-count", "value": {"least": 3}}),
            vec![("value.least", "is none of `min` and `max`")],
        ),
        (
            json!({"type": "max-length", "value": 1.5}),
            vec![("value", "1.5 is no count; it must be a whole number from 0")],
        ),
        (
            json!({"type": "tokens", "threshold": 1, "count": "all"}),
            vec![("count", "is none of `total`, `input`, `output`")],
        ),
    ] {
        let expected: Vec<(String, String)> = expected
            .into_iter()
            .map(|(route, message)| (route.to_owned(), message.to_owned()))
            .collect();
        assert_eq!(problems(&assertion), expected, "{assertion}");
    }
    let [problem] = &problems(&json!({"type": "contains", "value": "{{ expected"}))[..] else {
        panic!()
    };
    assert!(
        problem
            .1
            .starts_with("is no valid template: unexpected end of input"),
        "{problem:?}"
    );
    let [problem] = &problems(&json!({"type": "expression", "value": "output <"}))[..] else {
        panic!()
    };
    assert!(
        problem.1.starts_with("is no valid expression: "),
        "{problem:?}"
    );
}

#[test]
fn a_misspelt_or_foreign_type_is_answered_with_the_right_one() {
    let help = |name: &str| {
        syntax(&json!({"type": name}))
            .compile()
            .unwrap_err()
            .remove(0)
            .help
    };
    assert_eq!(help("contain"), ["did you mean `contains`?"]);
    assert_eq!(help("not-regx"), ["did you mean `not-regex`?"]);
    assert_eq!(
        help("javascript"),
        ["write an `expression`, such as `value: output | length < 100`"]
    );
    assert!(help("zebra")[0].starts_with("the types are equals, iequals, "));
}

#[test]
fn scores_combine_by_weight() {
    let verdict = |score: f64, passed: bool| Verdict {
        score,
        ..Verdict::decided(passed, String::new())
    };
    let (good, bad, half) = (verdict(1.0, true), verdict(0.0, false), verdict(0.5, true));
    assert_eq!(
        combine([(1.0, &good), (1.0, &bad)], None),
        Some((0.5, false))
    );
    assert_eq!(
        combine([(1.0, &good), (1.0, &bad)], Some(0.5)),
        Some((0.5, true))
    );
    assert_eq!(
        combine([(3.0, &good), (1.0, &bad)], Some(0.8)),
        Some((0.75, false))
    );
    assert_eq!(
        combine([(1.0, &good), (0.0, &bad)], None),
        Some((1.0, true))
    );
    assert_eq!(
        combine([(1.0, &half), (2.0, &half)], Some(0.5)),
        Some((0.5, true))
    );
    assert_eq!(combine([(0.0, &good)], None), None);
    assert_eq!(combine([], Some(0.0)), None);
    let tenths = [verdict(0.7, true), verdict(0.1, true), verdict(0.1, true)];
    let (score, passed) = combine(tenths.iter().map(|verdict| (1.0, verdict)), Some(0.3)).unwrap();
    assert!(passed, "{score}");
}

#[test]
fn the_page_has_every_type_once() {
    let page = table_markdown();
    for spec in &SPECS {
        assert_eq!(
            page.matches(&format!("\n| `{}` |", spec.name)).count(),
            1,
            "{}",
            spec.name
        );
    }
    assert!(SPECS.is_sorted_by_key(|spec| spec.family));
    assert!(
        page.lines()
            .filter(|line| line.starts_with('|'))
            .all(|line| { line.replace("\\|", "").matches('|').count() == 7 })
    );
}

#[test]
fn the_schema_accepts_what_compiles_and_refuses_unknown_keys() {
    let schema = schemars::schema_for!(Syntax).to_value();
    let validator = jsonschema::options().offline().build(&schema).unwrap();
    assert!(
        validator.is_valid(&json!({"type": "not-number", "value": 1, "tolerance": 2, "weight": 0}))
    );
    assert!(!validator.is_valid(&json!({"type": "number"})));
    assert!(!validator.is_valid(&json!({"type": "cost"})));
    assert!(!validator.is_valid(&json!({"type": "contains", "value": "x", "valu": 1})));
    assert!(!validator.is_valid(&json!({"type": "contians", "value": "x"})));
}

mod any_text {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever a model writes: a verdict, in one bounded line, with a score in [0, 1].
        #[test]
        fn is_judged_without_a_panic(
            output in r#"(\PC|[\x00-\x1f]|[0-9.,$e−^×-]|[{}\[\]",:`~]|</?think>|```json\n){0,40}"#,
            expected in r#"(\PC|[0-9.,]|"|\{){0,10}"#,
        ) {
            for spec in &SPECS {
                let mut keys = json!({"type": spec.name});
                if spec.value != ValueRule::None {
                    keys["value"] = match spec.name {
                        "is-json" | "json-schema" => json!({"type": "object"}),
                        "expression" => json!("json == expected or output in expected"),
                        "json-path" => json!("$..a"),
                        _ => json!("{{ expected }}"),
                    };
                }
                if spec.threshold == (Threshold::Ceiling { default: None }) {
                    keys["threshold"] = json!(1);
                }
                match Case::new(&output, Some(json!(expected))).score(&compiled(&keys)) {
                    Outcome::Scored(verdict) => {
                        prop_assert!((0.0..=1.0).contains(&verdict.score), "{} {verdict:?}", spec.name);
                        prop_assert!(verdict.reason.chars().all(|c| !c.is_control()), "{verdict:?}");
                        prop_assert!(verdict.reason.len() < 3000, "{verdict:?}");
                    }
                    Outcome::Unscored(reason) => prop_assert!(!reason.is_empty()),
                }
            }
            let steps = ["strip-thinking", "json", "code", "after:a", "regex:b"].map(str::to_owned);
            let extracted = Extract::compile(&steps).unwrap().apply(&output);
            prop_assert!(extracted.repaired.is_none() || extracted.failed.is_none());
        }

        #[test]
        fn is_a_number_at_most_once(output in r"[0-9.,$%eE×x^⁻³ −-]{0,30}") {
            if let Some(number) = super::super::number::last_number(&output) {
                let again = super::super::number::last_number(&number.to_string());
                prop_assert_eq!(again, Some(number));
            }
        }

        #[test]
        fn is_a_path_or_a_problem(path in r#"\$([.\[\]'"*:,?a1\\u-]|\.\.|\[1\]|é){0,12}"#) {
            if let Ok(path) = JsonPath::parse(&path) {
                let value = json!({"a": [[1], {"a": 2}]});
                prop_assert!(path.find(&value).is_ok());
            }
        }
    }
}
