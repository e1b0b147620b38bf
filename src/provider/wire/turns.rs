//! What the protocols of Anthropic, Google and Amazon have in common: system texts stand apart, and two speakers take
//! turns, so that messages of one speaker that follow each other are one turn.

use serde_json::{Map, Value};

use super::unsupported;
use crate::message::{Content, Message, Part, Request, Role, ToolCall};
use crate::provider::configuration::ConfigurationError;

/// A request in two parts.
pub(super) struct Conversation<'a> {
    /// The system texts, in order.
    pub(super) system: Vec<String>,
    /// The rest.
    pub(super) turns: Vec<Turn<'a>>,
}

/// What one speaker says before the other does. The results of tools come from the user's side.
pub(super) struct Turn<'a> {
    pub(super) by_model: bool,
    pub(super) messages: Vec<&'a Message>,
}

/// Splits the messages of a request. A system message inside the conversation has no place that would keep its meaning.
pub(super) fn conversation(request: &Request) -> Result<Conversation<'_>, ConfigurationError> {
    let mut system = Vec::new();
    let mut turns: Vec<Turn<'_>> = Vec::new();
    for message in &request.messages {
        let by_model = match message.role {
            Role::System | Role::Developer => {
                if !turns.is_empty() {
                    return Err(unsupported(
                        request,
                        format!("a {} message after the conversation has begun", message.role),
                        "the protocol keeps these texts apart from the conversation",
                        "move it before the first other message, or say it as the user",
                    ));
                }
                system.push(text_only(request, message)?);
                continue;
            }
            Role::Assistant => true,
            Role::User | Role::Tool => false,
        };
        match turns.last_mut() {
            Some(turn) if turn.by_model == by_model => turn.messages.push(message),
            _ => turns.push(Turn { by_model, messages: vec![message] }),
        }
    }
    if turns.is_empty() {
        return Err(unsupported(
            request,
            "a conversation of system messages alone",
            "the protocol wants a message of the user",
            "give one of them the role `user`",
        ));
    }
    Ok(Conversation { system, turns })
}

/// The text of a message that can hold nothing else.
pub(super) fn text_only(
    request: &Request,
    message: &Message,
) -> Result<String, ConfigurationError> {
    let has_image = match &message.content {
        Content::Text(_) => false,
        Content::Parts(parts) => parts.iter().any(|part| matches!(part, Part::Image(_))),
    };
    if has_image {
        return Err(unsupported(
            request,
            format!("an image in a {} message", message.role),
            "the protocol has text alone there",
            "put it into a user message",
        ));
    }
    Ok(message.content.text())
}

/// The parts of a message; a plain text is one. An empty text beside the calls of tools says nothing and is none.
pub(super) fn parts(message: &Message) -> Vec<Part> {
    match &message.content {
        Content::Text(text) if text.is_empty() && !message.tool_calls.is_empty() => Vec::new(),
        Content::Text(text) => vec![Part::Text(text.clone())],
        Content::Parts(parts) => parts.clone(),
    }
}

/// An image as it stands in a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Image<'a> {
    /// The media type and the bytes in base64.
    Inline { media_type: &'a str, data: &'a str },
    /// Somewhere else.
    Url(&'a str),
}

/// Reads an image of a message.
pub(super) fn image<'a>(request: &Request, uri: &'a str) -> Result<Image<'a>, ConfigurationError> {
    let Some(rest) = uri.strip_prefix("data:") else { return Ok(Image::Url(uri)) };
    rest.split_once(',')
        .and_then(|(head, data)| {
            let media_type = head.strip_suffix(";base64")?.split(';').next()?;
            Some(Image::Inline { media_type, data })
        })
        .ok_or_else(|| {
            unsupported(
                request,
                "an image as it is written",
                "its data URI is not in base64",
                "write `data:image/png;base64,…`",
            )
        })
}

/// The image's media type and bytes, where the protocol takes no address.
pub(super) fn inline_image<'a>(
    request: &Request,
    uri: &'a str,
) -> Result<(&'a str, &'a str), ConfigurationError> {
    match image(request, uri)? {
        Image::Inline { media_type, data } => Ok((media_type, data)),
        Image::Url(_) => Err(unsupported(
            request,
            "the address of an image",
            "the server fetches none",
            "give the image itself, as a data URI",
        )),
    }
}

/// The arguments of an earlier call, where the protocol wants an object.
pub(super) fn arguments(
    request: &Request,
    call: &ToolCall,
) -> Result<Map<String, Value>, ConfigurationError> {
    let read = match &call.arguments {
        Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
        value => value.clone(),
    };
    match read {
        Value::Object(map) => Ok(map),
        Value::Null if call.arguments.is_null() => Ok(Map::new()),
        _ => Err(unsupported(
            request,
            format!("the arguments of the call of `{}` as they are", call.name),
            "the protocol wants an object",
            "write them as a map",
        )),
    }
}

/// The id of the call that a message of role `tool` answers.
pub(super) fn answered_id<'a>(
    request: &Request,
    message: &'a Message,
) -> Result<&'a str, ConfigurationError> {
    message.tool_call_id.as_deref().ok_or_else(|| {
        unsupported(
            request,
            "a tool message without `tool_call_id`",
            "it must say which call it answers",
            "name the id of that call",
        )
    })
}

/// The tool whose call a message of role `tool` answers, where the protocol knows calls by the tool's name.
pub(super) fn answered_tool<'a>(
    request: &'a Request,
    message: &Message,
) -> Result<&'a str, ConfigurationError> {
    let id = answered_id(request, message)?;
    let calls = request.messages.iter().flat_map(|message| &message.tool_calls);
    calls.into_iter().find(|call| call.id == id).map(|call| call.name.as_str()).ok_or_else(|| {
        unsupported(
            request,
            format!("an answer to the call `{id}`"),
            "no message before it makes that call",
            "add the assistant's message with the call",
        )
    })
}
