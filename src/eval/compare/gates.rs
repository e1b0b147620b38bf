//! The gates that only a comparison can decide.

use super::{ColumnComparison, ComparisonGates, MetricComparison};
use crate::eval::gate::GateResult;
use crate::stats::Interval;

/// Holds a comparison against the gates of its suite. `interval` is that of the primary metric's difference at the
/// confidence of the gates, and `no_worse` whether it and the test show that the margin is kept.
///
/// `min_delta` looks at the difference itself, and at the lower bound of its interval where the gates have a
/// `confidence`. `margin` always looks at the lower bound. Where nothing was measured, neither holds.
pub(super) fn check(
    gates: &ComparisonGates,
    column: &ColumnComparison,
    interval: Option<Interval>,
    no_worse: bool,
) -> Vec<GateResult> {
    let mut results = Vec::new();
    if let Some(bound) = gates.regressions {
        results.push(regressions(bound, column));
    }
    let primary = &column.primary;
    if let Some(bound) = gates.min_delta {
        let held = match gates.confidence {
            Some(_) => interval.map(|interval| interval.low),
            None => primary.means.map(|means| means.delta),
        };
        results.push(difference(
            "min_delta",
            bound,
            held.is_some_and(|held| held >= bound),
            primary,
            interval,
        ));
    }
    if let Some(margin) = gates.margin {
        results.push(difference("margin", -margin, no_worse, primary, interval));
    }
    results
}

fn regressions(bound: u64, column: &ColumnComparison) -> GateResult {
    let flips = &column.flips;
    let observed = flips.regressed.len() as u64;
    let unsteady = flips.flaky.iter().filter(|case| case.lost_its_majority()).count();
    let open = flips.undecided.len();
    let mut notes = Vec::new();
    if column.primary.n == 0 && column.decided == 0 {
        notes.push("no case was decided on both sides".to_owned());
    }
    if unsteady > 0 {
        notes.push(format!(
            "{unsteady} flaky cases, which do not count, passed mostly before and do not now"
        ));
    }
    if open > 0 {
        notes.push(format!("{open} cases were not decided on both sides"));
    }
    GateResult {
        name: "regressions".to_owned(),
        observed: observed as f64,
        bound: bound as f64,
        n: column.decided,
        interval: None,
        passed: column.decided > 0 && observed <= bound,
        note: (!notes.is_empty()).then(|| notes.join("; ")),
    }
}

fn difference(
    name: &str,
    bound: f64,
    passed: bool,
    primary: &MetricComparison,
    interval: Option<Interval>,
) -> GateResult {
    let note = match (primary.means, interval) {
        (None, _) => Some(format!("{} was measured in no case on both sides", primary.metric)),
        (Some(_), None) => Some(format!("these cases give no interval of {}", primary.metric)),
        (Some(_), Some(interval)) if name == "margin" && !passed && interval.low > bound => {
            Some("the permutation test does not show it: these cases are too few".to_owned())
        }
        (Some(_), Some(_)) if !passed => {
            let needed = primary.power.and_then(|power| power.needed);
            needed.map(|needed| format!("a true difference as large as the one seen takes about {needed} cases to be shown"))
        }
        _ => None,
    };
    GateResult {
        name: name.to_owned(),
        observed: primary.means.map_or(f64::NAN, |means| means.delta),
        bound,
        n: primary.n,
        interval: interval.map(|interval| (interval.low, interval.high)),
        passed,
        note,
    }
}
