//! Numbers as people write them: groups of digits with blanks, dashes, dots, slashes or brackets between.

use crate::span::Span;

/// The most groups that a number has; what follows begins another one.
const MOST_GROUPS: usize = 10;

/// A number in a text.
pub(super) struct Number<'a> {
    /// The text.
    pub(super) text: &'a str,
    /// From the first digit to the last.
    pub(super) span: Span,
    groups: [Span; MOST_GROUPS],
    count: usize,
}

impl<'a> Number<'a> {
    /// The next number at or after a byte.
    pub(super) fn next(text: &'a str, from: usize) -> Option<Self> {
        let bytes = text.as_bytes();
        let digits = |from: usize| {
            from + bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count()
        };
        let start = from + bytes[from..].iter().position(u8::is_ascii_digit)?;
        let mut number =
            Self { text, span: Span::at(start), groups: [Span::default(); MOST_GROUPS], count: 0 };
        let mut at = start;
        loop {
            let end = digits(at);
            number.groups[number.count] = Span::new(at, end);
            number.count += 1;
            number.span.end = end;
            let between =
                bytes[end..].iter().take(3).take_while(|byte| b" -./()".contains(byte)).count();
            let next = end + between;
            let goes_on =
                (1..=2).contains(&between) && bytes.get(next).is_some_and(u8::is_ascii_digit);
            if !goes_on || number.count == MOST_GROUPS {
                return Some(number);
            }
            at = next;
        }
    }

    /// The first group of digits.
    pub(super) fn first_group(&self) -> Span {
        self.groups[0]
    }

    /// The groups of digits.
    pub(super) fn groups(&self) -> &[Span] {
        &self.groups[..self.count]
    }

    /// Where to look on when this is nothing: behind the first blank in it, else behind all of it.
    pub(super) fn rest(&self) -> usize {
        let mut pairs = self.groups().windows(2);
        let blank = pairs.find(|pair| &self.text[pair[0].end..pair[1].start] == " ");
        blank.map_or(self.span.end, |pair| pair[1].start)
    }

    /// Whether the groups have these lengths.
    pub(super) fn has_shape(&self, lengths: &[usize]) -> bool {
        self.count == lengths.len()
            && self
                .groups()
                .iter()
                .zip(lengths)
                .all(|(group, length)| group.end - group.start == *length)
    }

    /// What stands between two groups.
    pub(super) fn separators(&self) -> impl Iterator<Item = &'a str> {
        self.groups().windows(2).map(|pair| &self.text[pair[0].end..pair[1].start])
    }

    /// Whether the same stands between all groups, and it is one of these.
    pub(super) fn is_separated_by(&self, one_of: &[&str]) -> bool {
        let mut separators = self.separators();
        let Some(first) = separators.next() else { return true };
        one_of.contains(&first) && separators.all(|separator| separator == first)
    }

    /// The digits, each as a number from 0 to 9.
    pub(super) fn digits(&self) -> Vec<u8> {
        let bytes = self.text[self.span.range()].bytes();
        bytes.filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect()
    }

    /// How many digits there are.
    pub(super) fn len(&self) -> usize {
        self.groups().iter().map(|group| group.end - group.start).sum()
    }

    /// Whether the number stands alone: no letter, sign of money or further digits touch it.
    pub(super) fn stands_alone(&self) -> bool {
        let before = self.text[..self.span.start].chars().next_back();
        let mut after = self.text[self.span.end..].chars();
        let (next, second) = (after.next(), after.next());
        let touches = |c: char| {
            c.is_alphanumeric() || matches!(c, '_' | '$' | '€' | '£' | '#' | '%' | '@' | '^')
        };
        let goes_on = matches!(next, Some('.' | ',' | '-' | '/' | ':' | '='))
            && second.is_some_and(|c| c.is_ascii_digit());
        !before.is_some_and(|c| touches(c) || matches!(c, '.' | ',' | '-' | '/' | '='))
            && !next.is_some_and(touches)
            && !goes_on
    }

    /// Whether one of the words (in lower case) stands in the forty bytes before the number, on its line.
    pub(super) fn is_named(&self, words: &[&str]) -> bool {
        named_before(self.text, self.span.start, 40, words)
    }
}

/// Whether one of the words (in lower case) stands before a byte, at most so many bytes away and on its line.
pub(super) fn named_before(text: &str, at: usize, distance: usize, words: &[&str]) -> bool {
    let from = text.ceil_char_boundary(at.saturating_sub(distance));
    let before = text[from..at].rsplit('\n').next().unwrap_or_default().to_lowercase();
    words.iter().any(|word| {
        before.match_indices(word).any(|(place, _)| {
            let is_letter = |c: char| c.is_alphanumeric();
            !before[..place].chars().next_back().is_some_and(is_letter)
                && !before[place + word.len()..].chars().next().is_some_and(is_letter)
        })
    })
}
