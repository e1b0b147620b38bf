//! What is said about assertions that are wrong; the schema and the page that describe the right ones.

use serde_json::json;

use super::*;

#[test]
fn all_problems_are_found_before_any_answer() {
    for (assertion, expected) in [
        (json!({}), vec![("", "an assertion needs a `type`")]),
        (json!({"type": 3}), vec![("type", "`type` must be a text, such as `contains`")]),
        (
            json!({"type": "contians", "value": "x"}),
            vec![("type", "`contians` is no type of assertion")],
        ),
        (
            json!({"type": "not-not-contains"}),
            vec![("type", "`not-not-contains` is no type of assertion")],
        ),
        (json!({"type": "contains"}), vec![("", "`contains` needs a `value`: a text")]),
        (
            json!({"type": "latency", "value": 5}),
            vec![
                ("value", "`latency` takes no `value`"),
                ("", "`latency` needs a `threshold`: the most that passes, in milliseconds"),
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
        (json!({"type": "contains", "value": null}), vec![("value", "is null, not a text")]),
        (
            json!({"type": "contains-any", "value": "a, b"}),
            vec![("value", "is a text, not a list of texts")],
        ),
        (
            json!({"type": "contains-any", "value": []}),
            vec![("value", "the list is empty, so that it would decide nothing")],
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
            json!({"type": "rouge-l", "value": [], "stem": "yes"}),
            vec![("stem", "`stem` must be true or false")],
        ),
        (
            json!({"type": "bleu", "value": ["a", []], "stem": true}),
            vec![("stem", "`bleu` has no key `stem`"), ("value.1", "is a list, not a text")],
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
            vec![("value", "uses a back-reference (such as `\\1`), which `regex` does not have")],
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
        (json!({"type": "number", "value": "many"}), vec![("value", "\"many\" holds no number")]),
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
                ("value.2", "uses `include`; an assertion cannot read other files"),
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
            json!({"type": "language", "value": ["de", "german", "xx"]}),
            vec![("value.1", "\"german\" is no language that can be told")],
        ),
        (
            json!({"type": "script", "value": "Latn, Grek"}),
            vec![("value", "\"Latn, Grek\" is no script of Unicode")],
        ),
        (
            json!({"type": "repetition", "ngram": 0}),
            vec![("ngram", "`ngram` must be a whole number from 1 to 20")],
        ),
        (
            json!({"type": "lexical-diversity", "measure": "ttr", "window": 10}),
            vec![("window", "only `mattr` has a `window`")],
        ),
        (
            json!({"type": "lexical-diversity", "measure": "hdd"}),
            vec![("measure", "is none of `mattr`, `ttr`, `mtld`")],
        ),
        (
            json!({"type": "choice", "value": ["A", "(a)"]}),
            vec![("value.1", "\"(a)\" is there twice, case and marks aside")],
        ),
        (
            json!({"type": "choice", "value": ["A", "B"], "equals": "E"}),
            vec![("equals", "\"E\" is none of the choices")],
        ),
        (
            json!({"type": "choice", "value": "A"}),
            vec![("value", "is a text, not a list of texts")],
        ),
        (
            json!({"type": "quality", "value": "analytic", "words": 0}),
            vec![
                ("value", "\"analytic\" is no preset"),
                ("words", "`words` must be a whole number from 1 to 1000000"),
            ],
        ),
        (
            json!({"type": "no-pii", "value": ["email", "e-mail"]}),
            vec![("value.1", "\"e-mail\" is nothing that is looked for")],
        ),
        (
            json!({"type": "tool-call", "value": [{"name": "a", "arguments": {"type": "strin"}}]}),
            vec![(
                "value.0.arguments.type",
                "is no valid JSON Schema: \"strin\" is not valid under any of the schemas listed in the 'anyOf' keyword",
            )],
        ),
        (
            json!({"type": "tool-call", "value": {"nme": "a"}, "only": 1}),
            vec![("only", "`only` must be `true` or `false`")],
        ),
        (
            json!({"type": "tool-call", "value": ["a", {"arguments": {}}]}),
            vec![("value.1", "has no `name`")],
        ),
        (
            json!({"type": "token-efficiency", "value": 0}),
            vec![("value", "0 is no number of characters; it must be a number above 0")],
        ),
        (
            json!({"type": "contains", "value": "x", "extract": ["json", "jsn"]}),
            vec![("extract.1", "`jsn` is no step of extraction")],
        ),
        (
            json!({"type": "contains", "value": "x", "extract": "jsn"}),
            vec![("extract", "`jsn` is no step of extraction")],
        ),
        (
            json!({"type": "contains", "value": "x", "extract": {}}),
            vec![("extract", "is a map, not a step or a list of steps")],
        ),
        (
            json!({"type": "finish-reason", "value": "stop", "extract": "json"}),
            vec![("extract", "`finish-reason` looks at the call, so that it takes no `extract`")],
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
    assert!(problem.1.starts_with("is no valid template: unexpected end of input"), "{problem:?}");
    let [problem] = &problems(&json!({"type": "expression", "value": "output <"}))[..] else {
        panic!()
    };
    assert!(problem.1.starts_with("is no valid expression: "), "{problem:?}");
}

#[test]
fn a_misspelt_or_foreign_type_is_answered_with_the_right_one() {
    let help = |name: &str| syntax(&json!({"type": name})).compile().unwrap_err().remove(0).help;
    assert_eq!(help("contain"), ["did you mean `contains`?"]);
    assert_eq!(help("not-regx"), ["did you mean `not-regex`?"]);
    assert_eq!(
        help("javascript"),
        ["write an `expression`, such as `value: output | length < 100`"]
    );
    assert_eq!(help("rouge-n"), ["write `rouge-1`, `rouge-2`, `rouge-l` or `rouge-lsum`"]);
    assert!(help("zebra")[0].starts_with("the types are equals, iequals, "));
}

#[test]
fn the_page_has_every_type_once() {
    let page = table_markdown();
    for spec in SPECS {
        assert_eq!(page.matches(&format!("\n| `{}` |", spec.name)).count(), 1, "{}", spec.name);
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
