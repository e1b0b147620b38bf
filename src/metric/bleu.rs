//! BLEU, as sacrebleu computes it: the numbers of a paper, a sheet and pf are then the same ones.
//!
//! Papineni et al., "BLEU: a method for automatic evaluation of machine translation" (2002), with the tokens of
//! mteval-v13a and the smoothings of Chen and Cherry, "A systematic comparison of smoothing techniques for
//! sentence-level BLEU" (2014). Scores are from 0 to 100, case counts.

use std::borrow::Cow;
use std::iter::Sum;
use std::ops::AddAssign;

use super::ngram::Ngrams;
use super::vocabulary::{self, Vocabulary};

/// The longest n-grams that count.
pub const ORDER: usize = 4;

/// What stands for an n-gram precision of 0, whose logarithm would make the score 0.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub enum Smoothing {
    /// Half of what the order before got, beginning with half a match (`exp`): the default of sacrebleu.
    #[default]
    Exponential,
    /// Nothing: one order without a match makes the score 0 (`none`).
    None,
    /// So many matches (`floor`; sacrebleu's default is 0.1).
    Floor(f64),
    /// So much is added to matches and counts of the orders from 2 on (`add-k`; sacrebleu's default is 1).
    AddK(f64),
}

/// Which orders of n-grams the score is the mean of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Orders {
    /// Those of which the hypothesis has any: for single sentences, which may be shorter than four words.
    Effective,
    /// All four: for a corpus.
    All,
}

/// All that BLEU is computed from: that of a corpus comes from the sums over its sentences.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Statistics {
    /// Tokens of the hypothesis.
    pub length: u64,
    /// Tokens of the reference that is nearest in length, the shorter of two.
    pub reference_length: u64,
    /// N-grams of the hypothesis, by order, that a reference has as well.
    pub matches: [u64; ORDER],
    /// N-grams of the hypothesis, by order.
    pub counts: [u64; ORDER],
}

impl Statistics {
    /// Those of one hypothesis; without references nothing matches.
    pub fn of<S: AsRef<str>>(hypothesis: &str, references: &[S]) -> Self {
        let hypothesis = unescaped(hypothesis);
        let references: Vec<Cow<'_, str>> =
            references.iter().map(|reference| unescaped(reference.as_ref())).collect();
        let mut vocabulary = Vocabulary::default();
        let hypothesis = vocabulary.numbers(tokens(&hypothesis).into_iter());
        let references: Vec<Vec<u32>> = references
            .iter()
            .map(|reference| vocabulary.numbers(tokens(reference).into_iter()))
            .collect();

        let length = hypothesis.len();
        let nearest = references
            .iter()
            .map(Vec::len)
            .min_by_key(|reference| (reference.abs_diff(length), *reference));
        let ngrams = Ngrams::<ORDER>::new(&hypothesis);
        let others: Vec<_> = references.iter().map(|tokens| Ngrams::new(tokens)).collect();
        let orders: [usize; ORDER] = std::array::from_fn(|index| index + 1);
        Self {
            length: length as u64,
            reference_length: nearest.unwrap_or_default() as u64,
            matches: orders.map(|n| ngrams.matches(&others, n)),
            counts: orders.map(|n| ngrams.count(n)),
        }
    }

    /// The score, from 0 to 100; 0 when nothing matches.
    pub fn score(&self, smoothing: Smoothing, orders: Orders) -> f64 {
        if self.matches == [0; ORDER] {
            return 0.0;
        }
        let mut logarithms = 0.0;
        let mut order = 0;
        let mut half = 1.0;
        for (index, (matches, count)) in self.matches.into_iter().zip(self.counts).enumerate() {
            let (mut matches, mut count) = (matches as f64, count as f64);
            if let Smoothing::AddK(k) = smoothing
                && index > 0
            {
                matches += k;
                count += k;
            }
            if count <= 0.0 {
                break;
            }
            if matches <= 0.0 {
                matches = match smoothing {
                    Smoothing::Exponential => {
                        half /= 2.0;
                        half
                    }
                    Smoothing::Floor(floor) => floor,
                    Smoothing::None | Smoothing::AddK(_) => 0.0,
                };
            }
            logarithms += (100.0 * matches / count).ln();
            order += 1;
        }
        if order == 0 || (orders == Orders::All && order < ORDER) {
            return 0.0;
        }
        self.brevity_penalty() * (logarithms / f64::from(order as u32)).exp()
    }

    /// The factor by which a hypothesis that is shorter than its reference loses, from 0 to 1.
    pub fn brevity_penalty(&self) -> f64 {
        match (self.length, self.reference_length) {
            (length, reference) if length >= reference => 1.0,
            (0, _) => 0.0,
            (length, reference) => (1.0 - reference as f64 / length as f64).exp(),
        }
    }
}

