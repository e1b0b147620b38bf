//! One metric of two columns: how far apart they are, and how sure that is.

use super::Options;
use super::pairing::{Metric, Values};
use super::power::Power;
use super::verdict::{SIGNIFICANCE, Verdict};
use crate::stats::{self, Interval, Resampling, Wilcoxon};

/// A metric on both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricComparison {
    /// `pass_rate`, `score`, or the name that assertions count for.
    pub metric: String,
    /// Cases that have a value on both sides.
    pub n: u64,
    /// The means of both sides; none without cases.
    pub means: Option<Means>,
    /// Where the true difference lies; none where the cases are too few or too alike to tell.
    pub interval: Option<Interval>,
    /// How the interval was made.
    pub method: Method,
    /// What decides: how likely a difference as large is where there is none.
    pub p: Option<f64>,
    /// How `p` was made.
    pub test: Test,
    /// The same, adjusted for all that were looked at.
    pub adjusted: Option<f64>,
    /// Wilcoxon's signed-rank test, beside the one that decides; for scores alone.
    pub wilcoxon: Option<Wilcoxon>,
    /// Cohen's d of the differences.
    pub dz: Option<f64>,
    /// Cases where the second side is better.
    pub wins: u64,
    /// Cases where it is worse.
    pub losses: u64,
    /// Cases that are equal.
    pub ties: u64,
    /// The four cells, where each case passed or failed once.
    pub table: Option<Table>,
    /// What it comes to.
    pub verdict: Verdict,
    /// What the cases could have shown; for the metric that decides.
    pub power: Option<Power>,
}

/// The means of both sides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Means {
    /// Before.
    pub before: f64,
    /// After.
    pub after: f64,
    /// After less before.
    pub delta: f64,
}

/// Cases by what became of them on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Table {
    /// Pass on both.
    pub both: u64,
    /// Pass on the first alone.
    pub only_before: u64,
    /// Pass on the second alone.
    pub only_after: u64,
    /// Pass on neither.
    pub neither: u64,
}

/// How an interval was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// Newcombe's for the difference of paired proportions.
    Newcombe,
    /// The bias-corrected and accelerated bootstrap of the mean difference.
    Bca,
}

impl Method {
    /// The word for it in outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Newcombe => "newcombe",
            Self::Bca => "bca",
        }
    }
}

/// How a p-value was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Test {
    /// McNemar's exact test.
    McNemar,
    /// The permutation test that flips the signs of the differences, groups whole.
    Permutation,
}

impl Test {
    /// The word for it in outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::McNemar => "mcnemar",
            Self::Permutation => "permutation",
        }
    }
}

/// Compares a metric; the verdict is made when all are known.
pub(super) fn compare(metric: &Metric, values: &Values, options: &Options) -> MetricComparison {
    let differences = values.differences();
    let n = differences.len();
    let means = (n > 0).then(|| {
        let mean = |values: &[f64]| values.iter().sum::<f64>() / n as f64;
        let (before, after) = (mean(&values.a), mean(&values.b));
        Means { before, after, delta: mean(&differences) }
    });
    let count = |wanted: fn(f64) -> bool| {
        differences.iter().filter(|difference| wanted(**difference)).count() as u64
    };
    let table = (*metric == Metric::PassRate && values.is_simple()).then(|| Table::of(values));
    let (test, method) = match table {
        Some(_) => (Test::McNemar, Method::Newcombe),
        None => (Test::Permutation, Method::Bca),
    };
    MetricComparison {
        metric: metric.name().to_owned(),
        n: n as u64,
        means,
        interval: interval(values, &differences, table, options.confidence, options),
        method,
        p: p(values, &differences, table, options),
        test,
        adjusted: None,
        wilcoxon: match table {
            None if values.clusters().is_none() => stats::wilcoxon_signed_rank(&differences),
            _ => None,
        },
        dz: stats::cohens_dz(&differences),
        wins: count(|difference| difference > 0.0),
        losses: count(|difference| difference < 0.0),
        ties: count(|difference| difference == 0.0),
        table,
        verdict: Verdict::Undecided,
        power: None,
    }
}

/// Whether the second side is shown to be no worse by `margin` or more: by the interval, and where a permutation test
/// decides, by that test of the differences moved by the margin too, since the bootstrap of few cases promises too much.
pub(super) fn is_no_worse(
    found: &MetricComparison,
    values: &Values,
    interval: Option<Interval>,
    margin: f64,
    options: &Options,
) -> bool {
    if !interval.is_some_and(|interval| stats::is_no_worse(interval, margin)) {
        return false;
    }
    match found.test {
        Test::McNemar => true,
        Test::Permutation => {
            let moved: Vec<f64> =
                values.differences().into_iter().map(|difference| difference + margin).collect();
            let p = stats::sign_flip_permutation(
                &moved,
                values.clusters(),
                options.resamples,
                options.seed,
            );
            p < SIGNIFICANCE
        }
    }
}

/// The interval of the mean difference.
pub(super) fn interval(
    values: &Values,
    differences: &[f64],
    table: Option<Table>,
    confidence: f64,
    options: &Options,
) -> Option<Interval> {
    if differences.is_empty() {
        return None;
    }
    if let Some(table) = table {
        let Table { both, only_before, only_after, neither } = table;
        let found = stats::risk_difference(both, only_before, only_after, neither, confidence);
        return Some(found.interval);
    }
    let first = differences[0];
    if differences.iter().all(|difference| difference.to_bits() == first.to_bits()) {
        return Some(unvaried(first, values.independent(), confidence));
    }
    let resampling = Resampling { resamples: options.resamples, confidence, seed: options.seed };
    stats::bca_mean(differences, values.clusters(), resampling)
}

/// The interval of a mean of which all of `n` independent cases have the same value: resampling them shows no spread, but a
/// case of another kind may just not have been met. At most the share 1 − (α/2)^(1/n) of all cases are of another kind (the
/// exact bound of Clopper and Pearson, 1934, for none of n), and these differ by −1 or 1 at the most.
fn unvaried(value: f64, n: usize, confidence: f64) -> Interval {
    let share = 1.0 - ((1.0 - confidence) / 2.0).powf(1.0 / n as f64);
    Interval { low: value - (1.0 + value) * share, high: value + (1.0 - value) * share }
}

fn p(values: &Values, differences: &[f64], table: Option<Table>, options: &Options) -> Option<f64> {
    if differences.is_empty() {
        return None;
    }
    Some(match table {
        Some(table) => stats::mcnemar_exact(table.only_before, table.only_after),
        None => stats::sign_flip_permutation(
            differences,
            values.clusters(),
            options.resamples,
            options.seed,
        ),
    })
}

impl Table {
    fn of(values: &Values) -> Self {
        let mut table = Self::default();
        for (before, after) in values.a.iter().zip(&values.b) {
            *match (*before > 0.5, *after > 0.5) {
                (true, true) => &mut table.both,
                (true, false) => &mut table.only_before,
                (false, true) => &mut table.only_after,
                (false, false) => &mut table.neither,
            } += 1;
        }
        table
    }
}
