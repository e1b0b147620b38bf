//! What the cases could have shown: said where they have not decided.

use std::collections::BTreeMap;

use super::metric::Table;
use super::pairing::Values;
use super::verdict::SIGNIFICANCE;
use crate::stats::{self, Target};

/// How likely a true difference is to be found, in the figures below.
pub const POWER: f64 = 0.8;

/// What these cases could have shown, and how many it takes to show what was seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Power {
    /// The smallest true difference that as many cases show four times in five; none where they show nothing.
    pub smallest: Option<f64>,
    /// The number of cases that show a true difference as large as the one seen four times in five; none where no
    /// difference was seen.
    pub needed: Option<u64>,
}

const TARGET: Target = Target { alpha: SIGNIFICANCE, power: POWER };

/// For pass and fail the power of McNemar's test, with as many discordant cases as there were; else that of the paired t
/// test, which the permutation test matches, with differences that vary as they did.
pub(super) fn of(values: &Values, table: Option<Table>) -> Option<Power> {
    match table {
        _ if values.n() == 0 => None,
        Some(table) => Some(of_table(values.n() as u64, table)),
        None => of_differences(values),
    }
}

fn of_table(n: u64, table: Table) -> Power {
    let Table { only_before, only_after, .. } = table;
    let discordant = (only_before + only_after) as f64 / n as f64;
    let difference = only_before.abs_diff(only_after) as f64 / n as f64;
    Power {
        smallest: stats::mcnemar_detectable(n, discordant, TARGET)
            .or_else(|| one_way(n, discordant)),
        needed: (difference > 0.0)
            .then(|| stats::mcnemar_sample_size(discordant, difference, TARGET))
            .flatten(),
    }
}

/// The smallest share of discordant cases, from the one given, that is shown where all of them go one way.
fn one_way(n: u64, discordant: f64) -> Option<f64> {
    let shows = |share| stats::mcnemar_power(n, share, share, SIGNIFICANCE) >= POWER;
    let (mut low, mut high) = (discordant, 1.0);
    if !shows(high) {
        return None;
    }
    while high - low > 1e-5 {
        let middle = f64::midpoint(low, high);
        match shows(middle) {
            true => high = middle,
            false => low = middle,
        }
    }
    Some(high)
}

fn of_differences(values: &Values) -> Option<Power> {
    let differences = values.differences();
    let n = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / n;
    // Groups vary as wholes: the spread is that of their sums, on the scale of one case.
    let mut sums: BTreeMap<usize, f64> = BTreeMap::new();
    for (at, difference) in differences.iter().enumerate() {
        let cluster = values.clusters().map_or(at, |clusters| clusters[at]);
        *sums.entry(cluster).or_default() += difference - mean;
    }
    let groups = sums.len() as f64;
    let spread = sums.values().map(|sum| sum * sum).sum::<f64>();
    let deviation = groups * (spread / (groups - 1.0)).sqrt() / n;
    if !(deviation > 0.0 && deviation.is_finite()) {
        return None;
    }
    let needed = (mean != 0.0)
        .then(|| stats::paired_t_sample_size(mean.abs() / deviation, TARGET))
        .flatten()
        .map(|needed| (needed as f64 * n / groups).ceil() as u64);
    let smallest = stats::paired_t_detectable(sums.len() as u64, TARGET).map(|dz| dz * deviation);
    Some(Power { smallest: smallest.filter(|smallest| *smallest <= 1.0), needed })
}
