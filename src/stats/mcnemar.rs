//! Whether two versions pass equally often on the same cases.

use statrs::distribution::{ContinuousCDF, Normal};

use super::binomial;

/// The two-sided p-value of McNemar's exact test: `only_first` cases pass with the first version alone, `only_second` with
/// the second alone. Cases on which both agree say nothing.
///
/// The smaller count is that of heads of a fair coin: McNemar, "Note on the sampling error of the difference between
/// correlated proportions or percentages" (1947), with the binomial distribution in place of χ². Equals
/// `statsmodels.stats.contingency_tables.mcnemar(table, exact=True)`.
pub fn mcnemar_exact(only_first: u64, only_second: u64) -> f64 {
    let fewer = only_first.min(only_second);
    let Some(n) = only_first.checked_add(only_second).filter(|n| *n < MANY) else {
        let (a, b) = (only_first as f64, only_second as f64);
        let z = ((a - b).abs() - 1.0).max(0.0) / (a + b).sqrt();
        return 2.0 * Normal::standard().cdf(-z);
    };
    if only_first.abs_diff(only_second) <= 1 {
        return 1.0;
    }
    (2.0 * binomial::at_most(fewer, n, 0.5)).min(1.0)
}

/// From here on the normal curve with continuity correction is nearer than 1e-10, and the exact sum slow.
const MANY: u64 = 10_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_cases() {
        let p = [mcnemar_exact(0, 0), mcnemar_exact(1, 0), mcnemar_exact(7, 7)];
        assert_eq!(p.map(f64::to_bits), [1_f64.to_bits(); 3]);
        // Two of 2⁶ outcomes are as far from even.
        assert!((mcnemar_exact(6, 0) - 2.0 / 64.0).abs() < 1e-14);
        assert!((mcnemar_exact(1, 6) - 16.0 / 128.0).abs() < 1e-14);
    }

    #[test]
    fn is_the_same_from_both_sides() {
        for (a, b) in [(3, 9), (0, 40), (1200, 1100)] {
            assert!((mcnemar_exact(a, b) - mcnemar_exact(b, a)).abs() < 1e-15);
        }
    }

    #[test]
    fn any_count_has_an_answer() {
        assert!((mcnemar_exact(u64::MAX, u64::MAX) - 1.0).abs() < 1e-15);
        assert!(mcnemar_exact(u64::MAX, 0) < 1e-300);
        let (sum, curve) = (
            mcnemar_exact(MANY / 2 - 100_001, MANY / 2),
            mcnemar_exact(MANY / 2 - 100_000, MANY / 2 + 2),
        );
        assert!((sum - curve).abs() < 1e-4 && sum > 0.0 && sum < 1.0, "{sum} {curve}");
    }
}
