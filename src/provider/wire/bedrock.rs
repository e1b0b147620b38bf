//! `Converse` of Amazon Bedrock: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>.
//!
//! An answer is held to a schema by a tool that the model must call, whose arguments are the answer: models that know
//! Bedrock's own structured output are few, and those that call tools are many.

use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Kind, ParseError, finish, lay_extra, null_is_default, read, refuse_lacking, segment, turns,
    unsupported,
};
use crate::message::{Answer, Part, Request, ResponseFormat, Role, Tool, ToolCall, Usage};
use crate::provider::configuration::ConfigurationError;

/// Keys that `extra` may not set.
const OWN_KEYS: [&str; 2] = ["messages", "system"];

/// The tool whose arguments are the answer.
const ANSWER: &str = "answer";

/// Where the call goes, below the endpoint. The name may be that of a profile, with slashes and colons.
pub(super) fn path(model: &str) -> String {
    format!("model/{}/converse", segment(model))
}

/// The body of the call.
pub(super) fn request_body(request: &Request) -> Result<Value, ConfigurationError> {
    refuse_lacking(request, "bedrock")?;
    let model = &request.model;
    let conversation = turns::conversation(request)?;
    let mut body = Map::new();
    if !conversation.system.is_empty() {
        let blocks: Vec<Value> =
            conversation.system.iter().map(|text| json!({"text": text})).collect();
        body.insert("system".into(), Value::Array(blocks));
    }
    let messages: Result<Vec<Value>, _> =
        conversation.turns.iter().map(|turn| message(request, turn)).collect();
    body.insert("messages".into(), Value::Array(messages?));

    let mut config = Map::new();
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            config.insert(key.to_owned(), value);
        }
    };
    set("maxTokens", model.max_output_tokens.map(Value::from));
    set("temperature", model.temperature.map(Value::from));
    set("topP", model.top_p.map(Value::from));
    set("stopSequences", (!model.stop.is_empty()).then(|| json!(model.stop)));
    if !config.is_empty() {
        body.insert("inferenceConfig".into(), Value::Object(config));
    }
    if let Some(tools) = tool_config(request)? {
        body.insert("toolConfig".into(), tools);
    }
    lay_extra(body, request, &OWN_KEYS)
}

fn tool_config(request: &Request) -> Result<Option<Value>, ConfigurationError> {
    match &request.response {
        ResponseFormat::Text | ResponseFormat::Embedding if request.tools.is_empty() => Ok(None),
        ResponseFormat::Text | ResponseFormat::Embedding => {
            let tools: Vec<Value> = request.tools.iter().map(tool).collect();
            Ok(Some(json!({"tools": tools})))
        }
        ResponseFormat::Json => Err(unsupported(
            request,
            "`format: json` without a schema",
            "Bedrock can hold an answer to a schema alone",
            "add `output.schema`",
        )),
        ResponseFormat::Schema(_) if !request.tools.is_empty() => Err(unsupported(
            request,
            "tools beside a schema of the answer",
            "on Bedrock the schema takes the place of the tools",
            "leave out one of them, or set `extra: {outputConfig: …}` for a model that knows it",
        )),
        ResponseFormat::Schema(schema) => Ok(Some(json!({
            "tools": [{"toolSpec": {
                "name": ANSWER,
                "description": "Gives the answer.",
                "inputSchema": {"json": schema},
            }}],
            "toolChoice": {"tool": {"name": ANSWER}},
        }))),
    }
}

fn message(request: &Request, turn: &turns::Turn<'_>) -> Result<Value, ConfigurationError> {
    let mut blocks = Vec::new();
    for message in &turn.messages {
        let said: Result<Vec<Value>, _> =
            turns::parts(message).iter().map(|said| part(request, said)).collect();
        if message.role == Role::Tool {
            blocks.push(json!({"toolResult": {
                "toolUseId": turns::answered_id(request, message)?, "content": said?,
            }}));
            continue;
        }
        blocks.extend(said?);
        for call in &message.tool_calls {
            let input = turns::arguments(request, call)?;
            blocks.push(
                json!({"toolUse": {"toolUseId": call.id, "name": call.name, "input": input}}),
            );
        }
    }
    Ok(json!({"role": if turn.by_model { "assistant" } else { "user" }, "content": blocks}))
}

