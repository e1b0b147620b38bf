//! The wire protocols: how a request becomes a body, and the bytes of an answer an [`Answer`].
//!
//! A protocol is a value, and each has a file of pure functions. What no protocol differs in stands here: the words for
//! why a model stopped, the shapes of errors, and how `extra` is laid over a body.
//!
//! What a vendor thinks before it answers is never part of the output: it is not addressed to the reader, and
//! assertions must not see it.

mod anthropic;
mod bedrock;
mod embedding;
mod gemini;
mod house;
mod ollama;
mod openai;
mod responses;
mod schema;
mod stream;
mod turns;

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

pub use self::openai::Quirks;
pub(super) use self::stream::Collector;
use super::configuration::ConfigurationError;
use super::endpoint::Endpoint;
use super::error::server_message;
use crate::message::{Answer, Request, ResponseFormat};
use crate::price::vendors;
use crate::project::config::{Method, Protocol};
use crate::project::exchange::Exchange;

/// The wire protocol of a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wire {
    /// OpenAI's chat completions, with what the server does differently.
    Openai(Quirks),
    /// OpenAI's responses.
    Responses,
    /// Anthropic's messages.
    Anthropic,
    /// Google's `generateContent`.
    Gemini,
    /// `Converse` of Amazon Bedrock.
    Bedrock,
    /// The chat of Ollama.
    Ollama,
    /// What `pf.yaml` says of an in-house endpoint.
    House(Arc<Exchange>),
}

/// How the answer comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Delivery {
    /// In one piece.
    Whole,
    /// Bit by bit, as the model writes it.
    Streamed,
}

/// What an error of a server means, where its status alone does not say so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Unauthorized,
    NotFound,
    Limited,
    Quota,
    Server,
    Starting,
}

/// What a server says with another status than 200.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Failure {
    pub(super) message: Option<String>,
    pub(super) kind: Option<Kind>,
    /// How long the body asks to wait.
    pub(super) retry_after: Option<Duration>,
}

/// Why a body is no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum ParseError {
    /// Cut, or not JSON at all.
    #[error("it is no valid JSON ({0}), or was cut")]
    Json(String),
    /// Some servers report an error with status 200.
    #[error("it holds an error: {0}")]
    Error(String),
    /// It is JSON without an answer at the place that `pf.yaml` names.
    #[error("{0}; do the paths of the provider in pf.yaml fit what it answers?")]
    Place(String),
    /// It is JSON without an answer.
    #[error("it has no `{0}`; does `base_url` end in the right path, such as `/v1`?")]
    NoAnswer(&'static str),
    /// A stream that ended before the model had.
    #[error("its stream was cut before the end")]
    CutStream,
}

impl Wire {
    /// The protocol of this name as the server at `endpoint` speaks it; `None` for `echo` and `exec`, which are on no wire,
    /// and for `http`, which the name alone does not say.
    pub fn new(protocol: Protocol, endpoint: &Endpoint) -> Option<Self> {
        match Self::of_vendor(protocol)? {
            Self::Openai(_) => Some(Self::Openai(Quirks::of(endpoint))),
            other => Some(other),
        }
    }

    /// The protocol of this name as the vendor speaks it that made it.
    pub fn of_vendor(protocol: Protocol) -> Option<Self> {
        match protocol {
            Protocol::Openai => Some(Self::Openai(Quirks::OPENAI)),
            Protocol::OpenaiResponses => Some(Self::Responses),
            Protocol::Anthropic => Some(Self::Anthropic),
            Protocol::Gemini => Some(Self::Gemini),
            Protocol::Bedrock => Some(Self::Bedrock),
            Protocol::Ollama => Some(Self::Ollama),
            Protocol::Http | Protocol::Exec | Protocol::Echo => None,
        }
    }

    /// The body of the call, for an answer in one piece.
    pub fn request_body(&self, request: &Request) -> Result<Value, ConfigurationError> {
        self.body(request, Delivery::Whole)
    }

    /// The body of the call. What the protocol has no place for is an error.
    pub(super) fn body(
        &self,
        request: &Request,
        delivery: Delivery,
    ) -> Result<Value, ConfigurationError> {
        if request.response == ResponseFormat::Embedding {
            return embedding::request_body(self, request);
        }
        match self {
            Self::Openai(quirks) => openai::request_body(request, *quirks, delivery),
            Self::Responses => responses::request_body(request, delivery),
            Self::Anthropic => anthropic::request_body(request, delivery),
            Self::Gemini => gemini::request_body(request),
            Self::Bedrock => bedrock::request_body(request),
            Self::Ollama => ollama::request_body(request, delivery),
            Self::House(exchange) => house::request_body(request, exchange),
        }
    }

