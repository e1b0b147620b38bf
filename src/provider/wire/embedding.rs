//! Embeddings: a text to a list of numbers, over the protocols that have a call for it.
//!
//! An embedding is an answer like any other, so that it is stored, recorded and counted like one: its text is the list of
//! numbers as JSON.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{ParseError, Wire, error_in, gemini, lay_extra, read, unsupported};
use crate::message::{Answer, Request, Usage};
use crate::provider::configuration::ConfigurationError;

/// The body of the call.
pub(super) fn request_body(wire: &Wire, request: &Request) -> Result<Value, ConfigurationError> {
    let text = request.messages.iter().map(|message| message.content.text()).collect::<String>();
    let mut body = Map::new();
    match wire {
        // <https://platform.openai.com/docs/api-reference/embeddings>
        Wire::Openai(_) | Wire::Responses => {
            body.insert("model".into(), json!(request.model.name));
            body.insert("input".into(), json!(text));
            lay_extra(body, request, &["model", "input", "encoding_format"])
        }
        // <https://docs.ollama.com/api/embed>; a text that is too long is an error instead of being cut.
        Wire::Ollama => {
            body.insert("model".into(), json!(request.model.name));
            body.insert("input".into(), json!(text));
            body.insert("truncate".into(), json!(false));
            lay_extra(body, request, &["model", "input"])
        }
        // <https://ai.google.dev/api/embeddings>
        Wire::Gemini => {
            body.insert("content".into(), json!({"parts": [{"text": text}]}));
            lay_extra(body, request, &["content"])
        }
        Wire::Anthropic | Wire::Bedrock | Wire::House(_) => Err(unsupported(
            request,
            "an embedding",
            "this protocol has no call for embeddings",
            "name a model of another provider, such as `openai/text-embedding-3-small`",
        )),
    }
}

/// Where the call goes, below the endpoint.
pub(super) fn path(wire: &Wire, model: &str) -> String {
    match wire {
        Wire::Ollama => "api/embed".to_owned(),
        Wire::Gemini => gemini::method_path(model, "embedContent"),
        _ => "embeddings".to_owned(),
    }
}

#[derive(Deserialize)]
struct OpenaiBody {
    #[serde(default)]
    data: Vec<OpenaiEntry>,
    usage: Option<OpenaiUsage>,
}

#[derive(Deserialize)]
struct OpenaiEntry {
    embedding: Vec<f64>,
}

#[derive(Deserialize)]
struct OpenaiUsage {
    #[serde(default)]
    prompt_tokens: u64,
}

#[derive(Deserialize)]
struct OllamaBody {
    #[serde(default)]
    embeddings: Vec<Vec<f64>>,
    prompt_eval_count: Option<u64>,
}

#[derive(Deserialize)]
struct GeminiBody {
    embedding: Option<GeminiValues>,
}

#[derive(Deserialize)]
struct GeminiValues {
    #[serde(default)]
    values: Vec<f64>,
}

/// Reads the body of an answer.
pub(super) fn parse(wire: &Wire, value: Value) -> Result<Answer, ParseError> {
    if let Some(error) = error_in(&value) {
        return Err(error);
    }
    let (vector, name, input_tokens) = match wire {
        Wire::Ollama => {
            let body: OllamaBody = read(value)?;
            (body.embeddings.into_iter().next(), "embeddings[0]", body.prompt_eval_count)
        }
        Wire::Gemini => {
            let body: GeminiBody = read(value)?;
            (body.embedding.map(|it| it.values), "embedding.values", None)
        }
        _ => {
            let body: OpenaiBody = read(value)?;
            let tokens = body.usage.map(|usage| usage.prompt_tokens);
            (body.data.into_iter().next().map(|it| it.embedding), "data[0].embedding", tokens)
        }
    };
    let vector = vector.filter(|vector| !vector.is_empty()).ok_or(ParseError::NoAnswer(name))?;
    Ok(Answer {
        output: json!(vector).to_string(),
        usage: input_tokens.map(|input_tokens| Usage { input_tokens, ..Usage::default() }),
        ..Answer::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Message, ModelSettings, ResponseFormat, Role};
    use crate::provider::Quirks;

    fn request() -> Request {
        Request {
            model: ModelSettings { name: "e".into(), ..ModelSettings::default() },
            messages: vec![Message::text(Role::User, "hi")],
            tools: Vec::new(),
            response: ResponseFormat::Embedding,
        }
    }

    #[test]
    fn each_protocol_has_its_own_call() {
        let of = |wire: &Wire| (path(wire, "e"), request_body(wire, &request()).unwrap());
        let openai = Wire::Openai(Quirks::COMPATIBLE);
        assert_eq!(of(&openai), ("embeddings".into(), json!({"model": "e", "input": "hi"})));
        assert_eq!(
            of(&Wire::Ollama),
            ("api/embed".into(), json!({"model": "e", "input": "hi", "truncate": false}))
        );
        assert_eq!(
            of(&Wire::Gemini),
            ("models/e:embedContent".into(), json!({"content": {"parts": [{"text": "hi"}]}}))
        );
        assert!(request_body(&Wire::Anthropic, &request()).is_err());
    }

    #[test]
    fn each_protocol_has_its_own_answer() {
        let of = |wire: &Wire, body| {
            parse(wire, body).map(|it| (it.output, it.usage.map(|u| u.input_tokens)))
        };
        let list = || "[0.5,-1.0]".to_owned();
        let openai = Wire::Openai(Quirks::COMPATIBLE);
        let body = json!({"data": [{"embedding": [0.5, -1.0]}], "usage": {"prompt_tokens": 3}});
        assert_eq!(of(&openai, body), Ok((list(), Some(3))));
        let body = json!({"embeddings": [[0.5, -1.0]], "prompt_eval_count": 3});
        assert_eq!(of(&Wire::Ollama, body), Ok((list(), Some(3))));
        let body = json!({"embedding": {"values": [0.5, -1.0]}});
        assert_eq!(of(&Wire::Gemini, body), Ok((list(), None)));
        assert!(of(&openai, json!({"data": []})).is_err());
        assert!(of(&openai, json!({"error": {"message": "no"}})).is_err());
    }
}
