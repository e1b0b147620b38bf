//! A run: what the cells of each pair of prompt and model came to, and whether the gates hold.

use std::collections::{BTreeMap, HashMap};

use indexmap::IndexMap;

use super::agreement::{Agreement, AgreementTally};
use super::cell::{CellRecord, State};
use super::compare::Comparison;
use super::footprint::Footprint;
use super::gate::{self, GateResult, Observed, ObservedMean, SHOWN_CONFIDENCE};
use super::labels::{Classification, LabelTally};
use super::plan::{Column, Plan, SuitePlan};
use super::proven::Proven;
use super::repeats::{self, Repeats, Tries};
use super::rivals::ColumnPlace;
use super::session::Bill;
use crate::project::suite::Gates;
use crate::stats::{self, RepeatFigure, Weighted};

/// What a run came to.
#[derive(Debug)]
pub struct Run {
    /// One for each pair of prompt and model of each suite, in the order of the plan.
    pub results: Vec<ColumnResult>,
    /// How it compares with another version, where that was asked for.
    pub versus: Option<Versus>,
    /// What was not run, since a note proves what it comes to.
    pub proven: Vec<Proven>,
}

/// A gate, and of what it is one.
#[derive(Clone, Copy, Debug)]
pub struct NamedGate<'a> {
    /// The suite.
    pub suite: &'a str,
    /// The prompt, as the suite names it.
    pub prompt: &'a str,
    /// The model.
    pub model: &'a str,
    /// What had to hold, and whether it did.
    pub gate: &'a GateResult,
}

impl Run {
    /// The gates of all that was run and of all that was proven.
    pub fn gates(&self) -> impl Iterator<Item = &GateResult> {
        let run = self.results.iter().flat_map(|result| &result.gates);
        run.chain(self.proven.iter().flat_map(|proven| &proven.gates))
    }

    /// The same, with the names of what they are about.
    pub fn named_gates<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = NamedGate<'a>> {
        let run = self.results.iter().flat_map(|result| {
            let suite = &plan.suites[result.suite];
            let column = &suite.columns[result.column];
            let (suite, prompt, model) = (&suite.name, &column.prompt, &column.model.label);
            result.gates.iter().map(move |gate| NamedGate { suite, prompt, model, gate })
        });
        let proven = self.proven.iter().flat_map(|proven| {
            let (suite, prompt) = (&proven.suite, &proven.prompt);
            let model = &proven.noted.note.measured.model;
            proven.gates.iter().map(move |gate| NamedGate { suite, prompt, model, gate })
        });
        run.chain(proven)
    }
}

/// A run beside another version.
#[derive(Debug, Default)]
pub struct Versus {
    /// What the other version is called.
    pub label: String,
    /// What differs, compared; none where nothing does.
    pub comparison: Option<Comparison>,
    /// Columns that are the same there.
    pub unchanged: Vec<ColumnPlace>,
    /// Columns that are not there.
    pub new: Vec<ColumnPlace>,
    /// Columns that cannot be asked there: inactive, broken, or without a case that can be rendered.
    pub unusable: Vec<ColumnPlace>,
}

/// What a prompt on a model came to in a suite.
#[derive(Debug, Default)]
pub struct ColumnResult {
    /// The suite in the plan.
    pub suite: usize,
    /// The pair of prompt and model in the suite.
    pub column: usize,
    /// Cells by what became of them.
    pub states: BTreeMap<State, u64>,
    /// Cells whose answer was there already.
    pub cached: u64,
    /// Clusters of cells among those that passed or failed: cases, or groups of cases.
    pub independent: u64,
    /// Requests of this run.
    pub attempts: u64,
    /// The share of passes among passes and failures, with its Wilson interval.
    pub pass_rate: Option<Estimate>,
    /// The mean of each metric, weighted by case, with its Student t interval; then the figures of labels, as
    /// `METRIC.FIGURE`, and of repeats.
    pub metrics: IndexMap<String, Estimate>,
    /// By metric, what the labels of its `label` assertions are as a classification.
    pub classifications: IndexMap<String, Classification>,
    /// How far the verdicts agree with people's, where people have scored given answers.
    pub agreement: Option<Agreement>,
    /// What repeated cases came to.
    pub repeats: Option<Repeats>,
    /// Tokens of all answers.
    pub input_tokens: u64,
    /// Tokens of all answers.
    pub output_tokens: u64,
    /// US dollars of all answers, when the price is known.
    pub cost_usd: Option<f64>,
    /// What judging took, where models were asked.
    pub bill: Option<Bill>,
    /// Percentiles of the latency in milliseconds: the 50th, 95th and 99th.
    pub latency_ms: Option<[f64; 3]>,
    /// What had to hold, and whether it did.
    pub gates: Vec<GateResult>,
    /// What is remembered of it besides.
    pub footprint: Footprint,
}

