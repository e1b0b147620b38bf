//! Repeats: what several tries at one case say together.

/// The probability that at least one of `k` tries passes, estimated without bias from `passes` of `n` tries:
/// 1 − C(n − c, k) / C(n, k) (Chen et al., "Evaluating large language models trained on code", 2021, equation 1).
/// `None` for more tries than there were, and for none.
pub fn pass_at_k(passes: u64, n: u64, k: u64) -> Option<f64> {
    let passes = passes.min(n);
    // That the failures alone fill the k draws has the probability of drawing k failures.
    all_of_k(n - passes, n, k).map(|all_fail| 1.0 - all_fail)
}

/// The probability that each of `k` tries passes, estimated without bias from `passes` of `n` tries: C(c, k) / C(n, k)
/// (Yao et al., "τ-bench", 2024, §3). `None` for more tries than there were, and for none.
pub fn pass_hat_k(passes: u64, n: u64, k: u64) -> Option<f64> {
    all_of_k(passes.min(n), n, k)
}

/// C(c, k) / C(n, k): the share of draws of k of n that hold only the c.
fn all_of_k(c: u64, n: u64, k: u64) -> Option<f64> {
    if k == 0 || k > n {
        return None;
    }
    if c < k {
        return Some(0.0);
    }
    Some((0..k).map(|i| (c - i) as f64 / (n - i) as f64).product())
}

/// Whether more than half of the tries pass: a tie is no majority.
pub fn majority(passes: u64, n: u64) -> bool {
    passes > n.saturating_sub(passes)
}

/// Whether the tries disagree.
pub fn is_flaky(passes: u64, n: u64) -> bool {
    passes > 0 && passes < n
}

/// What repeats come to, by the name that gates give it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RepeatFigure {
    /// `majority`: the share of cases of which more than half of the tries pass.
    Majority,
    /// `pass@K`: the probability that at least one of K tries passes.
    AtLeastOne(u64),
    /// `pass^K`: the probability that each of K tries passes.
    Each(u64),
}

impl RepeatFigure {
    /// The figure of this name.
    pub fn named(name: &str) -> Option<Self> {
        let tries = |text: &str| {
            let k = text.parse().ok().filter(|k| *k > 0)?;
            // One name for one figure: `pass@03` is none.
            (!text.starts_with(['0', '+'])).then_some(k)
        };
        if name == "majority" {
            return Some(Self::Majority);
        }
        let at = name.strip_prefix("pass@").and_then(tries).map(Self::AtLeastOne);
        at.or_else(|| name.strip_prefix("pass^").and_then(tries).map(Self::Each))
    }

    /// How many tries it takes.
    pub fn tries(self) -> u64 {
        match self {
            Self::Majority => 1,
            Self::AtLeastOne(k) | Self::Each(k) => k,
        }
    }

    /// The figure of one case of which `passes` of `n` tries pass; `None` for too few tries.
    pub fn of_case(self, passes: u64, n: u64) -> Option<f64> {
        match self {
            Self::Majority => (n > 0).then(|| f64::from(u8::from(majority(passes, n)))),
            Self::AtLeastOne(k) => pass_at_k(passes, n, k),
            Self::Each(k) => pass_hat_k(passes, n, k),
        }
    }
}

impl std::fmt::Display for RepeatFigure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Majority => f.write_str("majority"),
            Self::AtLeastOne(k) => write!(f, "pass@{k}"),
            Self::Each(k) => write!(f, "pass^{k}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts all draws of k of n tries by name.
    fn by_counting(passes: u64, n: u64, k: u64) -> (f64, f64) {
        let (mut draws, mut some, mut all) = (0_u32, 0_u32, 0_u32);
        for draw in 0_u64..1 << n {
            if u64::from(draw.count_ones()) != k {
                continue;
            }
            // The first `passes` of the tries pass.
            let passing = (draw & ((1 << passes) - 1)).count_ones();
            draws += 1;
            some += u32::from(passing > 0);
            all += u32::from(u64::from(passing) == k);
        }
        (f64::from(some) / f64::from(draws), f64::from(all) / f64::from(draws))
    }

    #[test]
    fn the_estimators_are_the_shares_of_all_draws() {
        for n in 1..=12 {
            for passes in 0..=n {
                for k in 1..=n {
                    let (some, all) = by_counting(passes, n, k);
                    let (at, hat) =
                        (pass_at_k(passes, n, k).unwrap(), pass_hat_k(passes, n, k).unwrap());
                    assert!((at - some).abs() < 1e-12, "{passes} of {n}, {k}: {at} {some}");
                    assert!((hat - all).abs() < 1e-12, "{passes} of {n}, {k}: {hat} {all}");
                }
            }
        }
    }

    #[test]
    fn one_try_is_the_pass_rate_and_all_tries_are_certain() {
        assert_eq!(pass_at_k(3, 4, 1), Some(0.75));
        assert_eq!(pass_hat_k(3, 4, 1), Some(0.75));
        assert_eq!(pass_at_k(1, 4, 4), Some(1.0));
        assert_eq!(pass_hat_k(3, 4, 4), Some(0.0));
        assert_eq!(pass_hat_k(1000, 1000, 1000), Some(1.0));
        let large = pass_at_k(1, 1_000_000, 500_000).unwrap();
        assert!((large - 0.5).abs() < 1e-9, "{large}");
    }

    #[test]
    fn more_tries_than_there_were_are_not_guessed() {
        assert_eq!(pass_at_k(2, 2, 3), None);
        assert_eq!(pass_hat_k(2, 2, 3), None);
        assert_eq!(pass_at_k(0, 0, 0), None);
    }

    #[test]
    fn names_and_figures_are_one_to_one() {
        for name in ["majority", "pass@1", "pass^10", "pass@1000"] {
            assert_eq!(RepeatFigure::named(name).unwrap().to_string(), name);
        }
        for name in ["pass@", "pass@0", "pass@01", "pass@+1", "pass@-1", "pass@k", "Majority", ""] {
            assert_eq!(RepeatFigure::named(name), None, "{name}");
        }
        assert_eq!(RepeatFigure::Majority.of_case(2, 3), Some(1.0));
        assert_eq!(RepeatFigure::Majority.of_case(0, 0), None);
        assert_eq!(RepeatFigure::Each(4).of_case(3, 3), None);
    }

    #[test]
    fn a_tie_is_no_majority() {
        assert!(majority(2, 3) && !majority(1, 2) && !majority(0, 0) && majority(1, 1));
        assert!(is_flaky(1, 2) && !is_flaky(0, 2) && !is_flaky(2, 2) && !is_flaky(0, 0));
    }
}
