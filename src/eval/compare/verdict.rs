//! The verdict on a difference: one test and one interval decide it, and both must agree.

use crate::stats::Interval;

/// The rate at which a difference is found where there is none: p-values from this on decide nothing, whatever the
/// confidence of the intervals.
pub const SIGNIFICANCE: f64 = 0.05;

/// What a difference comes to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Verdict {
    /// The second side is better.
    Better,
    /// The second side is worse.
    Worse,
    /// Neither is shown, but the second side is not worse by more than the margin.
    NoWorse,
    /// The cases cannot tell.
    Undecided,
}

impl Verdict {
    /// The word for it in outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::NoWorse => "no-worse",
            Self::Undecided => "undecided",
        }
    }
}

/// The verdict on a difference of a metric of which more is better.
///
/// `p` is that of the one test of the metric, adjusted where several are looked at; `interval` is that of the difference
/// at `confidence`; `no_worse` is whether it is shown that the second side is not worse by the margin. A difference is found when `p` is below both 0.05 and `1 - confidence` and the interval leaves out
/// zero, so it is never found more often by chance than the test allows.
pub fn decide(
    p: Option<f64>,
    interval: Option<Interval>,
    confidence: f64,
    no_worse: bool,
) -> Verdict {
    let Some(Interval { low, high }) = interval else { return Verdict::Undecided };
    let found = p.is_some_and(|p| p < SIGNIFICANCE.min(1.0 - confidence));
    match (found, no_worse) {
        (true, _) if low > 0.0 => Verdict::Better,
        (true, _) if high < 0.0 => Verdict::Worse,
        (_, true) => Verdict::NoWorse,
        (_, false) => Verdict::Undecided,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(p: f64, low: f64, high: f64) -> Verdict {
        decide(Some(p), Some(Interval { low, high }), 0.95, false)
    }

    #[test]
    fn test_and_interval_must_agree() {
        assert_eq!(verdict(0.01, 0.01, 0.1), Verdict::Better);
        assert_eq!(verdict(0.01, -0.1, -0.01), Verdict::Worse);
        assert_eq!(verdict(0.05, 0.01, 0.1), Verdict::Undecided);
        assert_eq!(verdict(0.01, 0.0, 0.1), Verdict::Undecided);
        assert_eq!(verdict(0.01, -0.1, 0.0), Verdict::Undecided);
        let interval = Some(Interval { low: 0.1, high: 0.2 });
        assert_eq!(decide(None, interval, 0.95, false), Verdict::Undecided);
        assert_eq!(decide(Some(0.01), None, 0.95, true), Verdict::Undecided);
    }

    #[test]
    fn no_worse_is_said_where_no_difference_is_found() {
        let verdict = |p, low, high| decide(Some(p), Some(Interval { low, high }), 0.95, true);
        assert_eq!(verdict(0.5, -0.01, 0.1), Verdict::NoWorse);
        assert_eq!(verdict(0.01, -0.01, -0.001), Verdict::Worse);
        assert_eq!(verdict(0.01, 0.01, 0.1), Verdict::Better);
    }

    #[test]
    fn more_confidence_asks_for_a_smaller_p() {
        let interval = Some(Interval { low: 0.01, high: 0.1 });
        assert_eq!(decide(Some(0.02), interval, 0.99, false), Verdict::Undecided);
        assert_eq!(decide(Some(0.002), interval, 0.99, false), Verdict::Better);
        assert_eq!(decide(Some(0.06), interval, 0.8, false), Verdict::Undecided);
    }
}
