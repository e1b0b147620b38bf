//! What a comparison of n cases can show, and how many cases a difference takes.

use super::binomial;
use super::quantile::{normal_cdf, student_two_sided};

/// How sure a comparison shall be.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Target {
    /// The probability, two-sided, to find a difference where there is none.
    pub alpha: f64,
    /// The probability to find a difference that is there.
    pub power: f64,
}

impl Default for Target {
    fn default() -> Self {
        Self { alpha: 0.05, power: 0.8 }
    }
}

/// The largest n that is searched.
const MOST: u64 = 100_000_000;

/// The power of [`mcnemar_exact`](super::mcnemar_exact) at level `alpha` with `n` cases, where the share `discordant` of all
/// cases passes with one version alone and the pass rates differ by `difference`, which is at most that share.
///
/// The exact unconditional power: the mean of the power for each number of discordant cases by how probable that number is;
/// Miettinen, "The matched pairs design in the case of all-or-none responses" (1968), §3, with the exact test for the
/// approximate one.
pub fn mcnemar_power(n: u64, discordant: f64, difference: f64, alpha: f64) -> f64 {
    let discordant = discordant.clamp(0.0, 1.0);
    let share = f64::midpoint(1.0, (difference.abs() / discordant).min(1.0));
    if discordant <= 0.0 || n == 0 || share.is_nan() {
        return 0.0;
    }
    if n > EXACT {
        return connor_power(n as f64, discordant, difference.abs().min(discordant), alpha);
    }
    let centre = n as f64 * discordant;
    // What lies further out than nine deviations adds up to less than 1e-12.
    let reach = 9.0 * (centre * (1.0 - discordant)).sqrt() + 40.0;
    let from = (centre - reach).max(0.0) as u64;
    let to = ((centre + reach) as u64).min(n);
    let mut tails = Tails::new(from, share, alpha);
    let power = (from..=to).map(|number| {
        if number > from {
            tails.grow();
        }
        binomial::probability(number, n, discordant) * tails.rejected()
    });
    super::mean::sum(power).min(1.0)
}

/// Up to here the power is exact; from there on the normal curve is nearer than a thousandth.
const EXACT: u64 = 20_000;

/// What the exact test rejects for growing numbers of discordant cases, each from the one before: a sum of tails for each
/// would take a thousand times as long.
struct Tails {
    discordant: u64,
    share: f64,
    half: f64,
    /// The largest count of the rarer side that is rejected.
    critical: Option<u64>,
    /// The probability of at most that count with even odds, with `share` and with 1 − `share`.
    at_most: [f64; 3],
}

impl Tails {
    fn new(discordant: u64, share: f64, alpha: f64) -> Self {
        let half = alpha / 2.0 * (1.0 + 1e-12);
        let mut tails = Self { discordant, share, half, critical: None, at_most: [0.0; 3] };
        let (mut below, mut above) = (0, discordant / 2 + 1);
        // All counts under `below` are rejected, none from `above` on.
        while below < above {
            let middle = u64::midpoint(below, above);
            if binomial::at_most(middle, discordant, 0.5) <= half {
                below = middle + 1;
            } else {
                above = middle;
            }
        }
        tails.critical = below.checked_sub(1);
        if let Some(critical) = tails.critical {
            tails.at_most = tails.odds().map(|p| binomial::at_most(critical, discordant, p));
        }
        tails
    }

    fn odds(&self) -> [f64; 3] {
        [0.5, self.share, 1.0 - self.share]
    }

    /// Goes on to one discordant case more, of which it takes one more rare count at most.
    fn grow(&mut self) {
        if let Some(critical) = self.critical {
            for (tail, p) in self.at_most.iter_mut().zip([0.5, self.share, 1.0 - self.share]) {
                *tail -= p * binomial::probability(critical, self.discordant, p);
            }
        }
        self.discordant += 1;
        let next = self.critical.map_or(0, |critical| critical + 1);
        let more = self.odds().map(|p| binomial::probability(next, self.discordant, p));
        if self.at_most[0] + more[0] <= self.half {
            self.critical = Some(next);
            for (tail, more) in self.at_most.iter_mut().zip(more) {
                *tail += more;
            }
        }
    }

    /// The probability to reject.
    fn rejected(&self) -> f64 {
        (self.at_most[1] + self.at_most[2]).clamp(0.0, 1.0)
    }
}

