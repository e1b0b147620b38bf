//! Near-duplicates among many texts, without comparing each with each.
//!
//! A text becomes the set of its runs of five words, its *shingles*; two texts are as alike as the share of shingles that
//! they have in common (Jaccard; Broder, "On the resemblance and containment of documents", 1997). A [`Signature`] is a
//! fixed 252 bytes that estimate this share, and its [`buckets`](Signature::buckets) are few numbers of which texts that
//! are nearly alike have one in common: put texts into a map by their buckets and compare only those that meet there.
//!
//! Words are runs of letters and digits in lower case, so that neither spacing, line breaks nor punctuation count; in
//! scripts that put no space between words each character is a word. Hashes do not depend on the platform or the run.

/// Words in a shingle.
pub const WIDTH: usize = 5;

/// Texts that share this much are called near-duplicates: about one word in forty differs.
pub const NEAR: f64 = 0.8;

/// Groups of values that must agree as a whole for two signatures to share a bucket.
const BANDS: usize = 21;

/// Values in a band. Two texts of similarity s share a bucket with the probability 1 − (1 − s⁶)²¹: 0.998 at 0.8, more
/// than 0.9999 from 0.9 on, 0.28 at 0.5, 0.02 at 0.3.
const ROWS: usize = 6;

/// Values in a signature.
const VALUES: usize = BANDS * ROWS;

/// The shingles of a text.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Shingles {
    /// Hashes, in order, each once.
    hashes: Vec<u64>,
}

impl Shingles {
    /// The shingles of a text. A text of fewer words than [`WIDTH`] has one, of all its words; one without words has none.
    pub fn of(text: &str) -> Self {
        let mut hashes = hashes(text);
        hashes.sort_unstable();
        hashes.dedup();
        Self { hashes }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether the text has no words.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Their hashes, in order.
    pub fn iter(&self) -> impl Iterator<Item = u64> {
        self.hashes.iter().copied()
    }

    /// The share of the shingles of both texts that both have, exactly; 0 when neither has any.
    pub fn jaccard(&self, other: &Self) -> f64 {
        let common = self.common(other);
        match self.len() + other.len() - common {
            0 => 0.0,
            all => common as f64 / all as f64,
        }
    }

    /// The share of these shingles that the other text has as well, exactly; 0 when there are none.
    pub fn containment(&self, other: &Self) -> f64 {
        match self.len() {
            0 => 0.0,
            own => self.common(other) as f64 / own as f64,
        }
    }

    fn common(&self, other: &Self) -> usize {
        let (mut a, mut b) = (self.hashes.as_slice(), other.hashes.as_slice());
        let mut common = 0;
        while let ([first, rest @ ..], [second, others @ ..]) = (a, b) {
            common += usize::from(first == second);
            if first <= second {
                a = rest;
            }
            if second <= first {
                b = others;
            }
        }
        common
    }
}

/// What is remembered of a text to find others like it.
///
/// The sketch of Dahlgaard, Knudsen and Thorup, "Fast similarity sketching" (2017): in each round every shingle falls
/// into one of the bins, the least hash of the first round that reaches a bin stays there, and rounds end when no bin is
/// empty. It costs one hash a shingle for all but short texts, where MinHash costs one for each value. Of each value 16
/// bits are kept (Li and König, "b-bit minwise hashing", 2010).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signature([u16; VALUES]);

impl Signature {
    /// The signature of a text; none when it has no words.
    pub fn of(text: &str) -> Option<Self> {
        let hashes = hashes(text);
        if hashes.is_empty() {
            return None;
        }
        let mut bins = [u64::MAX; VALUES];
        let mut empty = VALUES;
        for round in 0..2 * VALUES as u64 {
            for hash in &hashes {
                let hash = mix(hash ^ mix(round));
                // From the second half of the rounds on each fills its own bin, so that even one shingle fills all.
                let bin = match (round as usize).checked_sub(VALUES) {
                    Some(own) => own,
                    None => ((u128::from(hash) * VALUES as u128) >> 64) as usize,
                };
                // The bits that chose the bin say nothing more; those of an earlier round are less than all of a later.
                let value = (round << 48) | (hash & 0xffff_ffff_ffff);
                if bins[bin] == u64::MAX {
                    empty -= 1;
                }
                bins[bin] = bins[bin].min(value);
            }
            if empty == 0 {
                break;
            }
        }
        Some(Self(bins.map(|value| mix(value) as u16)))
    }

    /// The estimated [`Shingles::jaccard`] of the texts; its standard error is at most 0.045, and 0 for equal texts.
    pub fn similarity(&self, other: &Self) -> f64 {
        let same = self.0.iter().zip(&other.0).filter(|(a, b)| a == b).count();
        same as f64 / VALUES as f64
    }

