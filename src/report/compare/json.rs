//! A comparison for programs. Each entry names the column that it is of, by suite and by the second side's prompt and
//! model.

use schemars::JsonSchema;
use serde::Serialize;

use crate::eval::compare::{
    ColumnComparison, ColumnName, Comparison, Flip, Means, MetricComparison, Verdict,
};
use crate::report::json::VERSION;

/// `pf compare --format json`. What is said of `b` is said against `a`: wins are cases where `b` is better.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "pf compare")]
pub struct CompareJson {
    version: u32,
    /// `compare`.
    kind: &'static str,
    a: Side,
    b: Side,
    /// On all columns: worse where one is, else undecided where one is, else no-worse where one is, else better.
    verdict: &'static str,
    /// Whether all gates on the comparison hold.
    passed: bool,
    /// Of the intervals.
    confidence: f64,
    /// Of the bootstrap, and permutations.
    resamples: u32,
    /// Of both.
    seed: u64,
    /// How far it got, where it was to end as soon as it was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    early: Option<Early>,
    /// Cases on both sides, over all columns.
    pairs: u64,
    /// Cases of the first side alone.
    only_a: Vec<Case>,
    /// Cases of the second side alone.
    only_b: Vec<Case>,
    columns: Vec<Column>,
    gates: Vec<Gate>,
    /// The primary metric of each column first.
    metrics: Vec<Metric>,
    flips: Flips,
    /// The primary metric in parts of the cases.
    slices: Vec<Slice>,
}

/// How far a comparison got that was to end as soon as it was decided.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Early {
    /// Cases that both sides have answered.
    cases: u64,
    /// Of so many.
    of: u64,
    /// Cells that were not run.
    left_out: u64,
}

/// One of the two sides.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Side {
    label: String,
    /// Its columns that the other side does not have.
    only: Vec<Name>,
}

/// What a column is known by.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Name {
    suite: String,
    prompt: String,
    model: String,
    /// The content digest of the prompt; null where it is not known.
    digest: Option<String>,
}

/// A case of a column.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Case {
    suite: String,
    prompt: String,
    model: String,
    case: String,
}

/// A pair of columns.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Column {
    a: Name,
    b: Name,
    /// Cases on both sides.
    pairs: u64,
    /// Of these, those that passed or failed on both: the others are in no figure.
    decided: u64,
    verdict: &'static str,
    /// How much worse still counts as no-worse.
    margin: Option<f64>,
    /// What besides the prompt is another thing.
    announcements: Vec<Announcement>,
    /// US dollars, where all prices are known.
    cost_usd: Option<Cost>,
    /// Milliseconds.
    latency_ms: Option<Latency>,
}

/// Something that a reader of the figures must know.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Announcement {
    /// `same-prompt`, `model`, `dataset`, `assertions`, `gates` or `primary`.
    kind: &'static str,
    message: String,
}

/// What the answers cost.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Cost {
    a: f64,
    b: f64,
}

/// How long the answers took.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Latency {
    a_p50: f64,
    a_p95: f64,
    b_p50: f64,
    b_p95: f64,
    /// The mean difference of a case.
    delta: f64,
    low: Option<f64>,
    high: Option<f64>,
    n: u64,
}

/// A gate and what was observed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Gate {
    /// `regressions`, `min_delta` or `margin`.
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

/// A metric on both sides.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Metric {
    suite: String,
    prompt: String,
    model: String,
    metric: String,
    /// Whether it decides.
    primary: bool,
    /// Cases with a value on both sides.
    n: u64,
    a: Option<f64>,
    b: Option<f64>,
    /// `b` less `a`.
    delta: Option<f64>,
    /// `delta` / `a`; null where `a` is 0.
    relative: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    /// `newcombe` or `bca`.
    interval: &'static str,
    /// Adjusted by Holm where several are looked at: this one decides.
    p: Option<f64>,
    /// Before that.
    p_unadjusted: Option<f64>,
    /// `mcnemar` or `permutation`.
    test: &'static str,
    /// Of Wilcoxon's signed-rank test, beside; null where pass and fail are compared or cases have groups.
    wilcoxon_p: Option<f64>,
    /// Cohen's d of the differences.
    dz: Option<f64>,
    wins: u64,
    losses: u64,
    ties: u64,
    /// Cases by pass and fail, where each was tried once.
    table: Option<Table>,
    /// `better`, `worse`, `no-worse` or `undecided`.
    verdict: &'static str,
    /// The smallest true difference that as many cases show four times in five.
    smallest_difference: Option<f64>,
    /// The cases that it takes to show a true difference as large as the one seen four times in five.
    needed_n: Option<u64>,
}

