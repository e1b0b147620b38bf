//! In-house endpoints, whose requests and answers `pf.yaml` describes.

use reqwest::header::{AUTHORIZATION, HeaderName};
use serde_json::{Map, Value};

use super::{ParseError, error_in, finish_with_calls, lay, unsupported};
use crate::message::{Answer, Request};
use crate::project::exchange::Exchange;
use crate::provider::configuration::ConfigurationError;

/// The body of the call.
pub(super) fn request_body(
    request: &Request,
    exchange: &Exchange,
) -> Result<Value, ConfigurationError> {
    if let Some(lack) = exchange.lacks(request) {
        let provider = &request.model.provider;
        return Err(unsupported(
            request,
            lack.what,
            format!("the `body` of provider `{provider}` has no place for it"),
            format!("use `{}` in it", lack.name),
        ));
    }
    let wrong = |reason: String| ConfigurationError::Body {
        name: request.model.provider.clone(),
        reason: crate::provider::error::printable(&reason, 300),
    };
    let mut body = exchange.body(request).map_err(wrong)?;
    let extra: &Map<String, Value> = &request.model.extra;
    match &mut body {
        _ if extra.is_empty() => {}
        Value::Object(body) => lay(body, extra),
        _ => {
            return Err(wrong(
                "it is no map, so `extra` of the model cannot be laid over it".into(),
            ));
        }
    }
    Ok(body)
}

/// The header that carries the key, and what stands before it.
pub(super) fn key_header(exchange: &Exchange) -> (HeaderName, &'static str) {
    let named = exchange.key_header.as_deref();
    match named.and_then(|name| HeaderName::from_bytes(name.as_bytes()).ok()) {
        Some(name) if name != AUTHORIZATION => (name, ""),
        _ => (AUTHORIZATION, "Bearer "),
    }
}

/// Reads the body of an answer.
pub(super) fn parse(value: &Value, exchange: &Exchange) -> Result<Answer, ParseError> {
    let answer = match exchange.read(value) {
        Ok(answer) => answer,
        // What it says about an error tells more than that a place is empty.
        Err(reason) => return Err(error_in(value).unwrap_or(ParseError::Place(reason))),
    };
    let (finish, finish_raw) = finish_with_calls(answer.finish, !answer.tool_calls.is_empty());
    Ok(Answer { finish, finish_raw, ..answer })
}
