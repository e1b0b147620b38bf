//! From an answer to a verdict: extraction, the assertions, and what they come to together.

use serde_json::{Map, Value};

use super::cell::{Judgement, State};
use super::plan::{Column, PlannedCase, SuitePlan};
use crate::assertion::{self, Assertion, Outcome, Subject, Verdict};
use crate::message::Answer;

/// What became of an answer.
#[derive(Debug)]
pub struct Scored {
    /// Pass, fail or unscored.
    pub state: State,
    /// The weighted mean of the assertions' scores, when each could be decided.
    pub score: Option<f64>,
    /// The text that was judged.
    pub output: String,
    /// What each assertion said.
    pub judgements: Vec<Judgement>,
}

/// Judges an answer by the assertions of the suite, of the prompt's output contract and of the case.
pub fn score(
    suite: &SuitePlan,
    column: &Column,
    case: &PlannedCase,
    variables: &Map<String, Value>,
    answer: &Answer,
    cost_usd: Option<f64>,
) -> Scored {
    let mut judgements = Vec::new();
    let mut output = answer.output.clone();
    if let Some(extract) = &column.extract {
        let extracted = extract.apply(&answer.output);
        if let Some(reason) = extracted.failed.as_ref().or(extracted.repaired.as_ref()) {
            let failed = extracted.failed.is_some();
            judgements.push(Judgement {
                kind: "extract".to_owned(),
                metric: "extract".to_owned(),
                value: None,
                score: Some(if failed { 0.0 } else { 1.0 }),
                raw: None,
                parts: Vec::new(),
                passed: !failed,
                reason: reason.clone(),
                label: None,
            });
        }
        output = extracted.text;
    }
    let subject = Subject {
        output: &output,
        answer,
        expected: case.placed.case.expected.as_ref(),
        variables,
        metadata: &case.placed.case.metadata,
        cost_usd,
        tools: column.tools(),
    };
    let extracted = judgements.iter().all(|judgement| judgement.passed);
    let mut verdicts: Vec<(f64, Verdict)> = Vec::new();
    let mut undecided = false;
    for assertion in column.assertions.iter().chain(&case.assertions) {
        let outcome = assertion.score(&subject);
        judgements.push(judgement(assertion, &outcome));
        match outcome {
            Outcome::Scored(verdict) => verdicts.push((assertion.weight, verdict)),
            // An assertion of weight 0 is only measured: it cannot keep a cell from being decided.
            Outcome::Unscored(_) if assertion.weight == 0.0 => {}
            Outcome::Unscored(_) => undecided = true,
        }
    }
    let together = assertion::combine(
        verdicts.iter().map(|(weight, verdict)| (*weight, verdict)),
        suite.threshold,
    );
    // Where each assertion must hold, one that does not decides, whatever the others would have said.
    let refuted = suite.threshold.is_none()
        && verdicts.iter().any(|(weight, verdict)| *weight > 0.0 && !verdict.passed);
    let (state, score) = match together {
        _ if !extracted => (State::Fail, Some(0.0)),
        _ if undecided && refuted => (State::Fail, None),
        _ if undecided => (State::Unscored, None),
        Some((score, true)) => (State::Pass, Some(score)),
        Some((score, false)) => (State::Fail, Some(score)),
        // Nothing that counts was asserted.
        None => (State::Unscored, None),
    };
    Scored { state, score, output, judgements }
}

/// What an assertion said, as reports tell it.
pub(super) fn judgement(assertion: &Assertion, outcome: &Outcome) -> Judgement {
    let (kind, metric) = (assertion.type_name(), assertion.metric_name());
    match outcome {
        Outcome::Scored(verdict) => Judgement {
            kind,
            metric,
            value: verdict.value.clone(),
            score: Some(verdict.score),
            raw: verdict.raw,
            parts: verdict.parts.clone(),
            passed: verdict.passed,
            reason: verdict.reason.clone(),
            label: verdict.label.clone(),
        },
        Outcome::Unscored(reason) => Judgement {
            kind,
            metric,
            value: None,
            score: None,
            raw: None,
            parts: Vec::new(),
            passed: false,
            reason: reason.clone(),
            label: None,
        },
    }
}
