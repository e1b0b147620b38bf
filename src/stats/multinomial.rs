//! Resamples of few distinct values: how often each is drawn, without drawing one by one.

use super::binomial;
use super::random::Stream;

/// How often each of a few values occurs.
pub(super) struct Counts {
    values: Vec<(f64, u64)>,
    n: u64,
}

/// The most distinct values for which drawing counts pays, and the fewest values for each of them.
const DISTINCT: usize = 32;
const EACH: usize = 100;

impl Counts {
    /// The counts of the values; `None` where there are too many distinct ones.
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut counts: Vec<(f64, u64)> = Vec::new();
        let mut n = 0;
        for value in values {
            n += 1;
            match counts.iter().position(|(other, _)| other.to_bits() == value.to_bits()) {
                Some(index) => counts[index].1 += 1,
                None if counts.len() < DISTINCT => counts.push((value, 1)),
                None => return None,
            }
        }
        // By value, so that the same values in another order give the same resamples.
        counts.sort_by(|a, b| a.0.total_cmp(&b.0));
        (n >= EACH * counts.len()).then_some(Self { values: counts, n: n as u64 })
    }

    /// The mean of n draws with replacement: a multinomial draw, value by value given those before.
    pub(super) fn resampled_mean(&self, stream: &mut Stream) -> f64 {
        let (mut draws, mut left, mut sum) = (self.n, self.n, 0.0);
        for (value, count) in &self.values {
            let drawn = if *count == left {
                draws
            } else {
                draw(draws, *count as f64 / left as f64, stream)
            };
            sum += drawn as f64 * value;
            draws -= drawn;
            left -= count;
        }
        sum / self.n as f64
    }
}

/// A binomial draw by inversion: outwards from the most likely number of successes, some √n steps. Devroye, "Non-Uniform
/// Random Variate Generation" (1986), chapter X.4.
pub(super) fn draw(n: u64, p: f64, stream: &mut Stream) -> u64 {
    let odds = p / (1.0 - p);
    let mode = (((n + 1) as f64 * p) as u64).min(n);
    let mut rest = stream.unit();
    let peak = binomial::probability(mode, n, p);
    rest -= peak;
    if rest <= 0.0 {
        return mode;
    }
    let (mut below, mut above) = (mode, mode);
    let (mut p_below, mut p_above) = (peak, peak);
    while below > 0 || above < n {
        if above < n {
            p_above *= (n - above) as f64 / (above + 1) as f64 * odds;
            above += 1;
            rest -= p_above;
            if rest <= 0.0 {
                return above;
            }
        }
        if below > 0 {
            p_below *= below as f64 / ((n - below + 1) as f64 * odds);
            below -= 1;
            rest -= p_below;
            if rest <= 0.0 {
                return below;
            }
        }
        if p_above + p_below < 1e-300 {
            break;
        }
    }
    // What rounding left of the sum of all probabilities.
    mode
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_distinct_values_are_left_to_drawing() {
        assert!(Counts::of((0..5000).map(f64::from)).is_none());
        assert!(Counts::of((0..50).map(|i| f64::from(i % 3))).is_none());
        assert!(Counts::of((0..500).map(|i| f64::from(i % 3))).is_some());
    }

    /// χ² of 20,000 draws against the probabilities, at most that of one in a million.
    #[test]
    fn draws_have_the_binomial_distribution() {
        let mut stream = Stream::new(1, 1);
        for (n, p) in [(10_u64, 0.3), (10, 0.97), (40, 0.5)] {
            let mut seen = vec![0.0; n as usize + 1];
            for _ in 0..20_000 {
                seen[draw(n, p, &mut stream) as usize] += 1.0;
            }
            let (mut chi, mut cells) = (0.0, 0.0);
            for (k, seen) in seen.iter().enumerate() {
                let expected = 20_000.0 * binomial::probability(k as u64, n, p);
                if expected >= 5.0 {
                    chi += (seen - expected).powi(2) / expected;
                    cells += 1.0_f64;
                }
            }
            // Wilson and Hilferty's approximation of the quantile.
            let v = 2.0 / (9.0 * cells);
            assert!(chi < cells * (1.0 - v + 4.75 * v.sqrt()).powi(3), "{n} {p}: {chi} {cells}");
        }
    }
}
