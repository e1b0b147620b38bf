//! Anthropic's messages: <https://platform.claude.com/docs/en/api/messages>.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::stream::{Step, append, take};
use super::turns::{self, Image};
use super::{
    Delivery, Kind, ParseError, error_in, finish, lay_extra, null_is_default, read, refuse_lacking,
    schema, unsupported,
};
use crate::message::{Answer, Part, Request, ResponseFormat, Role, Tool, ToolCall, Usage};
use crate::price::models;
use crate::provider::configuration::ConfigurationError;

/// Keys that `extra` may not set.
const OWN_KEYS: [&str; 4] = ["messages", "model", "stream", "system"];

/// The body of the call.
pub(super) fn request_body(
    request: &Request,
    delivery: Delivery,
) -> Result<Value, ConfigurationError> {
    refuse_lacking(request, "anthropic")?;
    let model = &request.model;
    let conversation = turns::conversation(request)?;
    let mut body = Map::new();
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(key.to_owned(), value);
        }
    };
    set("model", Some(json!(model.name)));
    set("max_tokens", Some(json!(longest_answer(request)?)));
    let system: Vec<Value> =
        conversation.system.iter().map(|text| json!({"type": "text", "text": text})).collect();
    set("system", (!system.is_empty()).then(|| Value::Array(system)));
    let messages: Result<Vec<Value>, _> =
        conversation.turns.iter().map(|turn| message(request, turn)).collect();
    set("messages", Some(Value::Array(messages?)));
    set("temperature", model.temperature.map(Value::from));
    set("top_p", model.top_p.map(Value::from));
    set("stop_sequences", (!model.stop.is_empty()).then(|| json!(model.stop)));
    set("tools", (!request.tools.is_empty()).then(|| request.tools.iter().map(tool).collect()));
    set("output_config", output_config(request)?);
    set("stream", (delivery == Delivery::Streamed).then_some(Value::Bool(true)));
    lay_extra(body, request, &OWN_KEYS)
}

/// The protocol demands a bound; without one, the most that the model can write.
fn longest_answer(request: &Request) -> Result<u64, ConfigurationError> {
    let model = &request.model;
    model
        .max_output_tokens
        .or_else(|| models::find_by_name("anthropic", &model.name)?.max_output)
        .ok_or_else(|| {
            unsupported(
                request,
                "a request without `max_output_tokens`",
                "Anthropic demands a bound, and the longest answer of this model is not known",
                "set it in the prompt's `model` or in the profile",
            )
        })
}

/// <https://platform.claude.com/docs/en/build-with-claude/structured-outputs>
fn output_config(request: &Request) -> Result<Option<Value>, ConfigurationError> {
    match &request.response {
        ResponseFormat::Text | ResponseFormat::Embedding => Ok(None),
        ResponseFormat::Schema(schema) => Ok(Some(json!({
            "format": {"type": "json_schema", "schema": schema::enforceable(schema)},
        }))),
        ResponseFormat::Json => Err(unsupported(
            request,
            "`format: json` without a schema",
            "Anthropic can hold an answer to a schema alone",
            "add `output.schema`",
        )),
    }
}

fn message(request: &Request, turn: &turns::Turn<'_>) -> Result<Value, ConfigurationError> {
    let mut blocks = Vec::new();
    for message in &turn.messages {
        let said: Result<Vec<Value>, _> =
            turns::parts(message).iter().map(|said| part(request, said)).collect();
        if message.role == Role::Tool {
            blocks.push(json!({
                "type": "tool_result",
                "tool_use_id": turns::answered_id(request, message)?,
                "content": said?,
            }));
            continue;
        }
        blocks.extend(said?);
        for call in &message.tool_calls {
            let input = turns::arguments(request, call)?;
            blocks.push(
                json!({"type": "tool_use", "id": call.id, "name": call.name, "input": input}),
            );
        }
    }
    let role = if turn.by_model { "assistant" } else { "user" };
    Ok(json!({"role": role, "content": blocks}))
}

fn part(request: &Request, part: &Part) -> Result<Value, ConfigurationError> {
    Ok(match part {
        Part::Text(text) => json!({"type": "text", "text": text}),
        Part::Image(uri) => match turns::image(request, uri)? {
            Image::Inline { media_type, data } => json!({
                "type": "image",
                "source": {"type": "base64", "media_type": media_type, "data": data},
            }),
            Image::Url(url) => json!({"type": "image", "source": {"type": "url", "url": url}}),
        },
    })
}

fn tool(tool: &Tool) -> Value {
    let schema =
        if tool.parameters.is_empty() { json!({"type": "object"}) } else { json!(tool.parameters) };
    let mut body = json!({"name": tool.name, "input_schema": schema});
    if let Some(description) = &tool.description {
        body["description"] = json!(description);
    }
    body
}

