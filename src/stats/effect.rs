//! How large a difference is, apart from how sure it is.

use super::mean::sum;
use super::percentile::sorted;

/// Cohen's d of paired `differences`: their mean in units of their standard deviation (n − 1). `None` for fewer than two, and
/// where they do not vary.
///
/// Lakens, "Calculating and reporting effect sizes to facilitate cumulative science" (2013), equation 6.
pub fn cohens_dz(differences: &[f64]) -> Option<f64> {
    let n = differences.len() as f64;
    let first = differences.first()?;
    // Compared as they are: the rounding of the mean must not pass for spread.
    if differences.iter().all(|value| value.to_bits() == first.to_bits()) {
        return None;
    }
    let mean = sum(differences.iter().copied()) / n;
    let squares = sum(differences.iter().map(|value| (value - mean).powi(2)));
    let dz = mean / (squares / (n - 1.0)).sqrt();
    dz.is_finite().then_some(dz)
}

/// Cliff's delta: how much more often a value of the second sample exceeds one of the first than the other way round, from
/// −1 to 1. `None` without values; those that are no numbers are left out.
///
/// Cliff, "Dominance statistics: ordinal analyses to answer ordinal questions" (1993). Equals 2·U₂ / (n₁·n₂) − 1 with
/// `scipy.stats.mannwhitneyu(second, first).statistic` for U₂.
pub fn cliffs_delta(first: &[f64], second: &[f64]) -> Option<f64> {
    let first = sorted(first.iter().copied());
    let second = sorted(second.iter().copied());
    if first.is_empty() || second.is_empty() {
        return None;
    }
    // For each value of the second: how many of the first are below it, and how many not above.
    let (mut below, mut not_above) = (0, 0);
    let mut excess = 0_i128;
    for value in &second {
        while below < first.len() && first[below] < *value {
            below += 1;
        }
        while not_above < first.len() && first[not_above] <= *value {
            not_above += 1;
        }
        excess += below as i128 - (first.len() - not_above) as i128;
    }
    Some(excess as f64 / (first.len() as f64 * second.len() as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_vary_has_no_unit() {
        assert_eq!(cohens_dz(&[]), None);
        assert_eq!(cohens_dz(&[0.1]), None);
        assert_eq!(cohens_dz(&[0.1; 3]), None);
        assert!((cohens_dz(&[1.0, 3.0]).unwrap() - 2.0_f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn dominance() {
        assert_eq!(cliffs_delta(&[], &[1.0]), None);
        assert_eq!(cliffs_delta(&[f64::NAN], &[1.0]), None);
        assert_eq!(cliffs_delta(&[1.0, 2.0], &[3.0, 4.0, 5.0]), Some(1.0));
        assert_eq!(cliffs_delta(&[3.0], &[1.0, 2.0]), Some(-1.0));
        assert_eq!(cliffs_delta(&[0.0, 1.0], &[1.0, -0.0]), Some(0.0));
    }
}
