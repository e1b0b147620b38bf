//! Intervals of a mean by resampling, for scores of any distribution.

use rayon::prelude::*;

use super::Interval;
use super::cluster::{Cluster, gather};
use super::multinomial::{Counts, draw};
use super::percentile::percentile;
use super::quantile::{normal_cdf, normal_quantile};
use super::random::Stream;

/// How to resample.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Resampling {
    /// How many resamples; at least one is taken.
    pub resamples: u32,
    /// The confidence of the interval, two-sided.
    pub confidence: f64,
    /// The same seed and values give the same interval, on any machine and number of threads.
    pub seed: u64,
}

impl Default for Resampling {
    fn default() -> Self {
        Self { resamples: 10_000, confidence: 0.95, seed: 0 }
    }
}

/// The bias-corrected and accelerated interval of the mean. `None` without values, where one is not finite, and for one value
/// or one cluster, which says nothing about its spread; equal values have an interval without width.
///
/// With `clusters`, one number for each value, whole clusters are drawn and the mean is the ratio of the sum of the drawn
/// values to their number. Efron, "Better bootstrap confidence intervals" (1987), with the acceleration by the jackknife as
/// in Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), equations 14.10, 14.14 and 14.15; equals
/// `scipy.stats.bootstrap(…, numpy.mean, method="BCa")` but for the draws.
///
/// Of few values it is a little narrow, as each bootstrap of a mean is that takes its quantiles from the normal curve or the
/// resamples: at 90 %, some 11.7 % of intervals miss for 40 values and 12.1 % for 30 clusters. SciPy's misses as often.
pub fn bca_mean(values: &[f64], clusters: Option<&[usize]>, how: Resampling) -> Option<Interval> {
    let sample = Sample::of(values, clusters)?;
    if sample.is_constant() {
        return Some(Interval { low: sample.mean, high: sample.mean });
    }
    let means = sample.resampled_means(how);
    Some(bca(&means, sample.mean, sample.acceleration(), how.confidence))
}

/// The percentile interval of the mean; otherwise as [`bca_mean`].
///
/// Efron and Tibshirani (1993), equation 13.5; equals `scipy.stats.bootstrap(…, numpy.mean, method="percentile")` but for the
/// draws.
pub fn percentile_mean(
    values: &[f64],
    clusters: Option<&[usize]>,
    how: Resampling,
) -> Option<Interval> {
    let sample = Sample::of(values, clusters)?;
    if sample.is_constant() {
        return Some(Interval { low: sample.mean, high: sample.mean });
    }
    let means = sample.resampled_means(how);
    let tail = (1.0 - how.confidence.clamp(0.0, 1.0)) / 2.0;
    Some(between(&means, tail, 1.0 - tail))
}

/// What is resampled.
struct Sample {
    clusters: Vec<Cluster>,
    /// Whether each cluster is one value.
    single: bool,
    mean: f64,
}

/// Resamples that share a stream of random numbers. Part of what a seed means: a change gives other intervals.
const BLOCK: u32 = 100;

impl Sample {
    fn of(values: &[f64], clusters: Option<&[usize]>) -> Option<Self> {
        let clusters = gather(values, clusters)?;
        // Drawn by numbers of 32 bits.
        if clusters.len() < 2 || u32::try_from(clusters.len()).is_err() {
            return None;
        }
        let count = super::mean::sum(clusters.iter().map(|cluster| cluster.count));
        let mean = super::mean::sum(clusters.iter().map(|cluster| cluster.sum)) / count;
        let single = clusters.iter().all(|cluster| cluster.count < 1.5);
        Some(Self { clusters, single, mean })
    }

    /// Whether each resample has the same mean.
    fn is_constant(&self) -> bool {
        let mean = |cluster: &Cluster| cluster.sum / cluster.count;
        let first = mean(&self.clusters[0]);
        self.clusters.iter().all(|cluster| (mean(cluster) - first).abs() <= 1e-15 * first.abs())
    }

