//! Assertions whose verdict is known before there is an answer, and those that an empty answer passes.

use super::*;

/// What one rule says of assertions over [`GREET`].
fn of_greet(code: &str, assertions: &str) -> Vec<String> {
    let suite = format!(
        "prompts: [greet]\ncases: [{{id: a, variables: {{name: Ada}}}}]\nassert: {assertions}\n"
    );
    let found = findings(code, &[GREET, ("evals/greet.yaml", &suite)]);
    found.iter().map(|said| said.split(": ").skip(1).collect::<Vec<_>>().join(": ")).collect()
}

/// What one rule says of assertions over [`SORT`], with cases.
fn of_sort(code: &str, assertions: &str, rows: &str) -> Vec<String> {
    let suite = format!("prompts: [sort]\ndataset: datasets/d.jsonl\nassert: {assertions}\n");
    findings(code, &[SORT, ("datasets/d.jsonl", rows), ("evals/sort.yaml", &suite)])
}

#[test]
fn verdicts_that_no_answer_changes() {
    for (assertion, always, never) in [
        ("{type: min-length, value: 0}", "every answer has at least 0 characters", ""),
        ("{type: not-min-length, value: 0}", "", "every answer has at least 0 characters"),
        ("{type: max-length, value: 0}", "", "only an empty answer has at most 0 characters"),
        ("{type: word-count, value: {min: 0}}", "every answer has at least 0 words", ""),
        ("{type: word-count, value: 0}", "", "only an empty answer has 0 words"),
        ("{type: word-count, value: {min: 0, max: 9}}", "", ""),
        ("{type: json-schema, value: false}", "", "no value fits the schema `false`"),
        (
            "{type: similarity-ratio, value: x, threshold: 0}",
            "every score reaches a threshold of 0",
            "",
        ),
        ("{type: similarity-ratio, value: x, threshold: 0.1}", "", ""),
        ("{type: bleu, value: x, threshold: 0}", "every score reaches a threshold of 0", ""),
        ("{type: f1, value: ' '}", "", "every answer scores 0 against an empty reference"),
        ("{type: exact-match, value: ''}", "", ""),
        ("{type: exact-match, value: '{{ output }}'}", "the answer is compared with itself", ""),
        ("{type: equals, value: '{{ output }}'}", "the answer is compared with itself", ""),
        ("{type: equals, value: '{{ expected }}'}", "", ""),
        ("{type: regex, value: '{{ expected }}*'}", "", ""),
        ("{type: regex, value: '^Hello'}", "", ""),
        ("{type: cost, threshold: 0}", "", ""),
    ] {
        let wanted = |text: &str| if text.is_empty() { vec![] } else { vec![text.to_owned()] };
        let list = format!("[{assertion}]");
        assert_eq!(of_greet("D557", &list), wanted(always), "{assertion}");
        assert_eq!(of_greet("D576", &list), wanted(never), "{assertion}");
    }
}

#[test]
fn contracts_rule_out_constants() {
    let said = |assertion: &str| {
        of_sort("D576", &format!("[{assertion}]"), "{\"id\": \"a\", \"ticket\": \"x\"}\n")
    };
    for (assertion, expected) in [
        (
            "{type: json-path, value: $.label, equals: refnud}",
            "3:52 D576 the assertion `json-path` passes for no answer of `sort`: `refnud` is none of `refund`, `bug`",
        ),
        (
            "{type: json-path, value: $.urgency, equals: '2'}",
            "3:54 D576 the assertion `json-path` passes for no answer of `sort`: the value must be a whole number, not a text",
        ),
        (
            "{type: json-path, value: $.labels}",
            "3:35 D576 the assertion `json-path` passes for no answer of `sort`: the schema has no property `labels`",
        ),
        (
            "{type: equals, value: refund}",
            "3:32 D576 the assertion `equals` passes for no answer of `sort`: the answer is JSON, and this text is none",
        ),
        (
            "{type: equals, value: {label: other}}",
            "3:32 D576 the assertion `equals` passes for no answer of `sort`: `other` is none of `refund`, `bug`",
        ),
    ] {
        assert_eq!(said(assertion), [format!("evals/sort.yaml:{expected}")], "{assertion}");
    }
    for assertion in [
        "{type: json-path, value: $.label, equals: bug}",
        "{type: json-path, value: '$..labels'}",
        "{type: not-json-path, value: $.labels}",
        "{type: equals, value: {label: bug, urgency: 1}}",
        "{type: equals, value: '{\"label\": \"bug\"}'}",
        "{type: json-path, value: $.label, equals: '{{ expected }}'}",
        "{type: contains, value: refnud}",
    ] {
        assert_eq!(said(assertion), [""; 0], "{assertion}");
    }
}

