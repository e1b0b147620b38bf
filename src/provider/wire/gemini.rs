//! Google's `generateContent`: <https://ai.google.dev/api/generate-content>.
//!
//! A prompt that Google's filters block has no answer; it is an empty answer that ended by `content_filter`.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::stream::{Step, append, take};
use super::turns::{self, Image};
use super::{
    Delivery, Kind, ParseError, error_in, finish_with_calls, lay_extra, null_is_default, read,
    segment, unsupported,
};
use crate::message::{Answer, Part, Request, ResponseFormat, Role, Tool, ToolCall, Usage};
use crate::provider::configuration::ConfigurationError;

/// Keys that `extra` may not set.
const OWN_KEYS: [&str; 2] = ["contents", "systemInstruction"];

/// What stands in place of the signature of a call that this model did not make. Models from Gemini 3 on refuse an
/// earlier call without one. <https://ai.google.dev/gemini-api/docs/thought-signatures>
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// Where the call goes, below the endpoint.
pub(super) fn path(model: &str, delivery: Delivery) -> String {
    method_path(
        model,
        match delivery {
            Delivery::Whole => "generateContent",
            Delivery::Streamed => "streamGenerateContent?alt=sse",
        },
    )
}

/// Where a method of a model is.
pub(super) fn method_path(model: &str, method: &str) -> String {
    let (kind, name) = match model.split_once('/') {
        Some((kind @ ("models" | "tunedModels"), name)) => (kind, name),
        _ => ("models", model),
    };
    format!("{kind}/{}:{method}", segment(name))
}

/// The body of the call.
pub(super) fn request_body(request: &Request) -> Result<Value, ConfigurationError> {
    let model = &request.model;
    let conversation = turns::conversation(request)?;
    let mut config = Map::new();
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            config.insert(key.to_owned(), value);
        }
    };
    set("temperature", model.temperature.map(Value::from));
    set("topP", model.top_p.map(Value::from));
    set("maxOutputTokens", model.max_output_tokens.map(Value::from));
    set("seed", model.seed.map(Value::from));
    set("stopSequences", (!model.stop.is_empty()).then(|| json!(model.stop)));
    let (kind, schema) = match &request.response {
        ResponseFormat::Text | ResponseFormat::Embedding => (None, None),
        ResponseFormat::Json => (Some("application/json"), None),
        ResponseFormat::Schema(schema) => (Some("application/json"), Some(schema.clone())),
    };
    set("responseMimeType", kind.map(Value::from));
    set("responseJsonSchema", schema);

    let mut body = Map::new();
    if !conversation.system.is_empty() {
        let parts: Vec<Value> =
            conversation.system.iter().map(|text| json!({"text": text})).collect();
        body.insert("systemInstruction".into(), json!({"parts": parts}));
    }
    let contents: Result<Vec<Value>, _> =
        conversation.turns.iter().map(|turn| content(request, turn)).collect();
    body.insert("contents".into(), Value::Array(contents?));
    if !request.tools.is_empty() {
        let tools: Vec<Value> = request.tools.iter().map(tool).collect();
        body.insert("tools".into(), json!([{"functionDeclarations": tools}]));
    }
    if !config.is_empty() {
        body.insert("generationConfig".into(), Value::Object(config));
    }
    lay_extra(body, request, &OWN_KEYS)
}

fn content(request: &Request, turn: &turns::Turn<'_>) -> Result<Value, ConfigurationError> {
    let mut parts = Vec::new();
    for message in &turn.messages {
        if message.role == Role::Tool {
            let text = turns::text_only(request, message)?;
            let response = match serde_json::from_str(&text) {
                Ok(Value::Object(map)) => Value::Object(map),
                _ => json!({"result": text}),
            };
            let mut part = json!({
                "name": turns::answered_tool(request, message)?, "response": response,
            });
            set_id(&mut part, turns::answered_id(request, message)?);
            parts.push(json!({"functionResponse": part}));
            continue;
        }
        for said in &turns::parts(message) {
            parts.push(part(request, said)?);
        }
        for (index, call) in message.tool_calls.iter().enumerate() {
            let args = turns::arguments(request, call)?;
            let mut called = json!({"name": call.name, "args": args});
            set_id(&mut called, &call.id);
            let mut part = json!({"functionCall": called});
            // Only the first of several calls at once carries one.
            if index == 0 && wants_signature(&request.model.name) {
                part["thoughtSignature"] = json!(NO_SIGNATURE);
            }
            parts.push(part);
        }
    }
    Ok(json!({"role": if turn.by_model { "model" } else { "user" }, "parts": parts}))
}

