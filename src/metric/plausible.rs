//! Whether words look like words: what is left of a text when a model loses itself in random letters.

use unicode_segmentation::UnicodeSegmentation;

/// The longest word that is believed, in code points: longer ones are joined or made up.
const LONGEST: usize = 40;

/// The most consonants in a row; `Angstschweiß` and its like have eight.
const MOST_CONSONANTS: usize = 8;

/// The share of words that look like words; `None` without words.
///
/// A word does when it has at most 40 letters and, where it is written in Latin letters, when five letters and more hold a
/// vowel (also `y`, and `w` as in Welsh) and no more than eight consonants stand in a row; words in capitals, which may be
/// abbreviations, and words with digits, which may be names of things, need be no longer than 40. A heuristic: it tells
/// noise from language, not good from bad.
pub fn plausible_share(text: &str) -> Option<f64> {
    let (mut words, mut plausible) = (0usize, 0usize);
    for word in text.unicode_words() {
        words += 1;
        plausible += usize::from(is_plausible(word));
    }
    (words > 0).then(|| plausible as f64 / words as f64)
}

fn is_plausible(word: &str) -> bool {
    if word.chars().count() > LONGEST {
        return false;
    }
    let latin = |c: char| {
        c.is_ascii_alphabetic()
            || matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | '\'' | '’')
    };
    if !word.chars().all(latin) || !word.chars().any(char::is_lowercase) {
        return true;
    }
    let (mut letters, mut row, mut vowels) = (0, 0, 0);
    for letter in word.chars().filter(|c| c.is_alphabetic()) {
        letters += 1;
        // Letters with marks are mostly vowels, and noise seldom has them.
        if !letter.is_ascii() || "aeiouyw".contains(letter.to_ascii_lowercase()) {
            vowels += 1;
            row = 0;
        } else {
            row += 1;
        }
        if row > MOST_CONSONANTS {
            return false;
        }
    }
    letters < 5 || vowels > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_told_from_language() {
        for text in [
            "Angstschweiß und Strč prst skrz krk",
            "The rhythm of HTTP and SQLITE at 10ms, cwm.",
            "Это предложение. 这是一个句子。 これは文です。",
            "مرحبا بالعالم",
            "a3f9c2 is the commit",
        ] {
            assert_eq!(plausible_share(text), Some(1.0), "{text:?}");
        }
        assert_eq!(plausible_share("xkcdf qzrtp mnbvc the"), Some(0.25));
        assert_eq!(plausible_share(&"x".repeat(41)), Some(0.0));
        for text in ["", "…", "👍"] {
            assert_eq!(plausible_share(text), None, "{text:?}");
        }
    }
}
