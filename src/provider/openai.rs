//! The chat completions protocol of OpenAI, which llama.cpp, vLLM, LiteLLM and most gateways speak as well.
//!
//! Mapping only: a request to a body, and the bytes of an answer back. Servers differ in what they leave out or add,
//! so reading is lenient about everything but the answer itself.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use super::endpoint::Endpoint;
use super::error::server_message;
use super::resolve::ConfigurationError;
use crate::message::{
    Answer, Content, Message, Part, Request, ResponseFormat, Tool, ToolCall, Usage,
};
use crate::schema::strict;

/// Keys that `extra` may not set: they are the request's own, or they would make the answer unreadable.
const OWN_KEYS: [&str; 5] = ["messages", "model", "stream", "stream_options", "n"];

/// Where servers that speak this protocol differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quirks {
    /// The key that bounds the length of the answer.
    pub max_tokens: &'static str,
}

impl Quirks {
    /// Those of OpenAI itself.
    pub const OPENAI: Self = Self { max_tokens: "max_completion_tokens" };

    /// The quirks of the server at `endpoint`.
    ///
    /// OpenAI (also where Azure hosts it) has renamed `max_tokens` to `max_completion_tokens`, and its reasoning models
    /// refuse the old name. Compatible servers keep the old name: llama.cpp, vLLM and LiteLLM all take `max_tokens`,
    /// and older versions of them ignore the new one without a word, which would leave the answer unbounded.
    pub fn of(endpoint: &Endpoint) -> Self {
        let is_openai =
            ["api.openai.com", "openai.azure.com"].iter().any(|domain| endpoint.is_within(domain));
        if is_openai { Self::OPENAI } else { Self { max_tokens: "max_tokens" } }
    }
}

/// The body of the call.
pub fn request_body(request: &Request, quirks: Quirks) -> Result<Value, ConfigurationError> {
    let model = &request.model;
    if let Some(key) = OWN_KEYS.into_iter().find(|key| model.extra.contains_key(*key)) {
        return Err(ConfigurationError::ExtraKey { model: model.id(), key });
    }
    let mut body = Map::new();
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(key.to_owned(), value);
        }
    };
    set("model", Some(json!(model.name)));
    set("messages", Some(request.messages.iter().map(message).collect()));
    set("temperature", model.temperature.map(Value::from));
    set("top_p", model.top_p.map(Value::from));
    set(quirks.max_tokens, model.max_output_tokens.map(Value::from));
    set("seed", model.seed.map(Value::from));
    set("stop", (!model.stop.is_empty()).then(|| json!(model.stop)));
    set("tools", (!request.tools.is_empty()).then(|| request.tools.iter().map(tool).collect()));
    set("response_format", response_format(&request.response));
    body.extend(model.extra.clone());
    Ok(Value::Object(body))
}

fn message(message: &Message) -> Value {
    let content = match &message.content {
        // The protocol has no text beside a call of tools that says nothing.
        Content::Text(text) if text.is_empty() && !message.tool_calls.is_empty() => Value::Null,
        Content::Text(text) => json!(text),
        Content::Parts(parts) => parts.iter().map(part).collect(),
    };
    let mut body = json!({"role": message.role, "content": content});
    if !message.tool_calls.is_empty() {
        body["tool_calls"] = message.tool_calls.iter().map(tool_call).collect();
    }
    if let Some(id) = &message.tool_call_id {
        body["tool_call_id"] = json!(id);
    }
    body
}

fn part(part: &Part) -> Value {
    match part {
        Part::Text(text) => json!({"type": "text", "text": text}),
        Part::Image(url) => json!({"type": "image_url", "image_url": {"url": url}}),
    }
}

fn tool_call(call: &ToolCall) -> Value {
    let arguments = match &call.arguments {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    json!({"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}})
}

fn tool(tool: &Tool) -> Value {
    let mut function = json!(tool);
    if !tool.parameters.is_empty() {
        function["parameters"] = json!(tool.parameters);
    }
    json!({"type": "function", "function": function})
}

fn response_format(format: &ResponseFormat) -> Option<Value> {
    match format {
        ResponseFormat::Text => None,
        ResponseFormat::Json => Some(json!({"type": "json_object"})),
        ResponseFormat::Schema(schema) => Some(json!({
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": strict::allows(schema), "schema": schema},
        })),
    }
}

/// Why a body is no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ParseError {
    /// Cut, or not JSON at all.
    #[error("it is no valid JSON ({0}), or was cut")]
    Json(String),
    /// Some servers report an error with status 200.
    #[error("it holds an error: {0}")]
    Error(String),
    /// It is JSON without an answer.
    #[error(
        "it has no `choices[0].message`; does `base_url` end in the right path, such as `/v1`?"
    )]
    NoChoice,
}

