//! The words of a text, and how varied they are.

use std::collections::{HashMap, HashSet};

use unicode_segmentation::UnicodeSegmentation;

/// The words of a text in order, without regard to case; equal words have equal numbers.
///
/// Words are those of UAX #29, so that a character of a script without blanks (Han, kana, Thai) is a word by itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Words {
    numbers: Vec<u32>,
    kinds: usize,
}

impl Words {
    /// Reads a text.
    pub fn of(text: &str) -> Self {
        let mut known: HashMap<String, u32> = HashMap::new();
        let mut numbers = Vec::new();
        for word in text.unicode_words() {
            let next = known.len() as u32;
            numbers.push(*known.entry(word.to_lowercase()).or_insert(next));
        }
        Self { numbers, kinds: known.len() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The type-token ratio: different words / words; `None` without words. It falls with the length of the text.
    pub fn type_token_ratio(&self) -> Option<f64> {
        (!self.is_empty()).then(|| self.kinds as f64 / self.len() as f64)
    }

    /// The moving-average type-token ratio: the mean of the ratios of all runs of `window` words. `None` for a text that is
    /// shorter, and for a window of 0.
    ///
    /// Covington and McFall, "Cutting the Gordian knot: the moving-average type-token ratio" (2010).
    pub fn moving_average_ratio(&self, window: usize) -> Option<f64> {
        if window == 0 || window > self.len() {
            return None;
        }
        let mut counts = vec![0u32; self.kinds];
        let (mut different, mut sum) = (0u64, 0u64);
        for (place, number) in self.numbers.iter().enumerate() {
            let count = &mut counts[*number as usize];
            different += u64::from(*count == 0);
            *count += 1;
            if let Some(first) = (place + 1).checked_sub(window) {
                sum += different;
                let count = &mut counts[self.numbers[first] as usize];
                *count -= 1;
                different -= u64::from(*count == 0);
            }
        }
        let windows = self.len() - window + 1;
        Some(sum as f64 / window as f64 / windows as f64)
    }

    /// The measure of textual lexical diversity: how many words on average it takes until the type-token ratio has fallen to
    /// 0.72, forwards and backwards. `None` without words. A text that repeats nothing gets its number of words.
    ///
    /// McCarthy and Jarvis, "MTLD, vocd-D, and HD-D" (2010). They validated it on texts of a hundred words and more.
    pub fn mtld(&self) -> Option<f64> {
        if self.is_empty() {
            return None;
        }
        let forwards = self.factors(self.numbers.iter());
        let backwards = self.factors(self.numbers.iter().rev());
        let words = self.len() as f64;
        Some(f64::midpoint(words / forwards, words / backwards))
    }

    fn factors<'a>(&self, numbers: impl Iterator<Item = &'a u32>) -> f64 {
        const FACTOR: f64 = 0.72;
        // For each word the factor in which it was last seen, which spares a set for each factor.
        let mut seen = vec![0u32; self.kinds];
        let (mut factor, mut different, mut words) = (1u32, 0u32, 0u32);
        let mut ratio = 1.0;
        for number in numbers {
            words += 1;
            let last = &mut seen[*number as usize];
            different += u32::from(*last != factor);
            *last = factor;
            ratio = f64::from(different) / f64::from(words);
            if ratio <= FACTOR {
                factor += 1;
                (different, words) = (0, 0);
            }
        }
        let rest = if words > 0 { (1.0 - ratio) / (1.0 - FACTOR) } else { 0.0 };
        let factors = f64::from(factor - 1) + rest;
        if factors > 0.0 { factors } else { 1.0 }
    }

    /// The share of runs of `n` words that occurred before: 1 − different n-grams / n-grams; 0 for a text of fewer words.
    ///
    /// seq-rep-n of Welleck et al., "Neural text generation with unlikelihood training" (2020).
    pub fn duplicate_ngrams(&self, n: usize) -> f64 {
        if n == 0 || n > self.len() {
            return 0.0;
        }
        let different: HashSet<&[u32]> = self.numbers.windows(n).collect();
        1.0 - different.len() as f64 / (self.len() - n + 1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_without_regard_to_case_and_marks() {
        for (text, words, kinds) in [
            ("", 0, 0),
            (" \n\t", 0, 0),
            ("… — !", 0, 0),
            ("The cat, the CAT; don't!", 5, 3),
            ("👍🏽 👍", 0, 0),
            ("猫が好き", 4, 4),
            ("שלום עולם שלום", 3, 2),
            ("3.14 and 3.14", 3, 2),
        ] {
            let found = Words::of(text);
            assert_eq!((found.len(), found.kinds), (words, kinds), "{text:?}");
        }
    }

    #[test]
    fn measures_of_few_words_are_defined() {
        let none = Words::of("");
        assert_eq!((none.type_token_ratio(), none.mtld()), (None, None));
        assert_eq!(none.moving_average_ratio(0), None);
        assert_eq!(none.duplicate_ngrams(1).to_bits(), 0f64.to_bits());
        let three = Words::of("a b c");
        assert_eq!(three.moving_average_ratio(4), None);
        assert_eq!((three.type_token_ratio(), three.mtld()), (Some(1.0), Some(3.0)));
    }

    /// Ratios, MTLD and n-grams of 1,200 generated texts, from LexicalRichness and NLTK.
    #[test]
    fn agrees_with_lexicalrichness() {
        let vectors = include_str!("../../tests/fixtures/vectors/words.tsv");
        let mut checked = 0;
        for line in vectors.lines().filter(|line| !line.starts_with('#')) {
            let fields: Vec<&str> = line.split('\t').collect();
            let [text, ratio, window, moving, mtld, n, duplicates] = fields[..] else {
                panic!("not a vector: {line:?}")
            };
            let words = Words::of(text);
            let near = |found: Option<f64>, expected: &str| {
                let expected: f64 = expected.parse().unwrap();
                let found = found.unwrap();
                assert!((found - expected).abs() < 1e-9 * expected.max(1.0), "{found} {line:?}");
            };
            near(words.type_token_ratio(), ratio);
            near(words.moving_average_ratio(window.parse().unwrap()), moving);
            near(words.mtld(), mtld);
            near(Some(words.duplicate_ngrams(n.parse().unwrap())), duplicates);
            checked += 1;
        }
        assert_eq!(checked, 1200);
    }
}
