//! Comparing two evaluations of the same cases: is the second better, worse, no worse, or can the cases not tell?
//!
//! Both sides are columns of outcomes, whether they come from saved runs or from one that has just ended. Columns are
//! brought together by name and cases by identity; a case counts once. The primary metric decides, by one test and one
//! interval that must agree; everything else is there to read. What is on one side only is listed, what was not decided
//! on both is counted and left out, and what changed besides the prompt is said.

mod announce;
mod early;
mod flips;
mod gates;
mod live;
mod metric;
mod pairing;
mod power;
mod side;
mod slices;
mod spending;
#[cfg(test)]
mod tests;
mod verdict;

use std::collections::BTreeSet;

pub use self::announce::Announcement;
pub use self::early::{Early, Watch};
pub use self::flips::{Answers, FlakyCase, Flip, Flips, Undecided};
pub use self::live::Sides;
pub use self::metric::{Means, Method, MetricComparison, Table, Test};
use self::pairing::{Metric, Pairs, Values};
pub use self::power::{POWER, Power};
pub use self::side::{
    Alignment, Column, ColumnName, Columns, ComparisonGates, Matching, Outcome, Side, align,
};
pub use self::slices::{MOST_SLICES, Slice, SliceKind};
pub use self::spending::{Cost, Latency};
pub use self::verdict::{SIGNIFICANCE, Verdict, decide};
use crate::eval::gate::GateResult;
use crate::stats;

/// How to compare.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The metric that decides, instead of the one that the suite names.
    pub metric: Option<String>,
    /// How much worse still counts as no worse, instead of the `margin` of the suite's gates.
    pub margin: Option<f64>,
    /// Of all intervals.
    pub confidence: f64,
    /// Resamples of the bootstrap, and permutations.
    pub resamples: u32,
    /// Of both.
    pub seed: u64,
    /// How columns are brought together.
    pub columns: Columns,
    /// How much is said of a metric that has not decided.
    pub explain: Explain,
}

/// How much is said of a metric that has not decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Explain {
    /// Also what the cases could have shown, which takes longer than all the rest.
    #[default]
    Power,
    /// The verdict alone.
    Verdict,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            metric: None,
            margin: None,
            confidence: 0.95,
            resamples: 10_000,
            seed: 0,
            columns: Columns::default(),
            explain: Explain::default(),
        }
    }
}

/// Two sides, compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// What the first side is called.
    pub before: String,
    /// What the second side is called.
    pub after: String,
    /// The pairs of columns, in the order of the second side.
    pub columns: Vec<ColumnComparison>,
    /// Columns of the first side alone.
    pub only_before: Vec<ColumnName>,
    /// Columns of the second side alone.
    pub only_after: Vec<ColumnName>,
    /// Of the intervals.
    pub confidence: f64,
    /// Resamples of the bootstrap, and permutations.
    pub resamples: u32,
    /// Of both.
    pub seed: u64,
    /// How far it got, where it was to end as soon as it was decided.
    pub early: Option<Early>,
}

/// Two columns, compared.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnComparison {
    /// The first.
    pub before: ColumnName,
    /// The second.
    pub after: ColumnName,
    /// What besides the prompt is another thing.
    pub announcements: Vec<Announcement>,
    /// Cases on both sides.
    pub pairs: u64,
    /// Of these, those that passed or failed on both.
    pub decided: u64,
    /// Cases of the first side alone.
    pub only_before: Vec<String>,
    /// Cases of the second side alone.
    pub only_after: Vec<String>,
    /// The metric that decides.
    pub primary: MetricComparison,
    /// How much worse still counts as no worse.
    pub margin: Option<f64>,
    /// All others.
    pub secondary: Vec<MetricComparison>,
    /// The primary metric in parts of the cases.
    pub slices: Vec<Slice>,
    /// Slices that are not kept.
    pub more_slices: usize,
    /// Cases whose verdict is another one.
    pub flips: Flips,
    /// What the answers cost, where all prices are known.
    pub cost: Option<Cost>,
    /// How long the answers took, where it is known.
    pub latency: Option<Latency>,
    /// The gates of the suite on comparisons.
    pub gates: Vec<GateResult>,
}

/// Why two sides cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompareError {
    /// Nothing stands against anything.
    #[error("no prompt on a model of {before} stands in {after} too")]
    NoColumn {
        /// What the first side is called.
        before: String,
        /// What the second side is called.
        after: String,
        /// The columns of both sides.
        there: [Vec<ColumnName>; 2],
    },
    /// The columns have no case in common.
    #[error(
        "no case of {before} is in {after} too: cases are known by their ids, else by their variables"
    )]
    NoCase {
        /// What the first side is called.
        before: String,
        /// What the second side is called.
        after: String,
    },
    /// The metric that is to decide is not there.
    #[error("there is no metric `{metric}` on both sides of suite {suite}")]
    NoMetric {
        /// The metric.
        metric: String,
        /// The suite.
        suite: String,
        /// Those that are there.
        known: Vec<String>,
    },
}

