//! Gates: what must hold for a run to pass, and what was observed.

use super::run::Estimate;
use crate::project::suite::Gates;
use crate::stats;

/// A gate and what was observed.
#[derive(Clone, Debug, PartialEq)]
pub struct GateResult {
    /// `pass_rate`, `errors`, `unscored`, `not_run`, `cost_usd` or `metrics.NAME`.
    pub name: String,
    /// What was measured.
    pub observed: f64,
    /// What it is compared with.
    pub bound: f64,
    /// How many cells the measurement rests on.
    pub n: u64,
    /// The interval of the measurement, where it is an estimate.
    pub interval: Option<(f64, f64)>,
    /// Whether it holds.
    pub passed: bool,
    /// What else to know, such as that n cannot decide it.
    pub note: Option<String>,
}

/// What a pair of prompt and model came to, as far as gates look at it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// Cells that passed.
    pub pass: u64,
    /// Cells that failed.
    pub fail: u64,
    /// Clusters of cells among those that passed or failed: cases, or groups of cases.
    pub independent: u64,
    /// Cells whose provider failed.
    pub error: u64,
    /// Cells that could not be decided.
    pub unscored: u64,
    /// Cells that were not reached.
    pub not_run: u64,
    /// US dollars, where the price is known.
    pub cost_usd: Option<f64>,
    /// The means of the metrics.
    pub metrics: Vec<ObservedMean>,
}

/// The mean of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedMean {
    /// The metric.
    pub name: String,
    /// Its mean, or another figure; not a number where it is not defined for what was seen.
    pub mean: f64,
    /// The interval of the mean, at the confidence of the gates.
    pub interval: Option<(f64, f64)>,
    /// How many values it is the mean of.
    pub n: u64,
}

impl ObservedMean {
    /// What a metric came to.
    pub fn new(name: &str, estimate: Estimate) -> Self {
        let Estimate { value, interval, n } = estimate;
        Self { name: name.to_owned(), mean: value, interval, n }
    }
}

/// The confidence of intervals that are only shown.
pub const SHOWN_CONFIDENCE: f64 = 0.95;

/// Holds a pair's results against the gates of its suite; a suite without gates has `pass_rate: 1`.
pub fn check(gates: &Gates, threshold: Option<f64>, observed: &Observed) -> Vec<GateResult> {
    let mut results = vec![pass_rate(gates, threshold, observed)];
    for (metric, bound) in &gates.metrics {
        results.push(mean(metric, *bound, gates.confidence.is_some(), observed));
    }
    let cells =
        observed.pass + observed.fail + observed.error + observed.unscored + observed.not_run;
    let most = |name: &str, observed: u64, bound: u64| GateResult {
        name: name.to_owned(),
        observed: observed as f64,
        bound: bound as f64,
        n: cells,
        interval: None,
        passed: observed <= bound,
        note: None,
    };
    results.push(most("errors", observed.error, gates.errors.unwrap_or(0)));
    results.push(most("unscored", observed.unscored, gates.unscored.unwrap_or(0)));
    results.push(most("not_run", observed.not_run, 0));
    if let Some(bound) = gates.cost_usd {
        let cost = observed.cost_usd.unwrap_or(f64::NAN);
        results.push(GateResult {
            name: "cost_usd".to_owned(),
            observed: cost,
            bound,
            n: observed.pass + observed.fail,
            interval: None,
            passed: cost <= bound,
            note: cost.is_nan().then(|| "the price of the model is not known".to_owned()),
        });
    }
    results
}

fn pass_rate(gates: &Gates, threshold: Option<f64>, observed: &Observed) -> GateResult {
    let bound = threshold.unwrap_or_else(|| gates.required_pass_rate());
    let n = observed.pass + observed.fail;
    let rate = if n == 0 { 0.0 } else { observed.pass as f64 / n as f64 };
    let trials = observed.independent as f64;
    let interval = stats::wilson_rate(rate, trials, gates.confidence.unwrap_or(SHOWN_CONFIDENCE));
    let (held, note) = match gates.confidence {
        None => (rate, None),
        Some(confidence) => {
            let needed = stats::smallest_n_for(bound, confidence);
            let note = match needed {
                Some(needed) if observed.independent < needed => Some(format!(
                    "{} independent cases cannot show {bound} with confidence {confidence}; it takes {needed} even if all pass",
                    observed.independent
                )),
                None => Some(format!(
                    "no number of cases can show {bound} with confidence {confidence}"
                )),
                Some(_) => None,
            };
            (interval.low, note)
        }
    };
    GateResult {
        name: "pass_rate".to_owned(),
        observed: rate,
        bound,
        n,
        interval: Some((interval.low, interval.high)),
        passed: n > 0 && held >= bound,
        note: note.or_else(|| (n == 0).then(|| "no cell was scored".to_owned())),
    }
}