fn set_id(part: &mut Value, id: &str) {
    if !id.is_empty() {
        part["id"] = json!(id);
    }
}

fn wants_signature(model: &str) -> bool {
    let version = model.rsplit('/').next().and_then(|name| name.strip_prefix("gemini-"));
    let major = version.and_then(|version| version.split(['.', '-']).next());
    major.and_then(|major| major.parse().ok()).is_some_and(|major: u32| major >= 3)
}

fn part(request: &Request, part: &Part) -> Result<Value, ConfigurationError> {
    Ok(match part {
        Part::Text(text) => json!({"text": text}),
        Part::Image(uri) => match turns::image(request, uri)? {
            Image::Inline { media_type, data } => {
                json!({"inlineData": {"mimeType": media_type, "data": data}})
            }
            Image::Url(url) => {
                let media_type = media_type(url).ok_or_else(|| {
                    unsupported(
                        request,
                        "the address of an image of unknown type",
                        "Google wants its media type, which the ending of the address does not say",
                        "give the image itself, as a data URI",
                    )
                })?;
                json!({"fileData": {"mimeType": media_type, "fileUri": url}})
            }
        },
    })
}

/// The media type that the ending of an address names.
fn media_type(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next()?;
    match path.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
        "png" => Some("image/png"),
        "jpg" | "jpeg" => Some("image/jpeg"),
        "webp" => Some("image/webp"),
        "heic" => Some("image/heic"),
        "heif" => Some("image/heif"),
        _ => None,
    }
}

fn tool(tool: &Tool) -> Value {
    let mut body = json!({"name": tool.name});
    if let Some(description) = &tool.description {
        body["description"] = json!(description);
    }
    if !tool.parameters.is_empty() {
        body["parametersJsonSchema"] = json!(tool.parameters);
    }
    body
}

/// What an error means beyond its status: a wrong key is answered with 400, a used-up day like a busy minute.
pub(super) fn kind(status: u16, error: &Value) -> Option<Kind> {
    let details = details(error);
    let is_wrong_key =
        details.iter().any(|detail| detail["reason"].as_str() == Some("API_KEY_INVALID"));
    let is_for_today = details
        .iter()
        .filter_map(|detail| detail["violations"].as_array())
        .flatten()
        .any(|violated| violated["quotaId"].as_str().is_some_and(|id| id.contains("PerDay")));
    match status {
        400 if is_wrong_key => Some(Kind::Unauthorized),
        429 if is_for_today => Some(Kind::Quota),
        _ => None,
    }
}