/// Cases by pass and fail.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Table {
    both: u64,
    only_a: u64,
    only_b: u64,
    neither: u64,
}

/// Cases whose verdict is another one.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Flips {
    /// From pass to fail.
    regressed: Vec<FlippedCase>,
    /// From fail to pass.
    mended: Vec<FlippedCase>,
    /// Both pass and fail on one of the sides.
    flaky: Vec<FlakyCase>,
    /// Not decided on one of the sides.
    undecided: Vec<Undecided>,
}

/// A case whose verdict is another one.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FlippedCase {
    suite: String,
    prompt: String,
    model: String,
    case: String,
    /// Why the side that fails does.
    why: Option<String>,
    expected: Option<String>,
    /// The answers.
    a: Option<String>,
    b: Option<String>,
}

/// A case that does not always come to the same verdict.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FlakyCase {
    suite: String,
    prompt: String,
    model: String,
    case: String,
    a_passes: u32,
    a_of: u32,
    b_passes: u32,
    b_of: u32,
}

/// A case without a verdict on one of the sides.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Undecided {
    suite: String,
    prompt: String,
    model: String,
    case: String,
    /// The state on the first side.
    a: &'static str,
    /// The state on the second side.
    b: &'static str,
}

/// The primary metric in a part of the cases.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Slice {
    suite: String,
    prompt: String,
    model: String,
    /// `group`, `tag` or `label`.
    by: &'static str,
    name: String,
    n: u64,
    a: f64,
    b: f64,
    delta: f64,
    low: Option<f64>,
    high: Option<f64>,
    wins: u64,
    losses: u64,
}

/// A comparison.
pub fn compare(comparison: &Comparison) -> CompareJson {
    let columns = &comparison.columns;
    let side = |label: &str, only: &[ColumnName]| Side {
        label: label.to_owned(),
        only: only.iter().map(name).collect(),
    };
    let cases = |of: fn(&ColumnComparison) -> &[String]| -> Vec<Case> {
        let each = |column| of(column).iter().map(move |id| case(column, id));
        columns.iter().flat_map(each).collect()
    };
    let flipped = |of: fn(&ColumnComparison) -> &[Flip]| -> Vec<FlippedCase> {
        let each = |column| of(column).iter().map(move |flip| flipped(column, flip));
        columns.iter().flat_map(each).collect()
    };
    CompareJson {
        version: VERSION,
        kind: "compare",
        a: side(&comparison.before, &comparison.only_before),
        b: side(&comparison.after, &comparison.only_after),
        verdict: comparison.verdict().as_str(),
        passed: comparison.passed(),
        confidence: comparison.confidence,
        resamples: comparison.resamples,
        seed: comparison.seed,
        early: comparison.early.map(|it| Early {
            cases: it.cases,
            of: it.of,
            left_out: it.left_out,
        }),
        pairs: columns.iter().map(|column| column.pairs).sum(),
        only_a: cases(|column| &column.only_before),
        only_b: cases(|column| &column.only_after),
        columns: columns.iter().map(column).collect(),
        gates: columns.iter().flat_map(gates).collect(),
        metrics: columns.iter().flat_map(metrics).collect(),
        flips: Flips {
            regressed: flipped(|column| &column.flips.regressed),
            mended: flipped(|column| &column.flips.mended),
            flaky: columns.iter().flat_map(flaky).collect(),
            undecided: columns.iter().flat_map(undecided).collect(),
        },
        slices: columns.iter().flat_map(slices).collect(),
    }
}

fn name(name: &ColumnName) -> Name {
    Name {
        suite: name.suite.clone(),
        prompt: name.prompt.clone(),
        model: name.model.clone(),
        digest: name.digest.map(|digest| digest.to_string()),
    }
}

fn case(column: &ColumnComparison, id: &str) -> Case {
    let Name { suite, prompt, model, .. } = name(&column.after);
    Case { suite, prompt, model, case: id.to_owned() }
}

fn column(column: &ColumnComparison) -> Column {
    Column {
        a: name(&column.before),
        b: name(&column.after),
        pairs: column.pairs,
        decided: column.decided,
        verdict: Verdict::as_str(column.primary.verdict),
        margin: column.margin,
        announcements: column
            .announcements
            .iter()
            .map(|it| Announcement { kind: it.kind(), message: it.to_string() })
            .collect(),
        cost_usd: column.cost.map(|cost| Cost { a: cost.before, b: cost.after }),
        latency_ms: column.latency.map(|latency| Latency {
            a_p50: latency.before[0],
            a_p95: latency.before[1],
            b_p50: latency.after[0],
            b_p95: latency.after[1],
            delta: latency.delta,
            low: latency.interval.map(|interval| interval.low),
            high: latency.interval.map(|interval| interval.high),
            n: latency.n,
        }),
    }
}

