//! How far two series move together.

use super::mean::sum;

/// Pearson's correlation of two series of the same length. `None` with fewer than two values, or where one series does not
/// vary.
pub fn pearson(a: &[f64], b: &[f64]) -> Option<f64> {
    let n = a.len().min(b.len());
    if n < 2 {
        return None;
    }
    let (a, b) = (centred(&a[..n])?, centred(&b[..n])?);
    Some(sum(a.iter().zip(&b).map(|(a, b)| a * b)).clamp(-1.0, 1.0))
}

/// Spearman's rank correlation: Pearson's of the ranks, equal values with the mean of their ranks. `None` as for [`pearson`].
pub fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    let n = a.len().min(b.len());
    pearson(&ranks(&a[..n]), &ranks(&b[..n]))
}

/// The values less their mean, as a vector of length 1; `None` where there is no spread.
fn centred(values: &[f64]) -> Option<Vec<f64>> {
    // Compared as they are: the rounding of the mean must not pass for spread.
    if values.iter().all(|value| same(*value, values[0])) {
        return None;
    }
    let mean = sum(values.iter().copied()) / values.len() as f64;
    let length = sum(values.iter().map(|value| (value - mean).powi(2))).sqrt();
    (length > 0.0 && length.is_finite())
        .then(|| values.iter().map(|value| (value - mean) / length).collect())
}

/// The rank of each value from 1, equal values with the mean of their ranks.
pub(super) fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for group in order.chunk_by(|a, b| same(values[*a], values[*b])) {
        let rank = start as f64 + f64::midpoint(group.len() as f64, 1.0);
        for index in group {
            ranks[*index] = rank;
        }
        start += group.len();
    }
    ranks
}

/// Whether two values are equal, 0 and -0 among them.
fn same(a: f64, b: f64) -> bool {
    a.partial_cmp(&b).is_some_and(std::cmp::Ordering::is_eq)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_vary_correlates_with_nothing() {
        assert_eq!(pearson(&[], &[]), None);
        assert_eq!(pearson(&[1.0], &[2.0]), None);
        assert_eq!(pearson(&[0.1; 3], &[1.0, 2.0, 3.0]), None);
        assert_eq!(spearman(&[1.0, 2.0, 3.0], &[0.7; 3]), None);
    }

    #[test]
    fn equal_values_share_their_ranks() {
        assert_eq!(ranks(&[0.5, 0.1, 0.5, 0.9]), [2.5, 1.0, 2.5, 4.0]);
        let same_order = spearman(&[1.0, 2.0, 3.0], &[1.0, 10.0, 100.0]).unwrap();
        assert!((same_order - 1.0).abs() < 1e-12, "{same_order}");
    }

    /// 1,000 pairs of series of 2 to 50 values, with ties, from SciPy.
    #[test]
    fn agrees_with_scipy() {
        let mut checked = 0;
        for line in include_str!("../../tests/fixtures/vectors/correlation.tsv").lines().skip(1) {
            let mut fields = line.split('\t').map(|field| field.parse::<f64>().ok());
            let (linear, ranked) = (fields.next().unwrap(), fields.next().unwrap());
            let values: Vec<f64> = fields.map(Option::unwrap).collect();
            let (a, b) = values.split_at(values.len() / 2);
            for (own, other) in [(pearson(a, b), linear), (spearman(a, b), ranked)] {
                match (own, other) {
                    (Some(own), Some(other)) => assert!((own - other).abs() < 1e-9, "{line}"),
                    (own, other) => assert_eq!(own, other, "{line}"),
                }
            }
            checked += 1;
        }
        assert_eq!(checked, 1000);
    }
}
