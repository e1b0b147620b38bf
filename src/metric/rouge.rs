//! ROUGE, as Google's `rouge_score` computes it: how much of a reference is in a summary, and of the summary in it.
//!
//! Lin, "ROUGE: a package for automatic evaluation of summaries" (2004). Words are runs of ASCII letters and digits in
//! lower case, as in the original; so a text in another script has none and scores 0.

use super::lcs::{self, Pattern};
use super::ngram::Ngrams;
use super::porter;
use super::vocabulary::Vocabulary;

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Variant {
    /// Words: `rouge1`.
    Words,
    /// Pairs of words side by side: `rouge2`.
    Pairs,
    /// The longest common subsequence of the words of both texts: `rougeL`.
    Subsequence,
    /// The same by lines, so that the order of the lines does not count: `rougeLsum`.
    Lines,
}

/// Whether words are compared without their endings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Stemming {
    /// As they are.
    #[default]
    Off,
    /// Words of more than three letters by Porter's stemmer: `use_stemmer=True`.
    Porter,
}

/// How much two texts have in common, each number from 0 to 1.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Score {
    /// The share of the hypothesis that is in the reference.
    pub precision: f64,
    /// The share of the reference that is in the hypothesis.
    pub recall: f64,
    /// Their harmonic mean.
    pub f: f64,
}

impl Score {
    fn new(common: u64, hypothesis: u64, reference: u64) -> Self {
        let precision = common as f64 / hypothesis.max(1) as f64;
        let recall = common as f64 / reference.max(1) as f64;
        let sum = precision + recall;
        let f = if sum > 0.0 { 2.0 * precision * recall / sum } else { 0.0 };
        Self { precision, recall, f }
    }
}

/// The most work that is done for one pair of texts, in machine words of the table: some seconds at the worst, and for
/// two English texts of a megabyte a tenth of that.
const MOST_WORK: usize = 2_000_000_000;

/// What comparing two lines costs before the first word of them is looked at, in the same unit.
const WORK_PER_LINES: usize = 32;

/// The texts are so long that a longest common subsequence would take too long to find.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the texts are too long to compare: {hypothesis} and {reference} words")]
pub struct TooLong {
    /// Words of the hypothesis.
    pub hypothesis: usize,
    /// Words of the reference.
    pub reference: usize,
}

/// The score of a hypothesis against a reference; all 0 when one of them has no words.
pub fn score(
    variant: Variant,
    stemming: Stemming,
    hypothesis: &str,
    reference: &str,
) -> Result<Score, TooLong> {
    let hypothesis = Words::of(hypothesis, stemming);
    let reference = Words::of(reference, stemming);
    let mut vocabulary = Vocabulary::default();
    let own = vocabulary.numbers(hypothesis.iter());
    let other = vocabulary.numbers(reference.iter());
    let (length, other_length) = (own.len() as u64, other.len() as u64);
    let ngrams = |n| {
        let (own, other) = (Ngrams::<2>::new(&own), Ngrams::<2>::new(&other));
        let common = own.matches(std::slice::from_ref(&other), n);
        Score::new(common, own.count(n), other.count(n))
    };
    Ok(match variant {
        Variant::Words => ngrams(1),
        Variant::Pairs => ngrams(2),
        Variant::Subsequence => {
            let common = common_subsequence(&own, &other, vocabulary.len())?;
            Score::new(common, length, other_length)
        }
        Variant::Lines => {
            let own = Lines { words: &own, ends: &hypothesis.lines };
            let other = Lines { words: &other, ends: &reference.lines };
            Score::new(common_by_lines(own, other, vocabulary.len())?, length, other_length)
        }
    })
}

/// The score against the reference of which F is greatest, the first of several.
pub fn best<S: AsRef<str>>(
    variant: Variant,
    stemming: Stemming,
    hypothesis: &str,
    references: &[S],
) -> Result<Score, TooLong> {
    let mut best = Score::default();
    for (index, reference) in references.iter().enumerate() {
        let score = score(variant, stemming, hypothesis, reference.as_ref())?;
        if index == 0 || score.f > best.f {
            best = score;
        }
    }
    Ok(best)
}

fn common_subsequence(own: &[u32], other: &[u32], vocabulary: usize) -> Result<u64, TooLong> {
    if own == other {
        return Ok(own.len() as u64);
    }
    if lcs::work(other.len(), own.len()) > MOST_WORK {
        return Err(TooLong { hypothesis: own.len(), reference: other.len() });
    }
    let mut pattern = Pattern::new(vocabulary);
    pattern.set(other);
    Ok(pattern.length(own) as u64)
}

/// The words of a text by lines.
#[derive(Clone, Copy)]
struct Lines<'a> {
    words: &'a [u32],
    /// Where each line that has words ends.
    ends: &'a [usize],
}

impl<'a> Lines<'a> {
    fn iter(self) -> impl Iterator<Item = &'a [u32]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(self.ends).map(move |(start, end)| &self.words[start..*end])
    }
}

