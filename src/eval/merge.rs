//! The shards of one run, put together: each cell once, all totals and gates made anew from the cells.

use std::collections::{BTreeMap, HashMap};

use indexmap::IndexMap;
use serde::Deserialize;

use super::cell::{State, metric_means};
use super::gate::{self, GateResult, Observed, ObservedMean, SHOWN_CONFIDENCE};
use super::repeats::{self, Repeats, Tries};
use super::run::Estimate;
use super::shard::Shard;
use crate::project::suite::Gates;
use crate::stats::{self, RepeatFigure, Weighted};

/// A cell of a saved run, as far as totals look at it.
#[derive(Clone, Debug, Deserialize)]
pub struct Cell {
    /// The identity of the case.
    pub case: String,
    /// From 1.
    pub repeat: u32,
    group: Option<String>,
    weight: Option<f64>,
    state: String,
    #[serde(default)]
    cached: bool,
    latency_ms: Option<f64>,
    usage: Option<Usage>,
    judge_usage: Option<JudgeUsage>,
    #[serde(default)]
    assertions: Vec<Assertion>,
}

#[derive(Clone, Debug, Deserialize)]
struct Usage {
    input_tokens: u64,
    output_tokens: u64,
    cost_usd: Option<f64>,
}

/// What judging took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
pub struct JudgeUsage {
    /// Answers of judges and embedding models.
    pub answers: u64,
    /// Requests.
    pub attempts: u64,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Tokens that the provider had in its cache.
    pub cached_tokens: u64,
    /// US dollars, where all prices are known.
    pub cost_usd: Option<f64>,
}

#[derive(Clone, Debug, Deserialize)]
struct Assertion {
    metric: String,
    score: Option<f64>,
}

/// What the cells of a prompt on a model came to.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Cells by what became of them.
    pub states: BTreeMap<State, u64>,
    /// Cells whose answer was there already.
    pub cached: u64,
    /// `pass_rate`, the mean of each metric, the figures of repeats.
    pub metrics: IndexMap<String, Estimate>,
    /// What repeated cases came to; the cases are places in `cases`.
    pub repeats: Option<Repeats>,
    /// The cases, in the order of the cells.
    pub cases: Vec<String>,
    /// Tokens of all answers.
    pub input_tokens: u64,
    /// Tokens of all answers.
    pub output_tokens: u64,
    /// US dollars of all answers, when the price is known.
    pub cost_usd: Option<f64>,
    /// What judging took, where models were asked.
    pub judging: Option<JudgeUsage>,
    /// The 50th, 95th and 99th percentile of the latency in milliseconds.
    pub latency_ms: Option<[f64; 3]>,
    /// What had to hold, and whether it did.
    pub gates: Vec<GateResult>,
}

impl Totals {
    /// How many cells came to this.
    pub fn count(&self, state: State) -> u64 {
        self.states.get(&state).copied().unwrap_or(0)
    }

    /// Sums up the cells of a column and holds them against the gates of their suite.
    pub fn of(cells: &[Cell], repeat: u32, gates: &Gates) -> Self {
        let mut totals = Self::default();
        let mut tally = Tally::default();
        for cell in cells {
            totals.count_cell(cell);
            tally.add(cell);
        }
        let usages = || cells.iter().filter_map(|cell| cell.usage.as_ref());
        totals.cost_usd = usages()
            .map(|usage| usage.cost_usd)
            .try_fold(0.0, |sum, cost| Some(sum + cost?))
            .filter(|_| usages().next().is_some());
        let sorted = stats::sorted(cells.iter().filter_map(|cell| cell.latency_ms));
        let at = |q| stats::percentile(&sorted, q);
        totals.latency_ms = at(0.5).zip(at(0.95)).zip(at(0.99)).map(|((a, b), c)| [a, b, c]);
        tally.finish(totals, repeat, gates)
    }

    fn count_cell(&mut self, cell: &Cell) {
        *self.states.entry(state(&cell.state)).or_insert(0) += 1;
        self.cached += u64::from(cell.cached);
        if let Some(usage) = &cell.usage {
            self.input_tokens += usage.input_tokens;
            self.output_tokens += usage.output_tokens;
        }
        if let Some(more) = cell.judge_usage {
            let cost = self.judging.map_or(Some(0.0), |judging| judging.cost_usd);
            let judging = self.judging.get_or_insert_default();
            judging.answers += more.answers;
            judging.attempts += more.attempts;
            judging.input_tokens += more.input_tokens;
            judging.output_tokens += more.output_tokens;
            judging.cached_tokens += more.cached_tokens;
            judging.cost_usd = cost.zip(more.cost_usd).map(|(cost, more)| cost + more);
        }
    }

