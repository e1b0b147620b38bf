//! Longest common subsequences of words, 64 at a time, in memory that grows with the length and not with its square.
//!
//! Crochemore et al., "A fast and practical bit-vector algorithm for the longest common subsequence problem" (2001), in
//! the form of Hyyrö, "Bit-parallel LCS-length computation revisited" (2004). A row of bits stands for a column of the
//! textbook's table: a bit is 0 where the table grows by one. Only the machine words are visited in which the text's
//! word occurs, or to which a carry runs.

/// The bits of a machine word.
const BITS: usize = u64::BITS as usize;

/// How many machine words a comparison of a pattern and a text of so many words visits at most.
pub(super) fn work(pattern: usize, text: usize) -> usize {
    pattern.div_ceil(BITS).saturating_mul(text)
}

/// One of the two sequences, made ready to be compared with others.
///
/// Words are numbers below the size of a vocabulary.
pub(super) struct Pattern {
    words: Vec<u32>,
    /// For each word of the vocabulary the part of `masks` that is about it.
    ranges: Vec<(u32, u32)>,
    /// Machine words of a row with the bits at which the word stands.
    masks: Vec<(u32, u64)>,
    /// Rows of the table, kept to be used again.
    row: Vec<u64>,
    rows: Vec<u64>,
    starts: Vec<u64>,
}

impl Pattern {
    /// For words of a vocabulary of this size.
    pub(super) fn new(vocabulary: usize) -> Self {
        Self {
            words: Vec::new(),
            ranges: vec![(0, 0); vocabulary],
            masks: Vec::new(),
            row: Vec::new(),
            rows: Vec::new(),
            starts: Vec::new(),
        }
    }

    /// Takes these words for the pattern, in place of those before.
    pub(super) fn set(&mut self, words: &[u32]) {
        for word in self.words.drain(..) {
            self.ranges[word as usize] = (0, 0);
        }
        self.words.extend_from_slice(words);
        let places = words.iter().enumerate();
        let mut places: Vec<(u32, usize)> = places.map(|(place, word)| (*word, place)).collect();
        places.sort_unstable();
        self.masks.clear();
        for same in places.chunk_by(|a, b| a.0 == b.0) {
            let start = self.masks.len() as u32;
            for together in same.chunk_by(|a, b| a.1 / BITS == b.1 / BITS) {
                let mask = together.iter().fold(0, |mask, (_, place)| mask | 1 << (place % BITS));
                self.masks.push(((together[0].1 / BITS) as u32, mask));
            }
            self.ranges[same[0].0 as usize] = (start, self.masks.len() as u32);
        }
    }

    /// The length of the longest common subsequence of the pattern and a text.
    pub(super) fn length(&mut self, text: &[u32]) -> usize {
        let mut row = self.first_row();
        for word in text {
            self.step(&mut row, *word);
        }
        let zeros: u32 = row.iter().map(|bits| bits.count_zeros()).sum();
        self.row = row;
        zeros as usize
    }

    /// Calls `visit` with the places in the pattern of a longest common subsequence, from the last to the first.
    ///
    /// Of several it is the one that the walk from the end of the textbook's table finds which prefers a match to a
    /// step in the text and that to a step in the pattern, unless the table says that it is shorter.
    ///
    /// The rows are computed twice, and all of them are kept only for a part of the text at a time, so that memory grows
    /// with the square root of the text's length.
    pub(super) fn trace(&mut self, text: &[u32], mut visit: impl FnMut(usize)) {
        let length = self.row_length();
        if length == 0 || text.is_empty() {
            return;
        }
        let part = text.len().isqrt();
        let mut starts = std::mem::take(&mut self.starts);
        let mut rows = std::mem::take(&mut self.rows);
        let mut row = self.first_row();
        starts.clear();
        for words in text.chunks(part) {
            starts.extend_from_slice(&row);
            for word in words {
                self.step(&mut row, *word);
            }
        }
        let mut place = self.words.len();
        for (words, start) in text.chunks(part).zip(starts.chunks_exact(length)).rev() {
            row.copy_from_slice(start);
            rows.clear();
            for word in words {
                self.step(&mut row, *word);
                rows.extend_from_slice(&row);
            }
            let mut left = words.len();
            while place > 0 && left > 0 {
                let last = place - 1;
                if self.words[last] == words[left - 1] {
                    visit(last);
                    place -= 1;
                    left -= 1;
                } else if rows[(left - 1) * length + last / BITS] & (1 << (last % BITS)) == 0 {
                    left -= 1;
                } else {
                    place -= 1;
                }
            }
        }
        self.row = row;
        self.rows = rows;
        self.starts = starts;
    }

