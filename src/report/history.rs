//! The runs that this machine remembers: as JSON, as a table, and one of them in full.

use std::fmt::Write as _;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::estimate::dollars;
use super::evaluation::percent;
use super::foreign::excerpt;
use super::json::VERSION;
use super::table;
use crate::diagnostic::counted;
use crate::store::runs::{ColumnRecord, EstimateRecord, RunRecord};

/// Characters of a digest or commit that people are shown.
const SHORT: usize = 12;
/// Characters of a line that people are shown.
const LINE: usize = 300;

/// `pf history --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf history")]
pub struct History {
    version: u32,
    kind: &'static str,
    /// The newest first.
    runs: Vec<HistoryRun>,
}

/// A run that is remembered.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HistoryRun {
    id: String,
    started_at: String,
    finished_at: String,
    /// `complete`, `interrupted` or `aborted`.
    status: String,
    /// Whether all gates held.
    passed: bool,
    commit: Option<String>,
    /// Whether the files differed from the commit.
    dirty: Option<bool>,
    /// Whether only a part of the cases ran.
    filtered: bool,
    /// The part of a run that it was, as `I/N`.
    shard: Option<String>,
    /// What it was compared with.
    against: Option<String>,
    /// What its calls came to, where it made or might have made any.
    spent: Option<HistorySpent>,
    /// The version of pf.
    pf: String,
    results: Vec<HistoryResult>,
}

/// What the calls of a run came to.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HistorySpent {
    calls: u64,
    input_tokens: u64,
    output_tokens: u64,
    /// Null when a price was not known.
    cost_usd: Option<f64>,
}

/// What a prompt on a model came to in a suite.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HistoryResult {
    suite: String,
    suite_digest: String,
    dataset_digest: String,
    prompt: String,
    digest: String,
    model: String,
    cells: HistoryCells,
    /// `pass_rate` and the metrics.
    metrics: IndexMap<String, HistoryMetric>,
    input_tokens: u64,
    output_tokens: u64,
    /// Of all answers and of judging them; null when a price was not known.
    cost_usd: Option<f64>,
    /// Of all answers.
    latency_ms: Option<HistoryLatency>,
    /// What failed and how often, the most frequent first.
    reasons: Vec<Reason>,
    /// Cells that did not pass for other reasons.
    other_reasons: u64,
    /// The gates that failed, in words.
    failed_gates: Vec<String>,
}

/// Cells by what became of them, and how they were answered.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HistoryCells {
    pass: u64,
    fail: u64,
    error: u64,
    unscored: u64,
    skipped: u64,
    not_run: u64,
    /// Those whose answer was there already.
    cached: u64,
    /// Those that were asked for in this run.
    asked: u64,
    /// Requests of this run.
    attempts: u64,
    /// Cases that were decided several times.
    repeated: u64,
    /// Of these, cases whose tries disagreed.
    flaky: u64,
}

/// A measured value with its interval at 95 % confidence.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HistoryMetric {
    value: f64,
    low: Option<f64>,
    high: Option<f64>,
    n: u64,
}

/// Percentiles of the latency.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HistoryLatency {
    p50: f64,
    p95: f64,
    p99: f64,
}

/// Why cells did not pass.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Reason {
    reason: String,
    cells: u64,
}

impl Reason {
    /// Reasons with how many cells have them.
    pub(super) fn all(reasons: &[(String, u64)]) -> Vec<Self> {
        let reason =
            |(reason, cells): &(String, u64)| Self { reason: reason.clone(), cells: *cells };
        reasons.iter().map(reason).collect()
    }
}

impl HistoryLatency {
    pub(super) fn new([p50, p95, p99]: [f64; 3]) -> Self {
        Self { p50, p95, p99 }
    }
}

impl History {
    /// These runs.
    pub fn new(runs: &[RunRecord]) -> Self {
        Self { version: VERSION, kind: "history", runs: runs.iter().map(HistoryRun::new).collect() }
    }
}

