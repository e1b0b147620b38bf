//! Statistics of a run: intervals, means, percentiles. Pure functions of numbers, checked against SciPy, statsmodels and NumPy.

mod mean;
mod percentile;
mod quantile;
mod wilson;

pub use mean::{Mean, clustered_mean, student_t_mean};
pub use percentile::{percentile, sorted};
pub use wilson::{smallest_n_for, wilson, wilson_rate};

/// A range that holds the true value with the stated confidence.
#[derive(Clone, Copy, PartialEq, Debug, serde::Serialize)]
pub struct Interval {
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}
