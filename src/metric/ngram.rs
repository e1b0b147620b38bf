//! Counting n-grams of all orders with one sort: linear memory, no hashing, nothing that a hostile text could slow down.

/// The n-grams of a sequence of up to `ORDER` symbols.
///
/// The `ORDER` symbols from each place on are packed into a number, the first on top; after the end there are zeros. In
/// order, equal n-grams of every order stand side by side, since those of order n are the upper parts of the numbers.
pub(super) struct Ngrams<const ORDER: usize>(Vec<u128>);

impl<const ORDER: usize> Ngrams<ORDER> {
    /// The bits of a symbol: 21 for six, enough for a code point; 32 for four.
    const BITS: usize = 128 / ORDER;

    /// Of symbols that are less than 2^[`BITS`](Self::BITS) − 1.
    pub(super) fn new<T: Copy + Into<u32>>(symbols: &[T]) -> Self {
        const { assert!(ORDER > 1) };
        let mut window = 0;
        let mut windows: Vec<u128> = Vec::with_capacity(symbols.len());
        for symbol in symbols.iter().rev() {
            let symbol = u128::from((*symbol).into()) + 1;
            window = (window >> Self::BITS) | (symbol << (Self::BITS * (ORDER - 1)));
            windows.push(window);
        }
        windows.sort_unstable();
        Self(windows)
    }

    /// How many there are of order `n`.
    pub(super) fn count(&self, n: usize) -> u64 {
        (self.0.len() + 1).saturating_sub(n) as u64
    }

    /// How many of order `n` are also in one of `others`: each counts at most as often as in the one that has it most often.
    pub(super) fn matches(&self, others: &[Self], n: usize) -> u64 {
        let shift = Self::BITS * (ORDER - n);
        let last = (1 << Self::BITS) - 1;
        let mut rests: Vec<&[u128]> = others.iter().map(|other| other.0.as_slice()).collect();
        let mut found = 0;
        for equal in self.0.chunk_by(|a, b| a >> shift == b >> shift) {
            let ngram = equal[0] >> shift;
            if ngram & last == 0 {
                continue;
            }
            let most = rests.iter_mut().map(|rest| {
                while let [window, after @ ..] = rest
                    && window >> shift < ngram
                {
                    *rest = after;
                }
                let mut count = 0;
                while let [window, after @ ..] = rest
                    && window >> shift == ngram
                {
                    *rest = after;
                    count += 1;
                }
                count
            });
            found += most.max().unwrap_or_default().min(equal.len() as u64);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn counted(symbols: &[u32], n: usize) -> BTreeMap<&[u32], u64> {
        let mut counts = BTreeMap::new();
        for ngram in symbols.windows(n) {
            *counts.entry(ngram).or_default() += 1;
        }
        counts
    }

    proptest! {
        #[test]
        fn matches_are_those_of_maps_of_counts(
            text in prop::collection::vec(0..3u32, 0..30),
            others in prop::collection::vec(prop::collection::vec(0..3u32, 0..30), 0..3),
        ) {
            let ngrams = Ngrams::<4>::new(&text);
            let packed: Vec<_> = others.iter().map(|other| Ngrams::<4>::new(other)).collect();
            for n in 1..=4 {
                let own = counted(&text, n);
                let matches: u64 = own.iter().map(|(ngram, count)| {
                    let most = others.iter().filter_map(|other| counted(other, n).get(ngram).copied()).max();
                    most.unwrap_or_default().min(*count)
                }).sum();
                prop_assert_eq!(ngrams.matches(&packed, n), matches);
                prop_assert_eq!(ngrams.count(n), own.values().sum::<u64>());
            }
        }
    }

    #[test]
    fn every_code_point_fits() {
        let text = ['\0', char::MAX, char::MAX, '\0', char::MAX, 'a', '\0'];
        let ngrams = Ngrams::<6>::new(&text);
        for n in 1..=6 {
            assert_eq!(ngrams.matches(&[Ngrams::new(&text)], n), ngrams.count(n), "order {n}");
        }
        assert_eq!(ngrams.matches(&[Ngrams::new(&['\0'])], 1), 1);
    }
}
