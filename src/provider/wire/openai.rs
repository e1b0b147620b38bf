//! The chat completions protocol of OpenAI, which llama.cpp, vLLM, LiteLLM and most gateways speak as well.
//!
//! Mapping only: a request to a body, and the bytes of an answer back. Servers differ in what they leave out or add,
//! so reading is lenient about everything but the answer itself.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::stream::{Step, append, take};
use super::{Delivery, Kind, ParseError, error_text, finish, null_is_default, read};
use crate::message::{
    Answer, Content, Message, Part, Request, ResponseFormat, Tool, ToolCall, Usage,
};
use crate::provider::configuration::ConfigurationError;
use crate::provider::endpoint::Endpoint;
use crate::schema::strict;

/// Keys that `extra` may not set: they are the request's own, or they would make the answer unreadable.
const OWN_KEYS: [&str; 5] = ["messages", "model", "stream", "stream_options", "n"];

/// Where servers that speak this protocol differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quirks {
    /// The key that bounds the length of the answer.
    pub max_tokens: &'static str,
    /// The key of the seed.
    pub seed: &'static str,
    /// Whether a stream counts tokens only when it is asked to.
    pub asks_for_usage: bool,
}

impl Quirks {
    /// Those of OpenAI itself.
    pub const OPENAI: Self =
        Self { max_tokens: "max_completion_tokens", seed: "seed", asks_for_usage: true };

    /// Those of most others.
    pub const COMPATIBLE: Self =
        Self { max_tokens: "max_tokens", seed: "seed", asks_for_usage: true };

    /// Mistral has another word for the seed, refuses keys that it does not know, and always counts the tokens of a
    /// stream. <https://docs.mistral.ai/api/endpoint/chat>
    pub const MISTRAL: Self =
        Self { max_tokens: "max_tokens", seed: "random_seed", asks_for_usage: false };

    /// The quirks of the server at `endpoint`.
    ///
    /// OpenAI (also where Azure hosts it) has renamed `max_tokens` to `max_completion_tokens`, and its reasoning models
    /// refuse the old name. Compatible servers keep the old name: llama.cpp, vLLM and LiteLLM all take `max_tokens`,
    /// and older versions of them ignore the new one without a word, which would leave the answer unbounded.
    pub fn of(endpoint: &Endpoint) -> Self {
        if endpoint.is_within("api.openai.com") || is_azure(endpoint) {
            Self::OPENAI
        } else if endpoint.is_within("api.mistral.ai") {
            Self::MISTRAL
        } else {
            Self::COMPATIBLE
        }
    }
}

/// Whether Azure hosts the model; it wants the key in another header.
pub(super) fn is_azure(endpoint: &Endpoint) -> bool {
    ["openai.azure.com", "services.ai.azure.com", "cognitiveservices.azure.com"]
        .iter()
        .any(|domain| endpoint.is_within(domain))
}

