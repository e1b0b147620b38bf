//! chrF and chrF++, as sacrebleu computes them.
//!
//! Popović, "chrF: character n-gram F-score for automatic MT evaluation" (2015) and "chrF++: words helping character
//! n-grams" (2017): the means of precision and recall over the orders, then F with recall counted twice. White space
//! does not count, case does. Scores are from 0 to 100.

use std::iter::Sum;
use std::ops::AddAssign;

use super::ngram::Ngrams;
use super::vocabulary::{self, Vocabulary};

/// The longest n-grams of characters.
pub const CHARACTERS: usize = 6;

/// The longest n-grams of words in [`Variant::PlusPlus`].
pub const WORDS: usize = 2;

/// How much more recall counts than precision.
const BETA: f64 = 2.0;

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Variant {
    /// Characters: chrF, `chrF2` in sacrebleu.
    Plain,
    /// Words and pairs of words as well: chrF++, `chrF2++` in sacrebleu.
    PlusPlus,
}

/// The n-grams of one order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Of the hypothesis; 0 when the reference is too short to have any.
    pub hypothesis: u64,
    /// Of the reference.
    pub reference: u64,
    /// Of both.
    pub matches: u64,
}

/// All that chrF is computed from: that of a corpus comes from the sums over its sentences.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Statistics {
    /// By order: those of characters, then those of words.
    pub orders: [Counts; CHARACTERS + WORDS],
}

impl Statistics {
    /// Those of one hypothesis with the reference that gives the best score; without references nothing matches.
    pub fn of<S: AsRef<str>>(variant: Variant, hypothesis: &str, references: &[S]) -> Self {
        let mut vocabulary = Vocabulary::default();
        let hypothesis = Side::new(variant, hypothesis, &mut vocabulary);
        let mut best = (Self::default(), -1.0);
        for reference in references {
            let reference = Side::new(variant, reference.as_ref(), &mut vocabulary);
            let statistics = hypothesis.compare(&reference);
            let score = statistics.score();
            if score > best.1 {
                best = (statistics, score);
            }
        }
        best.0
    }

    /// The score, from 0 to 100; 0 when nothing matches.
    pub fn score(&self) -> f64 {
        let (mut precision, mut recall, mut orders) = (0.0, 0.0, 0u32);
        for counts in &self.orders {
            if counts.hypothesis > 0 && counts.reference > 0 {
                precision += counts.matches as f64 / counts.hypothesis as f64;
                recall += counts.matches as f64 / counts.reference as f64;
                orders += 1;
            }
        }
        if orders == 0 || precision + recall <= 0.0 {
            return 0.0;
        }
        let (precision, recall) = (precision / f64::from(orders), recall / f64::from(orders));
        let factor = BETA * BETA;
        100.0 * ((1.0 + factor) * precision * recall / (factor * precision + recall))
    }
}

impl AddAssign for Statistics {
    fn add_assign(&mut self, other: Self) {
        for (sum, more) in self.orders.iter_mut().zip(other.orders) {
            sum.hypothesis += more.hypothesis;
            sum.reference += more.reference;
            sum.matches += more.matches;
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

/// chrF of one sentence against the best of its references: `sacrebleu.sentence_chrf`.
pub fn sentence<S: AsRef<str>>(variant: Variant, hypothesis: &str, references: &[S]) -> f64 {
    Statistics::of(variant, hypothesis, references).score()
}

/// chrF of a corpus, not the mean of its sentences: `sacrebleu.corpus_chrf`.
pub fn corpus(sentences: impl Iterator<Item = Statistics>) -> f64 {
    sentences.sum::<Statistics>().score()
}

/// The n-grams of a text.
struct Side {
    characters: Ngrams<CHARACTERS>,
    words: Ngrams<WORDS>,
}

impl Side {
    fn new<'a>(variant: Variant, text: &'a str, vocabulary: &mut Vocabulary<'a>) -> Self {
        let characters: Vec<char> = text.chars().filter(|c| !vocabulary::is_space(*c)).collect();
        let words = match variant {
            Variant::Plain => Vec::new(),
            Variant::PlusPlus => {
                vocabulary.numbers(vocabulary::split(text).flat_map(without_punctuation))
            }
        };
        Self { characters: Ngrams::new(&characters), words: Ngrams::new(&words) }
    }

    fn compare(&self, reference: &Self) -> Statistics {
        let mut statistics = Statistics::default();
        let (characters, words) = statistics.orders.split_at_mut(CHARACTERS);
        for (index, counts) in characters.iter_mut().enumerate() {
            *counts = counts_of(&self.characters, &reference.characters, index + 1);
        }
        for (index, counts) in words.iter_mut().enumerate() {
            *counts = counts_of(&self.words, &reference.words, index + 1);
        }
        statistics
    }
}

fn counts_of<const ORDER: usize>(own: &Ngrams<ORDER>, other: &Ngrams<ORDER>, n: usize) -> Counts {
    let reference = other.count(n);
    Counts {
        hypothesis: if reference > 0 { own.count(n) } else { 0 },
        reference,
        matches: own.matches(std::slice::from_ref(other), n),
    }
}

/// A word and the punctuation mark behind it, else the mark before it: one of them, as in the original chrF++.
fn without_punctuation(word: &str) -> impl Iterator<Item = &str> {
    let mut ends = word.chars();
    let (first, last) = (ends.next(), ends.next_back());
    let place = match (first, last) {
        (_, Some(last)) if vocabulary::is_punctuation(last) => word.len() - last.len_utf8(),
        (Some(first), Some(_)) if vocabulary::is_punctuation(first) => first.len_utf8(),
        _ => 0,
    };
    let (before, after) = word.split_at(place);
    [before, after].into_iter().filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mark_is_split_off_a_word() {
        for (word, expected) in [
            ("(hi)", "(hi )"),
            ("(hi", "( hi"),
            ("a", "a"),
            (".", "."),
            ("..", ". ."),
            ("«é»", "«é»"),
        ] {
            assert_eq!(without_punctuation(word).collect::<Vec<_>>().join(" "), expected);
        }
    }

    #[test]
    fn nothing_is_zero_and_the_same_is_a_hundred() {
        for variant in [Variant::Plain, Variant::PlusPlus] {
            for (hypothesis, reference) in
                [("", ""), ("", "a"), ("a", ""), (" \n", "\t"), ("a", "b")]
            {
                assert_eq!(sentence(variant, hypothesis, &[reference]).to_bits(), 0);
            }
            for text in ["a", "漢", "the cat sat"] {
                assert!((sentence(variant, text, &[text]) - 100.0).abs() < 1e-9, "{text}");
            }
            assert_eq!(sentence::<&str>(variant, "a", &[]).to_bits(), 0);
            assert_eq!(corpus(std::iter::empty()).to_bits(), 0);
        }
    }
}
