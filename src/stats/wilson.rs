//! The interval of a pass rate.

use super::Interval;
use super::quantile::normal_two_sided;

/// The score interval of Wilson for `passes` of `n`, two-sided, without continuity correction.
///
/// Wilson, "Probable inference, the law of succession, and statistical inference" (1927); preferred to the
/// textbook interval for small n and rates near 0 or 1 by Brown, Cai and DasGupta, "Interval estimation for
/// a binomial proportion" (2001). Nothing tried gives [0, 1]. More passes than trials count as all.
pub fn wilson(passes: u64, n: u64, confidence: f64) -> Interval {
    let passes = passes.min(n);
    wilson_rate(if n == 0 { 0.0 } else { passes as f64 / n as f64 }, n as f64, confidence)
}

/// [`wilson`] for a rate that rests on `trials` independent trials, which need be no whole number of passes: with
/// repeated or grouped cells the rate is that of all cells, while only the clusters are independent.
///
/// Taking the number of clusters for n assumes that the cells of a cluster always agree. That is the widest the
/// interval can be: Kish, "Survey Sampling" (1965), §5.4, with the largest design effect.
pub fn wilson_rate(rate: f64, trials: f64, confidence: f64) -> Interval {
    let z = normal_two_sided(confidence);
    if trials <= 0.0 || z.is_infinite() {
        return Interval { low: 0.0, high: 1.0 };
    }
    let stretch = 1.0 + z * z / trials;
    let centre = (rate + z * z / (2.0 * trials)) / stretch;
    let half =
        z * (rate * (1.0 - rate) / trials + z * z / (4.0 * trials * trials)).sqrt() / stretch;
    Interval {
        low: if rate <= 0.0 { 0.0 } else { (centre - half).max(0.0) },
        high: if rate >= 1.0 { 1.0 } else { (centre + half).min(1.0) },
    }
}

/// The smallest n at which a perfect score has a [`wilson`] lower bound of at least `bound`: below it, no result can
/// pass a gate on that bound. `None` when no n can.
///
/// With all of n passing the lower bound is n / (n + z²), hence n ≥ `bound`·z² / (1 − `bound`).
pub fn smallest_n_for(bound: f64, confidence: f64) -> Option<u64> {
    if bound <= 0.0 {
        return Some(0);
    }
    let z = normal_two_sided(confidence);
    let least = bound * z * z / (1.0 - bound);
    if !(least.is_finite() && (0.0..9e15).contains(&least)) {
        return None;
    }
    // The closed form may be off by one where rounding decides; the interval itself has the last word.
    let mut n = (least.floor() as u64).saturating_sub(1).max(1);
    while wilson(n, n, confidence).low < bound {
        n += 1;
    }
    Some(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_tried_says_nothing() {
        assert_eq!(wilson(0, 0, 0.95), Interval { low: 0.0, high: 1.0 });
        assert_eq!(wilson(3, 9, 1.0), Interval { low: 0.0, high: 1.0 });
    }

    #[test]
    fn touches_the_border_exactly_at_none_and_all() {
        assert!(wilson(0, 7, 0.95).low.abs() < f64::MIN_POSITIVE);
        assert!((wilson(7, 7, 0.95).high - 1.0).abs() < f64::MIN_POSITIVE);
    }

    #[test]
    fn gsm8k_marks_of_the_larger_verifier() {
        let Interval { low, high } = wilson(742, 1319, 0.95);
        assert!((low - 0.535_632_652_839_958_3).abs() < 1e-12, "{low}");
        assert!((high - 0.589_098_847_597_816_4).abs() < 1e-12, "{high}");
    }

    #[test]
    fn the_smallest_n_is_the_smallest() {
        assert_eq!(smallest_n_for(0.9, 0.95), Some(35));
        assert_eq!(smallest_n_for(0.0, 0.95), Some(0));
        assert_eq!(smallest_n_for(1.0, 0.95), None);
        assert_eq!(smallest_n_for(f64::NAN, 0.95), None);
        for bound in [0.01, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999] {
            for confidence in [0.8, 0.9, 0.95, 0.99] {
                let n = smallest_n_for(bound, confidence).unwrap();
                assert!(wilson(n, n, confidence).low >= bound);
                assert!(n == 1 || wilson(n - 1, n - 1, confidence).low < bound);
            }
        }
    }

    /// 1,500 intervals from statsmodels.
    #[test]
    fn agrees_with_statsmodels() {
        let mut checked = 0;
        for line in include_str!("../../tests/fixtures/vectors/stats.tsv").lines() {
            let Some(fields) = line.strip_prefix("wilson\t") else {
                continue;
            };
            let fields: Vec<f64> = fields.split('\t').map(|field| field.parse().unwrap()).collect();
            let [passes, n, confidence, low, high] = fields[..] else { panic!("{line:?}") };
            let interval = wilson(passes as u64, n as u64, confidence);
            assert!((interval.low - low).abs() < 1e-9, "{line:?} {interval:?}");
            assert!((interval.high - high).abs() < 1e-9, "{line:?} {interval:?}");
            checked += 1;
        }
        assert_eq!(checked, 1500);
    }
}
