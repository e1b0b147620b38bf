//! The JSON of an evaluation: the summary that `pf eval --format json` prints, and the file that `-o run.json` writes.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::compare::{self, CompareJson};
use super::estimate::dollars;
use super::json::VERSION;
use super::measures::{Agreement, Classification, Repeats};
use super::notes::Score;
use crate::diagnostic::counted;
use crate::eval::budget::Budget;
use crate::eval::cell::{CellRecord, Judgement, Origin, Place, State};
use crate::eval::gate::GateResult;
use crate::eval::plan::{Plan, SuitePlan};
use crate::eval::rivals::ColumnPlace;
use crate::eval::run::{ColumnResult, Estimate, NamedGate, Run, Versus};
use crate::eval::session::Bill;
use crate::eval::shard::Shard;
use crate::project::suite::Gates;

/// What there is to say about a run besides its numbers.
#[derive(Clone, Debug, Default)]
pub struct RunInfo {
    /// The id of the run.
    pub id: String,
    /// RFC 3339.
    pub started_at: String,
    /// RFC 3339.
    pub finished_at: String,
    /// `complete`, `interrupted` or `aborted`.
    pub status: String,
    /// The commit that was checked out.
    pub commit: Option<String>,
    /// Whether the files differ from that commit.
    pub dirty: Option<bool>,
    /// Whether the run is green.
    pub passed: bool,
    /// What the calls of this run cost, where it made or might have made any.
    pub spent: Option<Spending>,
}

/// What the calls of a run came to.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Spending {
    /// Calls that were answered, or may have been.
    pub calls: u64,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Null when a price is not known.
    pub cost_usd: Option<f64>,
    /// What `--max-cost` allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_usd: Option<f64>,
}

impl Spending {
    /// What a budget was used for.
    pub fn of(budget: &Budget<'_>) -> Self {
        let spent = budget.spent();
        Self {
            calls: spent.calls,
            input_tokens: spent.input_tokens,
            output_tokens: spent.output_tokens,
            cost_usd: spent.known_cost(),
            limit_usd: budget.limit(),
        }
    }

    /// For people.
    pub fn text(&self) -> String {
        let cost = match (self.cost_usd, self.limit_usd) {
            (Some(cost), Some(limit)) => format!("{} of {}", dollars(cost), dollars(limit)),
            (Some(cost), None) => dollars(cost),
            (None, _) => "the price is not known".to_owned(),
        };
        let calls = counted(self.calls, "call");
        format!(
            "spent: {calls}, {} tokens in, {} out, {cost}",
            self.input_tokens, self.output_tokens
        )
    }
}

/// `pf eval --format json`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "pf eval")]
pub struct Eval {
    version: u32,
    /// `eval`, or `run` in a file that holds the cells too.
    kind: &'static str,
    id: String,
    started_at: String,
    finished_at: String,
    /// `complete`, `interrupted` or `aborted`.
    status: String,
    commit: Option<String>,
    dirty: Option<bool>,
    /// Whether only a part of the cases ran.
    filtered: bool,
    /// Whether all gates hold; of a shard, whether all of it could run.
    passed: bool,
    /// What the calls of this run cost, where it made or might have made any; answers that were there cost nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    spent: Option<Spending>,
    /// The part of the run that this is, where it is run in parts; the gates are those of all parts together.
    #[serde(skip_serializing_if = "Option::is_none")]
    shard: Option<Shard>,
    /// What the suites ask for, so that a saved run can be compared and merged without the project that it is of.
    suites: Vec<SuiteEntry>,
    gates: Vec<Gate>,
    results: Vec<ResultEntry>,
    /// What was not run, since a note proves what it comes to; its gates are among the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    proven: Vec<Score>,
    /// How it compares with another version, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<Against>,
}

/// A run beside another version.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Against {
    /// What the other version is called.
    label: String,
    /// Prompts on models that are the same there, and were not asked for again.
    unchanged: Vec<Named>,
    /// Prompts on models that are not there.
    new: Vec<Named>,
    /// Prompts on models that cannot be asked there: inactive, broken, or without a case that can be rendered.
    unusable: Vec<Named>,
    /// What differs, compared, as `pf compare --format json` prints it.
    comparison: Option<CompareJson>,
}

