//! One cell and what became of it.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::plan::{Column, Plan, PlannedCase, SuitePlan};
use super::session::Bill;
use crate::assertion::{Labelled, Part};
use crate::message::{Message, Usage};

/// What became of a cell. Only [`State::Pass`] is a pass.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State {
    /// Answered, and the answer is as it should be.
    Pass,
    /// Answered, and it is not.
    Fail,
    /// The provider failed.
    Error,
    /// Answered, but it could not be decided whether the answer is right.
    Unscored,
    /// Left out by a filter.
    Skipped,
    /// Not reached: a limit, an abort or an interruption.
    NotRun,
}

impl State {
    /// The word for it in outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Error => "error",
            Self::Unscored => "unscored",
            Self::Skipped => "skipped",
            Self::NotRun => "not_run",
        }
    }
}

/// Where an answer came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// The dataset's `output` column.
    Given,
    /// A recording in the repository.
    Recorded,
    /// The local store.
    Stored,
    /// Made here, by the `echo` provider.
    Echo,
    /// A call of this run.
    Called,
}

impl Origin {
    /// Whether it was asked for in an earlier run, and kept.
    pub fn cached(self) -> bool {
        matches!(self, Self::Recorded | Self::Stored)
    }
}

/// What one assertion said of one answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The type as the suite writes it, `not-` included.
    pub kind: String,
    /// The metric that it counts for.
    pub metric: String,
    /// The value after templating.
    pub value: Option<Value>,
    /// From 0 to 1; `None` when it could not be decided.
    pub score: Option<f64>,
    /// The measured quantity in its own unit, where there is one.
    pub raw: Option<f64>,
    /// What the score is made of, where it is a weighted mean.
    pub parts: Vec<Part>,
    /// Whether it holds.
    pub passed: bool,
    /// Why, on one line.
    pub reason: String,
    /// What was expected and found, where labels are compared.
    pub label: Option<Labelled>,
}

/// The place of a cell in a plan.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CellIndex {
    /// The suite.
    pub suite: usize,
    /// The pair of prompt and model.
    pub column: usize,
    /// The case.
    pub case: usize,
    /// From 1.
    pub repeat: u32,
}

impl CellIndex {
    /// What stands at this place of the plan that it is of.
    pub fn place(self, plan: &Plan) -> Place<'_> {
        let suite = &plan.suites[self.suite];
        let (column, case) = (&suite.columns[self.column], suite.cases.get(self.case));
        Place { suite, column, case, index: self }
    }
}

/// What stands at the place of a cell.
#[derive(Clone)]
pub struct Place<'a> {
    /// The suite.
    pub suite: &'a SuitePlan,
    /// The pair of prompt and model.
    pub column: &'a Column,
    /// The case.
    pub case: Arc<PlannedCase>,
    /// Where it is.
    pub index: CellIndex,
}

/// One cell with all there is to say about it.
#[derive(Clone, Debug)]
pub struct CellRecord {
    /// Its place in the plan.
    pub index: CellIndex,
    /// What became of it.
    pub state: State,
    /// Weighted mean of the assertions' scores.
    pub score: Option<f64>,
    /// The answer, after extraction.
    pub output: Option<String>,
    /// What was sent, where a report asked for it.
    pub messages: Option<Vec<Message>>,
    /// The inputs as bound.
    pub variables: Map<String, Value>,
    /// Where the answer came from.
    pub origin: Option<Origin>,
    /// Requests that it took in this run.
    pub attempts: u32,
    /// Why the model stopped.
    pub finish: Option<String>,
    /// Of the call that gave the answer, now or when it was recorded, in milliseconds.
    pub latency_ms: Option<f64>,
    /// Tokens, as the provider counted them.
    pub usage: Option<Usage>,
    /// US dollars, where the model's price is known.
    pub cost_usd: Option<f64>,
    /// What its assertions took, where they ask.
    pub bill: Option<Bill>,
    /// What failed.
    pub error: Option<String>,
    /// What the assertions said.
    pub judgements: Vec<Judgement>,
}

impl CellRecord {
    /// A cell that has no answer.
    pub fn unanswered(index: CellIndex, state: State) -> Self {
        Self {
            index,
            state,
            score: None,
            output: None,
            messages: None,
            variables: Map::new(),
            origin: None,
            attempts: 0,
            finish: None,
            latency_ms: None,
            usage: None,
            cost_usd: None,
            bill: None,
            error: None,
            judgements: Vec::new(),
        }
    }

    /// The mean score of each metric: see [`metric_means`].
    pub fn metric_means(&self) -> impl Iterator<Item = (&str, f64)> {
        metric_means(self.judgements.iter().map(|it| (it.metric.as_str(), it.score)))
    }

    /// A person's score of the answer, where the dataset gives both; its repeats are the same answer again.
    pub fn human(&self, case: &PlannedCase) -> Option<f64> {
        let first = self.origin == Some(Origin::Given) && self.index.repeat == 1;
        case.placed.case.human.filter(|_| first)
    }

    /// Why it is not a pass: what failed, else each assertion that does not hold.
    pub fn reasons(&self) -> Vec<String> {
        if let Some(error) = &self.error {
            return vec![error.clone()];
        }
        self.judgements
            .iter()
            .filter(|judgement| !judgement.passed)
            .map(|judgement| format!("{}: {}", judgement.kind, judgement.reason))
            .collect()
    }

    /// The same as one text.
    pub fn why(&self) -> String {
        self.reasons().join("; ")
    }
}

/// The mean score of each metric in one cell, in the order in which they are first met. An assertion that stands twice
/// under one metric counts with its mean, so that n is the number of cells.
pub fn metric_means<'a>(
    scores: impl Iterator<Item = (&'a str, Option<f64>)>,
) -> impl Iterator<Item = (&'a str, f64)> {
    let mut sums: IndexMap<&str, (f64, f64)> = IndexMap::new();
    for (metric, score) in scores {
        if let Some(score) = score {
            let (sum, count) = sums.entry(metric).or_default();
            *sum += score;
            *count += 1.0;
        }
    }
    sums.into_iter().map(|(metric, (sum, count))| (metric, sum / count))
}