    /// Numbers of which two texts that are at least [`NEAR`] each other have one in common, but for one pair in five
    /// hundred; see `ROWS` for other similarities.
    pub fn buckets(&self) -> impl Iterator<Item = u64> {
        self.0.chunks_exact(ROWS).enumerate().map(|(band, values)| {
            values.iter().fold(mix(band as u64), |hash, value| mix(hash ^ u64::from(*value)))
        })
    }
}

/// Calls `visit` with the hash of each shingle in the order of the text, repeated ones included: those of [`Shingles`]
/// without keeping them.
pub fn for_each(text: &str, mut visit: impl FnMut(u64)) {
    // The words of a shingle are the digits of a number: the next shingle drops the first and appends one (Karp and
    // Rabin, 1987).
    const BASE: u64 = 0x9e37_79b9_7f4a_7c15;
    const FIRST: u64 = BASE.wrapping_pow(WIDTH as u32);
    let mut last = [0; WIDTH];
    let mut words = 0;
    let mut number = 0_u64;
    for_each_word(text, |word| {
        let first = std::mem::replace(&mut last[words % WIDTH], word);
        number =
            number.wrapping_mul(BASE).wrapping_add(word).wrapping_sub(first.wrapping_mul(FIRST));
        words += 1;
        if words >= WIDTH {
            visit(mix(number));
        }
    });
    if (1..WIDTH).contains(&words) {
        visit(mix(number));
    }
}

fn hashes(text: &str) -> Vec<u64> {
    let mut found = Vec::with_capacity(text.len() / 6);
    for_each(text, |hash| found.push(hash));
    found
}

/// Calls `visit` with the hash of each word.
fn for_each_word(text: &str, mut visit: impl FnMut(u64)) {
    let bytes = text.as_bytes();
    let mut hash = START;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        // Most texts are ASCII, and most of ASCII are letters.
        if byte.is_ascii() {
            let length = bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
            hash = ascii(hash, bytes, at, length);
            // What ends the letters is no part of a word, unless it is a letter of another script.
            at += length;
            if bytes.get(at).is_none_or(u8::is_ascii) {
                if hash != START {
                    visit(hash);
                    hash = START;
                }
                at += 1;
            }
            continue;
        }
        let Some(c) = text[at..].chars().next() else { break };
        at += c.len_utf8();
        let unspaced = is_unspaced(c);
        if c.is_alphanumeric() && !unspaced {
            hash = c.to_lowercase().fold(hash, |hash, lower| step(hash, u64::from(lower as u32)));
            continue;
        }
        if hash != START {
            visit(hash);
            hash = START;
        }
        if unspaced {
            visit(step(START, u64::from(c as u32)));
        }
    }
    if hash != START {
        visit(hash);
    }
}

/// The hash of no letters.
const START: u64 = 0xcbf2_9ce4_8422_2325;

/// A hash and what follows, mixed: different continuations of one hash stay different.
fn step(hash: u64, next: u64) -> u64 {
    let mixed = (hash ^ next).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 32)
}

/// A hash continued by `length` ASCII letters and digits from `at` on, in lower case, eight at a time.
fn ascii(mut hash: u64, bytes: &[u8], mut at: usize, length: usize) -> u64 {
    let end = at + length;
    while at < end {
        let eight = match bytes.get(at..at + 8).and_then(|eight| eight.try_into().ok()) {
            Some(eight) => u64::from_le_bytes(eight),
            // The last bytes of the text.
            None => bytes[at..].iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte)),
        };
        let own = u64::MAX >> (64 - 8 * (end - at).min(8));
        // The bit that makes capital letters small is set in small ones and digits.
        hash = step(hash, (eight | 0x2020_2020_2020_2020) & own);
        at += 8;
    }
    hash
}