    /// The means of the resamples in ascending order.
    fn resampled_means(&self, how: Resampling) -> Vec<f64> {
        let resamples = how.resamples.max(1);
        let few = self.single.then(|| Counts::of(self.clusters.iter().map(|c| c.sum))).flatten();
        let sums: Vec<f64> = self.clusters.iter().map(|cluster| cluster.sum).collect();
        let blocks = resamples.div_ceil(BLOCK);
        let mut means: Vec<f64> = (0..blocks)
            .into_par_iter()
            .flat_map_iter(|block| {
                let mut stream = Stream::new(how.seed, u64::from(block));
                let (few, sums) = (&few, &sums);
                (0..BLOCK.min(resamples - block * BLOCK)).map(move |_| match few {
                    Some(few) => few.resampled_mean(&mut stream),
                    None if self.single => mean_of_values(sums, &mut stream),
                    None => mean_of_clusters(&self.clusters, &mut stream),
                })
            })
            .collect();
        means.par_sort_unstable_by(f64::total_cmp);
        means
    }

    /// A sixth of the skewness of the means without one cluster each.
    fn acceleration(&self) -> f64 {
        let total: f64 = super::mean::sum(self.clusters.iter().map(|cluster| cluster.sum));
        let count: f64 = self.clusters.iter().map(|cluster| cluster.count).sum();
        let without = |cluster: &Cluster| (total - cluster.sum) / (count - cluster.count);
        let n = self.clusters.len() as f64;
        let centre = super::mean::sum(self.clusters.iter().map(without)) / n;
        let (mut squares, mut cubes) = (0.0, 0.0);
        for cluster in &self.clusters {
            let moved = centre - without(cluster);
            squares += moved * moved;
            cubes += moved * moved * moved;
        }
        if squares > 0.0 { cubes / (6.0 * squares.powf(1.5)) } else { 0.0 }
    }
}

/// The interval from the `means` of resamples, ascending: Efron and Tibshirani (1993), equation 14.10.
fn bca(means: &[f64], mean: f64, acceleration: f64, confidence: f64) -> Interval {
    // Equal but for the rounding of sums in another order: it must not decide the side.
    let slack = 1e-12 * mean.abs().max(means[0].abs()).max(means[means.len() - 1].abs());
    let below = means.partition_point(|value| *value < mean - slack);
    let not_above = means.partition_point(|value| *value <= mean + slack);
    let bias = normal_quantile((below + not_above) as f64 / (2.0 * means.len() as f64));
    let tail = (1.0 - confidence.clamp(0.0, 1.0)) / 2.0;
    let place = |tail: f64| {
        let shifted = bias + normal_quantile(tail);
        if shifted.is_infinite() {
            return if shifted > 0.0 { 1.0 } else { 0.0 };
        }
        normal_cdf(bias + shifted / (1.0 - acceleration * shifted))
    };
    between(means, place(tail), place(1.0 - tail))
}

/// [`bca_mean`] with the means of resamples that were drawn elsewhere.
#[cfg(test)]
pub(super) fn bca_of(values: &[f64], means: &[f64], confidence: f64) -> Interval {
    let sample = Sample::of(values, None).unwrap();
    bca(means, sample.mean, sample.acceleration(), confidence)
}

fn between(means: &[f64], low: f64, high: f64) -> Interval {
    let at = |q: f64| percentile(means, q).expect("at least one resample, and a share of them");
    Interval { low: at(low), high: at(high) }
}

/// Values that stay in the cache next to the core, and whose numbers take 12 bits.
const TILE: usize = 4096;

/// Draws from a tile for which 64 random bits suffice.
const LANES: usize = 5;

/// The mean of as many draws as there are values. How many of them fall into each tile is drawn first.
fn mean_of_values(values: &[f64], stream: &mut Stream) -> f64 {
    let (tiles, rest) = values.as_chunks::<TILE>();
    let (mut draws, mut left, mut total) = (values.len(), values.len(), 0.0);
    for tile in tiles {
        let drawn = if left == TILE {
            draws
        } else {
            draw(draws as u64, TILE as f64 / left as f64, stream) as usize
        };
        total += sum_of_tile(tile, drawn, stream);
        draws -= drawn;
        left -= TILE;
    }
    if !rest.is_empty() {
        total += sum_of_values(rest, draws, stream);
    }
    total / values.len() as f64
}

fn sum_of_tile(tile: &[f64; TILE], draws: usize, stream: &mut Stream) -> f64 {
    let mut sums = [0.0; LANES];
    let mut take = |lanes: usize| {
        let bits = stream.bits();
        for (lane, sum) in sums[..lanes].iter_mut().enumerate() {
            *sum += tile[(bits >> (12 * lane)) as usize % TILE];
        }
    };
    (0..draws / LANES).for_each(|_| take(LANES));
    take(draws % LANES);
    sums.iter().sum()
}