/// A prompt on a model in a suite.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Named {
    suite: String,
    prompt: String,
    model: String,
}

impl Against {
    fn new(plan: &Plan, versus: &Versus) -> Self {
        let named = |places: &[ColumnPlace]| {
            let name = |(s, c): &ColumnPlace| {
                let (suite, column) = (&plan.suites[*s], &plan.suites[*s].columns[*c]);
                Named {
                    suite: suite.name.clone(),
                    prompt: column.prompt.clone(),
                    model: column.model.label.clone(),
                }
            };
            places.iter().map(name).collect()
        };
        Self {
            label: versus.label.clone(),
            unchanged: named(&versus.unchanged),
            new: named(&versus.new),
            unusable: named(&versus.unusable),
            comparison: versus.comparison.as_ref().map(compare::json),
        }
    }
}

/// What a suite asks for.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SuiteEntry {
    name: String,
    digest: String,
    dataset_digest: String,
    /// The metric that decides a comparison, where the suite names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    primary: Option<String>,
    /// How often each case is asked.
    repeat: u32,
    gates: Gates,
}

impl SuiteEntry {
    fn new(suite: &SuitePlan) -> Self {
        Self {
            name: suite.name.clone(),
            digest: suite.digest.to_string(),
            dataset_digest: suite.dataset_digest.to_string(),
            primary: suite.primary.clone(),
            repeat: suite.repeat,
            gates: suite.gates.clone(),
        }
    }
}

// Only the shape: the cells are written as they come, by `cells::write_run`.
/// `pf eval -o run.json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf run")]
pub struct RunFile {
    #[serde(flatten)]
    summary: Eval,
    cells: Vec<Cell>,
}

/// A gate and what was observed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Gate {
    name: String,
    suite: String,
    prompt: String,
    model: String,
    /// Null where nothing was measured.
    observed: Option<f64>,
    bound: f64,
    n: u64,
    low: Option<f64>,
    high: Option<f64>,
    passed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// What a prompt on a model came to in a suite.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ResultEntry {
    #[serde(flatten)]
    names: Names,
    cells: Counts,
    metrics: IndexMap<String, Metric>,
    /// By metric, what the labels of its `label` assertions are as a classification.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    classification: IndexMap<String, Classification>,
    /// How far the verdicts agree with people's scores of given answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    agreement: Option<Agreement>,
    /// What repeated cases came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    repeats: Option<Repeats>,
    usage: UsageTotal,
    /// What judging took: calls of the assertions `judge` and `cosine`, besides `usage`.
    #[serde(skip_serializing_if = "Option::is_none")]
    judge_usage: Option<JudgeUsage>,
    latency_ms: Option<Latency>,
}

/// Cells by what became of them.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Counts {
    pass: u64,
    fail: u64,
    error: u64,
    unscored: u64,
    skipped: u64,
    not_run: u64,
    /// Those whose answer was there already.
    cached: u64,
}

/// A measured value with its interval at 95 % confidence.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Metric {
    value: f64,
    low: Option<f64>,
    high: Option<f64>,
    n: u64,
}

/// Tokens and dollars of all answers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct UsageTotal {
    input_tokens: u64,
    output_tokens: u64,
    /// Null when the price is not known.
    cost_usd: Option<f64>,
}

/// What judging took. Answers that were there already count too.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct JudgeUsage {
    /// Answers of judges and embedding models.
    answers: u64,
    /// Requests of this run.
    attempts: u64,
    input_tokens: u64,
    output_tokens: u64,
    cached_tokens: u64,
    /// Null when a price is not known.
    cost_usd: Option<f64>,
}

impl JudgeUsage {
    fn new(bill: Bill) -> Self {
        let usage = bill.usage.unwrap_or_default();
        Self {
            answers: bill.answers.into(),
            attempts: bill.attempts.into(),
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cached_tokens: usage.cached_tokens,
            cost_usd: bill.cost_usd,
        }
    }
}

/// Percentiles of the latency.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Latency {
    p50: f64,
    p95: f64,
    p99: f64,
}

