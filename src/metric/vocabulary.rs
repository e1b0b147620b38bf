//! Words as the reference implementations see them, which are written in Python, and numbers in their place.

use std::collections::HashMap;

use foldhash::fast::RandomState;

/// Whether `str.split` and `str.strip` of Python take the character for white space: beside that of Unicode the four
/// separators of ASCII.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\x1c'..='\x1f')
}

/// What stands between white space.
pub(super) fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_space).filter(|word| !word.is_empty())
}

/// Whether a character is of `string.punctuation` of Python.
pub(super) fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation()
}

/// Gives each word a number, from 0 on in the order of appearance, so that words are compared and counted as numbers.
#[derive(Default)]
pub(super) struct Vocabulary<'a>(HashMap<&'a str, u32, RandomState>);

impl<'a> Vocabulary<'a> {
    /// The numbers of words.
    pub(super) fn numbers(&mut self, words: impl Iterator<Item = &'a str>) -> Vec<u32> {
        self.0.reserve(words.size_hint().0);
        words
            .map(|word| {
                let next = self.0.len() as u32;
                *self.0.entry(word).or_insert(next)
            })
            .collect()
    }

    /// How many words there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