fn gates(column: &ColumnComparison) -> impl Iterator<Item = Gate> + '_ {
    column.gates.iter().map(|gate| {
        let Name { suite, prompt, model, .. } = name(&column.after);
        Gate {
            name: gate.name.clone(),
            suite,
            prompt,
            model,
            observed: Some(gate.observed).filter(|value| value.is_finite()),
            bound: gate.bound,
            n: gate.n,
            low: gate.interval.map(|(low, _)| low),
            high: gate.interval.map(|(_, high)| high),
            passed: gate.passed,
            note: gate.note.clone(),
        }
    })
}

fn metrics(column: &ColumnComparison) -> impl Iterator<Item = Metric> + '_ {
    let primary = std::iter::once((&column.primary, true));
    let others = column.secondary.iter().map(|metric| (metric, false));
    primary.chain(others).map(|(found, primary)| metric(column, found, primary))
}

fn metric(column: &ColumnComparison, found: &MetricComparison, primary: bool) -> Metric {
    let Name { suite, prompt, model, .. } = name(&column.after);
    let relative = |means: Means| (means.before != 0.0).then(|| means.delta / means.before);
    Metric {
        suite,
        prompt,
        model,
        metric: found.metric.clone(),
        primary,
        n: found.n,
        a: found.means.map(|means| means.before),
        b: found.means.map(|means| means.after),
        delta: found.means.map(|means| means.delta),
        relative: found.means.and_then(relative),
        low: found.interval.map(|interval| interval.low),
        high: found.interval.map(|interval| interval.high),
        interval: found.method.as_str(),
        p: found.adjusted,
        p_unadjusted: found.p,
        test: found.test.as_str(),
        wilcoxon_p: found.wilcoxon.map(|wilcoxon| wilcoxon.p),
        dz: found.dz,
        wins: found.wins,
        losses: found.losses,
        ties: found.ties,
        table: found.table.map(|table| Table {
            both: table.both,
            only_a: table.only_before,
            only_b: table.only_after,
            neither: table.neither,
        }),
        verdict: found.verdict.as_str(),
        smallest_difference: found.power.and_then(|power| power.smallest),
        needed_n: found.power.and_then(|power| power.needed),
    }
}

fn flipped(column: &ColumnComparison, flip: &Flip) -> FlippedCase {
    let Case { suite, prompt, model, case } = case(column, &flip.case);
    let answers = flip.answers.as_ref();
    FlippedCase {
        suite,
        prompt,
        model,
        case,
        why: answers.map(|answers| answers.why.clone()),
        expected: answers.and_then(|answers| answers.expected.clone()),
        a: answers.and_then(|answers| answers.before.clone()),
        b: answers.and_then(|answers| answers.after.clone()),
    }
}

fn flaky(column: &ColumnComparison) -> impl Iterator<Item = FlakyCase> + '_ {
    column.flips.flaky.iter().map(|flaky| {
        let Case { suite, prompt, model, case } = case(column, &flaky.case);
        let ((a_passes, a_of), (b_passes, b_of)) = (flaky.before, flaky.after);
        FlakyCase { suite, prompt, model, case, a_passes, a_of, b_passes, b_of }
    })
}

fn undecided(column: &ColumnComparison) -> impl Iterator<Item = Undecided> + '_ {
    column.flips.undecided.iter().map(|open| {
        let Case { suite, prompt, model, case } = case(column, &open.case);
        let (a, b) = (open.before.as_str(), open.after.as_str());
        Undecided { suite, prompt, model, case, a, b }
    })
}

fn slices(column: &ColumnComparison) -> impl Iterator<Item = Slice> + '_ {
    column.slices.iter().map(|slice| {
        let Name { suite, prompt, model, .. } = name(&column.after);
        Slice {
            suite,
            prompt,
            model,
            by: slice.kind.as_str(),
            name: slice.name.clone(),
            n: slice.n,
            a: slice.means.before,
            b: slice.means.after,
            delta: slice.means.delta,
            low: slice.interval.map(|interval| interval.low),
            high: slice.interval.map(|interval| interval.high),
            wins: slice.wins,
            losses: slice.losses,
        }
    })
}