impl HistoryRun {
    fn new(run: &RunRecord) -> Self {
        Self {
            id: run.id.clone(),
            started_at: run.started_at.clone(),
            finished_at: run.finished_at.clone(),
            status: run.status.clone(),
            passed: run.passed,
            commit: run.commit.clone(),
            dirty: run.dirty,
            filtered: run.filtered,
            shard: run.shard.clone(),
            against: run.against.clone(),
            spent: run.spent.map(|spent| HistorySpent {
                calls: spent.calls,
                input_tokens: spent.input_tokens,
                output_tokens: spent.output_tokens,
                cost_usd: spent.cost_usd,
            }),
            pf: run.pf.clone(),
            results: run.columns.iter().map(HistoryResult::new).collect(),
        }
    }
}

impl HistoryResult {
    fn new(column: &ColumnRecord) -> Self {
        let metric = |it: &EstimateRecord| HistoryMetric {
            value: it.value,
            low: it.low,
            high: it.high,
            n: it.n,
        };
        let rate = column.pass_rate.iter().map(|rate| ("pass_rate".to_owned(), metric(rate)));
        let others = column.metrics.iter().map(|(name, it)| (name.clone(), metric(it)));
        Self {
            suite: column.suite.clone(),
            suite_digest: column.suite_digest.clone(),
            dataset_digest: column.dataset_digest.clone(),
            prompt: column.prompt.clone(),
            digest: column.digest.clone(),
            model: column.model.clone(),
            cells: HistoryCells {
                pass: column.count("pass"),
                fail: column.count("fail"),
                error: column.count("error"),
                unscored: column.count("unscored"),
                skipped: column.count("skipped"),
                not_run: column.count("not_run"),
                cached: column.cached,
                asked: column.asked,
                attempts: column.attempts,
                repeated: column.repeated,
                flaky: column.flaky,
            },
            metrics: rate.chain(others).collect(),
            input_tokens: column.input_tokens,
            output_tokens: column.output_tokens,
            cost_usd: column.cost_usd,
            latency_ms: column.latency_ms.map(HistoryLatency::new),
            reasons: Reason::all(&column.reasons),
            other_reasons: column.other_reasons,
            failed_gates: column.failed_gates.clone(),
        }
    }
}

/// The runs, a line each.
pub fn list(runs: &[RunRecord]) -> String {
    let spent = runs.iter().any(|run| run.spent.is_some());
    let rows = runs.iter().map(|run| {
        let mut suites: Vec<&str> =
            run.columns.iter().map(|column| column.suite.as_str()).collect();
        suites.sort_unstable();
        suites.dedup();
        let mut row =
            vec![run.id.clone(), commit(run), verdict(run).to_owned(), passes(&run.columns)];
        if spent {
            row.push(run.spent.map_or_else(String::new, |spent| cost(spent.cost_usd)));
        }
        row.extend([suites.join(", "), part(run)]);
        row
    });
    match spent {
        true => table::aligned(
            &["run", "commit", "verdict", "pass", "spent", "suites", ""],
            &[3, 4],
            rows,
        ),
        false => table::aligned(&["run", "commit", "verdict", "pass", "suites", ""], &[3], rows),
    }
}

