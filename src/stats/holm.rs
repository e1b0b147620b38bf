//! Several tests at once.

/// The p-values adjusted so that rejecting those of at most α is wrong anywhere with a probability of at most α, in the
/// order in which they came. What is no number counts as 1.
///
/// Holm, "A simple sequentially rejective multiple test procedure" (1979). Equals
/// `statsmodels.stats.multitest.multipletests(p, method="holm")[1]`.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let number = |p: f64| if p.is_nan() { 1.0 } else { p };
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| number(p[*a]).total_cmp(&number(p[*b])));
    let mut adjusted = vec![0.0; p.len()];
    let mut largest = 0.0_f64;
    for (rank, index) in order.into_iter().enumerate() {
        largest = largest.max((p.len() - rank) as f64 * number(p[index])).min(1.0);
        adjusted[index] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_has_one_test_less() {
        assert_eq!(holm(&[0.25, 0.0625, 0.5]), [0.5, 0.1875, 0.5]);
        assert_eq!(holm(&[0.03125]), [0.03125]);
        assert_eq!(holm(&[]), Vec::<f64>::new());
        assert_eq!(holm(&[f64::NAN, 0.125]), [1.0, 0.25]);
    }

    #[test]
    fn a_larger_p_never_has_a_smaller_adjusted_one() {
        assert_eq!(holm(&[0.125, 0.25, 0.25]), [0.375, 0.5, 0.5]);
    }
}
