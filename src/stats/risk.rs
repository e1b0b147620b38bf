//! How much more often the second version passes than the first.

use serde::Serialize;

use super::{Interval, wilson};

/// A difference of two pass rates on the same cases.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct RiskDifference {
    /// The pass rate of the second less that of the first.
    pub difference: f64,
    /// Where the true difference lies.
    pub interval: Interval,
}

/// The difference of the pass rates of two versions on the same cases, second less first: `both` cases pass with both
/// versions, `only_first` and `only_second` with one alone, `neither` with none. Without cases: 0 in [−1, 1].
///
/// The interval joins the [`wilson`] intervals of the two rates by their correlation: method 10 of Newcombe, "Improved
/// confidence intervals for the difference between binomial proportions based on paired data" (1998). It stays within
/// [−1, 1] and has a width where no case differs.
pub fn risk_difference(
    both: u64,
    only_first: u64,
    only_second: u64,
    neither: u64,
    confidence: f64,
) -> RiskDifference {
    let n =
        [both, only_first, only_second, neither].iter().fold(0_u64, |n, c| n.saturating_add(*c));
    if n == 0 {
        return RiskDifference { difference: 0.0, interval: Interval { low: -1.0, high: 1.0 } };
    }
    let (first, second) = (both.saturating_add(only_first), both.saturating_add(only_second));
    let of_n = |count: u64| count as f64 / n as f64;
    let (rate_1, rate_2) = (of_n(first), of_n(second));
    let (range_1, range_2) = (wilson(first, n, confidence), wilson(second, n, confidence));
    let phi = correlation(both as f64, only_first as f64, only_second as f64, neither as f64);
    let difference = (only_second as f64 - only_first as f64) / n as f64;
    // The sides of the two intervals that a lower, or a higher, difference is made of.
    let reach = |a: f64, b: f64| (a * a - 2.0 * phi * a * b + b * b).max(0.0).sqrt();
    let down = reach(rate_2 - range_2.low, range_1.high - rate_1);
    let up = reach(range_2.high - rate_2, rate_1 - range_1.low);
    let interval =
        Interval { low: (difference - down).max(-1.0), high: (difference + up).min(1.0) };
    RiskDifference { difference, interval }
}

/// φ of the table with Newcombe's continuity correction of a positive numerator; 0 where a margin is empty.
fn correlation(both: f64, only_first: f64, only_second: f64, neither: f64) -> f64 {
    // Roots before the product: the product of four margins of 10⁹⁰ cases would leave the range of numbers.
    let margins =
        [both + only_first, only_second + neither, both + only_second, only_first + neither];
    let spread: f64 = margins.iter().map(|margin| margin.sqrt()).product();
    if spread <= 0.0 {
        return 0.0;
    }
    let n = margins[0] + margins[1];
    let agreement = both * neither - only_first * only_second;
    let corrected = if agreement > 0.0 { (agreement - n / 2.0).max(0.0) } else { agreement };
    corrected / spread
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cases_say_nothing() {
        let RiskDifference { difference, interval } = risk_difference(0, 0, 0, 0, 0.95);
        assert_eq!((difference, interval), (0.0, Interval { low: -1.0, high: 1.0 }));
    }

    #[test]
    fn swapping_the_versions_turns_the_sign() {
        for counts in [(10, 3, 5, 2), (0, 9, 1, 0), (30, 0, 0, 4), (7, 0, 2, 0)] {
            let (both, first, second, neither) = counts;
            let a = risk_difference(both, first, second, neither, 0.9);
            let b = risk_difference(both, second, first, neither, 0.9);
            assert!((a.difference + b.difference).abs() < 1e-15);
            assert!((a.interval.low + b.interval.high).abs() < 1e-15, "{a:?} {b:?}");
            assert!((a.interval.high + b.interval.low).abs() < 1e-15, "{a:?} {b:?}");
        }
    }

    #[test]
    fn any_count_has_an_answer() {
        let RiskDifference { interval, .. } = risk_difference(u64::MAX, u64::MAX, 1, 1, 0.95);
        assert!(interval.low >= -1.0 && interval.high <= 1.0 && interval.low <= interval.high);
    }
}