/// A measured value with its interval at 95 % confidence.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// The interval; none when there is too little to tell.
    pub interval: Option<(f64, f64)>,
    /// How many cells it rests on.
    pub n: u64,
}

impl ColumnResult {
    /// US dollars of all answers and of judging them, when all prices are known.
    pub fn total_cost_usd(&self) -> Option<f64> {
        match self.bill {
            None => self.cost_usd,
            Some(bill) if bill.unpriced => None,
            // Answers that were given cost nothing: then judging is all there is.
            Some(bill) if self.input_tokens + self.output_tokens == 0 => {
                Some(self.cost_usd.unwrap_or(0.0) + bill.cost_usd.unwrap_or(0.0))
            }
            Some(bill) => self.cost_usd.map(|cost| cost + bill.cost_usd.unwrap_or(0.0)),
        }
    }

    /// How many cells came to this.
    pub fn count(&self, state: State) -> u64 {
        self.states.get(&state).copied().unwrap_or(0)
    }
}

/// Sums up cells as they come: one number for each cell and metric is kept.
#[derive(Debug, Default)]
pub struct Tally {
    columns: BTreeMap<(usize, usize), ColumnTally>,
    /// By suite.
    cases: BTreeMap<usize, CaseTally>,
}

/// What counts of a case besides its cells.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CaseFacts<'a> {
    /// Cases of one group are not independent.
    pub(super) group: Option<&'a str>,
    /// How much it counts in the means of metrics, where that is not 1.
    pub(super) weight: Option<f64>,
    /// A person's score of the answer, where it counts.
    pub(super) human: Option<f64>,
}

/// What is asked of a column.
pub(super) struct Goal<'a> {
    /// How often each case is asked.
    pub(super) repeat: u32,
    /// What must hold.
    pub(super) gates: &'a Gates,
    /// The closed lists of labels of a metric, one after the other.
    pub(super) listed: &'a dyn Fn(&str) -> Vec<String>,
}

/// What of the cases of a suite counts besides their cells. Each list ends with the last case that has something to say.
#[derive(Debug, Default)]
struct CaseTally {
    /// The first case of each group.
    groups: HashMap<String, u32>,
    /// The cluster of each case: its group, else itself. Cells of one cluster, repeats among them, are not independent.
    clusters: Vec<u32>,
    weights: Vec<f64>,
}

impl CaseTally {
    fn add(&mut self, index: u32, case: CaseFacts<'_>) {
        if let Some(group) = case.group {
            let first = match self.groups.get(group) {
                Some(first) => *first,
                None => *self.groups.entry(group.to_owned()).or_insert(index),
            };
            let place = index as usize;
            self.clusters.extend(self.clusters.len() as u32..=index);
            self.clusters[place] = first;
        }
        if let Some(weight) = case.weight {
            let place = index as usize;
            if self.weights.len() <= place {
                self.weights.resize(place + 1, 1.0);
            }
            self.weights[place] = weight;
        }
    }

    fn cluster(&self, case: usize) -> usize {
        self.clusters.get(case).map_or(case, |cluster| *cluster as usize)
    }

    fn weight(&self, case: usize) -> f64 {
        self.weights.get(case).copied().unwrap_or(1.0)
    }
}

/// The scores of a metric: the case and the value.
#[derive(Debug, Default)]
struct Scores {
    cases: Vec<u32>,
    values: Vec<f64>,
}

#[derive(Debug, Default)]
struct ColumnTally {
    result: ColumnResult,
    metrics: IndexMap<String, Scores>,
    /// By metric.
    labels: IndexMap<String, LabelTally>,
    agreement: AgreementTally,
    /// By case, how often its cells passed or failed.
    decided: Vec<Tries>,
    latencies: Vec<f64>,
    priced: bool,
    unpriced: bool,
}

