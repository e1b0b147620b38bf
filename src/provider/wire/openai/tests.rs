//! Requests and answers in the shapes of OpenAI and of the servers that speak like it.

use super::*;
use crate::message::{ModelSettings, Role};
use crate::provider::wire::Wire;

fn request(messages: Vec<Message>) -> Request {
    Request {
        model: ModelSettings { provider: "p".into(), name: "m".into(), ..Default::default() },
        messages,
        tools: Vec::new(),
        response: ResponseFormat::Text,
    }
}

const COMPATIBLE: Quirks = Quirks::COMPATIBLE;

fn parse_response(body: &[u8]) -> Result<Answer, ParseError> {
    Wire::Openai(COMPATIBLE).parse(body, &request(vec![]))
}

fn body(request: &Request) -> Value {
    request_body(request, COMPATIBLE, Delivery::Whole).unwrap()
}

#[test]
fn only_openai_wants_the_new_name_of_max_tokens() {
    let name = |url: &str| Quirks::of(&Endpoint::parse(url).unwrap()).max_tokens;
    assert_eq!(name("https://api.openai.com/v1"), "max_completion_tokens");
    assert_eq!(name("https://eu.api.openai.com/v1"), "max_completion_tokens");
    assert_eq!(name("https://mine.openai.azure.com/openai/v1"), "max_completion_tokens");
    assert_eq!(name("http://127.0.0.1:8080/v1"), "max_tokens");
}

#[test]
fn a_plain_request_has_nothing_else() {
    let request = request(vec![
        Message::text(Role::System, "s"),
        Message::text(Role::Developer, "d"),
        Message::text(Role::User, "u"),
    ]);
    assert_eq!(
        body(&request).to_string(),
        r#"{"model":"m","messages":[{"role":"system","content":"s"},{"role":"developer","content":"d"},{"role":"user","content":"u"}]}"#
    );
}

#[test]
fn a_full_request_says_everything() {
    let mut asked = Message::text(Role::Assistant, "");
    asked.tool_calls =
        vec![ToolCall { id: "c1".into(), name: "f".into(), arguments: json!({"b": 1, "a": 2}) }];
    let mut told = Message::text(Role::Tool, "42");
    told.tool_call_id = Some("c1".into());
    let look = Message {
        content: Content::Parts(vec![
            Part::Text("look".into()),
            Part::Image("data:image/png;base64,AA==".into()),
        ]),
        ..Message::text(Role::User, "")
    };
    let mut request = request(vec![asked, told, look]);
    let Value::Object(extra) = json!({"reasoning_effort": "low", "top_p": 0.5}) else { panic!() };
    request.model = ModelSettings {
        temperature: Some(0.0),
        top_p: Some(0.9),
        max_output_tokens: Some(10),
        seed: Some(-7),
        stop: vec!["END".into()],
        extra,
        ..request.model
    };
    let Value::Object(parameters) = json!({"type": "object", "properties": {}}) else { panic!() };
    request.tools = vec![
        Tool { name: "f".into(), description: Some("does f".into()), parameters },
        Tool { name: "g".into(), description: None, parameters: Map::new() },
    ];
    request.response = ResponseFormat::Json;
    assert_eq!(
        body(&request),
        json!({
            "model": "m",
            "messages": [
                {"role": "assistant", "content": null, "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"b\":1,\"a\":2}"}}
                ]},
                {"role": "tool", "content": "42", "tool_call_id": "c1"},
                {"role": "user", "content": [
                    {"type": "text", "text": "look"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
                ]}
            ],
            "temperature": 0.0,
            "top_p": 0.5,
            "max_tokens": 10,
            "seed": -7,
            "stop": ["END"],
            "tools": [
                {"type": "function", "function": {"name": "f", "description": "does f", "parameters": {"type": "object", "properties": {}}}},
                {"type": "function", "function": {"name": "g"}}
            ],
            "response_format": {"type": "json_object"},
            "reasoning_effort": "low"
        })
    );
}

#[test]
fn extra_cannot_replace_the_request() {
    for key in OWN_KEYS {
        let mut request = request(vec![]);
        request.model.extra.insert(key.into(), json!(1));
        let error = request_body(&request, COMPATIBLE, Delivery::Whole).unwrap_err().to_string();
        assert_eq!(
            error,
            format!(
                "`extra.{key}` of model `p/m` would replace the request's own `{key}`; remove it"
            )
        );
    }
}

