//! Answers that come bit by bit: bytes to events, events to the body that they amount to.
//!
//! The body is then read like one that came whole, so that an answer does not depend on how it was delivered. Events
//! are the `data` of server-sent events (<https://html.spec.whatwg.org/multipage/server-sent-events.html>), for Ollama
//! the lines themselves. The caller bounds the bytes, and with them what is held here.

use serde_json::Value;

use super::{ParseError, Wire, anthropic, gemini, ollama, openai, responses};
use crate::message::{Answer, Request};

/// What an event brought.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Step {
    /// New text of the answer.
    pub(super) text: String,
    /// Whether the model is done.
    pub(super) complete: bool,
}

/// An answer that is coming in.
pub(crate) struct Collector {
    wire: Wire,
    line: Vec<u8>,
    data: String,
    body: Value,
    complete: bool,
    failed: Option<ParseError>,
}

impl Collector {
    /// Nothing yet.
    pub(crate) fn new(wire: Wire) -> Self {
        Self {
            wire,
            line: Vec::new(),
            data: String::new(),
            body: Value::Null,
            complete: false,
            failed: None,
        }
    }

    /// Takes bytes as they come, cut anywhere, and gives the text that they add to the answer.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> String {
        let mut text = String::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.end_line(&mut text);
            }
        }
        text
    }

    /// The answer, when it is complete.
    pub(crate) fn finish(mut self, request: &Request) -> Result<Answer, ParseError> {
        // A last line may do without its end.
        let mut rest = String::new();
        self.end_line(&mut rest);
        self.end_event(&mut rest);
        match self.failed {
            Some(error) => Err(error),
            None if !self.complete => Err(ParseError::CutStream),
            None => self.wire.parse_value(self.body, request),
        }
    }

    fn end_line(&mut self, text: &mut String) {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches(['\r', '\n']);
        if self.wire == Wire::Ollama {
            line.clone_into(&mut self.data);
            self.end_event(text);
        } else if line.is_empty() {
            self.end_event(text);
        } else if let Some(data) = line.strip_prefix("data:") {
            if !self.data.is_empty() {
                self.data.push('\n');
            }
            self.data.push_str(data.strip_prefix(' ').unwrap_or(data));
        }
    }

    fn end_event(&mut self, text: &mut String) {
        let data = std::mem::take(&mut self.data);
        if data.is_empty() || self.failed.is_some() {
            return;
        }
        if data == "[DONE]" {
            self.complete |= self.body.is_object();
            return;
        }
        let step = serde_json::from_str(&data)
            .map_err(|error| ParseError::Json(error.to_string()))
            .and_then(|event| self.fold(event));
        match step {
            Ok(step) => {
                text.push_str(&step.text);
                self.complete |= step.complete;
            }
            Err(error) => self.failed = Some(error),
        }
    }

    fn fold(&mut self, event: Value) -> Result<Step, ParseError> {
        if !event.is_object() {
            return Err(ParseError::Json("an event is no object".into()));
        }
        match self.wire {
            Wire::Openai(_) => openai::fold(&mut self.body, event),
            Wire::Responses => responses::fold(&mut self.body, event),
            Wire::Anthropic => anthropic::fold(&mut self.body, event),
            Wire::Gemini => gemini::fold(&mut self.body, event),
            Wire::Ollama => ollama::fold(&mut self.body, event),
            // It is never asked for a stream.
            Wire::Bedrock | Wire::House(_) => Err(ParseError::NoAnswer("stream")),
        }
    }
}

/// What stands under a key; nothing where there is no such key, or no map at all.
pub(super) fn take(value: &mut Value, key: &str) -> Value {
    value.get_mut(key).map(Value::take).unwrap_or_default()
}

/// Adds to a text that may not have begun.
pub(super) fn append(text: &mut Value, more: &str) {
    match text {
        Value::String(text) => text.push_str(more),
        other => *other = Value::String(more.to_owned()),
    }
}
