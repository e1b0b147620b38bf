//! Levenshtein distance, bit-parallel: long answers are compared by the million.

use std::collections::HashMap;

/// The bits of one machine word: so many characters of the pattern are handled together.
const WORD: usize = u64::BITS as usize;

/// The number of code points to insert, delete or replace to make `b` out of `a` (Levenshtein 1966).
///
/// Myers, "A fast bit-vector algorithm for approximate string matching" (1999), in the form for blocks of
/// Hyyrö, "A bit-vector algorithm for computing Levenshtein and Damerau edit distances" (2003):
/// O(⌈m/64⌉·n) time for m, n code points, O(m + n) memory.
pub fn levenshtein(a: &str, b: &str) -> usize {
    if a == b {
        return 0;
    }
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let (a, b) = without_common_ends(&a, &b);
    if a.is_empty() || b.is_empty() {
        return a.len().max(b.len());
    }
    let (pattern, text) = if a.len() <= b.len() { (a, b) } else { (b, a) };

    // How much each column grows from the row above the block to its last row; the row above the first
    // block is 0, 1, 2, …, hence +1 everywhere.
    let mut steps = vec![Step::Up; text.len()];
    let mut distance = pattern.len();
    for block in pattern.chunks(WORD) {
        let masks = Masks::new(block);
        let last_row = 1u64 << (block.len() - 1);
        let (mut plus, mut minus) = (u64::MAX, 0u64);
        for (character, step) in text.iter().zip(&mut steps) {
            let (from_plus, from_minus) =
                (u64::from(*step == Step::Up), u64::from(*step == Step::Down));
            let equal = masks.of(*character);
            let vertical = equal | minus;
            let equal = equal | from_minus;
            let horizontal = ((equal & plus).wrapping_add(plus) ^ plus) | equal;
            let grows = minus | !(horizontal | plus);
            let shrinks = plus & horizontal;
            *step = match (grows & last_row != 0, shrinks & last_row != 0) {
                (true, _) => Step::Up,
                (_, true) => Step::Down,
                _ => Step::Level,
            };
            let grows = (grows << 1) | from_plus;
            let shrinks = (shrinks << 1) | from_minus;
            plus = shrinks | !(vertical | grows);
            minus = grows & vertical;
        }
    }
    for step in steps {
        match step {
            Step::Up => distance += 1,
            Step::Down => distance -= 1,
            Step::Level => {}
        }
    }
    distance
}

/// 1 − [`levenshtein`] / the longer length, in code points; 1 for two empty texts.
pub fn similarity_ratio(a: &str, b: &str) -> f64 {
    let longer = a.chars().count().max(b.chars().count());
    if longer == 0 { 1.0 } else { 1.0 - levenshtein(a, b) as f64 / longer as f64 }
}

/// The difference between two neighbours in a row of the distance matrix.
#[derive(Clone, Copy, PartialEq)]
enum Step {
    Up,
    Level,
    Down,
}

/// For each character, the places in a block of the pattern where it stands.
struct Masks {
    ascii: [u64; 128],
    others: HashMap<char, u64>,
}

impl Masks {
    fn new(block: &[char]) -> Self {
        let mut masks = Self { ascii: [0; 128], others: HashMap::new() };
        for (place, character) in block.iter().enumerate() {
            let mask = match masks.ascii.get_mut(*character as usize) {
                Some(mask) => mask,
                None => masks.others.entry(*character).or_default(),
            };
            *mask |= 1 << place;
        }
        masks
    }

    fn of(&self, character: char) -> u64 {
        match self.ascii.get(character as usize) {
            Some(mask) => *mask,
            None => self.others.get(&character).copied().unwrap_or_default(),
        }
    }
}

fn without_common_ends<'a>(mut a: &'a [char], mut b: &'a [char]) -> (&'a [char], &'a [char]) {
    while let ([first, rest @ ..], [other, other_rest @ ..]) = (a, b)
        && first == other
    {
        (a, b) = (rest, other_rest);
    }
    while let ([rest @ .., last], [other_rest @ .., other]) = (a, b)
        && last == other
    {
        (a, b) = (rest, other_rest);
    }
    (a, b)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn knows_the_textbook_distances() {
        for (a, b, distance) in [
            ("", "", 0),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("flaw", "lawn", 2),
            ("naïve", "naive", 1),
            ("👍🏽", "👍", 1),
        ] {
            assert_eq!(levenshtein(a, b), distance, "{a:?} {b:?}");
            assert_eq!(levenshtein(b, a), distance, "{b:?} {a:?}");
        }
    }

    #[test]
    fn the_ratio_divides_by_the_longer_length() {
        assert!((similarity_ratio("kitten", "sitting") - (1.0 - 3.0 / 7.0)).abs() < 1e-15);
        assert!((similarity_ratio("", "") - 1.0).abs() < 1e-15);
        assert!(similarity_ratio("", "a").abs() < 1e-15);
    }

    /// Distances of 3,000 generated pairs, up to 400 code points long, from RapidFuzz.
    #[test]
    fn agrees_with_rapidfuzz() {
        let vectors = include_str!("../../tests/fixtures/vectors/levenshtein.tsv");
        let mut checked = 0;
        for line in vectors.lines().filter(|line| !line.starts_with('#')) {
            let fields: Vec<&str> = line.split('\t').collect();
            let [a, b, distance, ratio] = fields[..] else { panic!("not a vector: {line:?}") };
            assert_eq!(levenshtein(a, b), distance.parse::<usize>().unwrap(), "{line:?}");
            let expected: f64 = ratio.parse().unwrap();
            assert!((similarity_ratio(a, b) - expected).abs() < 1e-12, "{line:?}");
            checked += 1;
        }
        assert_eq!(checked, 3000);
    }

    proptest! {
        #[test]
        fn agrees_with_the_plain_matrix(a in "[abcé👍]{0,200}", b in "[abcé👍]{0,200}") {
            prop_assert_eq!(levenshtein(&a, &b), strsim::levenshtein(&a, &b));
        }
    }
}
