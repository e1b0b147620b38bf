//! Percentiles of values that are not kept: a count for each range of them, so that those of many runs add up.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How far a percentile may lie from the true one, relative to it.
const ACCURACY: f64 = 0.01;
/// Values below count as this, those above [`LARGEST`] as that: between them lie about 1,400 ranges, however many values
/// there are.
const SMALLEST: f64 = 1e-3;
const LARGEST: f64 = 1e9;

/// Counts of positive values by their size.
///
/// The ranges grow with the values, each reaching (1 + α) / (1 − α) times as far as the one below, so that the middle of a
/// range is never further than the share α from any value in it: the DDSketch of Masson, Rim and Lee, "DDSketch: a fast and
/// fully-mergeable quantile sketch with relative-error guarantees" (2019), with α = 0.01.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sketch(BTreeMap<i32, u64>);

fn growth() -> f64 {
    (1.0 + ACCURACY) / (1.0 - ACCURACY)
}

impl Sketch {
    /// Counts a value; what is no number does not count.
    pub fn add(&mut self, value: f64) {
        if !value.is_nan() {
            let range = (value.clamp(SMALLEST, LARGEST).ln() / growth().ln()).ceil();
            *self.0.entry(range as i32).or_insert(0) += 1;
        }
    }

    /// Counts all that another one has counted.
    pub fn include(&mut self, other: &Self) {
        for (range, count) in &other.0 {
            let sum = self.0.entry(*range).or_insert(0);
            *sum = sum.saturating_add(*count);
        }
    }

    /// How many values were counted.
    pub fn len(&self) -> u64 {
        self.0.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What [`super::percentile`] says of the values, to within 1 %. `None` without values or for a `q` outside [0, 1].
    pub fn percentile(&self, q: f64) -> Option<f64> {
        if !(0.0..=1.0).contains(&q) {
            return None;
        }
        let place = q * self.len().checked_sub(1)? as f64;
        let below = self.at(place.floor() as u64)?;
        let above = self.at(place.ceil() as u64)?;
        Some(below + (above - below) * place.fract())
    }

    /// The value that has so many below it.
    fn at(&self, rank: u64) -> Option<f64> {
        let mut seen = 0_u64;
        let (range, _) = self.0.iter().find(|(_, count)| {
            seen = seen.saturating_add(**count);
            seen > rank
        })?;
        Some(2.0 * growth().powi(*range) / (growth() + 1.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::{percentile, sorted};

    fn sketch(values: &[f64]) -> Sketch {
        let mut sketch = Sketch::default();
        for value in values {
            sketch.add(*value);
        }
        sketch
    }

    #[test]
    fn edges() {
        assert_eq!(Sketch::default().percentile(0.5), None);
        assert_eq!(sketch(&[f64::NAN]), Sketch::default());
        assert_eq!(sketch(&[1.0]).percentile(1.5), None);
        let odd = sketch(&[-1.0, 0.0, f64::INFINITY]);
        assert_eq!(odd.len(), 3);
        assert!(odd.percentile(0.0).is_some_and(|low| low < 0.0011));
        assert!(odd.percentile(1.0).is_some_and(|high| (high / LARGEST - 1.0).abs() < 0.01));
    }

    proptest! {
        #[test]
        fn percentiles_are_within_one_percent(
            values in prop::collection::vec(0.01..1e7_f64, 1..200),
            q in 0.0..=1.0_f64,
        ) {
            let exact = percentile(&sorted(values.iter().copied()), q).unwrap();
            let found = sketch(&values).percentile(q).unwrap();
            prop_assert!((found / exact - 1.0).abs() <= 0.010_001, "{found} for {exact}");
        }

        #[test]
        fn two_add_up_to_that_of_both(
            a in prop::collection::vec(0.01..1e7_f64, 0..50),
            b in prop::collection::vec(0.01..1e7_f64, 0..50),
        ) {
            let mut sum = sketch(&a);
            sum.include(&sketch(&b));
            prop_assert_eq!(&sum, &sketch(&[a, b].concat()));
            let text = serde_json::to_string(&sum).unwrap();
            prop_assert_eq!(serde_json::from_str::<Sketch>(&text).unwrap(), sum);
        }
    }
}