#[test]
fn contracts_rule_out_what_cases_expect() {
    let rows = r#"{"id": "a", "ticket": "x", "expected": {"label": "refnud", "urgency": 1}}
{"id": "b", "ticket": "y", "expected": {"label": "bug", "urgency": "2"}}
{"id": "c", "ticket": "z", "expected": {"label": "refnud", "urgency": 3}}
"#;
    let label = "{type: json-path, value: $.label, equals: '{{ expected.label }}'}";
    let urgency = "{type: json-path, value: $.urgency, equals: '{{ expected.urgency }}'}";
    assert_eq!(
        of_sort("D563", &format!("[{label}, {urgency}]"), rows),
        [
            "datasets/d.jsonl:1:1 D563 case `a` (and one more case) expects what no answer of `sort` can be: `refnud` is none of `refund`, `bug`",
            "datasets/d.jsonl:2:1 D563 case `b` expects what no answer of `sort` can be: the value must be a whole number, not a text",
        ]
    );
    assert_eq!(of_sort("D563", "[{type: equals, value: '{{ expected }}'}]", rows).len(), 2);
    for other in [
        "{type: not-json-path, value: $.label, equals: '{{ expected.label }}'}",
        "{type: contains, value: '{{ expected.label }}'}",
        "{type: json-path, value: $.label, equals: 'x{{ expected.label }}'}",
        "{type: json-path, value: $.other, equals: '{{ expected.label }}'}",
    ] {
        assert_eq!(of_sort("D563", &format!("[{other}]"), rows), [""; 0], "{other}");
    }
}

#[test]
fn parts_of_expected_that_are_not_there() {
    let rows = r#"{"id": "a", "ticket": "x", "expected": {"label": "bug"}}
{"id": "b", "ticket": "y", "expected": "bug"}
{"id": "c", "ticket": "z"}
{"id": "d", "ticket": "z", "expected": "{\"label\": \"bug\"}"}
"#;
    assert_eq!(
        of_sort(
            "D561",
            "[{type: json-path, value: $.label, equals: '{{ expected.label }}'}]",
            rows
        ),
        [
            "datasets/d.jsonl:2:1 D561 case `b` has no `expected.label`, which the assertion `json-path` uses",
            "datasets/d.jsonl:3:1 D561 case `c` has no `expected`, which the assertion `json-path` uses",
            "datasets/d.jsonl:4:1 D561 case `d` has no `expected.label`, which the assertion `json-path` uses",
        ]
    );
}

#[test]
fn empty_answers_pass_negative_assertions_alone() {
    for (assertions, found) in [
        ("[{type: not-contains, value: x}]", true),
        ("[{type: not-contains, value: x}, {type: latency, threshold: 9}]", true),
        ("[{type: not-contains, value: x}, {type: contains, value: y, weight: 0}]", true),
        ("[{type: word-count, value: {max: 9}}]", true),
        ("[{type: not-number, value: 3}]", true),
        ("[{type: latency, threshold: 9}]", false),
        ("[{type: not-contains, value: x}, {type: contains, value: y}]", false),
        ("[{type: not-contains, value: x}, {type: is-json}]", false),
        ("[{type: not-max-length, value: 3}]", false),
        ("[{type: not-contains, value: x}, {type: word-count, value: {min: 1, max: 9}}]", false),
        ("[{type: not-contains, value: x}, {type: expression, value: output}]", false),
        ("[{type: not-contains, value: x}, {type: contian, value: y}]", false),
    ] {
        assert_eq!(!of_greet("D565", assertions).is_empty(), found, "{assertions}");
    }
}

#[test]
fn cases_with_assertions_of_their_own_are_judged_by_themselves() {
    let suite = "prompts: [greet]
cases:
  - {id: a, variables: {name: Ada}, assert: [{type: not-contains, value: x}]}
  - {id: b, variables: {name: Bea}, assert: [{type: contains, value: x}]}
assert: [{type: not-contains, value: y}]
";
    assert_eq!(
        findings("D565", &[GREET, ("evals/greet.yaml", suite)]),
        [
            "evals/greet.yaml:3:37 D565 an empty answer to case `a` passes: no assertion says what an answer must be"
        ]
    );
}

#[test]
fn expressions_that_do_not_look_at_the_answer() {
    for (expression, found) in [
        ("expected == 1", true),
        ("true", true),
        ("variables.name | length > 2", true),
        ("variables.name in output", false),
        ("json.label == expected", false),
        ("output | length > 2", false),
    ] {
        let list = format!("[{{type: expression, value: \"{expression}\"}}]");
        assert_eq!(!findings_expression(&list).is_empty(), found, "{expression}");
    }
}

fn findings_expression(assertions: &str) -> Vec<String> {
    let suite = format!(
        "prompts: [greet]\ncases: [{{id: a, variables: {{name: Ada}}, expected: 1}}]\nassert: {assertions}\n"
    );
    findings("D579", &[GREET, ("evals/greet.yaml", &suite)])
}

#[test]
fn contracts_of_prompts_have_assertions_too() {
    let prompt = "messages: [{role: user, content: x}]
output:
  format: json
  schema: {properties: {label: {enum: [a, b]}}}
  assert: [{type: regex, value: a*}, {type: json-path, value: $.label, equals: c}, {type: expression, value: '1 == 1'}]
";
    assert_eq!(
        found(&[("prompts/p.yaml", prompt)]),
        [
            "prompts/p.yaml:5:33 D557 the assertion `regex` passes whatever the answer is: `a*` matches every text, the empty one included",
            "prompts/p.yaml:5:80 D576 the assertion `json-path` passes for no answer of `p`: `c` is none of `a`, `b`",
            "prompts/p.yaml:5:110 D579 `expression` does not look at the answer",
        ]
    );
}