/// Compares two sides, the second against the first.
pub fn compare(a: &Side, b: &Side, options: &Options) -> Result<Comparison, CompareError> {
    let alignment = align(a, b, options.columns);
    let (before, after) = (a.label.clone(), b.label.clone());
    let names = |side: &Side, of: &[usize]| -> Vec<ColumnName> {
        of.iter().map(|at| side.columns[*at].name.clone()).collect()
    };
    if alignment.pairs.is_empty() {
        let all = |side: &Side| side.columns.iter().map(|column| column.name.clone()).collect();
        return Err(CompareError::NoColumn { before, after, there: [all(a), all(b)] });
    }
    let mut found = Vec::new();
    for (one, other) in &alignment.pairs {
        found.push(Measured::of(&a.columns[*one], &b.columns[*other], options)?);
    }
    if found.iter().all(|measured| measured.column.pairs == 0) {
        return Err(CompareError::NoCase { before, after });
    }
    // Several prompts or models are several chances to find something where there is nothing.
    let mut primaries: Vec<&mut MetricComparison> =
        found.iter_mut().map(|measured| &mut measured.column.primary).collect();
    adjust(&mut primaries);
    Ok(Comparison {
        before,
        after,
        columns: found.into_iter().map(|measured| measured.judged(options)).collect(),
        only_before: names(a, &alignment.only_a),
        only_after: names(b, &alignment.only_b),
        confidence: options.confidence,
        resamples: options.resamples,
        seed: options.seed,
        early: None,
    })
}

/// Two columns with their figures, before anything is said of them.
struct Measured {
    column: ColumnComparison,
    gates: ComparisonGates,
    /// Whether the primary metric is shown to keep the margin.
    no_worse: bool,
    /// Of the primary metric's difference, at the confidence of the gates.
    gate_interval: Option<stats::Interval>,
    /// Whether the gate on the margin holds, where there is one.
    gate_holds: bool,
}

impl Measured {
    fn of(a: &Column, b: &Column, options: &Options) -> Result<Self, CompareError> {
        let pairs = Pairs::of(a, b);
        let known = pairs.metrics();
        let wanted = options.metric.as_deref().or(b.primary.as_deref()).unwrap_or("pass_rate");
        let unknown = || CompareError::NoMetric {
            metric: wanted.to_owned(),
            suite: b.name.suite.clone(),
            known: ["pass_rate", "score"].iter().chain(&known).map(|it| (*it).to_owned()).collect(),
        };
        // Where no case is on both sides there is nothing to look for.
        let metric = match pairs.cases.is_empty() {
            true => Metric::named(wanted, &[wanted]),
            false => Metric::named(wanted, &known),
        };
        let metric = metric.ok_or_else(unknown)?;
        let values = pairs.values(&metric);
        let mut primary = metric::compare(&metric, &values, options);
        // Adjusting for other columns can only turn a found difference into none.
        let alone = decide(primary.p, primary.interval, options.confidence, false);
        if options.explain == Explain::Power && alone == Verdict::Undecided {
            primary.power = power::of(&values, primary.table);
        }
        let gate_interval = match b.gates.confidence {
            Some(confidence) if confidence != options.confidence => {
                let differences = values.differences();
                metric::interval(&values, &differences, primary.table, confidence, options)
            }
            _ => primary.interval,
        };
        let margin = options.margin.or(b.gates.margin);
        let no_worse = |interval, margin: Option<f64>| {
            margin.is_some_and(|margin| {
                metric::is_no_worse(&primary, &values, interval, margin, options)
            })
        };
        let shown = no_worse(primary.interval, margin);
        let gate_holds = no_worse(gate_interval, b.gates.margin);
        let secondary = secondary(&pairs, &known, &metric, values.clone(), options);
        let (slices, more_slices) = slices::slices(&pairs, &metric, options.confidence);
        let flips = Flips::of(&pairs);
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let column = ColumnComparison {
            before: a.name.clone(),
            after: b.name.clone(),
            announcements: announce::announcements(a, b, &pairs),
            pairs: pairs.cases.len() as u64,
            decided: (pairs.cases.len() - flips.undecided.len()) as u64,
            only_before: ids(&pairs.only_a),
            only_after: ids(&pairs.only_b),
            primary,
            margin,
            secondary,
            slices,
            more_slices,
            flips,
            cost: spending::cost(&pairs),
            latency: spending::latency(&pairs, options.confidence),
            gates: Vec::new(),
        };
        Ok(Self { column, gates: b.gates, no_worse: shown, gate_interval, gate_holds })
    }