/// What an error means beyond its status. An account without money is told so with 400.
pub(super) fn kind(status: u16, error: &Value) -> Option<Kind> {
    let error = error.get("error")?;
    let says = |words: &str| {
        error.get("message").and_then(Value::as_str).is_some_and(|text| text.contains(words))
    };
    match error.get("type").and_then(Value::as_str)? {
        "billing_error" => Some(Kind::Quota),
        "invalid_request_error" if status == 400 && says("credit balance is too low") => {
            Some(Kind::Quota)
        }
        _ => None,
    }
}

#[derive(Deserialize)]
struct Message {
    content: Option<Vec<Block>>,
    stop_reason: Option<String>,
    usage: Option<Counts>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Text {
        text: String,
    },
    ToolUse {
        #[serde(default, deserialize_with = "null_is_default")]
        id: String,
        name: String,
        #[serde(default)]
        input: Value,
    },
    /// Thoughts, and what tools of the server's own did.
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the words of the protocol")]
struct Counts {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
}

impl Counts {
    /// What was read from the cache or written to it is counted apart from the rest of the input.
    fn into_usage(self) -> Option<Usage> {
        let cached_tokens = self.cache_read_input_tokens.unwrap_or(0);
        let written = self.cache_creation_input_tokens.unwrap_or(0);
        Some(Usage {
            input_tokens: self.input_tokens?.saturating_add(cached_tokens).saturating_add(written),
            output_tokens: self.output_tokens?,
            cached_tokens,
            cache_write_tokens: written,
            ..Usage::default()
        })
    }
}

/// Reads the body of an answer.
pub(super) fn parse(value: Value) -> Result<Answer, ParseError> {
    if let Some(error) = error_in(&value) {
        return Err(error);
    }
    let message: Message = read(value)?;
    let mut answer = Answer::default();
    for block in message.content.ok_or(ParseError::NoAnswer("content"))? {
        match block {
            Block::Text { text } => answer.output.push_str(&text),
            Block::ToolUse { id, name, input } => {
                answer.tool_calls.push(ToolCall { id, name, arguments: input });
            }
            Block::Other => {}
        }
    }
    (answer.finish, answer.finish_raw) = finish(message.stop_reason);
    answer.usage = message.usage.and_then(Counts::into_usage);
    Ok(answer)
}

/// Takes an event of a stream into the body that it amounts to.
///
/// <https://platform.claude.com/docs/en/build-with-claude/streaming>
pub(super) fn fold(body: &mut Value, mut event: Value) -> Result<Step, ParseError> {
    if let Some(error) = error_in(&event) {
        return Err(error);
    }
    let mut step = Step::default();
    let kind = event["type"].as_str().unwrap_or_default().to_owned();
    match kind.as_str() {
        "message_start" => {
            *body = take(&mut event, "message");
            if !body.is_object() {
                return Err(ParseError::NoAnswer("message"));
            }
            body["content"] = json!([]);
        }
        "content_block_start" => {
            if let Some(blocks) = body.get_mut("content").and_then(Value::as_array_mut) {
                blocks.push(take(&mut event, "content_block"));
            }
        }
        "content_block_delta" => {
            let index = event["index"].as_u64().and_then(|index| usize::try_from(index).ok());
            let block = body.get_mut("content").and_then(|blocks| blocks.get_mut(index?));
            let Some(block) = block.filter(|block| block.is_object()) else { return Ok(step) };
            let delta = &event["delta"];
            if let Some(text) = delta["text"].as_str() {
                append(&mut block["text"], text);
                text.clone_into(&mut step.text);
            }
            if let Some(json) = delta["partial_json"].as_str() {
                append(&mut block["written"], json);
            }
        }
        "message_delta" if body.is_object() => {
            if !event["delta"]["stop_reason"].is_null() {
                body["stop_reason"] = event["delta"]["stop_reason"].clone();
            }
            // The counts are running totals; those of the input stand in the first event, too.
            if let Value::Object(counts) = take(&mut event, "usage") {
                if !body["usage"].is_object() {
                    body["usage"] = json!({});
                }
                for (key, count) in counts.into_iter().filter(|(_, count)| !count.is_null()) {
                    body["usage"][key] = count;
                }
            }
        }
        "message_stop" => step.complete = true,
        _ => {}
    }
    if step.complete {
        for block in body.get_mut("content").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(text) = block.get("written").and_then(Value::as_str) {
                let input = serde_json::from_str(text).unwrap_or_else(|_| json!(text));
                block["input"] = input;
            }
        }
    }
    Ok(step)
}
