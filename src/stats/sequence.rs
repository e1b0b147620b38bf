//! Intervals that hold at every n at once, so that one may look after each value and stop when the matter is decided.
//!
//! An interval for a fixed n is wrong more often than it says when it is looked at again and again. A confidence sequence
//! holds the true mean at all times together with the stated confidence, whatever decides when to stop. The values lie in a
//! known range and have the same mean given those before; nothing else is assumed of them.

use super::Interval;

/// The sequence of hedged bets against each possible mean: narrow, at the cost of a grid of means.
///
/// Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting" (2023), theorem 3, with the predictable
/// bets of equation 26, θ = 1/2, c = 1/2 and the running intersection. A mean of the grid is left out when its wealth reaches
/// 1/α; the interval reaches to the next point of the grid outwards, so the grid never makes it wrong.
///
/// Checked against the definition, computed directly on a grid ten times as fine and by NumPy on this one; by the expected
/// wealth over all sequences of zeros and ones, which at the true mean is 1; and by the probability, summed over all of them,
/// to miss at any time. It was not compared with the authors' package `confseq`.
#[derive(Clone, Debug)]
pub struct BettingSequence {
    range: Interval,
    /// The wealth on one side that leaves a mean out.
    bound: f64,
    moments: Moments,
    steps: usize,
    /// The points of the grid that are still possible: from `first` on.
    wealth: Vec<Wealth>,
    first: usize,
}

/// What became of 1 by betting that the mean is higher, and lower.
#[derive(Clone, Copy, Debug)]
struct Wealth {
    higher: f64,
    lower: f64,
}

/// The steps of the grid of means.
const STEPS: usize = 1000;

impl BettingSequence {
    /// A sequence for values in `range`; those outside count as its nearer end.
    pub fn new(range: Interval, confidence: f64) -> Self {
        Self::with_steps(range, confidence, STEPS)
    }

    pub(super) fn with_steps(range: Interval, confidence: f64, steps: usize) -> Self {
        Self {
            range,
            bound: 2.0 / (1.0 - confidence.clamp(0.0, 1.0)),
            moments: Moments::new(confidence),
            steps,
            wealth: vec![Wealth { higher: 1.0, lower: 1.0 }; steps + 1],
            first: 0,
        }
    }

    /// Takes the next value. What is no number is no value.
    pub fn push(&mut self, value: f64) {
        let Some(x) = unit(value, self.range) else { return };
        let bet = self.moments.bet();
        self.moments.push(x);
        // Full confidence: no wealth is enough.
        if self.bound.is_infinite() {
            return;
        }
        let (mut low, mut high) = (None, 0);
        for (index, wealth) in self.wealth.iter_mut().enumerate() {
            let mean = (self.first + index) as f64 / self.steps as f64;
            // At most half of what can be lost at once; with a mean at an end only 0 can be lost on one side.
            let up = bet.min(0.5 / mean);
            let down = bet.min(0.5 / (1.0 - mean));
            // No more than `bound` is kept, so only the small end of the range of numbers can be left: nobody is quite ruined.
            wealth.higher = (wealth.higher * (1.0 + up * (x - mean))).max(f64::MIN_POSITIVE);
            wealth.lower = (wealth.lower * (1.0 - down * (x - mean))).max(f64::MIN_POSITIVE);
            if wealth.higher.max(wealth.lower) < self.bound {
                low = low.or(Some(index));
                high = index;
            }
        }
        match low {
            Some(low) => {
                self.wealth.truncate(high + 1);
                self.wealth.drain(..low);
                self.first += low;
            }
            // The values left no mean: those of the last interval are kept, narrowed to the middle.
            None => {
                let middle = self.wealth.len() / 2;
                self.first += middle;
                self.wealth = vec![self.wealth[middle]];
            }
        }
    }

    /// How many values were taken.
    pub fn len(&self) -> u64 {
        self.moments.n
    }

    /// Whether no value was taken.
    pub fn is_empty(&self) -> bool {
        self.moments.n == 0
    }

    /// Where the mean lies, given all values so far; never wider than before.
    pub fn interval(&self) -> Interval {
        let low = self.first.saturating_sub(1) as f64 / self.steps as f64;
        let high = (self.first + self.wealth.len()).min(self.steps) as f64 / self.steps as f64;
        back(Interval { low, high }, self.range)
    }
}