/// Reads the body of an answer with status 200.
pub fn parse_response(body: &[u8]) -> Result<Answer, ParseError> {
    let value: Value =
        serde_json::from_slice(body).map_err(|error| ParseError::Json(error.to_string()))?;
    if value.get("choices").is_none()
        && let Some(message) = error_text(&value)
    {
        return Err(ParseError::Error(message));
    }
    let completion: Completion = serde_json::from_value(value)
        .map_err(|error| ParseError::Json(super::error::printable(&error.to_string(), 200)))?;
    let choice = completion.choices.into_iter().next().ok_or(ParseError::NoChoice)?;
    if let Some(message) = choice.error.as_ref().and_then(error_text) {
        return Err(ParseError::Error(message));
    }
    let message = choice.message.ok_or(ParseError::NoChoice)?;
    let output = message.content.map(ContentBody::into_text).unwrap_or_default();
    let (output, finish) = match message.refusal {
        // A refusal stands beside an empty answer and ends with `stop`; by its own word it can be told apart.
        Some(refusal) if output.is_empty() && !refusal.is_empty() => {
            (refusal, Some("refusal".to_owned()))
        }
        _ => (output, choice.finish_reason),
    };
    Ok(Answer {
        output,
        tool_calls: message.tool_calls.into_iter().map(CallBody::into_call).collect(),
        finish,
        usage: completion.usage.and_then(UsageBody::into_usage),
        latency_ms: None,
    })
}

/// What a server says about an error, in any of the shapes that are in use.
pub fn error_message(body: &[u8]) -> Option<String> {
    if let Ok(value) = serde_json::from_slice::<Value>(body) {
        return error_text(&value);
    }
    let text = String::from_utf8_lossy(body);
    // A page of a proxy says nothing in its first words.
    let is_page = text.trim_start().starts_with('<');
    if is_page { None } else { server_message(&text) }
}

/// The `code` and `type` of an error.
pub fn error_codes(body: &[u8]) -> Vec<String> {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return Vec::new();
    };
    let error = value.get("error").unwrap_or(&value);
    ["code", "type"].iter().filter_map(|key| error.get(key)?.as_str().map(str::to_owned)).collect()
}

fn error_text(value: &Value) -> Option<String> {
    let error = match value.get("error") {
        Some(error) if !error.is_null() => error,
        _ => value,
    };
    let message = match error {
        Value::String(_) => Some(error),
        // OpenAI and most; FastAPI, and with it vLLM, says `detail`.
        _ => error.get("message").or_else(|| error.get("detail")),
    };
    match message? {
        Value::String(text) => server_message(text),
        Value::Null => None,
        other => server_message(&other.to_string()),
    }
}

#[derive(Deserialize)]
struct Completion {
    #[serde(default, deserialize_with = "null_is_default")]
    choices: Vec<Choice>,
    usage: Option<UsageBody>,
}

#[derive(Deserialize)]
struct Choice {
    message: Option<MessageBody>,
    finish_reason: Option<String>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct MessageBody {
    content: Option<ContentBody>,
    refusal: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    tool_calls: Vec<CallBody>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ContentBody {
    Text(String),
    Parts(Vec<PartBody>),
}

impl ContentBody {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Parts(parts) => parts.into_iter().filter_map(|part| part.text).collect(),
        }
    }
}

/// A part of a list; only text has a place in an answer.
#[derive(Deserialize)]
struct PartBody {
    text: Option<String>,
}

#[derive(Deserialize)]
struct CallBody {
    #[serde(default, deserialize_with = "null_is_default")]
    id: String,
    function: FunctionBody,
}

#[derive(Deserialize)]
struct FunctionBody {
    name: String,
    #[serde(default)]
    arguments: Value,
}

impl CallBody {
    fn into_call(self) -> ToolCall {
        let arguments = match self.function.arguments {
            Value::String(text) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
            Value::Null => Value::Object(Map::new()),
            value => value,
        };
        ToolCall { id: self.id, name: self.function.name, arguments }
    }
}

#[derive(Deserialize)]
struct UsageBody {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
}

#[derive(Deserialize)]
struct PromptDetails {
    cached_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct CompletionDetails {
    reasoning_tokens: Option<u64>,
}

impl UsageBody {
    /// Half a count is none: a missing number would look like a free call.
    fn into_usage(self) -> Option<Usage> {
        Some(Usage {
            input_tokens: self.prompt_tokens?,
            output_tokens: self.completion_tokens?,
            cached_tokens: self.prompt_tokens_details.and_then(|d| d.cached_tokens).unwrap_or(0),
            reasoning_tokens: self
                .completion_tokens_details
                .and_then(|details| details.reasoning_tokens)
                .unwrap_or(0),
        })
    }
}

fn null_is_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests;
