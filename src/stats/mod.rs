//! Statistics of a run: intervals, means, percentiles, correlations, repeats. Pure functions of numbers, checked against SciPy, statsmodels and NumPy.

mod correlation;
mod mean;
mod percentile;
mod quantile;
mod repeat;
mod wilson;

pub use correlation::{pearson, spearman};
pub use mean::{
    Mean, Weighted, clustered_mean, linearised, student_t_mean, weighted_mean, weighted_mean_of,
};
pub use percentile::{percentile, sorted};
pub use repeat::{RepeatFigure, is_flaky, majority, pass_at_k, pass_hat_k};
pub use wilson::{smallest_n_for, wilson, wilson_rate};

/// A range that holds the true value with the stated confidence.
#[derive(Clone, Copy, PartialEq, Debug, serde::Serialize)]
pub struct Interval {
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}
