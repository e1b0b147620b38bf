//! Whether the mean of paired differences is zero, by exchanging the two sides.

use rayon::prelude::*;

use super::cluster::gather;
use super::random::Stream;

/// The two-sided p-value for a mean of zero: the share of ways to exchange the two sides of pairs, which turns the sign of
/// their `differences`, with a mean at least as far from zero. With `clusters`, one number for each difference, the pairs of
/// one are exchanged together. 1 without differences; 1 as well where one is not finite, since nothing is then known.
///
/// Each way is counted where there are at most `permutations` of them; else that many are drawn, and p is (hits + 1) /
/// (draws + 1), which is valid whatever their number: Phipson and Smyth, "Permutation p-values should never be zero"
/// (2010). The test is Fisher's, "The Design of Experiments" (1935), §21. Where each way is counted it equals
/// `scipy.stats.permutation_test((differences,), numpy.mean, permutation_type="samples")`.
pub fn sign_flip_permutation(
    differences: &[f64],
    clusters: Option<&[usize]>,
    permutations: u32,
    seed: u64,
) -> f64 {
    // With all clusters in each resample the number of values is the same: sums compare as means do.
    let Some(groups) = gather(differences, clusters) else {
        return 1.0;
    };
    // What is zero stays so, whatever its sign.
    let sums: Vec<f64> = groups.iter().map(|group| group.sum).filter(|sum| *sum != 0.0).collect();
    let observed = super::mean::sum(sums.iter().copied()).abs();
    let size: f64 = sums.iter().map(|sum| sum.abs()).sum();
    // Sums that are equal but for rounding are as far from zero.
    let bound = observed - 1e-12 * size;
    if sums.len() < 32 && 1_u64 << sums.len() <= u64::from(permutations) {
        return share_of_all(&sums, bound);
    }
    let permutations = permutations.max(1);
    let flips = Flips::of(&sums);
    let hits: u32 = (0..permutations.div_ceil(BLOCK))
        .into_par_iter()
        .map(|block| {
            let mut stream = Stream::new(seed, u64::from(block));
            let draws = BLOCK.min(permutations - block * BLOCK);
            (0..draws).map(|_| u32::from(flips.sum(&mut stream).abs() >= bound)).sum::<u32>()
        })
        .sum();
    (f64::from(hits) + 1.0) / (f64::from(permutations) + 1.0)
}

/// Draws that share a stream of random numbers. Part of what a seed means: a change gives other p-values.
const BLOCK: u32 = 100;

/// The share of all signs with a sum at least as far from zero as `bound`.
fn share_of_all(sums: &[f64], bound: f64) -> f64 {
    let ways = 1_u64 << sums.len();
    let hits = (0..ways)
        .filter(|signs| {
            let signed = sums.iter().enumerate();
            let sum: f64 =
                signed.map(|(i, sum)| if signs >> i & 1 == 1 { -sum } else { *sum }).sum();
            sum.abs() >= bound
        })
        .count();
    hits as f64 / ways as f64
}

/// Sums by size, since those of one size can be flipped by counting bits.
struct Flips {
    /// The sizes that many sums have, with their number.
    common: Vec<(f64, u32)>,
    /// The others.
    rare: Vec<f64>,
}

/// From this number of sums on a size is common: it takes at least half a draw of 64 bits.
const COMMON: usize = 32;

impl Flips {
    fn of(sums: &[f64]) -> Self {
        let mut sizes: Vec<f64> = sums.iter().map(|sum| sum.abs()).collect();
        sizes.sort_by(f64::total_cmp);
        let mut flips = Self { common: Vec::new(), rare: Vec::new() };
        for group in sizes.chunk_by(|a, b| a.to_bits() == b.to_bits()) {
            match u32::try_from(group.len()) {
                Ok(number) if group.len() >= COMMON => flips.common.push((group[0], number)),
                _ => flips.rare.extend(group),
            }
        }
        flips
    }

    /// The sum with each sign drawn anew.
    fn sum(&self, stream: &mut Stream) -> f64 {
        let mut total = 0.0;
        for (size, number) in &self.common {
            let (mut left, mut turned) = (*number, 0);
            while left > 0 {
                let taken = left.min(64);
                turned += (stream.bits() >> (64 - taken)).count_ones();
                left -= taken;
            }
            total += (f64::from(*number) - 2.0 * f64::from(turned)) * size;
        }
        for chunk in self.rare.chunks(64) {
            let mut bits = stream.bits();
            for size in chunk {
                total += f64::from_bits(size.to_bits() ^ (bits & 1) << 63);
                bits >>= 1;
            }
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_differs() {
        for differences in [&[][..], &[0.0], &[f64::NAN, 1.0]] {
            let p = sign_flip_permutation(differences, None, 100, 0);
            assert_eq!(p.to_bits(), 1_f64.to_bits(), "{differences:?}");
        }
    }

    #[test]
    fn few_pairs_are_counted_out() {
        // Only all or none of the five turned are as far from zero.
        let p = sign_flip_permutation(&[0.1, 0.2, 0.1, 0.3, 0.1], None, 100, 0);
        assert!((p - 2.0 / 32.0).abs() < 1e-15, "{p}");
        let clustered = sign_flip_permutation(&[0.1, 0.2, 0.1, 0.3], Some(&[1, 2, 1, 2]), 100, 0);
        assert!((clustered - 2.0 / 4.0).abs() < 1e-15, "{clustered}");
    }

    #[test]
    fn drawn_is_near_counted_out() {
        for values in [
            (1..=15).map(|i| f64::from(i * i % 7) - 1.3).collect::<Vec<f64>>(),
            (1..=16).map(|i| f64::from(i).sin() + 0.2).collect(),
        ] {
            let exact = sign_flip_permutation(&values, None, 1 << 16, 0);
            let drawn = sign_flip_permutation(&values, None, 20_000, 3);
            let error = (exact * (1.0 - exact) / 20_000.0).sqrt();
            assert!((exact - drawn).abs() < 5.0 * error, "{exact} {drawn}");
        }
    }

    #[test]
    fn equal_sizes_are_flipped_like_coins() {
        // 60 of 100 equal differences: McNemar's test of 40 against 60.
        let values: Vec<f64> = (0..100).map(|i| if i < 60 { 0.1 } else { -0.1 }).collect();
        let exact = super::super::mcnemar_exact(40, 60);
        let drawn = sign_flip_permutation(&values, None, 20_000, 5);
        let error = (exact * (1.0 - exact) / 20_000.0).sqrt();
        assert!((exact - drawn).abs() < 5.0 * error, "{exact} {drawn}");
    }
}