/// The sequence in closed form: wider than [`BettingSequence`], and as quick as a sum.
///
/// Waudby-Smith and Ramdas (2023), theorem 2: the predictable plug-in empirical Bernstein sequence, with c = 1/2 and the running
/// intersection.
#[derive(Clone, Debug)]
pub struct BernsteinSequence {
    range: Interval,
    log_bound: f64,
    moments: Moments,
    /// Σ λ, Σ λ·x and Σ 4·(x − μ̂)²·ψ(λ).
    sums: [f64; 3],
    within: Interval,
}

impl BernsteinSequence {
    /// A sequence for values in `range`; those outside count as its nearer end.
    pub fn new(range: Interval, confidence: f64) -> Self {
        Self {
            range,
            log_bound: (2.0 / (1.0 - confidence.clamp(0.0, 1.0))).ln(),
            moments: Moments::new(confidence),
            sums: [0.0; 3],
            within: Interval { low: 0.0, high: 1.0 },
        }
    }

    /// Takes the next value. What is no number is no value.
    pub fn push(&mut self, value: f64) {
        let Some(x) = unit(value, self.range) else { return };
        let bet = self.moments.bet().min(0.5);
        let surprise = 4.0 * (x - self.moments.mean()).powi(2);
        self.moments.push(x);
        let cost = (-(-bet).ln_1p() - bet) / 4.0;
        self.sums[0] += bet;
        self.sums[1] += bet * x;
        self.sums[2] += surprise * cost;
        let [bets, weighted, costs] = self.sums;
        let (centre, half) = (weighted / bets, (self.log_bound + costs) / bets);
        // A confidence of 1 bets nothing.
        if half.is_finite() {
            let low = self.within.low.max(centre - half);
            let high = self.within.high.min(centre + half);
            // Where the intersection is empty the last interval is kept.
            if low <= high {
                self.within = Interval { low, high };
            }
        }
    }

    /// How many values were taken.
    pub fn len(&self) -> u64 {
        self.moments.n
    }

    /// Whether no value was taken.
    pub fn is_empty(&self) -> bool {
        self.moments.n == 0
    }

    /// Where the mean lies, given all values so far; never wider than before.
    pub fn interval(&self) -> Interval {
        back(self.within, self.range)
    }
}

/// The mean and variance so far, each drawn a little to 1/2 and 1/4, from which the next bet is made.
#[derive(Clone, Copy, Debug)]
struct Moments {
    n: u64,
    sum: f64,
    squares: f64,
    /// 2·ln(2/α)
    stake: f64,
}

impl Moments {
    fn new(confidence: f64) -> Self {
        let alpha = 1.0 - confidence.clamp(0.0, 1.0);
        Self { n: 0, sum: 0.0, squares: 0.0, stake: 2.0 * (2.0 / alpha).ln() }
    }

    fn mean(&self) -> f64 {
        (0.5 + self.sum) / (self.n as f64 + 1.0)
    }

    /// Equation 15, before it is held below c.
    fn bet(&self) -> f64 {
        let t = self.n as f64 + 1.0;
        let variance = (0.25 + self.squares) / t;
        (self.stake / (variance * t * (t + 1.0).ln())).sqrt()
    }

    fn push(&mut self, x: f64) {
        self.n += 1;
        self.sum += x;
        self.squares += (x - self.mean()).powi(2);
    }
}

/// The value with `range` as [0, 1]; `None` for no number and for a range without width.
fn unit(value: f64, range: Interval) -> Option<f64> {
    let x = ((value - range.low) / (range.high - range.low)).clamp(0.0, 1.0);
    (!x.is_nan()).then_some(x)
}

