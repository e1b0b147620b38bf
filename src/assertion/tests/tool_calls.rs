//! What is said of the tools that a model asks for.

use serde_json::json;

use super::*;
use crate::message::{Tool, ToolCall};

/// A case with the tools `look` (of an order, by a number) and `stop`, and these calls.
fn case(calls: &[(&str, Value)]) -> Case {
    let mut case = Case::new("", None);
    let look = json!({"name": "look", "parameters": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}});
    case.tools = vec![
        serde_json::from_value::<Tool>(look).unwrap(),
        serde_json::from_value(json!({"name": "stop"})).unwrap(),
    ];
    case.answer.tool_calls = calls
        .iter()
        .map(|(name, arguments)| ToolCall {
            id: String::new(),
            name: (*name).to_owned(),
            arguments: arguments.clone(),
        })
        .collect();
    case
}

fn verdict(keys: &Value, calls: &[(&str, Value)]) -> (f64, bool, String) {
    let mut assertion = keys.clone();
    assertion["type"] = json!("tool-call");
    match case(calls).score(&compiled(&assertion)) {
        Outcome::Scored(verdict) => (verdict.score, verdict.passed, verdict.reason),
        Outcome::Unscored(reason) => panic!("{reason}"),
    }
}

#[test]
fn calls_are_judged_by_name_and_arguments() {
    let look = |id: Value| ("look", json!({"id": id}));
    for (keys, calls, score, passed, reason) in [
        (json!({}), vec![], 0.0, false, "no tool was called"),
        (json!({}), vec![look(json!(1)), ("stop", json!({}))], 1.0, true, "called `look`, `stop`"),
        (
            json!({}),
            vec![look(json!("1"))],
            0.0,
            false,
            "the arguments of `look` do not fit at /id: \"1\" is not of type \"integer\"",
        ),
        (json!({}), vec![("lok", json!({}))], 0.0, false, "`lok` is no tool of the prompt"),
        (
            json!({}),
            vec![("look", json!("{\"id\": "))],
            0.0,
            false,
            r#"the arguments of `look` are no JSON: "{\"id\": ""#,
        ),
        (json!({"value": "look"}), vec![], 0.0, false, "`look` was not called: no tool was"),
        (
            json!({"value": "look"}),
            vec![("stop", json!({}))],
            0.0,
            false,
            "`look` was not called; called `stop`",
        ),
        (
            json!({"value": "look"}),
            vec![("stop", json!({})), look(json!(1))],
            1.0,
            true,
            "called `stop`, `look`",
        ),
        (
            json!({"value": "look", "only": true}),
            vec![("stop", json!({})), look(json!(1))],
            0.0,
            false,
            "`stop` was called besides",
        ),
        (
            json!({"value": {"name": "look", "equals": {"id": 7}}}),
            vec![look(json!(7.0))],
            1.0,
            true,
            "called `look`",
        ),
        (
            json!({"value": {"name": "look", "equals": {"id": 7}}}),
            vec![look(json!(8))],
            0.0,
            false,
            r#"the arguments of `look` is {"id":8}, expected {"id":7}"#,
        ),
        (
            json!({"value": {"name": "find", "arguments": {"required": ["q"]}}}),
            vec![("find", json!({"q": 1}))],
            1.0,
            true,
            "called `find`",
        ),
        // The first call serves the second wish, since only the other one serves the first.
        (
            json!({"value": [{"name": "look", "arguments": {}}, {"name": "look", "equals": {"id": 1}}]}),
            vec![look(json!(1)), look(json!(2))],
            1.0,
            true,
            "called `look`, `look`",
        ),
        (
            json!({"value": ["look", "look", "stop", "find"]}),
            vec![look(json!(1)), ("stop", json!({}))],
            0.5,
            false,
            "`look` was not called; called `look`, `stop`, and 1 more of 4",
        ),
    ] {
        assert_eq!(verdict(&keys, &calls), (score, passed, reason.to_owned()), "{keys} {calls:?}");
    }
}

#[test]
fn without_tools_only_names_can_be_judged() {
    let mut case = case(&[("look", json!({}))]);
    case.tools.clear();
    assert_eq!(
        case.score(&compiled(&json!({"type": "not-tool-call"}))),
        Outcome::Unscored("the prompt declares no tools".to_owned())
    );
    let Outcome::Scored(verdict) =
        case.score(&compiled(&json!({"type": "tool-call", "value": "look"})))
    else {
        panic!()
    };
    assert!(verdict.passed);
}
