//! The mean of scores and its interval.

use std::collections::BTreeMap;

use super::Interval;
use super::quantile::student_two_sided;

/// A mean with what is known about its precision.
#[derive(Clone, Copy, PartialEq, Debug, serde::Serialize)]
pub struct Mean {
    /// The arithmetic mean.
    pub mean: f64,
    /// How many values it is made of.
    pub n: usize,
    /// Where the true mean lies; `None` for a single value, which says nothing about its spread.
    pub interval: Option<Interval>,
}

/// The mean of independent `values` with the two-sided interval of Student's t, n − 1 degrees of freedom
/// (Student, "The probable error of a mean", 1908). `None` without values.
///
/// The interval is that of the mean and may leave the range of the values.
pub fn student_t_mean(values: &[f64], confidence: f64) -> Option<Mean> {
    let n = values.len();
    if n == 0 {
        return None;
    }
    let mean = sum(values.iter().copied()) / n as f64;
    let interval = (n > 1).then(|| {
        let squares = sum(values.iter().map(|value| (value - mean).powi(2)));
        let error = (squares / (n - 1) as f64 / n as f64).sqrt();
        // Equal values have no spread at any confidence: 0, not 0·∞.
        let half =
            if error == 0.0 { 0.0 } else { student_two_sided(confidence, (n - 1) as f64) * error };
        Interval { low: mean - half, high: mean + half }
    });
    Some(Mean { mean, n, interval })
}

/// The mean of values of which those with the same cluster are not independent, with the cluster-robust interval of
/// Student's t, G − 1 degrees of freedom for G clusters. `None` without values; no interval for one cluster.
///
/// The squared standard error is G / (G − 1) · Σ_g (Σ_i (x_gi − x̄))² / n²: the sandwich estimator of Liang and Zeger
/// (1986) for a mean, with the small-sample factor of Cameron and Miller, "A Practitioner's Guide to Cluster-Robust
/// Inference" (2015), §II.B. With clusters of one it is [`student_t_mean`].
pub fn clustered_mean(values: &[(usize, f64)], confidence: f64) -> Option<Mean> {
    let n = values.len();
    if n == 0 {
        return None;
    }
    let mean = sum(values.iter().map(|(_, value)| *value)) / n as f64;
    let mut residuals: BTreeMap<usize, f64> = BTreeMap::new();
    for (cluster, value) in values {
        *residuals.entry(*cluster).or_insert(0.0) += value - mean;
    }
    let clusters = residuals.len() as f64;
    let interval = (residuals.len() > 1).then(|| {
        let squares = sum(residuals.values().map(|residual| residual.powi(2)));
        let error = (clusters / (clusters - 1.0) * squares).sqrt() / n as f64;
        let half =
            if error == 0.0 { 0.0 } else { student_two_sided(confidence, clusters - 1.0) * error };
        Interval { low: mean - half, high: mean + half }
    });
    Some(Mean { mean, n, interval })
}