    /// Where the call goes, below the endpoint.
    pub(super) fn path(&self, model: &str, delivery: Delivery) -> String {
        match self {
            Self::Openai(_) => "chat/completions".to_owned(),
            Self::Responses => "responses".to_owned(),
            Self::Anthropic => "messages".to_owned(),
            Self::Gemini => gemini::path(model, delivery),
            Self::Bedrock => bedrock::path(model),
            Self::Ollama => "api/chat".to_owned(),
            Self::House(exchange) => exchange.path(&segment(model)),
        }
    }

    /// Where this call goes, below the endpoint.
    pub(super) fn path_of(&self, request: &Request, delivery: Delivery) -> String {
        match request.response {
            ResponseFormat::Embedding => embedding::path(self, &request.model.name),
            _ => self.path(&request.model.name, delivery),
        }
    }

    /// How requests are sent.
    pub(super) fn method(&self) -> reqwest::Method {
        match self {
            Self::House(exchange) if exchange.method == Method::Put => reqwest::Method::PUT,
            _ => reqwest::Method::POST,
        }
    }

    /// How an answer can come at best: Bedrock streams in a binary format of its own, an in-house endpoint in none that
    /// anybody knows.
    pub(super) fn at_best(&self, wanted: Delivery) -> Delivery {
        if matches!(self, Self::Bedrock | Self::House(_)) { Delivery::Whole } else { wanted }
    }

    /// The header that carries the key, and what stands before it.
    pub(super) fn key_header(&self, endpoint: &Endpoint) -> (HeaderName, &'static str) {
        match self {
            Self::Openai(_) | Self::Responses if openai::is_azure(endpoint) => {
                (HeaderName::from_static("api-key"), "")
            }
            Self::Anthropic => (HeaderName::from_static("x-api-key"), ""),
            Self::Gemini => (HeaderName::from_static("x-goog-api-key"), ""),
            Self::House(exchange) => house::key_header(exchange),
            Self::Openai(_) | Self::Responses | Self::Bedrock | Self::Ollama => {
                (reqwest::header::AUTHORIZATION, "Bearer ")
            }
        }
    }

    /// A header that the protocol wants besides, unless the configuration sets it.
    pub(super) fn version_header(&self) -> Option<(&'static str, &'static str)> {
        (*self == Self::Anthropic).then_some(("anthropic-version", "2023-06-01"))
    }

    /// Reads the body of an answer with status 200 to `request`.
    pub(super) fn parse(&self, body: &[u8], request: &Request) -> Result<Answer, ParseError> {
        // Some servers put a byte order mark before it.
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let value: Value =
            serde_json::from_slice(body).map_err(|error| ParseError::Json(error.to_string()))?;
        self.parse_value(value, request)
    }

    fn parse_value(&self, value: Value, request: &Request) -> Result<Answer, ParseError> {
        if request.response == ResponseFormat::Embedding {
            return embedding::parse(self, value);
        }
        match self {
            Self::Openai(_) => openai::parse(value),
            Self::Responses => responses::parse(value),
            Self::Anthropic => anthropic::parse(value),
            Self::Gemini => gemini::parse(value),
            Self::Bedrock => bedrock::parse(value, request),
            Self::Ollama => ollama::parse(value),
            Self::House(exchange) => house::parse(&value, exchange),
        }
    }