impl Tally {
    /// Counts a cell of a plan.
    pub fn add(&mut self, plan: &Plan, cell: &CellRecord) {
        let planned = cell.index.place(plan).case;
        let case = &planned.placed.case;
        let (group, weight) = (case.group.as_deref(), case.weight);
        self.count(cell, CaseFacts { group, weight, human: cell.human(&planned) });
    }

    /// Counts a cell.
    pub(super) fn count(&mut self, cell: &CellRecord, facts: CaseFacts<'_>) {
        let place = (cell.index.suite, cell.index.column);
        let tally = self.columns.entry(place).or_default();
        let result = &mut tally.result;
        *result.states.entry(cell.state).or_insert(0) += 1;
        result.cached += u64::from(cell.origin.is_some_and(super::cell::Origin::cached));
        result.attempts += u64::from(cell.attempts);
        result.footprint.add(cell);
        if let Some(usage) = cell.usage {
            result.input_tokens += usage.input_tokens;
            result.output_tokens += usage.output_tokens;
        }
        match cell.cost_usd {
            Some(cost) => {
                tally.priced = true;
                *result.cost_usd.get_or_insert(0.0) += cost;
            }
            None => tally.unpriced |= cell.usage.is_some(),
        }
        if let Some(bill) = &cell.bill {
            result.bill.get_or_insert_default().include(bill);
        }
        tally.latencies.extend(cell.latency_ms);
        if let (State::Pass | State::Fail, Ok(case)) = (cell.state, u32::try_from(cell.index.case))
        {
            let place = case as usize;
            if tally.decided.len() <= place {
                tally.decided.resize(place + 1, Tries::default());
            }
            tally.decided[place].add(cell.state == State::Pass);
        }
        for judgement in &cell.judgements {
            if let Some(label) = &judgement.label {
                let labels = tally.labels.entry(judgement.metric.clone()).or_default();
                labels.add(cell.index.case, label);
            }
        }
        // Places of cases fit: a suite of four billion cases is more than any run sees the end of.
        let number = u32::try_from(cell.index.case).unwrap_or(u32::MAX);
        self.cases.entry(cell.index.suite).or_default().add(number, facts);
        if let Some(human) = facts.human {
            tally.agreement.add(cell, human);
        }
        for (metric, mean) in cell.metric_means() {
            let values = tally.metrics.entry(metric.to_owned()).or_default();
            values.cases.push(number);
            values.values.push(mean);
        }
    }

    /// What it all came to, held against the gates.
    pub fn finish(mut self, plan: &Plan) -> Run {
        let mut results = Vec::new();
        for (s, suite) in plan.suites.iter().enumerate() {
            for (column, planned) in suite.columns.iter().enumerate() {
                let listed = |metric: &str| listed_labels(suite, planned, metric);
                let goal = Goal { repeat: suite.repeat, gates: &suite.gates, listed: &listed };
                results.push(self.finish_column((s, column), &goal));
            }
        }
        Run { results, versus: None, proven: Vec::new() }
    }

    /// What the cells of a column came to, held against its gates.
    pub(super) fn finish_column(&mut self, place: ColumnPlace, goal: &Goal<'_>) -> ColumnResult {
        let tally = self.columns.remove(&place).unwrap_or_default();
        let none = CaseTally::default();
        finish_column(place, goal, self.cases.get(&place.0).unwrap_or(&none), tally)
    }
}