fn back(interval: Interval, range: Interval) -> Interval {
    let width = range.high - range.low;
    Interval { low: range.low + interval.low * width, high: range.low + interval.high * width }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: Interval = Interval { low: 0.0, high: 1.0 };
    const SIGNED: Interval = Interval { low: -1.0, high: 1.0 };

    #[test]
    fn no_values_say_nothing() {
        let mut betting = BettingSequence::new(SIGNED, 0.95);
        let mut bernstein = BernsteinSequence::new(SIGNED, 0.95);
        betting.push(f64::NAN);
        bernstein.push(f64::NAN);
        assert_eq!((betting.interval(), betting.len()), (SIGNED, 0));
        assert_eq!((bernstein.interval(), bernstein.len()), (SIGNED, 0));
    }

    #[test]
    fn full_confidence_learns_nothing() {
        let mut betting = BettingSequence::new(UNIT, 1.0);
        let mut bernstein = BernsteinSequence::new(UNIT, 1.0);
        for _ in 0..100 {
            betting.push(0.7);
            bernstein.push(0.7);
        }
        assert_eq!((betting.interval(), bernstein.interval()), (UNIT, UNIT));
    }

    #[test]
    fn intervals_narrow_around_the_mean() {
        let mut betting = BettingSequence::new(UNIT, 0.95);
        let mut bernstein = BernsteinSequence::new(UNIT, 0.95);
        let mut widths = (1.0_f64, 1.0_f64);
        for i in 0..2000 {
            let value = f64::from(i % 4) / 4.0;
            betting.push(value);
            bernstein.push(value);
            let (a, b) = (betting.interval(), bernstein.interval());
            assert!(a.high - a.low <= widths.0 && b.high - b.low <= widths.1);
            widths = (a.high - a.low, b.high - b.low);
            assert!(a.low <= 0.375 && a.high >= 0.375, "{i} {a:?}");
            assert!(b.low <= 0.375 && b.high >= 0.375, "{i} {b:?}");
        }
        assert!(widths.0 < 0.1 && widths.1 < 0.12, "{widths:?}");
    }

    #[test]
    fn a_range_is_only_another_scale() {
        let mut signed = BettingSequence::new(SIGNED, 0.9);
        let mut unit = BettingSequence::new(UNIT, 0.9);
        for i in 0..300 {
            let value = f64::from(i % 3) / 2.0;
            unit.push(value);
            signed.push(2.0 * value - 1.0);
        }
        let (a, b) = (unit.interval(), signed.interval());
        assert!((2.0 * a.low - 1.0 - b.low).abs() < 1e-12, "{a:?} {b:?}");
        assert!((2.0 * a.high - 1.0 - b.high).abs() < 1e-12, "{a:?} {b:?}");
    }

    /// All sequences of `length` zeros and ones, with the number of ones.
    fn sequences(length: u32) -> impl Iterator<Item = (Vec<f64>, i32)> {
        (0..1_u32 << length).map(move |bits| {
            let values = (0..length).map(|i| f64::from(bits >> i & 1)).collect();
            (values, bits.count_ones().cast_signed())
        })
    }

    /// A bet is fair when it is made before the value is seen: what betting against the true mean leaves is 1 on average. A bet
    /// that peeks at its value, or a wealth that is not that of its mean, breaks this.
    #[test]
    fn bets_against_the_true_mean_win_nothing() {
        const LENGTH: u32 = 10;
        let mut expected = [[0.0; 2]; 21];
        for (values, ones) in sequences(LENGTH) {
            // So sure that no mean is left out.
            let mut sequence = BettingSequence::with_steps(UNIT, 1.0 - 1e-12, 20);
            for value in values {
                sequence.push(value);
            }
            assert_eq!(sequence.wealth.len(), 21);
            for (index, wealth) in sequence.wealth.iter().enumerate() {
                let mean = index as f64 / 20.0;
                let probability = mean.powi(ones) * (1.0 - mean).powi(LENGTH.cast_signed() - ones);
                expected[index][0] += probability * wealth.higher;
                expected[index][1] += probability * wealth.lower;
            }
        }
        assert!(
            expected.iter().flatten().all(|wealth| (wealth - 1.0).abs() < 1e-12),
            "{expected:?}"
        );
    }

    /// Ville's inequality with the probability of each sequence, instead of draws.
    #[test]
    fn the_truth_is_missed_at_any_time_at_most_as_often_as_said() {
        const LENGTH: u32 = 12;
        let (mut betting, mut bernstein) = ([0.0; 9], [0.0; 9]);
        for (values, ones) in sequences(LENGTH) {
            let mut a = BettingSequence::with_steps(UNIT, 0.7, 200);
            let mut b = BernsteinSequence::new(UNIT, 0.7);
            for value in values {
                a.push(value);
                b.push(value);
            }
            for tenth in 1..10_i32 {
                let mean = f64::from(tenth) / 10.0;
                let probability = mean.powi(ones) * (1.0 - mean).powi(LENGTH.cast_signed() - ones);
                let missed = |i: Interval| f64::from(u8::from(mean < i.low || mean > i.high));
                betting[tenth as usize - 1] += probability * missed(a.interval());
                bernstein[tenth as usize - 1] += probability * missed(b.interval());
            }
        }
        assert!(
            betting.iter().chain(&bernstein).all(|missed| *missed <= 0.3),
            "{betting:?} {bernstein:?}"
        );
        assert!(betting.iter().any(|missed| *missed > 0.05), "not for nothing: {betting:?}");
    }

    /// What is won by betting that the mean is higher falls with the mean, and the other way round: what is left is one range.
    #[test]
    fn higher_means_are_less_exceeded() {
        let mut stream = super::super::random::Stream::new(12, 0);
        for power in [1, 3, 8] {
            let mut sequence = BettingSequence::with_steps(UNIT, 0.999, 100);
            for _ in 0..200 {
                sequence.push(stream.unit().powi(power));
                let rising = |a: f64, b: f64| a <= b * (1.0 + 1e-12);
                for pair in sequence.wealth.windows(2) {
                    assert!(rising(pair[1].higher, pair[0].higher), "{pair:?}");
                    assert!(rising(pair[0].lower, pair[1].lower), "{pair:?}");
                }
            }
        }
    }

    #[test]
    fn turned_values_have_the_turned_interval() {
        let mut stream = super::super::random::Stream::new(13, 0);
        let (mut a, mut b) = (BettingSequence::new(UNIT, 0.9), BettingSequence::new(UNIT, 0.9));
        for _ in 0..150 {
            let value = stream.unit().powi(3);
            a.push(value);
            b.push(1.0 - value);
            let (a, b) = (a.interval(), b.interval());
            // A wealth at the bound may fall to either side of it by rounding.
            assert!((a.low + b.high - 1.0).abs() < 0.0011, "{a:?} {b:?}");
            assert!((a.high + b.low - 1.0).abs() < 0.0011, "{a:?} {b:?}");
        }
    }

    /// Theorem 3 and equations 24 to 26 of the paper, each sum written out, on a grid ten times as fine.
    #[test]
    fn is_the_definition() {
        const FINE: usize = 10_000;
        let alpha: f64 = 0.2;
        for (seed, n, power) in [(0, 1, 1), (1, 7, 1), (2, 30, 3), (3, 60, 6)] {
            let mut stream = super::super::random::Stream::new(14, seed);
            let x: Vec<f64> = (0..n).map(|_| stream.unit().powi(power)).collect();
            let mean_of = |t: usize| (0.5 + x[..t].iter().sum::<f64>()) / (t as f64 + 1.0);
            let variance_of = |t: usize| {
                let squares: f64 = (1..=t).map(|i| (x[i - 1] - mean_of(i)).powi(2)).sum();
                (0.25 + squares) / (t as f64 + 1.0)
            };
            let bets: Vec<f64> = (1..=n)
                .map(|t| {
                    let time = t as f64 * (t as f64 + 1.0).ln();
                    (2.0 * (2.0 / alpha).ln() / (variance_of(t - 1) * time)).sqrt()
                })
                .collect();
            let left: Vec<f64> = (1..FINE)
                .map(|step| step as f64 / FINE as f64)
                .filter(|m| {
                    let (mut up, mut down) = (1.0, 1.0);
                    x.iter().zip(&bets).all(|(x, bet)| {
                        up *= 1.0 + bet.min(0.5 / m) * (x - m);
                        down *= 1.0 - bet.min(0.5 / (1.0 - m)) * (x - m);
                        f64::max(0.5 * up, 0.5 * down) < 1.0 / alpha
                    })
                })
                .collect();
            let mut sequence = BettingSequence::new(UNIT, 1.0 - alpha);
            for value in x {
                sequence.push(value);
            }
            let Interval { low, high } = sequence.interval();
            let step = 1.0 / STEPS as f64 + 1e-9;
            assert!((-1e-9..=step).contains(&(left[0] - low)), "{n}: {low} {}", left[0]);
            let last = left[left.len() - 1];
            assert!((-1e-9..=step).contains(&(high - last)), "{n}: {high} {last}");
        }
    }

    #[test]
    fn values_without_one_mean_leave_a_point_and_no_panic() {
        let mut betting = BettingSequence::new(UNIT, 0.95);
        for i in 0..3000 {
            betting.push(f64::from(i / 1500));
        }
        let Interval { low, high } = betting.interval();
        assert!(low <= high && high - low <= 0.003, "{low} {high}");
    }
}
