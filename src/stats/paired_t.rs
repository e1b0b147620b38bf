//! Whether the mean of paired differences is zero, for means of many or of nearly normal values.

use serde::Serialize;

use super::cluster::{Cluster, gather};
use super::mean::sum;
use super::quantile::student_p;

/// What the test found.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct PairedT {
    /// The mean of the differences.
    pub mean: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// The mean in units of its standard error.
    pub statistic: f64,
    /// The degrees of freedom: the number of differences, or of clusters, less one.
    pub freedom: f64,
    /// The two-sided p-value.
    pub p: f64,
}

/// Student's t-test of paired `differences` ("The probable error of a mean", 1908). `None` for fewer than two differences or
/// clusters, where none differs from the others, and for what is not finite.
///
/// Equals `scipy.stats.ttest_1samp(differences, 0)`. With `clusters`, one number for each difference, the standard error is
/// the cluster-robust one of [`clustered_mean`](super::clustered_mean), with G − 1 degrees of freedom for G clusters: that of the
/// constant in statsmodels' `OLS(…).fit(cov_type="cluster", use_t=True)`.
pub fn paired_t(differences: &[f64], clusters: Option<&[usize]>) -> Option<PairedT> {
    let groups = gather(differences, clusters)?;
    let first = differences.first()?;
    // Compared as they are: the rounding of the mean must not pass for spread.
    if groups.len() < 2 || differences.iter().all(|value| value.to_bits() == first.to_bits()) {
        return None;
    }
    let n = sum(groups.iter().map(|group| group.count));
    let mean = sum(groups.iter().map(|group| group.sum)) / n;
    let g = groups.len() as f64;
    let squares = sum(groups.iter().map(|Cluster { sum, count }| (sum - count * mean).powi(2)));
    let standard_error = (g / (g - 1.0) * squares).sqrt() / n;
    let statistic = mean / standard_error;
    let freedom = g - 1.0;
    statistic.is_finite().then(|| PairedT {
        mean,
        standard_error,
        statistic,
        freedom,
        p: student_p(statistic, freedom),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_spread_there_is_no_test() {
        assert_eq!(paired_t(&[], None), None);
        assert_eq!(paired_t(&[1.0], None), None);
        assert_eq!(paired_t(&[0.1; 5], None), None);
        assert_eq!(paired_t(&[0.1, 0.2], Some(&[4, 4])), None);
        assert_eq!(paired_t(&[0.1, f64::NAN], None), None);
    }

    #[test]
    fn clusters_of_one_are_independent_values() {
        let values = [0.3, -0.1, 0.5, 0.2];
        assert_eq!(paired_t(&values, None), paired_t(&values, Some(&[0, 1, 2, 3])));
    }
}