#[test]
fn a_schema_is_strict_where_the_vendor_allows_it() {
    let closed = json!({
        "type": "object",
        "properties": {"a": {"type": ["string", "null"]}, "b": {"type": "array", "items": {"$ref": "#/$defs/x"}}},
        "required": ["a", "b"],
        "additionalProperties": false,
        "$defs": {"x": {"enum": [1, 2]}}
    });
    let mut request = request(vec![]);
    request.response = ResponseFormat::Schema(closed.clone());
    assert_eq!(
        body(&request)["response_format"],
        json!({"type": "json_schema", "json_schema": {"name": "answer", "strict": true, "schema": closed}})
    );
}

fn usage(input: u64, output: u64, cached: u64, reasoning: u64) -> Usage {
    Usage {
        input_tokens: input,
        output_tokens: output,
        cached_tokens: cached,
        reasoning_tokens: reasoning,
        ..Usage::default()
    }
}

fn text(output: &str, finish: &str, usage: Usage) -> Answer {
    Answer {
        output: output.into(),
        finish: Some(finish.into()),
        usage: Some(usage),
        ..Answer::default()
    }
}

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../../../tests/fixtures/provider/", $name, ".json"))
    };
}

#[test]
fn reads_the_answers_of_the_servers_that_there_are() {
    assert_eq!(
        parse_response(fixture!("openai")),
        Ok(text("Hello! How can I help?", "stop", usage(1200, 74, 1024, 64)))
    );
    assert_eq!(
        parse_response(fixture!("llama-cpp")),
        Ok(text("Hello! How can I help you today?", "length", usage(68, 25, 60, 0)))
    );
    assert_eq!(
        parse_response(fixture!("vllm")),
        Ok(text("The answer is four.", "stop", usage(24, 20, 0, 0)))
    );
    assert_eq!(
        parse_response(fixture!("litellm")),
        Ok(text("I'm doing well, thank you.", "stop", usage(13, 43, 0, 0)))
    );
    assert_eq!(
        parse_response(fixture!("openai-refusal")),
        Ok(Answer {
            finish_raw: Some("stop".into()),
            ..text("I'm sorry, I cannot assist with that request.", "refusal", usage(81, 11, 0, 0))
        })
    );
}

#[test]
fn reads_calls_of_tools() {
    let answer = parse_response(fixture!("openai-tools")).unwrap();
    assert_eq!(
        answer.tool_calls,
        [
            ToolCall {
                id: "call_abc123".into(),
                name: "lookup_order".into(),
                arguments: json!({"order": 7}),
            },
            ToolCall {
                id: "call_def456".into(),
                name: "close".into(),
                arguments: json!("{\"broken"),
            },
        ]
    );
    assert_eq!((answer.output.as_str(), answer.finish.as_deref()), ("", Some("tool_calls")));
}

#[test]
fn content_may_be_a_list_or_nothing() {
    let output = |content: Value| {
        let body = json!({"choices": [{"message": {"content": content}, "finish_reason": null}]});
        parse_response(body.to_string().as_bytes()).unwrap()
    };
    assert_eq!(
        output(json!([{"type": "text", "text": "a"}, {"type": "x"}, {"text": "b"}])).output,
        "ab"
    );
    assert_eq!(output(Value::Null), Answer::default());
}

#[test]
fn what_is_no_answer_is_an_error() {
    let error = |body: &str| parse_response(body.as_bytes()).unwrap_err();
    for cut in [
        "",
        "{\"choices\": [{\"mess",
        "<html>",
        "[]",
        "7",
        r#"{"choices": [{"message": {"content": 7}}]}"#,
    ] {
        assert!(matches!(error(cut), ParseError::Json(_)), "{cut}");
    }
    for empty in ["{}", r#"{"choices": []}"#, r#"{"choices": null}"#, r#"{"choices": [{}]}"#] {
        assert_eq!(error(empty), ParseError::NoAnswer("choices[0].message"), "{empty}");
    }
    assert_eq!(error(r#"{"error": {"message": "no"}}"#), ParseError::Error("no".into()));
    assert_eq!(
        error(r#"{"choices": [{"error": {"message": "no", "code": 502}}]}"#),
        ParseError::Error("no".into())
    );
}

#[test]
fn half_a_usage_is_none() {
    let body = r#"{"choices": [{"message": {"content": ""}}], "usage": {"prompt_tokens": 3}}"#;
    assert_eq!(parse_response(body.as_bytes()).unwrap().usage, None);
}