/// One line of `pf eval -o cells.jsonl`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf cell")]
pub struct Cell {
    suite: String,
    prompt: String,
    digest: String,
    model: String,
    case: String,
    repeat: u32,
    /// Cases of one group are not independent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    /// How much the case counts in the means of metrics, where that is not 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weight: Option<f64>,
    /// A person's score of the answer that the dataset gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    human: Option<f64>,
    state: &'static str,
    score: Option<f64>,
    output: Option<String>,
    expected: Option<Value>,
    variables: Map<String, Value>,
    /// What was sent.
    messages: Option<Value>,
    cached: bool,
    attempts: u32,
    finish_reason: Option<String>,
    latency_ms: Option<f64>,
    usage: Option<CellUsage>,
    /// What judging it took, besides `usage`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    judge_usage: Option<JudgeUsage>,
    error: Option<String>,
    assertions: Vec<Assertion>,
}

/// Tokens and dollars of one answer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CellUsage {
    input_tokens: u64,
    output_tokens: u64,
    cached_tokens: u64,
    cost_usd: Option<f64>,
}

/// What an assertion said.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Assertion {
    r#type: String,
    metric: String,
    value: Option<Value>,
    score: Option<f64>,
    /// The measured quantity in its own unit.
    raw: Option<f64>,
    /// What the score is made of, where it is a weighted mean.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parts: Vec<Part>,
    passed: bool,
    reason: String,
    /// The labels that were compared, where `type` is `label`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<Label>,
}

/// The labels that an assertion compared.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Label {
    expected: String,
    /// The label of the answer; null where it has none.
    predicted: Option<String>,
}

/// One part of a score.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Part {
    name: String,
    score: f64,
    weight: f64,
}

impl Part {
    fn new(part: &crate::assertion::Part) -> Self {
        Self { name: part.name.clone(), score: part.score, weight: part.weight }
    }
}

impl Assertion {
    /// What an assertion said of an answer.
    pub fn new(judgement: &Judgement) -> Self {
        Self {
            r#type: judgement.kind.clone(),
            metric: judgement.metric.clone(),
            value: judgement.value.clone(),
            score: judgement.score,
            raw: judgement.raw,
            parts: judgement.parts.iter().map(Part::new).collect(),
            passed: judgement.passed,
            reason: judgement.reason.clone(),
            label: judgement.label.as_ref().map(|label| Label {
                expected: label.expected.clone(),
                predicted: label.predicted.clone(),
            }),
        }
    }
}

impl Cell {
    /// A cell of a plan.
    pub fn new(plan: &Plan, cell: &CellRecord) -> Self {
        let Place { suite, column, case, .. } = cell.index.place(plan);
        Self {
            suite: suite.name.clone(),
            prompt: column.prompt.clone(),
            digest: column.digest.to_string(),
            model: column.model.label.clone(),
            case: case.id.clone(),
            repeat: cell.index.repeat,
            group: case.placed.case.group.clone(),
            tags: case.placed.case.tags.clone(),
            weight: case.placed.case.weight,
            human: cell.human(&case),
            state: cell.state.as_str(),
            score: cell.score,
            output: cell.output.clone(),
            expected: case.placed.case.expected.clone(),
            variables: cell.variables.clone(),
            messages: cell.messages.as_ref().map(|messages| serde_json::json!(messages)),
            cached: cell.origin.is_some_and(Origin::cached),
            attempts: cell.attempts,
            finish_reason: cell.finish.clone(),
            latency_ms: cell.latency_ms,
            usage: cell.usage.map(|usage| CellUsage {
                input_tokens: usage.input_tokens,
                output_tokens: usage.output_tokens,
                cached_tokens: usage.cached_tokens,
                cost_usd: cell.cost_usd,
            }),
            judge_usage: cell.bill.map(JudgeUsage::new),
            error: cell.error.clone(),
            assertions: cell.judgements.iter().map(Assertion::new).collect(),
        }
    }
}