/// Whether a letter belongs to a script that is written without spaces between words: Thai to Myanmar, Khmer, kana, Han.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Each bit of the result depends on each bit of `x`: the finaliser of `SplitMix64` (Steele, Lea and Flood, 2014).
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Words from a small vocabulary, so that shingles repeat, with a share of them replaced.
    fn text(seed: u64, words: usize) -> Vec<String> {
        (0..words as u64).map(|at| format!("w{}", mix(seed * 1_000_003 + at) % 50)).collect()
    }

    fn changed(words: &[String], seed: u64, one_in: u64) -> Vec<String> {
        let words = words.iter().enumerate();
        words
            .map(|(at, word)| match mix(seed ^ mix(at as u64)) % one_in {
                0 => format!("x{at}"),
                _ => word.clone(),
            })
            .collect()
    }

    fn brute_force(a: &[String], b: &[String]) -> f64 {
        let set = |words: &[String]| -> BTreeSet<Vec<String>> {
            words.windows(WIDTH).map(<[String]>::to_vec).collect()
        };
        let (a, b) = (set(a), set(b));
        a.intersection(&b).count() as f64 / a.union(&b).count() as f64
    }

    /// Pairs of texts of all lengths and similarities, each with its exact similarity.
    fn pairs() -> Vec<(String, String, f64)> {
        let mut pairs = Vec::new();
        for (index, words) in [6, 20, 60, 200, 1000].into_iter().cycle().take(400).enumerate() {
            let seed = index as u64;
            let a = text(seed, words);
            let b = changed(&a, seed, [5, 10, 20, 40, 80, 160, 320][index % 7]);
            pairs.push((a.join(" "), b.join(" "), brute_force(&a, &b)));
        }
        pairs
    }

    #[test]
    fn jaccard_is_that_of_the_sets_of_words() {
        for (a, b, exact) in pairs() {
            let (a, b) = (Shingles::of(&a), Shingles::of(&b));
            assert!((a.jaccard(&b) - exact).abs() < 1e-12);
            assert!((b.jaccard(&a) - exact).abs() < 1e-12);
        }
    }

    #[test]
    fn containment_counts_one_side_only() {
        let (part, whole) = (Shingles::of("a b c d e f"), Shingles::of("x a b c d e f y z"));
        assert_eq!((part.len(), whole.len()), (2, 5));
        assert_eq!((part.containment(&whole), whole.containment(&part)), (1.0, 0.4));
        let none = Shingles::of("!");
        assert!(none.containment(&whole).abs() < f64::EPSILON);
        assert!(none.jaccard(&none).abs() < f64::EPSILON);
    }

    #[test]
    fn signatures_estimate_jaccard() {
        let mut squares = 0.0;
        let mut bias = 0.0;
        let pairs = pairs();
        for (a, b, exact) in &pairs {
            let estimate = Signature::of(a).unwrap().similarity(&Signature::of(b).unwrap());
            assert!((estimate - exact).abs() < 0.18, "{estimate} for {exact}");
            squares += (estimate - exact).powi(2);
            bias += estimate - exact;
        }
        let n = pairs.len() as f64;
        assert!((squares / n).sqrt() < 0.045, "{}", (squares / n).sqrt());
        assert!((bias / n).abs() < 0.01, "{}", bias / n);
    }

    #[test]
    fn near_texts_meet_in_a_bucket_and_distant_ones_seldom() {
        let meet = |a: &str, b: &str| {
            let buckets =
                |text: &str| Signature::of(text).unwrap().buckets().collect::<BTreeSet<_>>();
            !buckets(a).is_disjoint(&buckets(b))
        };
        let (mut near, mut distant) = ((0, 0), (0, 0));
        for (a, b, exact) in pairs() {
            let count = if exact >= NEAR {
                &mut near
            } else if exact < 0.3 {
                &mut distant
            } else {
                continue;
            };
            count.0 += usize::from(meet(&a, &b));
            count.1 += 1;
        }
        assert!(near.1 > 100 && distant.1 > 50, "{near:?} {distant:?}");
        assert_eq!(near.0, near.1);
        assert!(distant.0 * 20 < distant.1, "{distant:?}");
    }

    #[test]
    fn spacing_case_and_punctuation_do_not_count() {
        let same = [
            "Where is my  refund, please?",
            "where is\nmy refund — PLEASE",
            "Where-is my refund; please",
        ];
        let signatures = same.map(|text| Signature::of(text).unwrap());
        assert_eq!(signatures[0], signatures[1]);
        assert_eq!(signatures[0], signatures[2]);
        assert!(
            Signature::of("Where is my return, please?").unwrap().similarity(&signatures[0]) < 0.05
        );
        assert_eq!(Shingles::of("ÄRGER über straße"), Shingles::of("ärger ÜBER Straße"));
    }

    #[test]
    fn scripts_without_spaces_have_a_word_a_character() {
        let (a, b) = ("今日はとても良い天気ですね。", "今日はとても良い天気ですよ。");
        assert_eq!(Shingles::of(a).len(), 9);
        assert!((Shingles::of(a).jaccard(&Shingles::of(b)) - 0.8).abs() < 1e-12);
        assert_eq!(Shingles::of("สวัสดีครับ").len(), "สวัสดีครับ".chars().count() - WIDTH + 1);
    }

    #[test]
    fn few_words_are_one_shingle_and_none_are_none() {
        assert_eq!(Shingles::of("thank you").len(), 1);
        assert_ne!(Shingles::of("thank you"), Shingles::of("thank"));
        assert_ne!(Shingles::of("a"), Shingles::of("a a"));
        assert_eq!(Signature::of(" …\n"), None);
        assert!(Shingles::of("").is_empty());
        let one = Signature::of("thank you").unwrap();
        assert!((one.similarity(&one) - 1.0).abs() < f64::EPSILON);
        assert_eq!(one.buckets().collect::<BTreeSet<_>>().len(), BANDS);
    }

    #[test]
    fn hashes_are_the_same_everywhere() {
        let signature = Signature::of("the quick brown fox jumps over the lazy dog").unwrap();
        assert_eq!(signature.0[..4], [3224, 57662, 14177, 57012]);
    }
}
