//! The chat of Ollama: <https://docs.ollama.com/api/chat>.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::stream::{Step, append, take};
use super::{
    Delivery, ParseError, error_in, finish_with_calls, lay_extra, null_is_default, read, turns,
};
use crate::message::{
    Answer, Content, Message, Part, Request, ResponseFormat, Role, Tool, ToolCall, Usage,
};
use crate::provider::configuration::ConfigurationError;

/// Keys that `extra` may not set.
const OWN_KEYS: [&str; 3] = ["messages", "model", "stream"];

/// The body of the call.
pub(super) fn request_body(
    request: &Request,
    delivery: Delivery,
) -> Result<Value, ConfigurationError> {
    let model = &request.model;
    let mut options = Map::new();
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            options.insert(key.to_owned(), value);
        }
    };
    set("temperature", model.temperature.map(Value::from));
    set("top_p", model.top_p.map(Value::from));
    set("num_predict", model.max_output_tokens.map(Value::from));
    set("seed", model.seed.map(Value::from));
    set("stop", (!model.stop.is_empty()).then(|| json!(model.stop)));

    let mut body = Map::new();
    body.insert("model".into(), json!(model.name));
    let messages: Result<Vec<Value>, _> =
        request.messages.iter().map(|said| message(request, said)).collect();
    body.insert("messages".into(), Value::Array(messages?));
    if !request.tools.is_empty() {
        body.insert("tools".into(), request.tools.iter().map(tool).collect());
    }
    let format = match &request.response {
        ResponseFormat::Text | ResponseFormat::Embedding => None,
        ResponseFormat::Json => Some(json!("json")),
        ResponseFormat::Schema(schema) => Some(schema.clone()),
    };
    if let Some(format) = format {
        body.insert("format".into(), format);
    }
    if !options.is_empty() {
        body.insert("options".into(), Value::Object(options));
    }
    // Without the word it streams.
    body.insert("stream".into(), Value::Bool(delivery == Delivery::Streamed));
    lay_extra(body, request, &OWN_KEYS)
}

fn message(request: &Request, message: &Message) -> Result<Value, ConfigurationError> {
    // Templates of models know no developer; an unknown role would be left out of the prompt.
    let role = if message.role == Role::Developer { Role::System } else { message.role };
    let mut body = json!({"role": role, "content": message.content.text()});
    if let Content::Parts(parts) = &message.content {
        let images: Result<Vec<&str>, _> = parts
            .iter()
            .filter_map(|part| match part {
                Part::Text(_) => None,
                Part::Image(uri) => Some(turns::inline_image(request, uri).map(|(_, data)| data)),
            })
            .collect();
        let images = images?;
        if !images.is_empty() {
            body["images"] = json!(images);
        }
    }
    if !message.tool_calls.is_empty() {
        let calls: Result<Vec<Value>, ConfigurationError> = message
            .tool_calls
            .iter()
            .map(|call| {
                let arguments = turns::arguments(request, call)?;
                Ok(json!({"function": {"name": call.name, "arguments": arguments}}))
            })
            .collect();
        body["tool_calls"] = Value::Array(calls?);
    }
    if message.role == Role::Tool {
        body["tool_name"] = json!(turns::answered_tool(request, message)?);
    }
    Ok(body)
}

fn tool(tool: &Tool) -> Value {
    let mut function = json!({"name": tool.name, "parameters": tool.parameters});
    if tool.parameters.is_empty() {
        function["parameters"] = json!({"type": "object", "properties": {}});
    }
    if let Some(description) = &tool.description {
        function["description"] = json!(description);
    }
    json!({"type": "function", "function": function})
}

#[derive(Deserialize)]
struct Response {
    message: Option<MessageBody>,
    done_reason: Option<String>,
    prompt_eval_count: Option<u64>,
    eval_count: Option<u64>,
}

/// Thoughts stand in `thinking`, which nothing here reads.
#[derive(Deserialize)]
struct MessageBody {
    #[serde(default, deserialize_with = "null_is_default")]
    content: String,
    #[serde(default, deserialize_with = "null_is_default")]
    tool_calls: Vec<CallBody>,
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

/// Reads the body of an answer.
pub(super) fn parse(value: Value) -> Result<Answer, ParseError> {
    if let Some(error) = error_in(&value) {
        return Err(error);
    }
    let response: Response = read(value)?;
    let message = response.message.ok_or(ParseError::NoAnswer("message"))?;
    let calls = message.tool_calls.into_iter();
    let tool_calls: Vec<ToolCall> = calls
        .map(|call| ToolCall {
            id: call.id,
            name: call.function.name,
            arguments: call.function.arguments,
        })
        .collect();
    let (finish, finish_raw) = finish_with_calls(response.done_reason, !tool_calls.is_empty());
    let counts = response.prompt_eval_count.zip(response.eval_count);
    Ok(Answer {
        output: message.content,
        tool_calls,
        finish,
        finish_raw,
        usage: counts.map(|(input_tokens, output_tokens)| Usage {
            input_tokens,
            output_tokens,
            ..Usage::default()
        }),
        ..Answer::default()
    })
}

/// Takes a line of a stream into the body that it amounts to.
pub(super) fn fold(body: &mut Value, mut event: Value) -> Result<Step, ParseError> {
    if let Some(error) = error_in(&event) {
        return Err(error);
    }
    let mut step = Step::default();
    if !event["message"].is_object() && event["done"] != true {
        return Ok(step);
    }
    if !body.is_object() {
        *body = json!({"message": {"content": "", "tool_calls": []}});
    }
    let mut message = take(&mut event, "message");
    if let Some(text) = message["content"].as_str() {
        append(&mut body["message"]["content"], text);
        text.clone_into(&mut step.text);
    }
    if let (Value::Array(calls), Some(all)) =
        (take(&mut message, "tool_calls"), body["message"]["tool_calls"].as_array_mut())
    {
        all.extend(calls);
    }
    if event["done"] == true {
        step.complete = true;
        for key in ["done_reason", "prompt_eval_count", "eval_count"] {
            body[key] = take(&mut event, key);
        }
    }
    Ok(step)
}
