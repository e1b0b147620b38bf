//! Percentiles, such as those of latency.

/// `values` in ascending order without those that are no numbers.
pub fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.into_iter().filter(|value| !value.is_nan()).collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The value below which the share `q` of `sorted` lies, interpolated linearly between its neighbours:
/// the default of NumPy, definition 7 of Hyndman and Fan, "Sample quantiles in statistical packages" (1996).
///
/// `None` without values or for a `q` outside [0, 1]; the values must be in ascending order (see [`sorted`]).
pub fn percentile(sorted: &[f64], q: f64) -> Option<f64> {
    if !(0.0..=1.0).contains(&q) {
        return None;
    }
    let place = q * sorted.len().checked_sub(1)? as f64;
    let below = sorted[place.floor() as usize];
    let above = sorted[place.ceil() as usize];
    let share = place.fract();
    // From the nearer neighbour, as NumPy does: the result is monotonic in `q` and exact at both ends.
    Some(if share < 0.5 {
        below + (above - below) * share
    } else {
        above - (above - below) * (1.0 - share)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges() {
        assert_eq!(percentile(&[], 0.5), None);
        assert_eq!(percentile(&[1.0], 1.5), None);
        assert_eq!(percentile(&[1.0], f64::NAN), None);
        assert_eq!(percentile(&[3.0], 0.99), Some(3.0));
        assert_eq!(percentile(&sorted([4.0, f64::NAN, 1.0, 2.0]), 0.5), Some(2.0));
        assert_eq!(percentile(&[1.0, 2.0], 0.0), Some(1.0));
        assert_eq!(percentile(&[1.0, 2.0], 1.0), Some(2.0));
    }

    /// 500 samples of 1 to 30 values, from NumPy.
    #[test]
    fn agrees_with_numpy() {
        let mut checked = 0;
        for line in include_str!("../../tests/fixtures/vectors/stats.tsv").lines() {
            let Some(fields) = line.strip_prefix("percentile\t") else {
                continue;
            };
            let fields: Vec<f64> = fields.split('\t').map(|field| field.parse().unwrap()).collect();
            let [q, expected, values @ ..] = &fields[..] else { panic!("{line:?}") };
            let own = percentile(&sorted(values.iter().copied()), *q).unwrap();
            assert!((own - expected).abs() < 1e-9 * (1.0 + expected.abs()), "{line:?} {own}");
            checked += 1;
        }
        assert_eq!(checked, 500);
    }
}