    /// With the verdicts and the gates.
    fn judged(self, options: &Options) -> ColumnComparison {
        let Self { mut column, gates, no_worse, gate_interval, gate_holds } = self;
        adjust(&mut column.secondary.iter_mut().collect::<Vec<_>>());
        let verdict = |it: &MetricComparison, no_worse| {
            decide(it.adjusted, it.interval, options.confidence, no_worse)
        };
        column.primary.verdict = verdict(&column.primary, no_worse);
        for metric in &mut column.secondary {
            metric.verdict = verdict(metric, false);
        }
        column.gates = gates::check(&gates, &column, gate_interval, gate_holds);
        column
    }
}

/// All metrics but the primary one. What has the values of another in each case, such as the score where one assertion
/// passes or fails, says nothing new and would only make the others pay for being one of many.
fn secondary(
    pairs: &Pairs<'_>,
    known: &[&str],
    primary: &Metric,
    values: Values,
    options: &Options,
) -> Vec<MetricComparison> {
    let own = ["pass_rate", "score"];
    let names = own.iter().filter(|name| !known.contains(name)).chain(known);
    let mut seen = vec![values];
    let mut found = Vec::new();
    for metric in names.filter_map(|name| Metric::named(name, known)) {
        let values = pairs.values(&metric);
        if metric == *primary || values.n() == 0 || seen.iter().any(|other| other.same(&values)) {
            continue;
        }
        found.push(metric::compare(&metric, &values, options));
        seen.push(values);
    }
    found
}

/// Adjusts the p-values of metrics that are looked at together.
fn adjust(metrics: &mut [&mut MetricComparison]) {
    let known: Vec<f64> = metrics.iter().filter_map(|metric| metric.p).collect();
    let adjusted = stats::holm(&known);
    let with_p = metrics.iter_mut().filter(|metric| metric.p.is_some());
    for (metric, adjusted) in with_p.zip(adjusted) {
        metric.adjusted = Some(adjusted);
    }
}

/// An answer that a report shows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// The suite.
    pub suite: String,
    /// The prompt.
    pub prompt: String,
    /// The model.
    pub model: String,
    /// The case.
    pub case: String,
    /// From 1.
    pub repeat: u32,
}

impl Wanted {
    fn of(name: &ColumnName, case: &str, repeat: u32) -> Self {
        Self {
            suite: name.suite.clone(),
            prompt: name.prompt.clone(),
            model: name.model.clone(),
            case: case.to_owned(),
            repeat,
        }
    }
}

/// An answer as a report shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The text that was judged.
    pub output: Option<String>,
    /// Why it is not a pass.
    pub why: String,
    /// What was expected.
    pub expected: Option<String>,
}

impl Comparison {
    /// The answers of the flipped cases, of the first and of the second side. Only these are ever needed.
    pub fn wanted(&self) -> [BTreeSet<Wanted>; 2] {
        let mut wanted = [BTreeSet::new(), BTreeSet::new()];
        for column in &self.columns {
            for flip in column.flips.regressed.iter().chain(&column.flips.mended) {
                wanted[0].insert(Wanted::of(&column.before, &flip.case, flip.repeats.0));
                wanted[1].insert(Wanted::of(&column.after, &flip.case, flip.repeats.1));
            }
        }
        wanted
    }

    /// Puts the answers of the flipped cases in.
    pub fn fill(
        &mut self,
        mut before: impl FnMut(&Wanted) -> Option<Answer>,
        mut after: impl FnMut(&Wanted) -> Option<Answer>,
    ) {
        for column in &mut self.columns {
            let (of_before, of_after) = (&column.before, &column.after);
            let mut answers = |flip: &Flip| {
                let one = before(&Wanted::of(of_before, &flip.case, flip.repeats.0));
                let other = after(&Wanted::of(of_after, &flip.case, flip.repeats.1));
                let (one, other) = (one.unwrap_or_default(), other.unwrap_or_default());
                let why = if one.why.is_empty() { other.why } else { one.why };
                Some(Answers {
                    before: one.output,
                    after: other.output,
                    why,
                    expected: other.expected.or(one.expected),
                })
            };
            for flip in column.flips.regressed.iter_mut().chain(&mut column.flips.mended) {
                flip.answers = answers(flip);
            }
        }
    }

    /// The verdict on all columns: worse where one is, else undecided where one is, else no worse where one is, else
    /// better.
    pub fn verdict(&self) -> Verdict {
        let all = || self.columns.iter().map(|column| column.primary.verdict);
        [Verdict::Worse, Verdict::Undecided, Verdict::NoWorse]
            .into_iter()
            .find(|verdict| all().any(|other| other == *verdict))
            .unwrap_or(Verdict::Better)
    }

    /// All gates, with the columns that they are of.
    pub fn gates(&self) -> impl Iterator<Item = (&ColumnComparison, &GateResult)> {
        self.columns.iter().flat_map(|column| column.gates.iter().map(move |gate| (column, gate)))
    }

    /// Whether all gates hold.
    pub fn passed(&self) -> bool {
        self.gates().all(|(_, gate)| gate.passed)
    }
}
