//! Whether paired differences are as often and as far above zero as below it, whatever their distribution.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};

use super::correlation::ranks;

/// What the test found.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Wilcoxon {
    /// The smaller of the sums of the ranks above and below zero.
    pub statistic: f64,
    /// The two-sided p-value.
    pub p: f64,
    /// How many differences were ranked: those that are not zero.
    pub n: usize,
    /// Whether `p` is exact, not from the normal curve.
    pub exact: bool,
}

/// Up to here the distribution is exact where ranks are not tied and no difference is zero.
const EXACT: usize = 50;
/// Up to here it is exact in any case.
const EXACT_WITH_TIES: usize = 13;

/// Wilcoxon's signed-rank test of paired `differences` ("Individual comparisons by ranking methods", 1945), zeros dropped.
/// `None` where no difference is other than zero, or one is no number.
///
/// Exact for up to 50 differences without ties and zeros and for up to 13 in any case, else the normal approximation with
/// the variance corrected for ties and without continuity correction. Equals `scipy.stats.wilcoxon(differences,
/// zero_method="wilcox", correction=False, alternative="two-sided", method="auto")`, its defaults.
pub fn wilcoxon_signed_rank(differences: &[f64]) -> Option<Wilcoxon> {
    if differences.iter().any(|value| value.is_nan()) {
        return None;
    }
    let ranked: Vec<f64> = differences.iter().copied().filter(|value| *value != 0.0).collect();
    let n = ranked.len();
    if n == 0 {
        return None;
    }
    let ranks = ranks(&ranked.iter().map(|value| value.abs()).collect::<Vec<f64>>());
    let above: f64 =
        ranked.iter().zip(&ranks).filter(|(v, _)| **v > 0.0).map(|(_, rank)| rank).sum();
    let all = n as f64 * (n as f64 + 1.0) / 2.0;
    let statistic = above.min(all - above);
    let ties = tie_sizes(&ranks);
    let untouched = ties.is_empty() && n == differences.len();
    let exact = differences.len() <= if untouched { EXACT } else { EXACT_WITH_TIES };
    let p = if exact { exact_p(&ranks, statistic) } else { normal_p(n as f64, &ties, statistic) };
    Some(Wilcoxon { statistic, p, n, exact })
}

/// Twice the share of the 2ⁿ signs of the ranks whose sum is at most `statistic`.
fn exact_p(ranks: &[f64], statistic: f64) -> f64 {
    // In halves of a rank: shared ranks are multiples of them.
    let doubled = |rank: f64| (2.0 * rank) as usize;
    let most = doubled(statistic);
    let mut shares = vec![0.0; most + 1];
    shares[0] = 1.0;
    for rank in ranks {
        let rank = doubled(*rank);
        for sum in (0..=most).rev() {
            let with = if sum >= rank { shares[sum - rank] } else { 0.0 };
            shares[sum] = f64::midpoint(shares[sum], with);
        }
    }
    (2.0 * shares.iter().sum::<f64>()).min(1.0)
}

fn normal_p(n: f64, ties: &[f64], statistic: f64) -> f64 {
    let tied: f64 = ties.iter().map(|size| size.powi(3) - size).sum();
    let deviation = ((n * (n + 1.0) * (2.0 * n + 1.0) - tied / 2.0) / 24.0).sqrt();
    let z = (statistic - n * (n + 1.0) / 4.0) / deviation;
    (2.0 * Normal::standard().cdf(z)).min(1.0)
}

/// How many share a rank, for each that is shared.
fn tie_sizes(ranks: &[f64]) -> Vec<f64> {
    let mut ranks = ranks.to_vec();
    ranks.sort_by(f64::total_cmp);
    let groups = ranks.chunk_by(|a, b| a.to_bits() == b.to_bits());
    groups.map(<[f64]>::len).filter(|size| *size > 1).map(|size| size as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_alone_are_no_test() {
        assert_eq!(wilcoxon_signed_rank(&[]), None);
        assert_eq!(wilcoxon_signed_rank(&[0.0, -0.0]), None);
        assert_eq!(wilcoxon_signed_rank(&[1.0, f64::NAN]), None);
    }

    #[test]
    fn few_differences_are_counted_out() {
        // Of 2³ signs of the ranks 1, 2, 3 only one has the sum 0.
        let found = wilcoxon_signed_rank(&[0.1, 0.2, 0.3]).unwrap();
        assert_eq!(found, Wilcoxon { statistic: 0.0, p: 0.25, n: 3, exact: true });
        let found = wilcoxon_signed_rank(&[-0.1, 0.0, 0.1]).unwrap();
        assert_eq!(found, Wilcoxon { statistic: 1.5, p: 1.0, n: 2, exact: true });
    }
}