impl AddAssign for Statistics {
    fn add_assign(&mut self, other: Self) {
        self.length += other.length;
        self.reference_length += other.reference_length;
        for (sum, more) in self.matches.iter_mut().zip(other.matches) {
            *sum += more;
        }
        for (sum, more) in self.counts.iter_mut().zip(other.counts) {
            *sum += more;
        }
    }
}

impl Sum for Statistics {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        let mut sum = Self::default();
        for one in all {
            sum += one;
        }
        sum
    }
}

/// BLEU of one sentence against its references: `sacrebleu.sentence_bleu`.
pub fn sentence<S: AsRef<str>>(hypothesis: &str, references: &[S]) -> f64 {
    Statistics::of(hypothesis, references).score(Smoothing::Exponential, Orders::Effective)
}

/// BLEU of a corpus, not the mean of its sentences: `sacrebleu.corpus_bleu`.
pub fn corpus(sentences: impl Iterator<Item = Statistics>) -> f64 {
    sentences.sum::<Statistics>().score(Smoothing::Exponential, Orders::All)
}

/// The text without what mteval leaves out before it looks for tokens: hyphenation, escapes, trailing space.
fn unescaped(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text.trim_end_matches(vocabulary::is_space));
    if !text.bytes().any(|byte| matches!(byte, b'<' | b'&' | b'\n')) {
        return text;
    }
    // One after the other, as there: `&amp;lt;` becomes `<`.
    for (written, meant) in [
        ("<skipped>", ""),
        ("-\n", ""),
        ("&quot;", "\""),
        ("&amp;", "&"),
        ("&lt;", "<"),
        ("&gt;", ">"),
    ] {
        if text.contains(written) {
            text = Cow::Owned(text.replace(written, meant));
        }
    }
    text
}

/// The tokens of mteval-v13a, which sacrebleu calls `13a`.
///
/// There four regular expressions put spaces into the text one after the other: around symbols, around a full stop or
/// comma after anything but a digit, the same before anything but a digit, around a hyphen after a digit. A match takes
/// both characters, so that of two full stops after a letter only the first is "after anything but a digit"; the
/// second is alone all the same unless a digit follows it.
fn tokens(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let mut tokens = Vec::with_capacity(text.len() / 4);
    let mut start = 0;
    // The last full stop or comma that the second expression matched.
    let mut matched = None;
    for (at, c) in text.char_indices() {
        let before = at.checked_sub(1);
        let alone = match c {
            '.' | ',' => {
                let second = !digit(before) && (before.is_none() || matched != before);
                if second {
                    matched = Some(at);
                }
                second || !digit(Some(at + 1))
            }
            '-' => digit(before),
            '\'' => false,
            c => c.is_ascii_punctuation(),
        };
        if alone || vocabulary::is_space(c) {
            let end = at + c.len_utf8();
            tokens.extend([&text[start..at], if alone { &text[at..end] } else { "" }]);
            start = end;
        }
    }
    tokens.push(&text[start..]);
    tokens.retain(|token| !token.is_empty());
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_those_of_mteval() {
        for (text, expected) in [
            ("", ""),
            ("Hello, world.", "Hello , world ."),
            ("1,234.56 3.", "1,234.56 3 ."),
            ("a..5 ..5", "a . .5 . .5"),
            ("2-3 -5 x-y 9-", "2 - 3 -5 x-y 9 -"),
            ("don't (stop)", "don't ( stop )"),
            ("&quot;a&amp;lt;b&quot;", "\" a < b \""),
            ("hyphen-\nated <skipped>text-\n", "hyphenated text-"),
            ("漢字、。.x\u{3000}y\u{1f}z", "漢字、。 . x y z"),
        ] {
            assert_eq!(tokens(&unescaped(text)).join(" "), expected, "{text:?}");
        }
    }

    #[test]
    fn nothing_is_zero_whatever_the_other_side() {
        for (hypothesis, reference) in [("", ""), ("", "a"), ("a", ""), (" \n", "\t"), ("a", "b")] {
            assert_eq!(
                sentence(hypothesis, &[reference]).to_bits(),
                0,
                "{hypothesis:?} {reference:?}"
            );
        }
        assert_eq!(sentence::<&str>("a", &[]).to_bits(), 0);
        assert_eq!(corpus(std::iter::empty()).to_bits(), 0);
    }

    #[test]
    fn the_same_text_is_a_hundred_even_when_short() {
        for text in ["a", "the cat", "the cat sat on the mat ."] {
            assert!((sentence(text, &[text]) - 100.0).abs() < 1e-9, "{text}");
        }
        let short = Statistics::of("the cat", &["the cat"]);
        assert_eq!(short.score(Smoothing::Exponential, Orders::All).to_bits(), 0);
    }
}