/// One run with its columns.
pub fn one(run: &RunRecord) -> String {
    let mut text = format!("run {}: {}\n", excerpt(&run.id, LINE), verdict(run));
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:<10}{}", excerpt(value, LINE));
    };
    line("began", &run.started_at);
    line("ended", &run.finished_at);
    line("commit", &commit(run));
    if !part(run).is_empty() {
        line("part", &part(run));
    }
    if let Some(spent) = run.spent {
        let calls = counted(spent.calls, "call");
        let (tokens_in, tokens_out) = (spent.input_tokens, spent.output_tokens);
        let cost = cost(spent.cost_usd);
        line("spent", &format!("{calls}, {tokens_in} tokens in, {tokens_out} out, {cost}"));
    }
    line("pf", &run.pf);
    text.push('\n');
    let rows = run.columns.iter().map(|column| {
        let decided = column.count("pass") + column.count("fail");
        vec![
            column.suite.clone(),
            column.prompt.clone(),
            short(&column.digest),
            column.model.clone(),
            column.count("pass").to_string(),
            decided.to_string(),
            column.pass_rate.map_or_else(|| "-".to_owned(), |rate| percent(rate.value)),
            column.pass_rate.as_ref().and_then(interval).unwrap_or_default(),
            column.latency_ms.map_or_else(String::new, |[p50, ..]| milliseconds(p50)),
            column.cost_usd.map_or_else(String::new, dollars),
            column.cached.to_string(),
        ]
    });
    let header = [
        "suite",
        "prompt",
        "digest",
        "model",
        "pass",
        "of",
        "rate",
        "95 % interval",
        "p50",
        "cost",
        "cached",
    ];
    text += &table::aligned(&header, &[4, 5, 6, 8, 9, 10], rows);
    let mut suites: Vec<(&str, &str, &str)> = run
        .columns
        .iter()
        .map(|it| (it.suite.as_str(), it.suite_digest.as_str(), it.dataset_digest.as_str()))
        .collect();
    suites.sort_unstable();
    suites.dedup();
    text.push('\n');
    for (suite, digest, dataset) in suites {
        let (digest, dataset) = (short(digest), short(dataset));
        let _ = writeln!(text, "{}: suite {digest}, cases {dataset}", excerpt(suite, LINE));
    }
    for column in &run.columns {
        let named = format!("{}: {} on {}", column.suite, column.prompt, column.model);
        for gate in &column.failed_gates {
            let _ =
                writeln!(text, "gate failed: {}: {}", excerpt(&named, LINE), excerpt(gate, LINE));
        }
        if let Some(reasons) = reasons(&column.reasons, column.other_reasons, column.reasons.len())
        {
            let _ = writeln!(text, "not passed: {}: {reasons}", excerpt(&named, LINE));
        }
    }
    text
}

/// What kept cells from passing, on one line.
pub(super) fn reasons(reasons: &[(String, u64)], others: u64, most: usize) -> Option<String> {
    let shown = reasons.iter().take(most);
    let mut parts: Vec<String> =
        shown.map(|(reason, cells)| format!("{cells} × {}", excerpt(reason, 120))).collect();
    let rest = others + reasons.iter().skip(most).map(|(_, cells)| cells).sum::<u64>();
    if rest > 0 {
        parts.push(format!("{rest} × another reason"));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

pub(super) fn milliseconds(value: f64) -> String {
    format!("{value:.0} ms")
}

fn interval(estimate: &EstimateRecord) -> Option<String> {
    let (low, high) = estimate.low.zip(estimate.high)?;
    Some(format!("[{}, {}]", percent(low), percent(high)))
}

pub(super) fn cost(cost: Option<f64>) -> String {
    cost.map_or_else(|| "unknown".to_owned(), dollars)
}

fn short(digest: &str) -> String {
    digest.chars().take(SHORT).collect()
}

fn commit(run: &RunRecord) -> String {
    let dirty = if run.dirty == Some(true) { " and changes" } else { "" };
    match &run.commit {
        Some(commit) => format!("{}{dirty}", commit.chars().take(7).collect::<String>()),
        None => "-".to_owned(),
    }
}

fn verdict(run: &RunRecord) -> &str {
    match (run.status.as_str(), run.passed) {
        ("complete", true) => "passed",
        ("complete", false) => "failed",
        ("aborted", _) => "over the limit",
        (status, _) => status,
    }
}

/// What of a run it was, where that is not all.
fn part(run: &RunRecord) -> String {
    let filtered = run.filtered.then(|| "some cases".to_owned());
    let shard = run.shard.as_ref().map(|shard| format!("shard {shard}"));
    let against = run.against.as_ref().map(|label| format!("against {label}"));
    [filtered, shard, against].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn passes(columns: &[ColumnRecord]) -> String {
    let of = |state| columns.iter().map(|column| column.count(state)).sum::<u64>();
    let (pass, decided) = (of("pass"), of("pass") + of("fail"));
    match decided {
        0 => "-".to_owned(),
        _ => format!("{pass}/{decided} {}", percent(pass as f64 / decided as f64)),
    }
}
