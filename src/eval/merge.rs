//! The shards of one run, put together: totals and gates are made anew from the cells, by the tally that a run has.

use std::collections::BTreeMap;

use indexmap::{IndexMap, IndexSet};
use serde::Deserialize;

use super::cell::{CellIndex, CellRecord, Judgement, Origin, State};
use super::run::{CaseFacts, ColumnResult, Goal, Tally};
use super::session::Bill;
use super::shard::Shard;
use crate::assertion::Labelled;
use crate::message;
use crate::project::suite::Gates;

/// A cell of a saved run, as far as totals look at it.
#[derive(Clone, Debug, Deserialize)]
pub struct Cell {
    case: String,
    repeat: u32,
    group: Option<String>,
    weight: Option<f64>,
    human: Option<f64>,
    state: String,
    score: Option<f64>,
    #[serde(default)]
    cached: bool,
    #[serde(default)]
    attempts: u32,
    latency_ms: Option<f64>,
    usage: Option<Usage>,
    judge_usage: Option<JudgeUsage>,
    #[serde(default)]
    assertions: Vec<Assertion>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct Usage {
    input_tokens: u64,
    output_tokens: u64,
    #[serde(default)]
    cached_tokens: u64,
    cost_usd: Option<f64>,
}

impl Usage {
    fn tokens(self) -> message::Usage {
        message::Usage {
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            cached_tokens: self.cached_tokens,
            ..message::Usage::default()
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct JudgeUsage {
    answers: u32,
    attempts: u32,
    #[serde(flatten)]
    usage: Usage,
}

impl JudgeUsage {
    fn bill(self) -> Bill {
        let usage = self.usage;
        let counted = usage.input_tokens + usage.output_tokens > 0;
        Bill {
            answers: self.answers,
            attempts: self.attempts,
            usage: counted.then(|| usage.tokens()),
            cost_usd: usage.cost_usd,
            unpriced: counted && usage.cost_usd.is_none(),
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
struct Assertion {
    r#type: String,
    metric: String,
    score: Option<f64>,
    passed: bool,
    label: Option<Label>,
}

#[derive(Clone, Debug, Deserialize)]
struct Label {
    expected: String,
    predicted: Option<String>,
}

impl Assertion {
    fn judgement(self) -> Judgement {
        let Self { r#type, metric, score, passed, label } = self;
        Judgement {
            kind: r#type,
            metric,
            value: None,
            score,
            raw: None,
            parts: Vec::new(),
            passed,
            reason: String::new(),
            label: label.map(|Label { expected, predicted }| Labelled { expected, predicted }),
        }
    }
}

impl Cell {
    fn record(self, index: CellIndex) -> CellRecord {
        CellRecord {
            score: self.score,
            // Where else an answer came from does not count.
            origin: self.cached.then_some(Origin::Stored),
            attempts: self.attempts,
            latency_ms: self.latency_ms,
            usage: self.usage.map(Usage::tokens),
            cost_usd: self.usage.and_then(|usage| usage.cost_usd),
            bill: self.judge_usage.map(JudgeUsage::bill),
            judgements: self.assertions.into_iter().map(Assertion::judgement).collect(),
            ..CellRecord::unanswered(index, state(&self.state))
        }
    }
}

/// A state that `saved::read` has let through.
fn state(word: &str) -> State {
    [State::Pass, State::Fail, State::Error, State::Unscored, State::Skipped]
        .into_iter()
        .find(|state| state.as_str() == word)
        .unwrap_or(State::NotRun)
}

/// A prompt on a model in a suite, and what is asked of it.
#[derive(Clone, Debug, Default)]
pub struct Column {
    /// The suite.
    pub suite: String,
    /// How often each case was asked.
    pub repeat: u32,
    /// What must hold.
    pub gates: Gates,
    /// By metric, the closed lists of labels.
    pub listed: BTreeMap<String, Vec<String>>,
}

/// The cells of saved runs while they are counted.
#[derive(Debug, Default)]
pub struct Totals {
    tally: Tally,
    /// By suite, its cases in the order in which they came.
    suites: IndexMap<String, IndexSet<String>>,
}

impl Totals {
    /// Counts a cell of the column at this place.
    pub fn add(&mut self, place: usize, column: &Column, cell: Cell) {
        let entry = self.suites.entry(column.suite.clone());
        let suite = entry.index();
        let (case, _) = entry.or_default().insert_full(cell.case.clone());
        let index = CellIndex { suite, column: place, case, repeat: cell.repeat };
        let (group, weight, human) = (cell.group.clone(), cell.weight, cell.human);
        let facts = CaseFacts { group: group.as_deref(), weight, human };
        self.tally.count(&cell.record(index), facts);
    }

    /// What the cells of a column came to, held against its gates.
    pub fn finish(&mut self, place: usize, column: &Column) -> ColumnResult {
        let suite = self.suites.get_index_of(&column.suite).unwrap_or(self.suites.len());
        let listed = |metric: &str| column.listed.get(metric).cloned().unwrap_or_default();
        let goal = Goal { repeat: column.repeat, gates: &column.gates, listed: &listed };
        self.tally.finish_column((suite, place), &goal)
    }

    /// The identity of a case of a suite.
    pub fn case(&self, suite: &str, case: usize) -> &str {
        self.suites.get(suite).and_then(|cases| cases.get_index(case)).map_or("", String::as_str)
    }
}

/// Which shards are there, and which are missing.
pub fn missing(shards: &[Shard]) -> Vec<Shard> {
    let Some(of) = shards.first().map(|shard| shard.of()) else { return Vec::new() };
    (1..=u64::from(of))
        .filter_map(|index| Shard::new(index, u64::from(of)).ok())
        .filter(|shard| !shards.contains(shard))
        .collect()
}