fn sum_of_values(values: &[f64], draws: usize, stream: &mut Stream) -> f64 {
    let bound = values.len() as u32;
    let (mut even, mut odd) = (0.0, 0.0);
    for _ in 0..draws / 2 {
        let [a, b] = stream.two_below(bound);
        even += values[a];
        odd += values[b];
    }
    if draws % 2 == 1 {
        even += values[stream.two_below(bound)[0]];
    }
    even + odd
}

/// The ratio of the sums of as many draws as there are clusters.
fn mean_of_clusters(clusters: &[Cluster], stream: &mut Stream) -> f64 {
    let bound = clusters.len() as u32;
    let (mut sum, mut count) = (0.0, 0.0);
    let mut take = |index: usize| {
        sum += clusters[index].sum;
        count += clusters[index].count;
    };
    for _ in 0..clusters.len() / 2 {
        stream.two_below(bound).into_iter().for_each(&mut take);
    }
    if clusters.len() % 2 == 1 {
        take(stream.two_below(bound)[0]);
    }
    sum / count
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Resampling = Resampling { resamples: 1050, confidence: 0.9, seed: 7 };

    #[test]
    fn too_little_says_nothing() {
        for interval in [bca_mean, percentile_mean] {
            assert_eq!(interval(&[], None, QUICK), None);
            assert_eq!(interval(&[0.5], None, QUICK), None);
            assert_eq!(interval(&[0.5, 0.7], Some(&[3, 3]), QUICK), None);
            assert_eq!(interval(&[0.5, f64::INFINITY], None, QUICK), None);
            let same = interval(&[0.1; 9], None, QUICK).unwrap();
            assert!((same.low - 0.1).abs() < 1e-15 && (same.high - 0.1).abs() < 1e-15);
        }
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        let values: Vec<f64> = (0..301).map(|i| f64::from(i * i % 97)).collect();
        let clusters: Vec<usize> = (0..301).map(|i| i / 4).collect();
        let with_threads = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                (bca_mean(&values, None, QUICK), bca_mean(&values, Some(&clusters), QUICK))
            })
        };
        assert_eq!(with_threads(1), with_threads(3));
    }

    /// The resampled mean of n values has the variance (1 − 1/n)·s²/n, whether or not they fill tiles, and tiles change
    /// neither it nor the mean: both within the error of 1,000 draws, but for one case in a million.
    #[test]
    fn tiles_change_no_distribution() {
        for n in [TILE, TILE + 1, 2 * TILE + 700] {
            // Tiles of other means: wrong counts of draws would show.
            let values: Vec<f64> = (0..n).map(|i| (i as f64 / n as f64).powi(2)).collect();
            let mut stream = Stream::new(9, n as u64);
            let means: Vec<f64> = (0..1000).map(|_| mean_of_values(&values, &mut stream)).collect();
            let moments = |of: &[f64]| {
                let mean = of.iter().sum::<f64>() / of.len() as f64;
                (mean, of.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / of.len() as f64)
            };
            let ((mean, variance), (drawn, spread)) = (moments(&values), moments(&means));
            let expected = variance / n as f64;
            assert!((drawn - mean).abs() < 4.9 * (expected / 1000.0).sqrt(), "{n}: {drawn} {mean}");
            assert!(
                (spread / expected - 1.0).abs() < 4.9 * (2.0_f64 / 1000.0).sqrt(),
                "{n}: {spread}"
            );
        }
    }

    #[test]
    fn other_seeds_give_other_resamples() {
        let values: Vec<f64> = (0..50).map(|i| f64::from(i).sqrt()).collect();
        assert_ne!(
            bca_mean(&values, None, QUICK),
            bca_mean(&values, None, Resampling { seed: 8, ..QUICK })
        );
    }

    #[test]
    fn no_confidence_is_a_point_and_full_confidence_everything_drawn() {
        let values: Vec<f64> = (0..40).map(f64::from).collect();
        for interval in [bca_mean, percentile_mean] {
            let none = interval(&values, None, Resampling { confidence: 0.0, ..QUICK }).unwrap();
            assert!((none.low - none.high).abs() < 1e-12, "{none:?}");
            let half = interval(&values, None, Resampling { confidence: 0.5, ..QUICK }).unwrap();
            let full = interval(&values, None, Resampling { confidence: 1.0, ..QUICK }).unwrap();
            assert!(full.low < half.low && half.high < full.high, "{half:?} {full:?}");
        }
    }
}