/// Connor, "Sample size for testing differences in proportions for the paired-sample design" (1987), equation 3, solved for
/// the power.
fn connor_power(n: f64, discordant: f64, difference: f64, alpha: f64) -> f64 {
    let z = super::quantile::normal_two_sided(1.0 - alpha);
    let spread = (discordant - difference * difference).max(f64::MIN_POSITIVE).sqrt();
    normal_cdf((difference * n.sqrt() - z * discordant.sqrt()) / spread)
}

/// The number of cases with which [`mcnemar_power`] reaches the target; `None` where no number up to 100 million does.
pub fn mcnemar_sample_size(discordant: f64, difference: f64, target: Target) -> Option<u64> {
    if difference == 0.0 {
        return None;
    }
    smallest(|n| mcnemar_power(n, discordant, difference, target.alpha) >= target.power)
}

/// The smallest difference of pass rates that [`mcnemar_power`] shows at the target with `n` cases, to a hundred-thousandth;
/// `None` where not even discordant cases that all go one way do.
pub fn mcnemar_detectable(n: u64, discordant: f64, target: Target) -> Option<f64> {
    let shows = |difference| mcnemar_power(n, discordant, difference, target.alpha) >= target.power;
    least(discordant.clamp(0.0, 1.0), 1e-5, shows)
}

/// The power of the two-sided [`paired_t`](super::paired_t) at level `alpha` with `n` pairs, whose differences have the mean
/// `dz` in units of their standard deviation.
///
/// By the noncentral t distribution: Cohen, "Statistical Power Analysis for the Behavioral Sciences" (1988), §2.3. Equals
/// `statsmodels.stats.power.TTestPower().power(dz, n, alpha)`.
pub fn paired_t_power(n: u64, dz: f64, alpha: f64) -> f64 {
    if n < 2 || !dz.is_finite() {
        return 0.0;
    }
    let freedom = (n - 1) as f64;
    let critical = student_two_sided(1.0 - alpha, freedom);
    if critical.is_infinite() {
        return 0.0;
    }
    let shift = dz * (n as f64).sqrt();
    // With the standard deviation s of the sample in units of the true one, t = (z + shift) / s is outside ±critical when z
    // is outside ±critical·s − shift.
    // Where that changes: for few degrees of freedom in a small part of all s.
    let turn = [(shift.abs() - 9.0) / critical, (shift.abs() + 9.0) / critical];
    over_deviations(freedom, turn, |s| {
        normal_cdf(shift - critical * s) + normal_cdf(-shift - critical * s)
    })
}

/// The number of pairs with which [`paired_t_power`] reaches the target, at least 2; `None` where no number up to 100 million
/// does.
pub fn paired_t_sample_size(dz: f64, target: Target) -> Option<u64> {
    if dz == 0.0 {
        return None;
    }
    smallest(|n| paired_t_power(n, dz, target.alpha) >= target.power)
}

/// The smallest mean, in standard deviations of the differences, that [`paired_t_power`] shows at the target with `n`
/// pairs. `None` for fewer than two, and where none up to a million does.
pub fn paired_t_detectable(n: u64, target: Target) -> Option<f64> {
    let shows = |dz| paired_t_power(n, dz, target.alpha) >= target.power;
    let mut high = 1e-3;
    while !shows(high) {
        high *= 4.0;
        if high > 1e6 {
            return None;
        }
    }
    least(high, 1e-12 * high, shows)
}

/// The mean of `f` over the standard deviation of a normal sample with `freedom`, in units of the true one; `turn` is
/// where `f` is steep.
fn over_deviations(freedom: f64, turn: [f64; 2], f: impl Fn(f64) -> f64) -> f64 {
    // χ / √freedom has its mode near 1 and a deviation near 1 / √(2·freedom).
    let mode = ((freedom - 1.0) / freedom).sqrt();
    let reach = 12.0 / (2.0 * freedom).sqrt();
    let (from, to) = ((mode - reach).max(0.0), mode + reach);
    let log = |s: f64| {
        let power = if freedom > 1.0 { (freedom - 1.0) * s.ln() } else { 0.0 };
        power - freedom * s * s / 2.0
    };
    let top = log(if mode > 0.0 { mode } else { f64::MIN_POSITIVE });
    // Gauss and Legendre's rule of five points on each of these pieces. The density is divided by its own integral, so that
    // no Γ of a large number is needed.
    let pieces = 60;
    let (mut total, mut weights) = (0.0, 0.0);
    let ends = [from, turn[0].clamp(from, to), turn[1].clamp(from, to), to];
    for part in ends.windows(2) {
        let width = (part[1] - part[0]) / f64::from(pieces);
        for piece in 0..pieces {
            let centre = part[0] + width * (f64::from(piece) + 0.5);
            for (place, weight) in GAUSS_LEGENDRE {
                let s = centre + place * width / 2.0;
                let weight = width * weight * (log(s) - top).exp();
                // Nothing to weigh, and no logarithm of 0, where a part has no width.
                if weight > 0.0 {
                    total += weight * f(s);
                    weights += weight;
                }
            }
        }
    }
    total / weights
}