    /// US dollars of all answers and of judging them, when all prices are known.
    fn total_cost_usd(&self) -> Option<f64> {
        match self.judging {
            None => self.cost_usd,
            Some(judging) if self.input_tokens + self.output_tokens == 0 => judging.cost_usd,
            Some(judging) => self.cost_usd.zip(judging.cost_usd).map(|(one, other)| one + other),
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

/// One number for each cell and metric.
#[derive(Default)]
struct Tally {
    cases: IndexMap<String, (usize, f64)>,
    groups: HashMap<String, usize>,
    metrics: IndexMap<String, Vec<(usize, f64)>>,
    decided: Vec<Tries>,
}

impl Tally {
    fn add(&mut self, cell: &Cell) {
        let next = self.cases.len();
        let cluster = match &cell.group {
            Some(group) => *self.groups.entry(group.clone()).or_insert(next),
            None => next,
        };
        let entry = self.cases.entry(cell.case.clone());
        let case = entry.index();
        entry.or_insert((cluster, cell.weight.unwrap_or(1.0)));
        let state = state(&cell.state);
        if self.decided.len() <= case {
            self.decided.resize(case + 1, Tries::default());
        }
        if let State::Pass | State::Fail = state {
            self.decided[case].add(state == State::Pass);
        }
        let scores = cell.assertions.iter().map(|it| (it.metric.as_str(), it.score));
        for (metric, mean) in metric_means(scores) {
            self.metrics.entry(metric.to_owned()).or_default().push((case, mean));
        }
    }

    fn finish(self, mut totals: Totals, repeat: u32, gates: &Gates) -> Totals {
        let cluster = |case: usize| self.cases[case].0;
        let independent = repeats::independent(&self.decided, cluster);
        let (pass, fail) = (totals.count(State::Pass), totals.count(State::Fail));
        if pass + fail > 0 {
            let value = pass as f64 / (pass + fail) as f64;
            let found = stats::wilson_rate(value, independent as f64, SHOWN_CONFIDENCE);
            let interval = Some((found.low, found.high));
            let estimate = Estimate { value, interval, n: pass + fail };
            totals.metrics.insert("pass_rate".to_owned(), estimate);
        }
        let confidence = gates.confidence.unwrap_or(SHOWN_CONFIDENCE);
        let mut observed = Observed {
            pass,
            fail,
            independent: independent as u64,
            error: totals.count(State::Error),
            unscored: totals.count(State::Unscored),
            not_run: totals.count(State::NotRun),
            cost_usd: totals.total_cost_usd(),
            metrics: Vec::new(),
        };
        for (metric, values) in &self.metrics {
            let weighted: Vec<Weighted> = values
                .iter()
                .map(|(case, value)| {
                    let (cluster, weight) = self.cases[*case];
                    Weighted::new(cluster, *value, weight)
                })
                .collect();
            let at = |confidence| {
                stats::weighted_mean(&weighted, confidence).map(|mean| Estimate {
                    value: mean.mean,
                    interval: mean.interval.map(|it| (it.low.max(0.0), it.high.min(1.0))),
                    n: mean.n as u64,
                })
            };
            let Some(mean) = at(SHOWN_CONFIDENCE) else { continue };
            observed.metrics.extend(at(confidence).map(|mean| ObservedMean::new(metric, mean)));
            totals.metrics.insert(metric.clone(), mean);
        }
        totals.repeats = Repeats::of(&self.decided, repeat, &cluster, SHOWN_CONFIDENCE);
        for (figure, estimate) in totals.repeats.iter().flat_map(|repeats| &repeats.figures) {
            totals.metrics.entry(figure.to_string()).or_insert(*estimate);
        }
        for name in gates.metrics.keys() {
            if observed.metrics.iter().any(|known| known.name == *name) {
                continue;
            }
            let figure = RepeatFigure::named(name)
                .and_then(|it| repeats::figure(it, &self.decided, &cluster, confidence));
            observed.metrics.extend(figure.map(|figure| ObservedMean::new(name, figure)));
        }
        totals.cases = self.cases.into_keys().collect();
        totals.gates = gate::check(gates, None, &observed);
        totals
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
