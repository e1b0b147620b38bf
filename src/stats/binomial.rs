//! Probabilities of the binomial distribution that hold their precision for any number of trials.

use std::f64::consts::PI;

/// The probability of `k` successes in `n` trials of the probability `p`.
///
/// By the deviance from the nearest smooth curve and not by differences of large logarithms: Loader, "Fast and accurate
/// computation of binomial probabilities" (2000), equation 5, as R's `dbinom` does.
pub(super) fn probability(k: u64, n: u64, p: f64) -> f64 {
    if k > n {
        return 0.0;
    }
    if p <= 0.0 || p >= 1.0 {
        return f64::from(u8::from(k == if p <= 0.0 { 0 } else { n }));
    }
    let (trials, hits, misses) = (n as f64, k as f64, (n - k) as f64);
    if k == 0 {
        return (trials * (-p).ln_1p()).exp();
    }
    if k == n {
        return (trials * p.ln()).exp();
    }
    let log = stirling_error(n)
        - stirling_error(k)
        - stirling_error(n - k)
        - deviance(hits, trials * p)
        - deviance(misses, trials * (1.0 - p));
    (trials / (2.0 * PI * hits * misses)).sqrt() * log.exp()
}

/// The probability of at most `k` successes. The sum goes outwards from the largest term and ends where terms no longer
/// count, which is after some √n of them.
pub(super) fn at_most(k: u64, n: u64, p: f64) -> f64 {
    if k >= n {
        return 1.0;
    }
    if k as f64 > n as f64 * p {
        return 1.0 - at_most(n - k - 1, n, 1.0 - p);
    }
    let first = probability(k, n, p);
    let (mut term, mut total, mut i) = (1.0_f64, 1.0_f64, k);
    while i > 0 && term > total * f64::EPSILON / 16.0 {
        term *= i as f64 * (1.0 - p) / ((n - i + 1) as f64 * p);
        total += term;
        i -= 1;
    }
    (first * total).min(1.0)
}

/// ln n! less Stirling's formula for it.
fn stirling_error(n: u64) -> f64 {
    let x = n as f64;
    if n < 16 {
        // Exact: 15! has fewer than 53 bits.
        let factorial = (2..=n).product::<u64>() as f64;
        return factorial.ln() - (x + 0.5) * x.ln() + x - (2.0 * PI).ln() / 2.0;
    }
    let square = x * x;
    let series =
        1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / 1188.0 / square) / square) / square;
    (1.0 / 12.0 - series / square) / x
}

/// x·ln(x / m) + m − x, without cancellation near x = m.
fn deviance(x: f64, m: f64) -> f64 {
    if (x - m).abs() >= 0.1 * (x + m) {
        return x * (x / m).ln() + m - x;
    }
    let v = (x - m) / (x + m);
    let mut total = (x - m) * v;
    let mut power = 2.0 * x * v;
    for j in 1..1000 {
        power *= v * v;
        let next = total + power / f64::from(2 * j + 1);
        if next.to_bits() == total.to_bits() {
            break;
        }
        total = next;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_add_up() {
        for (n, p) in [(1, 0.3), (15, 0.5), (16, 0.01), (400, 0.97), (20_000, 0.5)] {
            let total: f64 = (0..=n).map(|k| probability(k, n, p)).sum();
            assert!((total - 1.0).abs() < 1e-12, "{n} {p}: {total}");
        }
    }

    #[test]
    fn tails_are_sums() {
        for (n, p) in [(7, 0.5), (30, 0.2), (300, 0.9)] {
            let mut total = 0.0;
            for k in 0..=n {
                total += probability(k, n, p);
                assert!((at_most(k, n, p) - total).abs() < 1e-12, "{k} of {n}, {p}");
            }
        }
    }

    #[test]
    fn certain_outcomes() {
        let sure = [
            probability(0, 5, 0.0),
            probability(5, 5, 1.0),
            at_most(0, 0, 0.5),
            at_most(0, 5, 0.0),
        ];
        assert_eq!(sure.map(f64::to_bits), [1_f64.to_bits(); 4]);
        let never = [probability(1, 5, 0.0), probability(6, 5, 0.5), at_most(4, 5, 1.0)];
        assert_eq!(never.map(f64::to_bits), [0_f64.to_bits(); 3]);
    }
}