/// Places in [−1, 1] and weights: Abramowitz and Stegun, "Handbook of Mathematical Functions" (1964), table 25.4.
const GAUSS_LEGENDRE: [(f64, f64); 5] = [
    (-0.906_179_845_938_664, 0.236_926_885_056_189_08),
    (-0.538_469_310_105_683_1, 0.478_628_670_499_366_47),
    (0.0, 0.568_888_888_888_888_9),
    (0.538_469_310_105_683_1, 0.478_628_670_499_366_47),
    (0.906_179_845_938_664, 0.236_926_885_056_189_08),
];

/// The smallest n from 2 for which `enough` holds, which holds for all larger ones or nearly so.
fn smallest(enough: impl Fn(u64) -> bool) -> Option<u64> {
    let mut high = 2;
    while !enough(high) {
        high *= 2;
        if high > MOST {
            return None;
        }
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = u64::midpoint(low, high);
        if enough(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
}

/// The smallest effect up to `most` for which `enough` holds, to within `precision`.
fn least(most: f64, precision: f64, enough: impl Fn(f64) -> bool) -> Option<f64> {
    if !enough(most) {
        return None;
    }
    let (mut low, mut high) = (0.0, most);
    while high - low > precision {
        let middle = f64::midpoint(low, high);
        if enough(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: Target = Target { alpha: 0.05, power: 0.8 };

    #[test]
    fn what_cannot_be_shown() {
        assert_eq!(mcnemar_sample_size(0.1, 0.0, TARGET), None);
        assert_eq!(mcnemar_sample_size(0.0, 0.0, TARGET), None);
        assert_eq!(mcnemar_detectable(5, 1.0, TARGET), None);
        assert_eq!(paired_t_sample_size(0.0, TARGET), None);
        assert_eq!(paired_t_detectable(1, TARGET), None);
        let power = [mcnemar_power(0, 0.5, 0.1, 0.05), paired_t_power(1, 1.0, 0.05)];
        assert_eq!(power.map(f64::to_bits), [0_f64.to_bits(); 2]);
    }

    #[test]
    fn six_cases_that_all_go_one_way_are_the_fewest() {
        // 2·2⁻⁶ ≤ 0.05 < 2·2⁻⁵
        assert_eq!(mcnemar_sample_size(1.0, 1.0, TARGET), Some(6));
        assert!((mcnemar_power(6, 1.0, 1.0, 0.05) - 1.0).abs() < 1e-12);
        assert!(mcnemar_power(5, 1.0, 1.0, 0.05) < 1e-12);
    }

    #[test]
    fn without_a_difference_the_power_is_at_most_alpha() {
        for n in [10, 100, 1000] {
            let power = mcnemar_power(n, 0.3, 0.0, 0.05);
            assert!(power < 0.05, "{power}");
        }
        assert!((paired_t_power(30, 0.0, 0.05) - 0.05).abs() < 1e-9);
    }

    #[test]
    fn the_curve_meets_the_sum() {
        let exact = mcnemar_power(EXACT, 0.2, 0.009, 0.05);
        let curve = mcnemar_power(EXACT + 1, 0.2, 0.009, 0.05);
        assert!((exact - curve).abs() < 0.01 && exact > 0.5, "{exact} {curve}");
    }

    #[test]
    fn the_ways_to_ask_agree() {
        let difference = mcnemar_detectable(500, 0.2, TARGET).unwrap();
        assert!(mcnemar_power(500, 0.2, difference, 0.05) >= 0.8);
        assert!(mcnemar_power(500, 0.2, difference - 1e-4, 0.05) < 0.8);
        assert!(mcnemar_sample_size(0.2, difference, TARGET).unwrap().abs_diff(500) <= 5);
        let dz = paired_t_detectable(50, TARGET).unwrap();
        assert_eq!(paired_t_sample_size(dz, TARGET), Some(50));
    }
}