/// A sum whose error does not grow with the number of terms (Neumaier 1974).
fn sum(values: impl Iterator<Item = f64>) -> f64 {
    let (mut total, mut lost) = (0.0_f64, 0.0);
    for value in values {
        let next = total + value;
        lost += if total.abs() >= value.abs() {
            (total - next) + value
        } else {
            (value - next) + total
        };
        total = next;
    }
    total + lost
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_of_one_are_independent_values() {
        let values = [0.1, 0.9, 0.4, 0.4, 1.0];
        let clustered: Vec<(usize, f64)> = values.iter().copied().enumerate().collect();
        let (a, b) =
            (student_t_mean(&values, 0.9).unwrap(), clustered_mean(&clustered, 0.9).unwrap());
        let (a, b) = (a.interval.unwrap(), b.interval.unwrap());
        assert!((a.low - b.low).abs() < 1e-12 && (a.high - b.high).abs() < 1e-12, "{a:?} {b:?}");
    }

    #[test]
    fn repeating_each_value_adds_no_knowledge() {
        let once: Vec<(usize, f64)> = [0.0, 1.0, 1.0, 0.5].iter().copied().enumerate().collect();
        let thrice: Vec<(usize, f64)> = once.iter().flat_map(|pair| [*pair; 3]).collect();
        let (a, b) = (clustered_mean(&once, 0.95).unwrap(), clustered_mean(&thrice, 0.95).unwrap());
        let (a, b) = (a.interval.unwrap(), b.interval.unwrap());
        assert!((a.low - b.low).abs() < 1e-12 && (a.high - b.high).abs() < 1e-12, "{a:?} {b:?}");
        assert_eq!(clustered_mean(&[(0, 1.0), (0, 0.0)], 0.95).unwrap().interval, None);
    }

    #[test]
    fn few_values() {
        assert_eq!(student_t_mean(&[], 0.95), None);
        assert_eq!(student_t_mean(&[0.5], 0.95), Some(Mean { mean: 0.5, n: 1, interval: None }));
        let same = student_t_mean(&[0.25; 4], 0.95).unwrap();
        assert_eq!(same.interval, Some(Interval { low: 0.25, high: 0.25 }));
    }

    /// 500 samples of 2 to 60 values, from SciPy.
    #[test]
    fn agrees_with_scipy() {
        let mut checked = 0;
        for line in include_str!("../../tests/fixtures/vectors/stats.tsv").lines() {
            let Some(fields) = line.strip_prefix("mean\t") else {
                continue;
            };
            let fields: Vec<f64> = fields.split('\t').map(|field| field.parse().unwrap()).collect();
            let [confidence, mean, low, high, values @ ..] = &fields[..] else {
                panic!("{line:?}")
            };
            let own = student_t_mean(values, *confidence).unwrap();
            let interval = own.interval.unwrap();
            let scale = 1.0 + interval.high.abs();
            assert!((own.mean - mean).abs() < 1e-9 * scale, "{line:?} {own:?}");
            assert!((interval.low - low).abs() < 1e-9 * scale, "{line:?} {own:?}");
            assert!((interval.high - high).abs() < 1e-9 * scale, "{line:?} {own:?}");
            checked += 1;
        }
        assert_eq!(checked, 500);
    }

    /// 400 samples of 2 to 25 clusters of 1 to 5 values, from statsmodels.
    #[test]
    fn clusters_agree_with_statsmodels() {
        let mut checked = 0;
        for line in include_str!("../../tests/fixtures/vectors/clusters.tsv").lines().skip(1) {
            let mut fields = line.split('\t');
            let numbers: Vec<f64> = fields.by_ref().take(4).map(|n| n.parse().unwrap()).collect();
            let values: Vec<(usize, f64)> = fields
                .map(|field| field.split_once(':').unwrap())
                .map(|(cluster, value)| (cluster.parse().unwrap(), value.parse().unwrap()))
                .collect();
            let own = clustered_mean(&values, numbers[0]).unwrap();
            let interval = own.interval.unwrap();
            assert!((own.mean - numbers[1]).abs() < 1e-9, "{line:?} {own:?}");
            assert!((interval.low - numbers[2]).abs() < 1e-9, "{line:?} {own:?}");
            assert!((interval.high - numbers[3]).abs() < 1e-9, "{line:?} {own:?}");
            checked += 1;
        }
        assert_eq!(checked, 400);
    }

    /// 1,000 quantiles of Student's t with 1 to 100,000 degrees of freedom, relative, from SciPy.
    #[test]
    fn quantiles_agree_with_scipy() {
        let mut checked = 0;
        for line in include_str!("../../tests/fixtures/vectors/stats.tsv").lines() {
            let Some(fields) = line.strip_prefix("t\t") else {
                continue;
            };
            let fields: Vec<f64> = fields.split('\t').map(|field| field.parse().unwrap()).collect();
            let [confidence, freedom, quantile] = fields[..] else { panic!("{line:?}") };
            let own = student_two_sided(confidence, freedom);
            assert!((own / quantile - 1.0).abs() < 1e-9, "{line:?} {own}");
            checked += 1;
        }
        assert_eq!(checked, 1000);
    }
}