/// The union over the lines of the hypothesis of their common subsequences with each line of the reference. A word counts
/// at most as often as both texts have it, as in ROUGE 1.5.5.
fn common_by_lines(own: Lines<'_>, other: Lines<'_>, vocabulary: usize) -> Result<u64, TooLong> {
    let visited: usize = other.iter().map(|line| 2 * lcs::work(line.len(), own.words.len())).sum();
    let pairs = own.ends.len().saturating_mul(other.ends.len());
    if pairs.saturating_mul(WORK_PER_LINES).saturating_add(visited) > MOST_WORK {
        return Err(TooLong { hypothesis: own.words.len(), reference: other.words.len() });
    }
    let mut left = vec![(0u32, 0u32); vocabulary];
    for word in own.words {
        left[*word as usize].0 += 1;
    }
    for word in other.words {
        left[*word as usize].1 += 1;
    }
    let mut pattern = Pattern::new(vocabulary);
    let mut hits = Vec::new();
    let mut common = 0;
    for line in other.iter() {
        pattern.set(line);
        hits.clear();
        hits.resize(line.len(), false);
        for own_line in own.iter() {
            pattern.trace(own_line, |place| hits[place] = true);
        }
        for (word, _) in line.iter().zip(&hits).filter(|(_, hit)| **hit) {
            let (own, other) = &mut left[*word as usize];
            if *own > 0 && *other > 0 {
                *own -= 1;
                *other -= 1;
                common += 1;
            }
        }
    }
    Ok(common)
}

/// The words of a text, one after the other in one string.
struct Words {
    text: String,
    /// Where each word ends.
    ends: Vec<usize>,
    /// How many words there are up to the end of each line that has some.
    lines: Vec<usize>,
}

impl Words {
    fn of(text: &str, stemming: Stemming) -> Self {
        let mut words = Self {
            text: String::with_capacity(text.len()),
            ends: Vec::with_capacity(text.len() / 5),
            lines: Vec::new(),
        };
        let mut word = String::new();
        for c in text.chars() {
            match c {
                'a'..='z' | '0'..='9' | 'A'..='Z' => words.text.push(c.to_ascii_lowercase()),
                // The two other characters that have an ASCII letter in lower case: the Kelvin sign and the dotted I.
                '\u{212a}' => words.text.push('k'),
                '\u{130}' => {
                    words.text.push('i');
                    words.end_word(stemming, &mut word);
                }
                '\n' => {
                    words.end_word(stemming, &mut word);
                    words.end_line();
                }
                _ => words.end_word(stemming, &mut word),
            }
        }
        words.end_word(stemming, &mut word);
        words.end_line();
        words
    }

    /// Ends the word under way, if there is one. `scratch` is any string.
    fn end_word(&mut self, stemming: Stemming, scratch: &mut String) {
        let start = self.ends.last().copied().unwrap_or_default();
        if stemming == Stemming::Porter && self.text.len() - start > 3 {
            scratch.clear();
            scratch.push_str(&self.text[start..]);
            porter::stem(scratch);
            self.text.truncate(start);
            self.text.push_str(scratch);
        }
        if self.text.len() > start {
            self.ends.push(self.text.len());
        }
    }

    fn end_line(&mut self) {
        if self.ends.len() > self.lines.last().copied().unwrap_or_default() {
            self.lines.push(self.ends.len());
        }
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.text[start..*end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Variant; 4] =
        [Variant::Words, Variant::Pairs, Variant::Subsequence, Variant::Lines];

    fn f(variant: Variant, hypothesis: &str, reference: &str) -> f64 {
        score(variant, Stemming::Off, hypothesis, reference).unwrap().f
    }

    #[test]
    fn words_are_ascii_letters_and_digits() {
        let words =
            Words::of("It's 1,000 \u{212a}m in \u{130}zmir, naïve漢x\n\n\r\ny", Stemming::Off);
        let found: Vec<&str> = words.iter().collect();
        assert_eq!(found, ["it", "s", "1", "000", "km", "in", "i", "zmir", "na", "ve", "x", "y"]);
        assert_eq!(words.lines, [11, 12]);
    }

    #[test]
    fn no_other_character_has_an_ascii_letter_in_lower_case() {
        let others = ('\u{80}'..=char::MAX)
            .filter(|c| c.to_lowercase().any(|lower| lower.is_ascii_alphanumeric()));
        assert_eq!(others.collect::<String>(), "\u{130}\u{212a}");
    }

    #[test]
    fn nothing_is_zero_whatever_the_other_side() {
        for variant in ALL {
            for (hypothesis, reference) in
                [("", ""), ("", "a"), ("a b", ""), ("漢", "漢"), (" \n", "\n")]
            {
                let score = score(variant, Stemming::Porter, hypothesis, reference);
                assert_eq!(score, Ok(Score::default()), "{variant:?} {hypothesis:?} {reference:?}");
            }
            assert_eq!(best::<&str>(variant, Stemming::Off, "a", &[]), Ok(Score::default()));
        }
    }

    #[test]
    fn the_order_of_lines_counts_in_one_variant_alone() {
        let (a, b) = ("the cat sat\non the mat", "on the mat\nthe cat sat");
        assert!((f(Variant::Subsequence, a, b) - 0.5).abs() < 1e-12);
        assert!((f(Variant::Lines, a, b) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn texts_of_a_megabyte_are_compared_and_ever_longer_ones_refused() {
        let text = |seed: u64, words: u64| -> String {
            (0..words).map(|at| format!("w{} ", (at * at + seed * at) % 4999)).collect()
        };
        let (a, b) = (text(1, 180_000), text(2, 180_000));
        assert!(a.len() > 1_000_000);
        assert!(f(Variant::Subsequence, &a, &b) > 0.0);
        let (a, b) = ("a b ".repeat(1_000_000), "b a ".repeat(1_000_000));
        for variant in [Variant::Subsequence, Variant::Lines] {
            let refused = score(variant, Stemming::Off, &a, &b).unwrap_err();
            assert_eq!(
                refused.to_string(),
                "the texts are too long to compare: 2000000 and 2000000 words"
            );
        }
        let (a, b) = ("a\n".repeat(1_000_000), "b\n".repeat(1_000_000));
        assert!(score(Variant::Lines, Stemming::Off, &a, &b).is_err());
    }
}
