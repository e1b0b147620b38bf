//! The JSON of `pf run`: one answer, and the attempts that it took.
//!
//! Its kind is `answer`: `run` is the file of an evaluation with its cells, which came first.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::json::VERSION;
use super::run::Assertion;
use crate::eval::once::Attempt;
use crate::message::{ToolCall, Usage};

/// `pf run --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf answer")]
pub struct AnswerJson {
    version: u32,
    kind: &'static str,
    /// The prompt.
    name: String,
    /// The content digest of the prompt on this model.
    digest: String,
    model: String,
    /// Whether the answer is all that the prompt's `output` asks for.
    valid: bool,
    /// Why it is not; empty for a valid answer.
    reasons: Vec<String>,
    /// The last answer, after extraction.
    output: String,
    /// The same as JSON, where it is; else null.
    value: Option<Value>,
    /// The tools that the model asked for.
    tool_calls: Vec<Call>,
    finish_reason: Option<String>,
    /// What had to be mended to read the answer.
    repaired: Option<String>,
    assertions: Vec<Assertion>,
    /// All answers, the last one included.
    attempts: Vec<AttemptJson>,
    /// Null where the price of an answer is not known.
    cost_usd: Option<f64>,
}

/// A tool that the model asked for.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Call {
    id: String,
    name: String,
    /// A string where the model wrote no valid JSON.
    arguments: Value,
}

impl Call {
    /// As it is printed.
    pub fn new(call: &ToolCall) -> Self {
        Self { id: call.id.clone(), name: call.name.clone(), arguments: call.arguments.clone() }
    }
}

/// One answer on the way.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AttemptJson {
    valid: bool,
    reasons: Vec<String>,
    /// The answer as it came.
    output: String,
    /// Whether it was in the local store.
    cached: bool,
    /// Requests that it took now, retries of failed ones included.
    requests: u32,
    /// Of the call that gave the answer, now or when it was stored.
    latency_ms: Option<f64>,
    /// To the first text, where the answer was streamed.
    first_token_ms: Option<f64>,
    usage: Option<Usage>,
    cost_usd: Option<f64>,
}

impl AttemptJson {
    fn new(attempt: &Attempt) -> Self {
        let answer = &attempt.answer;
        Self {
            valid: attempt.checked.is_valid(),
            reasons: attempt.checked.reasons().map(str::to_owned).collect(),
            output: answer.output.clone(),
            cached: attempt.origin.cached(),
            requests: attempt.requests,
            latency_ms: answer.latency_ms,
            first_token_ms: answer.first_token_ms,
            usage: answer.usage,
            cost_usd: attempt.cost_usd,
        }
    }
}

impl AnswerJson {
    /// The last of these attempts with all before it; `None` without any.
    pub fn new(name: &str, digest: String, model: &str, attempts: &[Attempt]) -> Option<Self> {
        let last = attempts.last()?;
        let Attempt { answer, checked, .. } = last;
        Some(Self {
            version: VERSION,
            kind: "answer",
            name: name.to_owned(),
            digest,
            model: model.to_owned(),
            valid: checked.is_valid(),
            reasons: checked.reasons().map(str::to_owned).collect(),
            output: checked.output.clone(),
            value: checked.value.clone(),
            tool_calls: answer.tool_calls.iter().map(Call::new).collect(),
            finish_reason: answer.finish.clone(),
            repaired: checked.repaired.clone(),
            assertions: checked.judgements.iter().map(Assertion::new).collect(),
            attempts: attempts.iter().map(AttemptJson::new).collect(),
            cost_usd: attempts.iter().map(|attempt| attempt.cost_usd).sum(),
        })
    }
}
