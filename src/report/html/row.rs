//! What the table of the page shows of a cell, filters it by and sorts it by.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::columns::number;
use crate::eval::cell::{CellRecord, State};
use crate::eval::plan::{Plan, PlannedCase};
use crate::report::foreign::excerpt;

/// Characters of a reason or an answer in the table.
const SAID: usize = 200;

#[derive(Serialize)]
pub(super) struct Row<'a> {
    column: usize,
    case: &'a str,
    repeat: u32,
    state: &'a str,
    score: Option<f64>,
    latency_ms: Option<f64>,
    cost_usd: Option<f64>,
    tags: Vec<&'a str>,
    /// Metrics whose assertion does not hold.
    failed: Vec<&'a str>,
    /// Why, or what was answered.
    said: String,
    /// Where its case stands, which a saved run does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// By metric, the label that was expected and the one of the answer, which may have none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    labels: Vec<(&'a str, &'a str, Option<&'a str>)>,
}

impl<'a> Row<'a> {
    /// Of a cell of a plan.
    pub(super) fn new(plan: &Plan, case: &'a PlannedCase, cell: &'a CellRecord) -> Self {
        let said = match (cell.state, &cell.output) {
            (State::Pass, output) => excerpt(output.as_deref().unwrap_or_default(), SAID),
            _ => excerpt(&cell.why(), SAID),
        };
        let failed = cell.judgements.iter().filter(|judgement| !judgement.passed);
        let labels = cell.judgements.iter().filter_map(|judgement| {
            let label = judgement.label.as_ref()?;
            let metric = judgement.metric.as_str();
            Some((metric, label.expected.as_str(), label.predicted.as_deref()))
        });
        let placed = &case.placed;
        Self {
            column: number(plan, (cell.index.suite, cell.index.column)),
            case: &case.id,
            repeat: cell.index.repeat,
            state: cell.state.as_str(),
            score: cell.score,
            latency_ms: cell.latency_ms,
            cost_usd: cell.cost_usd,
            tags: placed.case.tags.iter().map(String::as_str).collect(),
            failed: once_each(failed.map(|judgement| judgement.metric.as_str())),
            said,
            file: Some(placed.file.path().as_str()),
            line: Some(placed.line()),
            labels: labels.collect(),
        }
    }
}

fn once_each<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found = Vec::new();
    for name in names {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// A cell of a saved run, as far as the table shows it.
#[derive(Deserialize)]
pub(super) struct SavedCell<'a> {
    pub(super) suite: &'a str,
    pub(super) prompt: &'a str,
    pub(super) model: &'a str,
    case: &'a str,
    repeat: u32,
    state: &'a str,
    score: Option<f64>,
    latency_ms: Option<f64>,
    usage: Option<SavedUsage>,
    #[serde(default, borrow)]
    tags: Vec<&'a str>,
    output: Option<&'a str>,
    error: Option<&'a str>,
    #[serde(default, borrow)]
    assertions: Vec<SavedAssertion<'a>>,
}

#[derive(Deserialize)]
struct SavedUsage {
    cost_usd: Option<f64>,
}

#[derive(Deserialize)]
struct SavedAssertion<'a> {
    r#type: &'a str,
    metric: &'a str,
    passed: bool,
    reason: &'a str,
    label: Option<SavedLabel<'a>>,
}

#[derive(Deserialize)]
struct SavedLabel<'a> {
    expected: &'a str,
    predicted: Option<&'a str>,
}

impl<'a> SavedCell<'a> {
    pub(super) fn of(cell: &'a Value) -> Result<Self, serde_json::Error> {
        Self::deserialize(cell)
    }

    /// As a row of this column.
    pub(super) fn row(&self, column: usize) -> Row<'a> {
        let failed = || self.assertions.iter().filter(|assertion| !assertion.passed);
        let said = match (self.state, self.error) {
            ("pass", _) => self.output.unwrap_or_default().to_owned(),
            (_, Some(error)) => error.to_owned(),
            _ => {
                let reasons = failed().map(|it| format!("{}: {}", it.r#type, it.reason));
                reasons.collect::<Vec<_>>().join("; ")
            }
        };
        let labels = self.assertions.iter().filter_map(|assertion| {
            let label = assertion.label.as_ref()?;
            Some((assertion.metric, label.expected, label.predicted))
        });
        Row {
            column,
            case: self.case,
            repeat: self.repeat,
            state: self.state,
            score: self.score,
            latency_ms: self.latency_ms,
            cost_usd: self.usage.as_ref().and_then(|usage| usage.cost_usd),
            tags: self.tags.clone(),
            failed: once_each(failed().map(|assertion| assertion.metric)),
            said: excerpt(&said, SAID),
            file: None,
            line: None,
            labels: labels.collect(),
        }
    }
}
