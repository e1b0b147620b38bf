//! What both sides took: money and time.

use super::pairing::Pairs;
use super::side::Outcome;
use crate::stats::{self, Interval};

/// What the answers of both sides cost, over the cases that both have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// US dollars before.
    pub before: f64,
    /// US dollars after.
    pub after: f64,
}

/// How long the answers of both sides took, in milliseconds, over the cases that both have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latency {
    /// The median and the 95th percentile before.
    pub before: [f64; 2],
    /// The same after.
    pub after: [f64; 2],
    /// The mean difference of a case, after less before.
    pub delta: f64,
    /// Student's t interval of the mean difference; none for a single case.
    pub interval: Option<Interval>,
    /// The cases whose latency is known on both sides.
    pub n: u64,
}

/// The costs, where the price of every answer of both sides is known.
pub(super) fn cost(pairs: &Pairs<'_>) -> Option<Cost> {
    let total = |side: &mut dyn Iterator<Item = &&Outcome>| {
        let mut priced = false;
        let sum =
            side.filter(|outcome| outcome.passed().is_some()).try_fold(0.0, |sum, outcome| {
                priced = true;
                Some(sum + outcome.cost_usd?)
            });
        sum.filter(|_| priced)
    };
    let before = total(&mut pairs.cases.iter().flat_map(|case| &case.a))?;
    let after = total(&mut pairs.cases.iter().flat_map(|case| &case.b))?;
    Some(Cost { before, after })
}

/// The latencies, where some case has one on both sides.
pub(super) fn latency(pairs: &Pairs<'_>, confidence: f64) -> Option<Latency> {
    let mean = |outcomes: &[&Outcome]| {
        let known: Vec<f64> = outcomes.iter().filter_map(|outcome| outcome.latency_ms).collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    };
    let known: Vec<(f64, f64)> =
        pairs.cases.iter().filter_map(|case| Some((mean(&case.a)?, mean(&case.b)?))).collect();
    let differences: Vec<f64> = known.iter().map(|(before, after)| after - before).collect();
    let found = stats::student_t_mean(&differences, confidence)?;
    let at = |values: Vec<f64>| {
        let sorted = stats::sorted(values);
        let at = |q| stats::percentile(&sorted, q).unwrap_or_default();
        [at(0.5), at(0.95)]
    };
    Some(Latency {
        before: at(known.iter().map(|(before, _)| *before).collect()),
        after: at(known.iter().map(|(_, after)| *after).collect()),
        delta: found.mean,
        interval: found.interval,
        n: found.n as u64,
    })
}