impl Eval {
    /// A run of a plan.
    pub fn new(plan: &Plan, run: &Run, info: &RunInfo) -> Self {
        let info = info.clone();
        Self {
            version: VERSION,
            kind: "eval",
            id: info.id,
            started_at: info.started_at,
            finished_at: info.finished_at,
            status: info.status,
            commit: info.commit,
            dirty: info.dirty,
            filtered: plan.filtered,
            passed: info.passed,
            spent: info.spent,
            shard: plan.shard,
            suites: plan.suites.iter().map(|suite| SuiteEntry::new(suite)).collect(),
            gates: run.named_gates(plan).map(Gate::new).collect(),
            results: run.results.iter().map(|result| entry(plan, result)).collect(),
            proven: run.proven.iter().map(|proven| Score::from(&proven.noted)).collect(),
            against: run.versus.as_ref().map(|versus| Against::new(plan, versus)),
        }
    }

    /// The same as `-o run.json` begins with it: see [`RunFile`].
    pub fn of_run_file(self) -> Self {
        Self { kind: "run", ..self }
    }
}

fn names(plan: &Plan, result: &ColumnResult) -> Names {
    let suite = &plan.suites[result.suite];
    let column = &suite.columns[result.column];
    Names {
        suite: suite.name.clone(),
        suite_digest: suite.digest.to_string(),
        prompt: column.prompt.clone(),
        digest: column.digest.to_string(),
        dataset_digest: suite.dataset_digest.to_string(),
        model: column.model.label.clone(),
    }
}

fn entry(plan: &Plan, result: &ColumnResult) -> ResultEntry {
    let case = |case: usize| plan.suites[result.suite].cases.get(case).id.clone();
    ResultEntry::new(names(plan, result), result, &case)
}

/// What a prompt on a model in a suite is known by.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Names {
    suite: String,
    suite_digest: String,
    prompt: String,
    digest: String,
    dataset_digest: String,
    model: String,
}

impl Gate {
    /// A gate of a prompt on a model.
    pub fn new(named: NamedGate<'_>) -> Self {
        let NamedGate { suite, prompt, model, gate } = named;
        Self {
            name: gate.name.clone(),
            suite: suite.to_owned(),
            prompt: prompt.to_owned(),
            model: model.to_owned(),
            observed: Some(gate.observed).filter(|value| value.is_finite()),
            bound: gate.bound,
            n: gate.n,
            low: gate.interval.map(|(low, _)| low),
            high: gate.interval.map(|(_, high)| high),
            passed: gate.passed,
            note: gate.note.clone(),
        }
    }
}

impl Names {
    /// A gate of this prompt on this model.
    pub fn gate<'a>(&'a self, gate: &'a GateResult) -> NamedGate<'a> {
        NamedGate { suite: &self.suite, prompt: &self.prompt, model: &self.model, gate }
    }
}

impl ResultEntry {
    /// What a column came to; `case` is the identity of the case at a place.
    pub fn new(names: Names, result: &ColumnResult, case: &dyn Fn(usize) -> String) -> Self {
        let mut metrics = IndexMap::new();
        if let Some(rate) = result.pass_rate {
            metrics.insert("pass_rate".to_owned(), metric(rate));
        }
        metrics.extend(result.metrics.iter().map(|(name, found)| (name.clone(), metric(*found))));
        Self {
            names,
            cells: Counts {
                pass: result.count(State::Pass),
                fail: result.count(State::Fail),
                error: result.count(State::Error),
                unscored: result.count(State::Unscored),
                skipped: result.count(State::Skipped),
                not_run: result.count(State::NotRun),
                cached: result.cached,
            },
            metrics,
            classification: result
                .classifications
                .iter()
                .map(|(metric, found)| (metric.clone(), Classification::new(found)))
                .collect(),
            agreement: result.agreement.as_ref().map(Agreement::from),
            repeats: result.repeats.as_ref().map(|found| Repeats::new(found, case)),
            usage: UsageTotal {
                input_tokens: result.input_tokens,
                output_tokens: result.output_tokens,
                cost_usd: result.cost_usd,
            },
            judge_usage: result.bill.map(JudgeUsage::new),
            latency_ms: result.latency_ms.map(|[p50, p95, p99]| Latency { p50, p95, p99 }),
        }
    }
}

fn metric(estimate: Estimate) -> Metric {
    Metric {
        value: estimate.value,
        low: estimate.interval.map(|(low, _)| low),
        high: estimate.interval.map(|(_, high)| high),
        n: estimate.n,
    }
}
