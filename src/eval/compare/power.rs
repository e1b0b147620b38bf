//! What the cases could have shown: said where they have not decided.

use super::metric::Table;
use super::pairing::Values;
use crate::stats;

/// How likely a true difference is to be found, in the figures below.
pub const POWER: f64 = 0.8;

/// What these cases could have shown, and how many it takes to show what was seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Power {
    /// The smallest true difference that as many cases show four times in five.
    pub smallest: Option<f64>,
    /// The number of cases that show a true difference as large as the one seen four times in five.
    pub needed: Option<u64>,
}

pub(super) fn of(_values: &Values, _differences: &[f64], _table: Option<Table>) -> Option<Power> {
    let _ = stats::wilson;
    None
}
