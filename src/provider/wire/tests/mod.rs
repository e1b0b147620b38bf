//! Requests and answers of each protocol, as its vendor's public documentation shows them.

mod answers;
mod errors;
mod requests;
mod streams;

use serde_json::json;

use super::*;
use crate::message::{
    Content, Message, ModelSettings, Part, ResponseFormat, Role, Tool, ToolCall, Usage,
};

/// A request that says everything that all protocols can say.
fn full(provider: &str, name: &str) -> Request {
    let mut asks = Message::text(Role::Assistant, "I look.");
    asks.tool_calls =
        vec![ToolCall { id: "c1".into(), name: "look".into(), arguments: json!({"at": "sky"}) }];
    let mut told = Message::text(Role::Tool, r#"{"seen": "stars"}"#);
    told.tool_call_id = Some("c1".into());
    let shown = Message {
        content: Content::Parts(vec![
            Part::Text("And here?".into()),
            Part::Image("data:image/png;base64,AA==".into()),
        ]),
        ..Message::text(Role::User, "")
    };
    let Value::Object(parameters) =
        json!({"type": "object", "properties": {"at": {"type": "string"}}})
    else {
        panic!()
    };
    Request {
        model: ModelSettings {
            provider: provider.into(),
            name: name.into(),
            temperature: Some(0.5),
            top_p: Some(0.9),
            max_output_tokens: Some(100),
            ..ModelSettings::default()
        },
        messages: vec![
            Message::text(Role::System, "Be brief."),
            Message::text(Role::Developer, "Be kind."),
            Message::text(Role::User, "What is up?"),
            asks,
            told,
            shown,
        ],
        tools: vec![Tool { name: "look".into(), description: Some("Looks.".into()), parameters }],
        response: ResponseFormat::Text,
    }
}

/// A request of one user message.
fn plain(provider: &str, name: &str) -> Request {
    Request {
        model: ModelSettings {
            provider: provider.into(),
            name: name.into(),
            max_output_tokens: Some(100),
            ..ModelSettings::default()
        },
        messages: vec![Message::text(Role::User, "Hi")],
        tools: Vec::new(),
        response: ResponseFormat::Text,
    }
}

#[test]
fn a_finish_has_one_word() {
    let finish = |raw: &str| {
        let (word, raw) = super::finish(Some(raw.into()));
        (word.unwrap(), raw)
    };
    for raw in ["stop", "length", "tool_calls", "content_filter", "refusal", "pause_turn"] {
        assert_eq!(finish(raw), (raw.into(), None));
    }
    for (raw, word) in [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("STOP", "stop"),
        ("max_tokens", "length"),
        ("MAX_TOKENS", "length"),
        ("tool_use", "tool_calls"),
        ("SAFETY", "content_filter"),
        ("guardrail_intervened", "content_filter"),
    ] {
        assert_eq!(finish(raw), (word.into(), Some(raw.into())));
    }
    assert_eq!(super::finish(None), (None, None));
}

#[test]
fn extra_adds_to_a_map_and_replaces_a_value() {
    let mut request = plain("ollama", "m");
    request.model.temperature = Some(0.5);
    let Value::Object(extra) =
        json!({"options": {"num_ctx": 8192, "temperature": 0.1}, "keep_alive": "5m"})
    else {
        panic!()
    };
    request.model.extra = extra;
    assert_eq!(
        Wire::Ollama.request_body(&request).unwrap(),
        json!({
            "model": "m",
            "messages": [{"role": "user", "content": "Hi"}],
            "options": {"temperature": 0.1, "num_predict": 100, "num_ctx": 8192},
            "stream": false,
            "keep_alive": "5m"
        })
    );
}

#[test]
fn extra_cannot_replace_what_is_asked() {
    for (wire, key) in [
        (Wire::Anthropic, "messages"),
        (Wire::Anthropic, "stream"),
        (Wire::Gemini, "contents"),
        (Wire::Bedrock, "system"),
        (Wire::Ollama, "stream"),
        (Wire::Responses, "previous_response_id"),
    ] {
        let mut request = plain("p", "m");
        request.model.extra.insert(key.into(), json!(1));
        let error = wire.request_body(&request).unwrap_err().to_string();
        assert!(error.starts_with(&format!("`extra.{key}` of model `p/m`")), "{error}");
    }
}

#[test]
fn a_models_name_stays_one_segment_of_the_path() {
    let path = |wire: Wire, name: &str| wire.path(name, Delivery::Whole);
    assert_eq!(
        path(Wire::Bedrock, "arn:aws:bedrock:us-east-1:1:inference-profile/us.x-v1:0"),
        "model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.x-v1%3A0/converse"
    );
    assert_eq!(path(Wire::Gemini, "gemini-2.5-flash"), "models/gemini-2.5-flash:generateContent");
    assert_eq!(path(Wire::Gemini, "tunedModels/mine"), "tunedModels/mine:generateContent");
    assert_eq!(path(Wire::Gemini, "a/../b?c"), "models/a%2F..%2Fb%3Fc:generateContent");
    assert_eq!(
        Wire::Gemini.path("m", Delivery::Streamed),
        "models/m:streamGenerateContent?alt=sse"
    );
}

#[test]
fn finds_the_servers_own_words() {
    for (body, expected) in [
        (r#"{"error": {"message": "no\nway", "type": "t"}}"#, Some("no\\nway")),
        (r#"{"error": "no"}"#, Some("no")),
        (r#"{"object": "error", "message": "no"}"#, Some("no")),
        (r#"{"detail": "Not Found"}"#, Some("Not Found")),
        (r#"{"detail": [{"msg": "x"}]}"#, Some(r#"[{"msg":"x"}]"#)),
        ("upstream gone", Some("upstream gone")),
        ("<html>502</html>", None),
        ("", None),
        ("{}", None),
    ] {
        assert_eq!(error_message(body.as_bytes()).as_deref(), expected, "{body}");
    }
}
