//! Templates of requests, and where answers stand in bodies.

use super::*;
use crate::message::{Message, ModelSettings, Tool};

fn config(value: Value) -> ProviderConfig {
    let mut config = json!({"protocol": "http", "answer": "$.reply.text"});
    let (Value::Object(config), Value::Object(more)) = (&mut config, value) else { panic!() };
    config.extend(more);
    serde_json::from_value(Value::Object(config.clone())).unwrap()
}

fn compiled(value: Value) -> Exchange {
    Exchange::compile(&config(value)).unwrap()
}

fn problems(value: Value) -> Vec<String> {
    let problems = Exchange::compile(&config(value)).unwrap_err();
    let said = |problem: Problem| {
        let help = problem.help.map(|help| format!("; {help}")).unwrap_or_default();
        format!("{}: {}{help}", problem.route, problem.message)
    };
    problems.into_iter().map(said).collect()
}

fn request() -> Request {
    Request {
        model: ModelSettings {
            provider: "house".into(),
            name: "m".into(),
            temperature: Some(0.5),
            ..ModelSettings::default()
        },
        messages: vec![
            Message::text(Role::System, "Be brief."),
            Message::text(Role::User, "one \"two\"\n{{ three }}"),
        ],
        tools: Vec::new(),
        response: ResponseFormat::Text,
    }
}

#[test]
fn values_keep_their_types_and_nothing_is_rendered_twice() {
    let exchange = compiled(json!({"body": {
        "model": "{{ model }}",
        "text": "{{ prompt }}",
        "greeting": "To {{ model }}: {{ system }}",
        "turns": "{{ messages }}",
        "options": {"t": "{{ parameters.temperature }}", "seed": "{{ parameters.seed }}", "n": 1},
        "tools": "{{ tools }}",
        "list": ["{{ messages | length }}", "{{ parameters.seed }}", true, null],
    }}));
    assert_eq!(
        exchange.body(&request()),
        Ok(json!({
            "model": "m",
            "text": "one \"two\"\n{{ three }}",
            "greeting": "To m: Be brief.",
            "turns": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "one \"two\"\n{{ three }}"},
            ],
            "options": {"t": 0.5, "n": 1},
            "list": [2, null, true, null],
        }))
    );
    assert_eq!(exchange.lacks(&request()), None);
}

#[test]
fn what_is_wrong_is_found_before_anything_is_sent() {
    assert_eq!(
        problems(json!({"body": {"a": ["{{ promt }}"], "b": "{{ parameters.temprature }}"}})),
        [
            "body.a[0]: it uses `promt`, which a request does not have; did you mean `prompt`?",
            "body.b: it uses `parameters.temprature`, which a request does not have; did you mean `temperature`?",
        ]
    );
    assert_eq!(
        problems(json!({"body": "{{ prompt | shout }}"})),
        ["body: it uses the filter `shout`, which does not exist here"]
    );
    assert_eq!(
        problems(json!({"body": "{% include 'x' %}"})),
        ["body: it uses the tag `include`, which does not exist here"]
    );
    assert_eq!(problems(json!({"body": "{{ prompt"})).len(), 1);
    assert_eq!(
        problems(json!({"body": {}, "answer": "reply"})),
        [
            "answer: `reply` is no valid JSONPath at character 1: a path starts with `$`, the answer itself"
        ]
    );
    assert_eq!(
        problems(json!({"body": {}, "answer": "$..text"})),
        [
            "answer: `$..text` can find more than one value; name one place, such as `$.choices[0].text`"
        ]
    );
    assert_eq!(problems(json!({"body": {}, "usage": {"input": "$.in", "output": "out"}})).len(), 1);
    assert_eq!(
        problems(json!({"body": {}, "path": "{{ prompt }}/x"})),
        [
            "path: only `{{ model }}` can stand in a path; anything else about a request belongs into `body`"
        ]
    );
    assert_eq!(problems(json!({"answer": null})).len(), 2, "neither a body nor an answer");
}

#[test]
fn what_the_template_has_no_place_for_is_said() {
    let exchange = compiled(json!({"body": {"q": "{{ prompt }}"}}));
    let lack = |request: &Request| exchange.lacks(request).map(|lack| lack.name);
    let mut plain = request();
    assert_eq!(lack(&plain).as_deref(), Some("system"));
    plain.messages.remove(0);
    assert_eq!(lack(&plain).as_deref(), Some("parameters.temperature"));
    plain.model.temperature = None;
    assert_eq!(lack(&plain), None);

    let mut talk = plain.clone();
    talk.messages.insert(0, Message::text(Role::Assistant, "Hello"));
    assert_eq!(lack(&talk).as_deref(), Some("messages"));
    let mut tools = plain.clone();
    tools.tools = vec![Tool { name: "f".into(), description: None, parameters: Map::new() }];
    assert_eq!(lack(&tools).as_deref(), Some("tools"));
    let mut schema = plain.clone();
    schema.response = ResponseFormat::Schema(json!({}));
    assert_eq!(lack(&schema).as_deref(), Some("schema"));
    schema.response = ResponseFormat::Json;
    assert_eq!(lack(&schema).as_deref(), Some("format"));
    let whole = compiled(json!({"body": {"p": "{{ parameters }}", "m": "{{ messages }}"}}));
    assert_eq!(whole.lacks(&request()), None);
}

#[test]
fn an_answer_is_read_from_its_places() {
    let exchange = compiled(json!({
        "body": {}, "finish": "$.stop", "tool_calls": "$.calls",
        "usage": {"input": "$.u.in", "output": "$.u.out", "cached": "$.u.cached"},
    }));
    let answer = exchange
        .read(&json!({
            "reply": {"text": "hello"}, "stop": "length", "u": {"in": 7, "out": 2, "cached": 3},
            "calls": [{"name": "f", "arguments": {"a": 1}}],
        }))
        .unwrap();
    assert_eq!((answer.output.as_str(), answer.finish.as_deref()), ("hello", Some("length")));
    let usage = answer.usage.unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens, usage.cached_tokens), (7, 2, 3));
    assert_eq!(answer.tool_calls.len(), 1);

    let bare = exchange.read(&json!({"reply": {"text": {"label": "bug"}}})).unwrap();
    assert_eq!((bare.output.as_str(), bare.usage), (r#"{"label":"bug"}"#, None));
}

#[test]
fn an_answer_that_lacks_something_says_what() {
    let exchange = compiled(json!({"body": {}, "usage": {"input": "$.in", "output": "$.out"}}));
    let error = |body: Value| exchange.read(&body).unwrap_err();
    assert_eq!(error(json!({"reply": {}})), "it has nothing at `$.reply.text`");
    assert_eq!(error(json!({"reply": {"text": null}})), "it has nothing at `$.reply.text`");
    assert_eq!(error(json!([])), "it has nothing at `$.reply.text`");
    assert_eq!(
        error(json!({"reply": {"text": ""}, "in": "7", "out": 1})),
        "`$.in` is no whole number"
    );
}

#[test]
fn a_path_holds_the_models_name() {
    let path = |text: &str, model: &str| compiled(json!({"body": {}, "path": text})).path(model);
    assert_eq!(path("models/{{ model }}/infer", "a"), "models/a/infer");
    assert_eq!(path("/v2/chat?beta=1", "a"), "v2/chat?beta=1");
    assert_eq!(path("", "a"), "");
}

#[test]
fn a_template_cannot_fill_the_memory() {
    let exchange = compiled(json!({"body": "{{ 'x' * 99999999999 }}"}));
    assert!(exchange.body(&request()).is_err());
}
