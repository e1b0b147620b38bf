//! Statistics of a run: intervals, means, percentiles, correlations, repeats; and of two versions of a prompt: tests and
//! effects of paired outcomes, power, and sequences that may be looked at any time. Pure functions of numbers, checked
//! against SciPy, statsmodels and NumPy.

mod binomial;
mod bootstrap;
mod cluster;
mod correlation;
mod effect;
mod holm;
mod mcnemar;
mod mean;
mod multinomial;
mod noninferiority;
mod paired_t;
mod percentile;
mod permutation;
mod power;
mod quantile;
mod random;
mod repeat;
mod risk;
mod sequence;
#[cfg(test)]
mod simulation;
mod sketch;
#[cfg(test)]
mod vectors;
mod wilcoxon;
mod wilson;

pub use bootstrap::{Resampling, bca_mean, percentile_mean};
pub use correlation::{pearson, spearman};
pub use effect::{cliffs_delta, cohens_dz};
pub use holm::holm;
pub use mcnemar::mcnemar_exact;
pub use mean::{
    Mean, Weighted, clustered_mean, linearised, student_t_mean, weighted_mean, weighted_mean_of,
};
pub use noninferiority::is_no_worse;
pub use paired_t::{PairedT, paired_t};
pub use percentile::{percentile, sorted};
pub use permutation::sign_flip_permutation;
pub use power::{
    Target, mcnemar_detectable, mcnemar_power, mcnemar_sample_size, paired_t_detectable,
    paired_t_power, paired_t_sample_size,
};
pub use repeat::{RepeatFigure, is_flaky, majority, pass_at_k, pass_hat_k};
pub use risk::{RiskDifference, risk_difference};
pub use sequence::{BernsteinSequence, BettingSequence};
pub use sketch::Sketch;
pub use wilcoxon::{Wilcoxon, wilcoxon_signed_rank};
pub use wilson::{smallest_n_for, wilson, wilson_rate};

/// A range that holds the true value with the stated confidence.
#[derive(Clone, Copy, PartialEq, Debug, serde::Serialize)]
pub struct Interval {
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}
