//! Assertions as a whole: from what a file writes to a verdict.

mod any_text;
mod properties;
mod scoring;
mod syntax;
mod tool_calls;

use serde_json::json;

use super::*;
use crate::message::Usage;

fn syntax(value: &Value) -> Syntax {
    serde_json::from_value(value.clone()).unwrap()
}

fn compiled(value: &Value) -> Assertion {
    syntax(value).compile().unwrap_or_else(|problems| panic!("{value}: {problems:?}"))
}

/// The case of all tests: an expected text, a variable, metadata.
struct Case {
    answer: Answer,
    expected: Option<Value>,
    variables: Value,
    metadata: Value,
    tools: Vec<crate::message::Tool>,
}

impl Case {
    fn new(output: &str, expected: Option<Value>) -> Self {
        let answer = Answer {
            output: output.to_owned(),
            finish: Some("stop".to_owned()),
            usage: Some(Usage { input_tokens: 100, output_tokens: 20, ..Usage::default() }),
            latency_ms: Some(812.5),
            ..Answer::default()
        };
        let variables = json!({"name": "Ada {{ expected }}", "limit": 3, "user": {"city": "Bonn"}});
        let metadata = json!({"label": "refund"});
        Self { answer, expected, variables, metadata, tools: Vec::new() }
    }

    fn score(&self, assertion: &Assertion) -> Outcome {
        assertion.score(&Subject {
            output: &self.answer.output,
            answer: &self.answer,
            expected: self.expected.as_ref(),
            variables: self.variables.as_object().unwrap(),
            metadata: self.metadata.as_object().unwrap(),
            cost_usd: Some(0.002),
            tools: &self.tools,
            messages: &[],
        })
    }
}

/// Whether the assertion passes for an answer, and what it says.
fn judged(assertion: &Value, output: &str) -> (bool, String) {
    match Case::new(output, Some(json!("refund"))).score(&compiled(assertion)) {
        Outcome::Scored(verdict) => (verdict.passed, verdict.reason),
        Outcome::Unscored(reason) => panic!("{assertion} leaves {output:?} unscored: {reason}"),
    }
}

fn unscored(assertion: &Value, output: &str, expected: Option<Value>) -> String {
    match Case::new(output, expected).score(&compiled(assertion)) {
        Outcome::Unscored(reason) => reason,
        Outcome::Scored(verdict) => panic!("{assertion} judges {output:?}: {verdict:?}"),
    }
}

fn problems(assertion: &Value) -> Vec<(String, String)> {
    let problems = syntax(assertion).compile().expect_err(&assertion.to_string());
    problems.into_iter().map(|problem| (problem.route.join("."), problem.message)).collect()
}
