//! Repeats of a run: how often each case passed, and what that says of one try, of several, and of chance.

use super::run::Estimate;
use crate::stats::{self, RepeatFigure, Weighted};

/// How often a case passed, of the tries that passed or failed. A suite has at most 1,000 repeats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tries {
    /// Tries that passed.
    pub passes: u16,
    /// Tries that passed or failed.
    pub of: u16,
}

impl Tries {
    pub(super) fn add(&mut self, passed: bool) {
        self.of = self.of.saturating_add(1);
        self.passes = self.passes.saturating_add(u16::from(passed));
    }

    fn is_flaky(self) -> bool {
        stats::is_flaky(u64::from(self.passes), u64::from(self.of))
    }
}

/// What repeated cases came to. Each case counts once, whatever its weight, as in the pass rate.
#[derive(Clone, Debug, PartialEq)]
pub struct Repeats {
    /// Cases with a try that passed or failed.
    pub cases: u64,
    /// `majority`, then `pass@K` and `pass^K` for some K.
    pub figures: Vec<(RepeatFigure, Estimate)>,
    /// Cases with several tries that passed or failed.
    pub repeated: u64,
    /// Of these, with the case in the plan: those whose tries disagree, the most undecided first.
    pub flaky: Vec<(usize, Tries)>,
}

impl Repeats {
    /// The share of repeated cases whose tries disagree.
    pub fn flake_rate(&self) -> Option<f64> {
        (self.repeated > 0).then(|| self.flaky.len() as f64 / self.repeated as f64)
    }

    /// Sums up the tries of each case. `None` where none was repeated.
    pub(super) fn of(
        tries: &[Tries],
        repeat: u32,
        cluster: &impl Fn(usize) -> usize,
        confidence: f64,
    ) -> Option<Self> {
        if repeat < 2 || decided(tries).next().is_none() {
            return None;
        }
        let counts = shown_counts(u64::from(repeat));
        let figures = [RepeatFigure::Majority]
            .into_iter()
            .chain(counts.iter().map(|k| RepeatFigure::AtLeastOne(*k)))
            .chain(counts.iter().map(|k| RepeatFigure::Each(*k)))
            .filter_map(|it| Some((it, figure(it, tries, cluster, confidence)?)))
            .collect();
        let mut flaky: Vec<(usize, Tries)> =
            decided(tries).filter(|(_, tries)| tries.is_flaky()).collect();
        let distance = |tries: Tries| (f64::from(tries.passes) / f64::from(tries.of) - 0.5).abs();
        flaky.sort_by(|(_, a), (_, b)| distance(*a).total_cmp(&distance(*b)));
        Some(Self {
            cases: decided(tries).count() as u64,
            figures,
            repeated: tries.iter().filter(|tries| tries.of > 1).count() as u64,
            flaky,
        })
    }
}

/// The cases with tries that passed or failed. The others of `tries` have none.
fn decided(tries: &[Tries]) -> impl Iterator<Item = (usize, Tries)> + Clone + '_ {
    tries.iter().copied().enumerate().filter(|(_, tries)| tries.of > 0)
}

/// How many clusters the decided cases are of.
pub(super) fn independent(tries: &[Tries], cluster: impl Fn(usize) -> usize) -> usize {
    let mut seen = vec![false; tries.len()];
    for (case, _) in decided(tries) {
        // The cluster of a case is the first case of its group that was met, which may be one that was not decided here.
        let cluster = cluster(case);
        if seen.len() <= cluster {
            seen.resize(cluster + 1, false);
        }
        seen[cluster] = true;
    }
    seen.into_iter().filter(|seen| *seen).count()
}

/// The mean of a figure over the cases that have enough tries for it.
pub(super) fn figure(
    figure: RepeatFigure,
    tries: &[Tries],
    cluster: &impl Fn(usize) -> usize,
    confidence: f64,
) -> Option<Estimate> {
    let values = decided(tries).filter_map(|(case, tries)| {
        let value = figure.of_case(u64::from(tries.passes), u64::from(tries.of))?;
        Some(Weighted::new(cluster(case), value, 1.0))
    });
    let mean = stats::weighted_mean_of(&values, confidence)?;
    let interval = match figure {
        RepeatFigure::Majority => {
            let clusters: std::collections::BTreeSet<usize> =
                values.map(|value| value.cluster).collect();
            Some(stats::wilson_rate(mean.mean, clusters.len() as f64, confidence))
        }
        _ => mean.interval,
    };
    let interval = interval.map(|interval| (interval.low.max(0.0), interval.high.min(1.0)));
    Some(Estimate { value: mean.mean, interval, n: mean.n as u64 })
}

/// The numbers of tries that are shown of so many: 1, 2, 5, 10, 20, 50, … and all.
fn shown_counts(repeat: u64) -> Vec<u64> {
    let steps = (0..3).flat_map(|power| [1, 2, 5].map(|step| step * 10_u64.pow(power)));
    steps.filter(|step| *step < repeat).chain([repeat]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_numbers_of_tries_are_shown() {
        assert_eq!(shown_counts(2), [1, 2]);
        assert_eq!(shown_counts(10), [1, 2, 5, 10]);
        assert_eq!(shown_counts(1000), [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]);
    }

    #[test]
    fn cases_with_too_few_tries_are_left_out_of_a_figure() {
        let tries = [
            Tries { passes: 3, of: 3 },
            Tries { passes: 1, of: 3 },
            Tries { passes: 1, of: 2 },
            Tries { passes: 0, of: 1 },
        ];
        let repeats = Repeats::of(&tries, 3, &|case| case, 0.95).unwrap();
        let values: Vec<(String, f64, u64)> = repeats
            .figures
            .iter()
            .map(|(figure, estimate)| {
                (figure.to_string(), (estimate.value * 1e6).round() / 1e6, estimate.n)
            })
            .collect();
        let expected = [
            ("majority", 0.25, 4),
            ("pass@1", 0.458_333, 4),
            ("pass@2", 0.888_889, 3),
            ("pass@3", 1.0, 2),
            ("pass^1", 0.458_333, 4),
            ("pass^2", 0.333_333, 3),
            ("pass^3", 0.5, 2),
        ];
        assert_eq!(values, expected.map(|(name, value, n)| (name.to_owned(), value, n)));
        assert_eq!((repeats.cases, repeats.repeated), (4, 3));
        assert_eq!(
            repeats.flaky,
            [(2, Tries { passes: 1, of: 2 }), (1, Tries { passes: 1, of: 3 })]
        );
        assert_eq!(repeats.flake_rate(), Some(2.0 / 3.0));
        assert_eq!(Repeats::of(&tries, 1, &|case| case, 0.95), None);
    }
}