/// The body of the call.
pub(super) fn request_body(
    request: &Request,
    quirks: Quirks,
    delivery: Delivery,
) -> Result<Value, ConfigurationError> {
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
    set(quirks.seed, model.seed.map(Value::from));
    set("stop", (!model.stop.is_empty()).then(|| json!(model.stop)));
    set("tools", (!request.tools.is_empty()).then(|| request.tools.iter().map(tool).collect()));
    set("response_format", response_format(&request.response));
    body.extend(model.extra.clone());
    if delivery == Delivery::Streamed {
        body.insert("stream".into(), Value::Bool(true));
        if quirks.asks_for_usage {
            body.insert("stream_options".into(), json!({"include_usage": true}));
        }
    }
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
    let arguments = argument_text(&call.arguments);
    json!({"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}})
}

/// Arguments as the text that the protocol has in their place.
pub(super) fn argument_text(arguments: &Value) -> String {
    match arguments {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// Arguments from their text; the text itself where it is no JSON.
pub(super) fn read_arguments(arguments: Value) -> Value {
    match arguments {
        Value::String(text) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        Value::Null => Value::Object(Map::new()),
        value => value,
    }
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
        ResponseFormat::Text | ResponseFormat::Embedding => None,
        ResponseFormat::Json => Some(json!({"type": "json_object"})),
        ResponseFormat::Schema(schema) => Some(json!({
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": strict::allows(schema), "schema": schema},
        })),
    }
}

/// Reads the body of an answer.
pub(super) fn parse(value: Value) -> Result<Answer, ParseError> {
    if value.get("choices").is_none()
        && let Some(message) = error_text(&value)
    {
        return Err(ParseError::Error(message));
    }
    let completion: Completion = read(value)?;
    let no_choice = ParseError::NoAnswer("choices[0].message");
    let choice = completion.choices.into_iter().next().ok_or_else(|| no_choice.clone())?;
    if let Some(message) = choice.error.as_ref().and_then(error_text) {
        return Err(ParseError::Error(message));
    }
    let message = choice.message.ok_or(no_choice)?;
    let output = message.content.map(ContentBody::into_text).unwrap_or_default();
    let (output, (finish, finish_raw)) = match message.refusal {
        // A refusal stands beside an empty answer and ends with `stop`; by its own word it can be told apart.
        Some(refusal) if output.is_empty() && !refusal.is_empty() => {
            (refusal, (Some("refusal".to_owned()), choice.finish_reason))
        }
        _ => (output, finish(choice.finish_reason)),
    };
    Ok(Answer {
        output,
        tool_calls: message.tool_calls.into_iter().map(CallBody::into_call).collect(),
        finish,
        finish_raw,
        usage: completion.usage.and_then(UsageBody::into_usage),
        ..Answer::default()
    })
}

/// Takes an event of a stream into the body that it amounts to.
pub(super) fn fold(body: &mut Value, mut event: Value) -> Result<Step, ParseError> {
    if let Some(error) = super::error_in(&event) {
        return Err(error);
    }
    if !body.is_object() {
        *body = json!({"choices": [{"message": {"content": "", "tool_calls": []}}]});
    }
    let mut step = Step::default();
    if event["usage"].is_object() {
        body["usage"] = take(&mut event, "usage");
    }
    let Some(choice) = event.get_mut("choices").and_then(|choices| choices.get_mut(0)) else {
        return Ok(step);
    };
    let whole = &mut body["choices"][0];
    if !choice["finish_reason"].is_null() {
        whole["finish_reason"] = take(choice, "finish_reason");
        step.complete = true;
    }
    let Value::Object(mut delta) = take(choice, "delta") else { return Ok(step) };
    let message = &mut whole["message"];
    if let Some(content) = delta.remove("content") {
        let content: Option<ContentBody> = read(content)?;
        step.text = content.map(ContentBody::into_text).unwrap_or_default();
        append(&mut message["content"], &step.text);
    }
    if let Some(refusal) = delta.get("refusal").and_then(Value::as_str) {
        append(&mut message["refusal"], refusal);
    }
    if let (Some(Value::Array(pieces)), Some(calls)) =
        (delta.remove("tool_calls"), message["tool_calls"].as_array_mut())
    {
        for piece in pieces {
            fold_call(calls, piece);
        }
    }
    Ok(step)
}

/// The first piece of a call names the tool, the others add to its arguments.
fn fold_call(calls: &mut Vec<Value>, mut piece: Value) {
    let index = piece["index"].as_u64().and_then(|index| usize::try_from(index).ok());
    let known = index.and_then(|index| calls.get_mut(index));
    match known {
        Some(call) => {
            if let Some(text) = piece["function"]["arguments"].as_str() {
                append(&mut call["function"]["arguments"], text);
            }
        }
        None if piece["function"].is_object() => {
            calls.push(
                json!({"id": take(&mut piece, "id"), "function": take(&mut piece, "function")}),
            );
        }
        None => {}
    }
}

/// What an error means beyond its status.
pub(super) fn kind(status: u16, error: &Value) -> Option<Kind> {
    let error = error.get("error").unwrap_or(error);
    let says = |words: &[&str]| {
        ["code", "type"]
            .iter()
            .filter_map(|key| error.get(key)?.as_str())
            .any(|code| words.contains(&code))
    };
    // OpenAI, its older accounts, and LiteLLM for a budget of its own.
    let no_quota = ["insufficient_quota", "billing_hard_limit_reached", "budget_exceeded"];
    match status {
        400 | 429 if says(&no_quota) => Some(Kind::Quota),
        // llama.cpp says this while it loads a model, which takes longer than a few attempts.
        503 if says(&["unavailable_error"]) => Some(Kind::Starting),
        _ => None,
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
        let arguments = read_arguments(self.function.arguments);
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
pub(super) struct PromptDetails {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct CompletionDetails {
    reasoning_tokens: Option<u64>,
}

impl UsageBody {
    /// Half a count is none: a missing number would look like a free call.
    fn into_usage(self) -> Option<Usage> {
        Some(Usage {
            input_tokens: self.prompt_tokens?,
            output_tokens: self.completion_tokens?,
            cached_tokens: cached(self.prompt_tokens_details.as_ref()),
            cache_write_tokens: cache_written(self.prompt_tokens_details.as_ref()),
            reasoning_tokens: reasoned(self.completion_tokens_details),
        })
    }
}

/// Cached tokens are part of the input.
pub(super) fn cached(details: Option<&PromptDetails>) -> u64 {
    details.and_then(|details| details.cached_tokens).unwrap_or(0)
}

/// So are those that were written to the cache; vendors that charge nothing for that do not count them.
pub(super) fn cache_written(details: Option<&PromptDetails>) -> u64 {
    details.and_then(|details| details.cache_write_tokens).unwrap_or(0)
}

/// Reasoning is part of the output.
pub(super) fn reasoned(details: Option<CompletionDetails>) -> u64 {
    details.and_then(|details| details.reasoning_tokens).unwrap_or(0)
}

#[cfg(test)]
mod tests;