    /// Reads an answer with another status than 200.
    pub(super) fn failure(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> Failure {
        let value: Value = serde_json::from_slice(body).unwrap_or_default();
        let (kind, retry_after) = match self {
            Self::Openai(_) | Self::Responses => (openai::kind(status, &value), None),
            Self::Anthropic => (anthropic::kind(status, &value), None),
            Self::Gemini => (gemini::kind(status, &value), gemini::retry_delay(&value)),
            Self::Bedrock => (bedrock::kind(headers, &value), None),
            Self::Ollama | Self::House(_) => (None, None),
        };
        Failure { message: error_message(body), kind, retry_after }
    }
}

/// Why a model stopped, in the one vocabulary of `finish`, and the vendor's own word where it is another.
///
/// `stop`: it was done, or met a text of `stop`. `length`: no room was left. `tool_calls`: it asks for tools.
/// `content_filter`: something took the answer or a part of it away. `refusal`: the model itself declined. Any other
/// word is a vendor's own.
fn finish(raw: Option<String>) -> (Option<String>, Option<String>) {
    let Some(raw) = raw else { return (None, None) };
    let word = match raw.as_str() {
        "stop" | "STOP" | "end_turn" | "stop_sequence" | "completed" | "eos" | "eos_token" => {
            "stop"
        }
        "length"
        | "max_tokens"
        | "MAX_TOKENS"
        | "max_output_tokens"
        | "model_context_window_exceeded" => "length",
        "tool_calls" | "tool_use" | "function_call" => "tool_calls",
        "content_filter"
        | "content_filtered"
        | "guardrail_intervened"
        | "SAFETY"
        | "RECITATION"
        | "LANGUAGE"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY" => "content_filter",
        other => other,
    };
    if word == raw { (Some(raw), None) } else { (Some(word.to_owned()), Some(raw)) }
}

/// The same for vendors that say that the model stopped where it asks for tools.
fn finish_with_calls(raw: Option<String>, calls: bool) -> (Option<String>, Option<String>) {
    match finish(raw) {
        (Some(word), raw) if calls && word == "stop" => {
            (Some("tool_calls".to_owned()), raw.or(Some(word)))
        }
        other => other,
    }
}

/// What a server says about an error, in any of the shapes that are in use.
fn error_message(body: &[u8]) -> Option<String> {
    if let Ok(value) = serde_json::from_slice::<Value>(body) {
        return error_text(&value);
    }
    let text = String::from_utf8_lossy(body);
    // A page of a proxy says nothing in its first words.
    let is_page = text.trim_start().starts_with('<');
    if is_page { None } else { server_message(&text) }
}

fn error_text(value: &Value) -> Option<String> {
    // Google puts the error of a stream into a list.
    let value = match value {
        Value::Array(items) => items.first()?,
        value => value,
    };
    let error = match value.get("error") {
        Some(error) if !error.is_null() => error,
        _ => value,
    };
    let message = match error {
        Value::String(_) => Some(error),
        // Most; FastAPI, and with it vLLM, says `detail`; some services of AWS write a capital.
        _ => ["message", "detail", "Message"].iter().find_map(|key| error.get(key)),
    };
    match message? {
        Value::String(text) => server_message(text),
        Value::Null => None,
        other => server_message(&other.to_string()),
    }
}

/// The error that a body of status 200 holds in place of an answer.
fn error_in(value: &Value) -> Option<ParseError> {
    value.get("error").filter(|error| !error.is_null())?;
    Some(ParseError::Error(error_text(value).unwrap_or_else(|| "it says nothing about it".into())))
}

/// Reads a body into the parts of it that matter.
fn read<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, ParseError> {
    serde_json::from_value(value)
        .map_err(|error| ParseError::Json(super::error::printable(&error.to_string(), 200)))
}

/// Refuses the seed and the stops of a request where the protocol `name` has no place for them.
fn refuse_lacking(request: &Request, name: &'static str) -> Result<(), ConfigurationError> {
    let model = &request.model;
    for (key, is_set) in [("seed", model.seed.is_some()), ("stop", !model.stop.is_empty())] {
        if is_set && let Some(why) = vendors::lacking(name, key) {
            return Err(unsupported(request, format!("`{key}`"), why, "leave it out"));
        }
    }
    Ok(())
}

/// A part of the request that the protocol cannot say.
fn unsupported(
    request: &Request,
    what: impl Into<String>,
    why: impl Into<String>,
    help: impl Into<String>,
) -> ConfigurationError {
    ConfigurationError::Unsupported {
        model: request.model.id(),
        what: what.into(),
        why: why.into(),
        help: help.into(),
    }
}

/// Lays `extra` over the body: a map goes into the map of the same name, anything else takes its place.
///
/// The keys in `own` are the request's, or would make the answer unreadable.
fn lay_extra(
    mut body: Map<String, Value>,
    request: &Request,
    own: &[&'static str],
) -> Result<Value, ConfigurationError> {
    let extra = &request.model.extra;
    if let Some(key) = own.iter().find(|key| extra.contains_key(**key)) {
        return Err(ConfigurationError::ExtraKey { model: request.model.id(), key });
    }
    lay(&mut body, extra);
    Ok(Value::Object(body))
}

fn lay(under: &mut Map<String, Value>, over: &Map<String, Value>) {
    for (key, value) in over {
        match (under.get_mut(key), value) {
            (Some(Value::Object(inner)), Value::Object(over)) => lay(inner, over),
            _ => {
                under.insert(key.clone(), value.clone());
            }
        }
    }
}

/// `name` as one segment of a path.
fn segment(name: &str) -> String {
    name.bytes().fold(String::with_capacity(name.len()), |mut path, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                path.push(char::from(byte));
            }
            other => path.push_str(&format!("%{other:02X}")),
        }
        path
    })
}

fn null_is_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests;