    fn first_row(&mut self) -> Vec<u64> {
        let mut row = std::mem::take(&mut self.row);
        row.clear();
        row.resize(self.row_length(), u64::MAX);
        row
    }

    fn row_length(&self) -> usize {
        self.words.len().div_ceil(BITS)
    }

    /// The row after one more word of the text: row + (row & mask) | (row & !mask), as one long number.
    fn step(&self, row: &mut [u64], word: u32) {
        let (start, end) = self.ranges[word as usize];
        let mut carry = false;
        let mut next = 0;
        for (index, mask) in &self.masks[start as usize..end as usize] {
            let index = *index as usize;
            carry = carry && carried(&mut row[next..index]);
            let bits = row[index];
            let (sum, over) = bits.overflowing_add(bits & mask);
            let (sum, over_again) = sum.overflowing_add(u64::from(carry));
            row[index] = sum | (bits & !mask);
            carry = over || over_again;
            next = index + 1;
        }
        if carry {
            carried(&mut row[next..]);
        }
    }
}

/// Adds 1 to the part of a row in which the word does not occur; whether it runs over.
fn carried(row: &mut [u64]) -> bool {
    for bits in row {
        let (sum, over) = bits.overflowing_add(1);
        *bits |= sum;
        if !over {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The textbook's table, and its walk.
    fn table(pattern: &[u32], text: &[u32]) -> (usize, Vec<usize>) {
        let mut table = vec![vec![0; text.len() + 1]; pattern.len() + 1];
        for i in 1..=pattern.len() {
            for j in 1..=text.len() {
                table[i][j] = if pattern[i - 1] == text[j - 1] {
                    table[i - 1][j - 1] + 1
                } else {
                    table[i - 1][j].max(table[i][j - 1])
                };
            }
        }
        let (mut i, mut j) = (pattern.len(), text.len());
        let mut places = Vec::new();
        while i > 0 && j > 0 {
            if pattern[i - 1] == text[j - 1] {
                places.push(i - 1);
                (i, j) = (i - 1, j - 1);
            } else if table[i][j - 1] > table[i - 1][j] {
                j -= 1;
            } else {
                i -= 1;
            }
        }
        (table[pattern.len()][text.len()], places)
    }

    proptest! {
        #[test]
        fn agrees_with_the_textbook(
            words in 1..40u32,
            seeds in prop::collection::vec(prop::collection::vec(any::<u32>(), 0..300), 1..4),
        ) {
            let sequences: Vec<Vec<u32>> =
                seeds.iter().map(|seed| seed.iter().map(|number| number % words).collect()).collect();
            let mut pattern = Pattern::new(words as usize);
            for own in &sequences {
                pattern.set(own);
                for text in &sequences {
                    let (length, places) = table(own, text);
                    let mut found = Vec::new();
                    pattern.trace(text, |place| found.push(place));
                    prop_assert_eq!(pattern.length(text), length);
                    prop_assert_eq!(found, places);
                }
            }
        }
    }

    #[test]
    fn carries_run_through_words_without_a_match() {
        let own: Vec<u32> = (0..400).map(|place| u32::from(place % 130 == 0)).collect();
        let mut pattern = Pattern::new(2);
        pattern.set(&own);
        for text in [vec![1; 5], vec![0; 500], vec![1, 0, 1, 0, 1, 0, 0, 1]] {
            let mut found = Vec::new();
            pattern.trace(&text, |place| found.push(place));
            assert_eq!((pattern.length(&text), found), table(&own, &text));
        }
    }
}
