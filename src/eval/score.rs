//! From an answer to a verdict: extraction, the assertions, and what they come to together.

use super::cell::{Judgement, State};
use super::plan::{Asked, Column, PlannedCase, SuitePlan};
use crate::assertion::{
    self, Assertion, Extracted, Outcome, Question, Replies, Step, Subject, Verdict,
};
use crate::message::Answer;

/// What became of an answer.
#[derive(Debug)]
pub struct Scored {
    /// Pass, fail, unscored, or an error where a judge could not be asked.
    pub state: State,
    /// The weighted mean of the assertions' scores, when each could be decided.
    pub score: Option<f64>,
    /// The text that was judged.
    pub output: String,
    /// What each assertion said.
    pub judgements: Vec<Judgement>,
    /// Why someone whom an assertion asks could not be asked, where that leaves the answer undecided.
    pub error: Option<String>,
}

/// Takes what is judged out of an answer, as the prompt says.
pub(super) fn extracted(column: &Column, answer: &Answer) -> Extracted {
    match &column.extract {
        Some(extract) => extract.apply(&answer.output),
        None => Extracted { text: answer.output.clone(), ..Extracted::default() },
    }
}

/// What the assertions look at.
pub(super) fn subject<'a>(
    column: &'a Column,
    case: &'a PlannedCase,
    asked: &'a Asked,
    answer: &'a Answer,
    cost_usd: Option<f64>,
    extracted: &'a Extracted,
) -> Subject<'a> {
    Subject {
        output: &extracted.text,
        answer,
        expected: case.placed.case.expected.as_ref(),
        variables: &asked.variables,
        metadata: &case.placed.case.metadata,
        cost_usd,
        tools: column.tools(),
        messages: &asked.request.messages,
    }
}

/// Judges an answer by the assertions of the suite, of the prompt's output contract and of the case, as far as the
/// replies to what they ask allow; otherwise says what must be asked.
pub(super) fn score(
    suite: &SuitePlan,
    column: &Column,
    case: &PlannedCase,
    subject: &Subject<'_>,
    text: &Extracted,
    replies: &Replies,
) -> Result<Scored, Vec<Question>> {
    let mut judgements = Vec::new();
    if let Some(reason) = text.failed.as_ref().or(text.repaired.as_ref()) {
        let failed = text.failed.is_some();
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
    let extracted = text.failed.is_none();
    let mut verdicts: Vec<(f64, Verdict)> = Vec::new();
    let mut undecided = false;
    let mut failed = None;
    let mut questions = Vec::new();
    for assertion in column.assertions.iter().chain(&case.assertions) {
        let outcome = match assertion.consult(subject, replies) {
            Step::Decided(outcome) => outcome,
            Step::Asks(asks) => {
                questions.extend(asks);
                continue;
            }
            Step::Failed(reason) => {
                if assertion.weight > 0.0 {
                    failed.get_or_insert_with(|| reason.clone());
                }
                Outcome::Unscored(reason)
            }
        };
        judgements.push(judgement(assertion, &outcome));
        match outcome {
            Outcome::Scored(verdict) => verdicts.push((assertion.weight, verdict)),
            // An assertion of weight 0 is only measured: it cannot keep a cell from being decided.
            Outcome::Unscored(_) if assertion.weight == 0.0 => {}
            Outcome::Unscored(_) => undecided = true,
        }
    }
    if !questions.is_empty() {
        return Err(questions);
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
        _ if failed.is_some() => (State::Error, None),
        _ if undecided => (State::Unscored, None),
        Some((score, true)) => (State::Pass, Some(score)),
        Some((score, false)) => (State::Fail, Some(score)),
        // Nothing that counts was asserted.
        None => (State::Unscored, None),
    };
    let error = failed.filter(|_| state == State::Error);
    Ok(Scored { state, score, output: text.text.clone(), judgements, error })
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