fn mean(metric: &str, bound: f64, on_interval: bool, observed: &Observed) -> GateResult {
    let found = observed.metrics.iter().find(|observed| observed.name == metric);
    let (value, interval, n) =
        found.map_or((f64::NAN, None, 0), |found| (found.mean, found.interval, found.n));
    let held = match (on_interval, interval) {
        (true, Some((low, _))) => low,
        (true, None) => f64::NAN,
        (false, _) => value,
    };
    let note = match (n, value.is_nan(), on_interval && interval.is_none()) {
        (0, ..) => Some(format!("no assertion counts for the metric `{metric}`")),
        (_, true, _) => Some("it is not defined for these answers".to_owned()),
        (_, _, true) => Some(
            "these answers give no interval, and `confidence` gates on its lower bound".to_owned(),
        ),
        _ => None,
    };
    GateResult {
        name: format!("metrics.{metric}"),
        observed: value,
        bound,
        n,
        interval,
        passed: held >= bound,
        note,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(pass: u64, fail: u64) -> Observed {
        Observed { pass, fail, independent: pass + fail, ..Observed::default() }
    }

    fn passed(gates: &Gates, threshold: Option<f64>, observed: &Observed) -> Vec<String> {
        check(gates, threshold, observed)
            .into_iter()
            .filter(|g| !g.passed)
            .map(|g| g.name)
            .collect()
    }

    #[test]
    fn without_gates_every_case_must_pass() {
        assert_eq!(passed(&Gates::default(), None, &observed(9, 1)), ["pass_rate"]);
        assert_eq!(passed(&Gates::default(), None, &observed(10, 0)), Vec::<String>::new());
    }

    #[test]
    fn nothing_scored_is_no_pass() {
        let gates = Gates { pass_rate: Some(0.0), ..Gates::default() };
        assert_eq!(passed(&gates, None, &observed(0, 0)), ["pass_rate"]);
    }

    #[test]
    fn bounds_hold_on_exact_counts() {
        for n in 1..200u64 {
            for pass in 0..=n {
                // The decimal that equals the rate must be reached, however it is rounded.
                let bound: f64 = format!("{}", pass as f64 / n as f64).parse().unwrap();
                let gates = Gates { pass_rate: Some(bound), ..Gates::default() };
                assert!(passed(&gates, None, &observed(pass, n - pass)).is_empty(), "{pass}/{n}");
            }
        }
        let gates = Gates { pass_rate: Some(0.9), ..Gates::default() };
        assert!(passed(&gates, None, &observed(9, 1)).is_empty());
    }

    #[test]
    fn errors_keep_a_run_from_being_green_unless_allowed() {
        let some = Observed { error: 1, unscored: 2, not_run: 3, ..observed(10, 0) };
        assert_eq!(passed(&Gates::default(), None, &some), ["errors", "unscored", "not_run"]);
        let gates = Gates { errors: Some(1), unscored: Some(2), ..Gates::default() };
        assert_eq!(passed(&gates, None, &some), ["not_run"]);
    }

    #[test]
    fn a_threshold_replaces_the_pass_rate_alone() {
        let gates = Gates { pass_rate: Some(0.1), errors: Some(5), ..Gates::default() };
        let some = Observed { error: 6, ..observed(5, 5) };
        assert_eq!(passed(&gates, Some(0.6), &some), ["pass_rate", "errors"]);
    }

    #[test]
    fn confidence_gates_on_the_lower_bound() {
        let gates = Gates { pass_rate: Some(0.9), confidence: Some(0.95), ..Gates::default() };
        let results = check(&gates, None, &observed(20, 0));
        assert!(!results[0].passed);
        assert!(
            results[0].note.as_deref().unwrap().contains("it takes 35"),
            "{:?}",
            results[0].note
        );
        assert!(check(&gates, None, &observed(100, 0))[0].passed);
    }

    #[test]
    fn a_metric_that_nothing_measures_fails_its_gate() {
        let gates = Gates {
            metrics: [("overlap".to_owned(), 0.4)].into_iter().collect(),
            ..Gates::default()
        };
        assert_eq!(passed(&gates, None, &observed(1, 0)), ["metrics.overlap"]);
    }
}