/// How long the body asks to wait. <https://cloud.google.com/apis/design/errors>, `google.rpc.RetryInfo`
pub(super) fn retry_delay(error: &Value) -> Option<Duration> {
    let text = details(error).iter().find_map(|detail| detail["retryDelay"].as_str())?;
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

fn details(error: &Value) -> &[Value] {
    let error = error.get(0).unwrap_or(error);
    error["error"]["details"].as_array().map(Vec::as_slice).unwrap_or_default()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    #[serde(default, deserialize_with = "null_is_default")]
    candidates: Vec<Candidate>,
    prompt_feedback: Option<Feedback>,
    usage_metadata: Option<Counts>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
    block_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    content: Option<Parts>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Parts {
    #[serde(default, deserialize_with = "null_is_default")]
    parts: Vec<PartBody>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PartBody {
    text: Option<String>,
    #[serde(default)]
    thought: bool,
    function_call: Option<CallBody>,
}

#[derive(Deserialize)]
struct CallBody {
    #[serde(default, deserialize_with = "null_is_default")]
    id: String,
    name: String,
    #[serde(default, deserialize_with = "null_is_default")]
    args: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the words of the protocol")]
struct Counts {
    prompt_token_count: Option<u64>,
    tool_use_prompt_token_count: Option<u64>,
    cached_content_token_count: Option<u64>,
    candidates_token_count: Option<u64>,
    thoughts_token_count: Option<u64>,
    total_token_count: Option<u64>,
}

impl Counts {
    /// Cached tokens are part of the prompt's. Thoughts are counted beside the answer; where the sum says that they
    /// are part of it already, the sum is right.
    fn into_usage(self) -> Option<Usage> {
        let used = self.tool_use_prompt_token_count.unwrap_or(0);
        let input_tokens = self.prompt_token_count?.saturating_add(used);
        let reasoning_tokens = self.thoughts_token_count.unwrap_or(0);
        let written = self.candidates_token_count.unwrap_or(0);
        let output_tokens = self
            .total_token_count
            .and_then(|total| total.checked_sub(input_tokens))
            .filter(|output| *output >= written)
            .unwrap_or_else(|| written.saturating_add(reasoning_tokens));
        Some(Usage {
            input_tokens,
            output_tokens,
            cached_tokens: self.cached_content_token_count.unwrap_or(0),
            reasoning_tokens,
            ..Usage::default()
        })
    }
}

/// Reads the body of an answer.
pub(super) fn parse(value: Value) -> Result<Answer, ParseError> {
    if let Some(error) = error_in(&value) {
        return Err(error);
    }
    let response: Response = read(value)?;
    let usage = response.usage_metadata.and_then(Counts::into_usage);
    let Some(candidate) = response.candidates.into_iter().next() else {
        let reason = response.prompt_feedback.and_then(|feedback| feedback.block_reason);
        let blocked = reason.ok_or(ParseError::NoAnswer("candidates[0]"))?;
        return Ok(Answer {
            finish: Some("content_filter".into()),
            finish_raw: Some(blocked),
            usage,
            ..Answer::default()
        });
    };
    let mut answer = Answer { usage, ..Answer::default() };
    for part in candidate.content.map(|content| content.parts).unwrap_or_default() {
        if let Some(text) = part.text.filter(|_| !part.thought) {
            answer.output.push_str(&text);
        }
        if let Some(call) = part.function_call {
            let arguments = Value::Object(call.args);
            answer.tool_calls.push(ToolCall { id: call.id, name: call.name, arguments });
        }
    }
    (answer.finish, answer.finish_raw) =
        finish_with_calls(candidate.finish_reason, !answer.tool_calls.is_empty());
    Ok(answer)
}

/// Takes an event of a stream into the body that it amounts to.
pub(super) fn fold(body: &mut Value, mut event: Value) -> Result<Step, ParseError> {
    if let Some(error) = error_in(&event) {
        return Err(error);
    }
    if !body.is_object() {
        *body = json!({});
    }
    let mut step = Step::default();
    for key in ["usageMetadata", "promptFeedback"] {
        if !event[key].is_null() {
            body[key] = take(&mut event, key);
        }
    }
    step.complete = !body["promptFeedback"]["blockReason"].is_null();
    let Some(candidate) = event.get_mut("candidates").and_then(|all| all.get_mut(0)) else {
        return Ok(step);
    };
    if body["candidates"].is_null() {
        body["candidates"] = json!([{"content": {"parts": []}}]);
    }
    let whole = &mut body["candidates"][0];
    if !candidate["finishReason"].is_null() {
        whole["finishReason"] = take(candidate, "finishReason");
        step.complete = true;
    }
    let Value::Array(parts) = take(&mut take(candidate, "content"), "parts") else {
        return Ok(step);
    };
    for part in parts {
        let is_thought = part["thought"] == true;
        if let Some(text) = part["text"].as_str().filter(|_| !is_thought) {
            step.text.push_str(text);
            let parts = &mut whole["content"]["parts"];
            let joins = parts.as_array().and_then(|parts| parts.last());
            if !joins.is_some_and(|last| last["text"].is_string())
                && let Some(parts) = parts.as_array_mut()
            {
                parts.push(json!({"text": ""}));
            }
            if let Some(last) = parts.as_array_mut().and_then(|parts| parts.last_mut()) {
                append(&mut last["text"], text);
            }
        } else if part["functionCall"].is_object()
            && let Some(parts) = whole["content"]["parts"].as_array_mut()
        {
            parts.push(part);
        }
    }
    Ok(step)
}
