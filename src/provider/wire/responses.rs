//! OpenAI's responses: <https://platform.openai.com/docs/api-reference/responses>.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::stream::{Step, take};
use super::{
    Delivery, ParseError, error_in, finish, finish_with_calls, lay_extra, null_is_default, openai,
    read, refuse_lacking, turns,
};
use crate::message::{
    Answer, Content, Message, Part, Request, ResponseFormat, Role, Tool, ToolCall, Usage,
};
use crate::provider::configuration::ConfigurationError;
use crate::schema::strict;

/// Keys that `extra` may not set.
const OWN_KEYS: [&str; 6] =
    ["input", "model", "stream", "background", "conversation", "previous_response_id"];

/// The body of the call.
pub(super) fn request_body(
    request: &Request,
    delivery: Delivery,
) -> Result<Value, ConfigurationError> {
    refuse_lacking(request, "openai-responses")?;
    let model = &request.model;
    let mut input = Vec::new();
    for message in &request.messages {
        items(request, message, &mut input)?;
    }
    let mut body = Map::new();
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(key.to_owned(), value);
        }
    };
    set("model", Some(json!(model.name)));
    set("input", Some(Value::Array(input)));
    set("temperature", model.temperature.map(Value::from));
    set("top_p", model.top_p.map(Value::from));
    set("max_output_tokens", model.max_output_tokens.map(Value::from));
    set("tools", (!request.tools.is_empty()).then(|| request.tools.iter().map(tool).collect()));
    set("text", format(&request.response).map(|format| json!({"format": format})));
    // The vendor would keep the exchange for a month; pf keeps it itself.
    set("store", Some(Value::Bool(false)));
    set("stream", (delivery == Delivery::Streamed).then_some(Value::Bool(true)));
    lay_extra(body, request, &OWN_KEYS)
}

fn items(
    request: &Request,
    message: &Message,
    input: &mut Vec<Value>,
) -> Result<(), ConfigurationError> {
    if message.role == Role::Tool {
        input.push(json!({
            "type": "function_call_output",
            "call_id": turns::answered_id(request, message)?,
            "output": turns::text_only(request, message)?,
        }));
        return Ok(());
    }
    let content = match &message.content {
        Content::Text(text) if text.is_empty() && !message.tool_calls.is_empty() => None,
        Content::Text(text) => Some(json!(text)),
        Content::Parts(_) if message.role == Role::Assistant => {
            Some(json!(turns::text_only(request, message)?))
        }
        Content::Parts(parts) => Some(parts.iter().map(part).collect()),
    };
    if let Some(content) = content {
        input.push(json!({"role": message.role, "content": content}));
    }
    input.extend(message.tool_calls.iter().map(|call| {
        json!({
            "type": "function_call",
            "call_id": call.id,
            "name": call.name,
            "arguments": openai::argument_text(&call.arguments),
        })
    }));
    Ok(())
}

fn part(part: &Part) -> Value {
    match part {
        Part::Text(text) => json!({"type": "input_text", "text": text}),
        Part::Image(url) => json!({"type": "input_image", "image_url": url}),
    }
}

fn tool(tool: &Tool) -> Value {
    let mut body = json!({"type": "function", "name": tool.name});
    if let Some(description) = &tool.description {
        body["description"] = json!(description);
    }
    body["parameters"] = if tool.parameters.is_empty() {
        json!({"type": "object", "properties": {}})
    } else {
        json!(tool.parameters)
    };
    // Here, unlike in chat completions, tools are strict unless the request says otherwise.
    body["strict"] = Value::Bool(false);
    body
}

fn format(format: &ResponseFormat) -> Option<Value> {
    match format {
        ResponseFormat::Text | ResponseFormat::Embedding => None,
        ResponseFormat::Json => Some(json!({"type": "json_object"})),
        ResponseFormat::Schema(schema) => Some(json!({
            "type": "json_schema", "name": "answer",
            "strict": strict::allows(schema), "schema": schema,
        })),
    }
}

#[derive(Deserialize)]
struct Response {
    status: Option<String>,
    incomplete_details: Option<Incomplete>,
    output: Option<Vec<Item>>,
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct Incomplete {
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Item {
    Message {
        #[serde(default, deserialize_with = "null_is_default")]
        content: Vec<Piece>,
    },
    FunctionCall {
        #[serde(default, deserialize_with = "null_is_default")]
        call_id: String,
        name: String,
        #[serde(default)]
        arguments: Value,
    },
    /// Thoughts, and what tools of the server's own did.
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Piece {
    OutputText {
        text: String,
    },
    Refusal {
        refusal: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Counts {
    input_tokens: Option<u64>,
    input_tokens_details: Option<openai::PromptDetails>,
    output_tokens: Option<u64>,
    output_tokens_details: Option<openai::CompletionDetails>,
}

impl Counts {
    fn into_usage(self) -> Option<Usage> {
        Some(Usage {
            input_tokens: self.input_tokens?,
            output_tokens: self.output_tokens?,
            cached_tokens: openai::cached(self.input_tokens_details.as_ref()),
            cache_write_tokens: openai::cache_written(self.input_tokens_details.as_ref()),
            reasoning_tokens: openai::reasoned(self.output_tokens_details),
        })
    }
}

/// Reads the body of an answer.
pub(super) fn parse(value: Value) -> Result<Answer, ParseError> {
    if let Some(error) = error_in(&value) {
        return Err(error);
    }
    let response: Response = read(value)?;
    if let Some(status @ ("failed" | "cancelled" | "queued" | "in_progress")) =
        response.status.as_deref()
    {
        return Err(ParseError::Error(format!("its status is `{status}`")));
    }
    let mut answer = Answer::default();
    let mut refused = String::new();
    for item in response.output.ok_or(ParseError::NoAnswer("output"))? {
        match item {
            Item::Message { content } => {
                for piece in content {
                    match piece {
                        Piece::OutputText { text } => answer.output.push_str(&text),
                        Piece::Refusal { refusal } => refused.push_str(&refusal),
                        Piece::Other => {}
                    }
                }
            }
            Item::FunctionCall { call_id, name, arguments } => answer.tool_calls.push(ToolCall {
                id: call_id,
                name,
                arguments: openai::read_arguments(arguments),
            }),
            Item::Other => {}
        }
    }
    let reason = response.incomplete_details.and_then(|details| details.reason);
    (answer.finish, answer.finish_raw) = match reason.or(response.status) {
        raw if answer.output.is_empty() && !refused.is_empty() => {
            answer.output = refused;
            (Some("refusal".into()), raw)
        }
        raw if answer.tool_calls.is_empty() => finish(raw),
        raw => finish_with_calls(raw, true),
    };
    answer.usage = response.usage.and_then(Counts::into_usage);
    Ok(answer)
}

/// Takes an event of a stream; the last one holds the whole answer.
pub(super) fn fold(body: &mut Value, mut event: Value) -> Result<Step, ParseError> {
    let mut step = Step::default();
    let kind = event["type"].as_str().unwrap_or_default().to_owned();
    match kind.as_str() {
        "response.output_text.delta" => {
            event["delta"].as_str().unwrap_or_default().clone_into(&mut step.text);
        }
        "response.completed" | "response.incomplete" | "response.failed" => {
            *body = take(&mut event, "response");
            step.complete = true;
        }
        "error" => {
            let said = super::error_text(&event).unwrap_or_else(|| "it says no more".into());
            return Err(ParseError::Error(said));
        }
        _ => {}
    }
    Ok(step)
}