fn part(request: &Request, part: &Part) -> Result<Value, ConfigurationError> {
    let uri = match part {
        Part::Text(text) => return Ok(json!({"text": text})),
        Part::Image(uri) => uri,
    };
    let (media_type, data) = turns::inline_image(request, uri)?;
    let format = match media_type {
        "image/png" => "png",
        "image/jpeg" | "image/jpg" => "jpeg",
        "image/gif" => "gif",
        "image/webp" => "webp",
        other => {
            return Err(unsupported(
                request,
                format!("an image of type `{}`", crate::provider::error::printable(other, 40)),
                "Bedrock takes PNG, JPEG, GIF and WebP",
                "convert it",
            ));
        }
    };
    Ok(json!({"image": {"format": format, "source": {"bytes": data}}}))
}

fn tool(tool: &Tool) -> Value {
    let schema =
        if tool.parameters.is_empty() { json!({"type": "object"}) } else { json!(tool.parameters) };
    let mut spec = json!({"name": tool.name, "inputSchema": {"json": schema}});
    if let Some(description) = &tool.description {
        spec["description"] = json!(description);
    }
    json!({"toolSpec": spec})
}

/// What an error means beyond its status; its name stands in a header.
pub(super) fn kind(headers: &HeaderMap, error: &Value) -> Option<Kind> {
    let named = headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
    let named = named.or_else(|| error["__type"].as_str())?;
    // `ThrottlingException:http://internal.amazon.com/…`, or with a namespace before a `#`.
    let name = named.split(':').next()?.rsplit('#').next()?;
    let says = |words: &str| error["message"].as_str().is_some_and(|text| text.contains(words));
    match name {
        "ThrottlingException" | "ModelNotReadyException" => Some(Kind::Limited),
        "ServiceQuotaExceededException" => Some(Kind::Quota),
        "AccessDeniedException" | "UnrecognizedClientException" => Some(Kind::Unauthorized),
        "ResourceNotFoundException" => Some(Kind::NotFound),
        "ValidationException" if says("model identifier is invalid") => Some(Kind::NotFound),
        "ModelErrorException"
        | "ModelTimeoutException"
        | "InternalServerException"
        | "ServiceUnavailableException" => Some(Kind::Server),
        _ => None,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    output: Option<Output>,
    stop_reason: Option<String>,
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct Output {
    message: Option<Message>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default, deserialize_with = "null_is_default")]
    content: Vec<Block>,
}

/// Thoughts stand in `reasoningContent`, which nothing here reads.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Block {
    text: Option<String>,
    tool_use: Option<Use>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Use {
    #[serde(default, deserialize_with = "null_is_default")]
    tool_use_id: String,
    name: String,
    #[serde(default)]
    input: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the words of the protocol")]
struct Counts {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_write_input_tokens: Option<u64>,
}

impl Counts {
    /// What was read from the cache or written to it is counted apart from the rest of the input.
    fn into_usage(self) -> Option<Usage> {
        let cached_tokens = self.cache_read_input_tokens.unwrap_or(0);
        let written = self.cache_write_input_tokens.unwrap_or(0);
        Some(Usage {
            input_tokens: self.input_tokens?.saturating_add(cached_tokens).saturating_add(written),
            output_tokens: self.output_tokens?,
            cached_tokens,
            cache_write_tokens: written,
            ..Usage::default()
        })
    }
}

/// Reads the body of an answer to `request`.
pub(super) fn parse(value: Value, request: &Request) -> Result<Answer, ParseError> {
    let response: Response = read(value)?;
    let message = response.output.and_then(|output| output.message);
    let message = message.ok_or(ParseError::NoAnswer("output.message"))?;
    let held = matches!(request.response, ResponseFormat::Schema(_));
    let mut answer = Answer::default();
    let mut held_answer = None;
    for block in message.content {
        if let Some(text) = block.text {
            answer.output.push_str(&text);
        }
        match block.tool_use {
            Some(used) if held && used.name == ANSWER => held_answer = Some(used.input),
            Some(used) => answer.tool_calls.push(ToolCall {
                id: used.tool_use_id,
                name: used.name,
                arguments: used.input,
            }),
            None => {}
        }
    }
    (answer.finish, answer.finish_raw) = finish(response.stop_reason);
    if let Some(value) = held_answer {
        // What it says besides is no part of the answer that was asked for.
        answer.output = value.to_string();
        if answer.finish.as_deref() == Some("tool_calls") {
            answer.finish = Some("stop".into());
        }
    }
    answer.usage = response.usage.and_then(Counts::into_usage);
    Ok(answer)
}