fn finish_column(
    place: ColumnPlace,
    goal: &Goal<'_>,
    cases: &CaseTally,
    tally: ColumnTally,
) -> ColumnResult {
    let ColumnTally {
        mut result,
        metrics,
        labels,
        agreement,
        decided,
        latencies,
        priced,
        unpriced,
    } = tally;
    let cluster = |case: usize| cases.cluster(case);
    let of_case = |case: usize| (cluster(case), cases.weight(case));
    let independent = repeats::independent(&decided, cluster);
    (result.suite, result.column) = place;
    result.independent = independent as u64;
    if !priced || unpriced {
        result.cost_usd = None;
    }
    let (pass, fail) = (result.count(State::Pass), result.count(State::Fail));
    if pass + fail > 0 {
        let rate = pass as f64 / (pass + fail) as f64;
        let interval = stats::wilson_rate(rate, independent as f64, SHOWN_CONFIDENCE);
        result.pass_rate = Some(Estimate {
            value: rate,
            interval: Some((interval.low, interval.high)),
            n: pass + fail,
        });
    }
    let confidence = goal.gates.confidence.unwrap_or(SHOWN_CONFIDENCE);
    let mut observed = Observed {
        pass,
        fail,
        independent: independent as u64,
        error: result.count(State::Error),
        unscored: result.count(State::Unscored),
        not_run: result.count(State::NotRun),
        cost_usd: result.total_cost_usd(),
        metrics: Vec::new(),
    };
    for (metric, scores) in metrics {
        let weighted = scores.cases.iter().zip(&scores.values).map(|(case, value)| {
            let (cluster, weight) = of_case(*case as usize);
            Weighted::new(cluster, *value, weight)
        });
        let at = |confidence| {
            stats::weighted_mean_of(&weighted, confidence).map(|mean| Estimate {
                value: mean.mean,
                interval: score_interval(&mean),
                n: mean.n as u64,
            })
        };
        let Some(mean) = at(SHOWN_CONFIDENCE) else { continue };
        observed.metrics.extend(at(confidence).map(|mean| ObservedMean::new(&metric, mean)));
        result.metrics.insert(metric, mean);
    }
    for (metric, labels) in labels {
        let listed = (goal.listed)(&metric);
        result.classifications.insert(metric, labels.finish(&listed, of_case));
    }
    result.repeats = Repeats::of(&decided, goal.repeat, &cluster, SHOWN_CONFIDENCE);
    add_figures(&mut result);
    for name in goal.gates.metrics.keys() {
        if observed.metrics.iter().any(|known| known.name == *name) {
            continue;
        }
        let figure = match RepeatFigure::named(name) {
            Some(figure) => repeats::figure(figure, &decided, &cluster, confidence),
            None => figure_of_labels(&result.classifications, name, confidence),
        };
        observed.metrics.extend(figure.map(|figure| ObservedMean::new(name, figure)));
    }
    result.agreement = agreement.finish();
    let sorted = stats::sorted(latencies);
    let at = |q| stats::percentile(&sorted, q);
    result.latency_ms = at(0.5).zip(at(0.95)).zip(at(0.99)).map(|((a, b), c)| [a, b, c]);
    result.gates = gate::check(goal.gates, None, &observed);
    result
}

/// Puts the figures of labels and of repeats behind the means. A metric of the suite that has the name of one stays.
fn add_figures(result: &mut ColumnResult) {
    let of_labels = result.classifications.iter().flat_map(|(metric, classification)| {
        let figures = classification.figures(SHOWN_CONFIDENCE);
        figures.into_iter().map(move |(it, estimate)| (format!("{metric}.{}", it.name()), estimate))
    });
    let of_repeats = result.repeats.iter().flat_map(|repeats| &repeats.figures);
    let figures: Vec<(String, Estimate)> =
        of_labels.chain(of_repeats.map(|(it, estimate)| (it.to_string(), *estimate))).collect();
    for (name, estimate) in figures {
        result.metrics.entry(name).or_insert(estimate);
    }
}

/// The figure that a gate names `METRIC.FIGURE`. One that is not defined for these answers is not a number: its gate fails.
fn figure_of_labels(
    classifications: &IndexMap<String, Classification>,
    name: &str,
    confidence: f64,
) -> Option<Estimate> {
    let (classification, figure) =
        classifications.iter().find_map(|(metric, classification)| {
            Some((classification, name.strip_prefix(metric.as_str())?.strip_prefix('.')?))
        })?;
    let undefined = Estimate { value: f64::NAN, interval: None, n: classification.n() };
    Some(classification.named(figure, confidence).unwrap_or(undefined))
}

/// The closed lists of the `label` assertions of a metric, one after the other.
fn listed_labels(suite: &SuitePlan, column: &Column, metric: &str) -> Vec<String> {
    let of_cases = suite.cases.assertions();
    let mut labels: Vec<String> = Vec::new();
    for assertion in column.assertions.iter().chain(of_cases) {
        for label in assertion.labels().unwrap_or_default() {
            if assertion.metric_name() == metric && !labels.contains(label) {
                labels.push(label.clone());
            }
        }
    }
    labels
}

/// The interval of a mean of scores, which cannot lie outside [0, 1].
fn score_interval(mean: &stats::Mean) -> Option<(f64, f64)> {
    mean.interval.map(|interval| (interval.low.max(0.0), interval.high.min(1.0)))
}
