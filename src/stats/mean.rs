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

/// The mean of values of which those with the same cluster are not independent: [`weighted_mean`] with equal weights. With
/// clusters of one it is [`student_t_mean`].
pub fn clustered_mean(values: &[(usize, f64)], confidence: f64) -> Option<Mean> {
    let alike: Vec<Weighted> =
        values.iter().map(|(cluster, value)| Weighted::new(*cluster, *value, 1.0)).collect();
    weighted_mean(&alike, confidence)
}

/// A value of a cluster, with how much it counts.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Weighted {
    /// What it is not independent of.
    pub cluster: usize,
    /// The value.
    pub value: f64,
    /// From 0; with 0 it does not count at all.
    pub weight: f64,
}

impl Weighted {
    /// A value of a cluster, with its weight.
    pub fn new(cluster: usize, value: f64, weight: f64) -> Self {
        Self { cluster, value, weight }
    }
}

/// The weighted mean Σ w·x / Σ w of values of which those with the same cluster are not independent, with the
/// cluster-robust interval of Student's t, G − 1 degrees of freedom for G clusters. `None` without values of a weight above
/// 0, which alone are counted in n; no interval for one cluster.
///
/// The squared standard error is G / (G − 1) · Σ_g (Σ_i w_gi·(x_gi − x̄))² / (Σ w)²: the sandwich estimator of Liang and
/// Zeger (1986) for a weighted mean, with the small-sample factor of Cameron and Miller, "A Practitioner's Guide to
/// Cluster-Robust Inference" (2015), §II.B.
pub fn weighted_mean(values: &[Weighted], confidence: f64) -> Option<Mean> {
    weighted_mean_of(&values.iter().copied(), confidence)
}

/// [`weighted_mean`] of values that are made as they are needed: several times, so that they need not be held.
pub fn weighted_mean_of(
    values: &(impl Iterator<Item = Weighted> + Clone),
    confidence: f64,
) -> Option<Mean> {
    let counted = || values.clone().filter(|value| value.weight > 0.0);
    let n = counted().count();
    if n == 0 {
        return None;
    }
    let total = sum(counted().map(|value| value.weight));
    let mean = sum(counted().map(|value| value.weight * value.value)) / total;
    let moves = counted().map(|value| (value.cluster, value.weight * (value.value - mean) / total));
    Some(Mean { mean, n, interval: linearised(mean, moves, confidence) })
}

/// The interval of a figure of which it is known how far each cell moves it: its derivative by the weight of the cell,
/// times that weight. Cells of one cluster are not independent. `None` for one cluster.
///
/// This is the delta method with the standard error of [`weighted_mean`], for which the derivatives are
/// (x − x̄) / Σ w; see Wolter, "Introduction to Variance Estimation" (2007), chapter 6.
pub fn linearised(
    value: f64,
    moves: impl Iterator<Item = (usize, f64)>,
    confidence: f64,
) -> Option<Interval> {
    // Cells come by case, so those of a cluster mostly stand together: then this is the list of clusters already.
    let mut of_clusters: Vec<(usize, f64)> = Vec::new();
    let mut ordered = true;
    for (cluster, moved) in moves {
        match of_clusters.last_mut() {
            Some((last, sum)) if *last == cluster => *sum += moved,
            last => {
                ordered &= last.is_none_or(|(last, _)| *last < cluster);
                of_clusters.push((cluster, moved));
            }
        }
    }
    if !ordered {
        let mut merged: BTreeMap<usize, f64> = BTreeMap::new();
        for (cluster, moved) in of_clusters {
            *merged.entry(cluster).or_insert(0.0) += moved;
        }
        of_clusters = merged.into_iter().collect();
    }
    let clusters = of_clusters.len() as f64;
    (of_clusters.len() > 1).then(|| {
        let squares = sum(of_clusters.iter().map(|(_, moved)| moved.powi(2)));
        let error = (clusters / (clusters - 1.0) * squares).sqrt();
        // Equal values have no spread at any confidence: 0, not 0·∞.
        let half =
            if error == 0.0 { 0.0 } else { student_two_sided(confidence, clusters - 1.0) * error };
        Interval { low: value - half, high: value + half }
    })
}

/// A sum whose error does not grow with the number of terms (Neumaier 1974).
pub(super) fn sum(values: impl Iterator<Item = f64>) -> f64 {
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
    fn a_weight_counts_like_so_many_values_of_one_cluster() {
        let weighted =
            [Weighted::new(0, 0.2, 2.0), Weighted::new(1, 0.9, 1.0), Weighted::new(2, 0.5, 0.0)];
        let repeated = [(0, 0.2), (0, 0.2), (1, 0.9)];
        let (a, b) =
            (weighted_mean(&weighted, 0.9).unwrap(), clustered_mean(&repeated, 0.9).unwrap());
        assert!((a.mean - b.mean).abs() < 1e-12);
        assert_eq!((a.n, b.n), (2, 3));
        let (a, b) = (a.interval.unwrap(), b.interval.unwrap());
        assert!((a.low - b.low).abs() < 1e-12 && (a.high - b.high).abs() < 1e-12, "{a:?} {b:?}");
        assert_eq!(weighted_mean(&[Weighted::new(0, 1.0, 0.0)], 0.9), None);
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

    /// 300 samples of weighted values in clusters, from statsmodels.
    #[test]
    fn weighted_means_agree_with_statsmodels() {
        let mut checked = 0;
        for line in include_str!("../../tests/fixtures/vectors/weights.tsv").lines().skip(1) {
            let mut fields = line.split('\t');
            let numbers: Vec<f64> = fields.by_ref().take(4).map(|n| n.parse().unwrap()).collect();
            let values: Vec<Weighted> = fields
                .map(|field| {
                    let parts: Vec<&str> = field.split(':').collect();
                    let [cluster, value, weight] = parts[..] else { panic!("{line:?}") };
                    Weighted::new(
                        cluster.parse().unwrap(),
                        value.parse().unwrap(),
                        weight.parse().unwrap(),
                    )
                })
                .collect();
            let own = weighted_mean(&values, numbers[0]).unwrap();
            let interval = own.interval.unwrap();
            assert!((own.mean - numbers[1]).abs() < 1e-9, "{line:?} {own:?}");
            assert!((interval.low - numbers[2]).abs() < 1e-9, "{line:?} {own:?}");
            assert!((interval.high - numbers[3]).abs() < 1e-9, "{line:?} {own:?}");
            checked += 1;
        }
        assert_eq!(checked, 300);
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
