//! Exact match and F1 of the evaluation script of SQuAD 1.1, which question answering is reported in.
//!
//! Rajpurkar et al., "SQuAD: 100,000+ questions for machine comprehension of text" (2016). Case, ASCII punctuation,
//! English articles and the amount of white space do not count; of several references the best one does.

use unicode_normalization::char::is_combining_mark;

use super::vocabulary;

/// Whether the answer is one of the references, both [`normalized`].
pub fn exact_match<S: AsRef<str>>(answer: &str, references: &[S]) -> bool {
    let answer = normalized(answer);
    references.iter().any(|reference| normalized(reference.as_ref()) == answer)
}

/// The greatest F1 of the words of the answer against those of a reference, from 0 to 1.
///
/// It is 0 when no word is common: also for two texts without words, as in the script.
pub fn f1<S: AsRef<str>>(answer: &str, references: &[S]) -> f64 {
    let answer = normalized(answer);
    let answer = sorted(&answer);
    let scores = references.iter().map(|reference| {
        let reference = normalized(reference.as_ref());
        let reference = sorted(&reference);
        let common = common(&answer, &reference) as f64;
        if common <= 0.0 {
            return 0.0;
        }
        let (precision, recall) = (common / answer.len() as f64, common / reference.len() as f64);
        2.0 * precision * recall / (precision + recall)
    });
    scores.fold(0.0, f64::max)
}

/// The text in lower case, without punctuation and articles, with single spaces between words.
pub fn normalized(text: &str) -> String {
    let text = text.to_lowercase().replace(vocabulary::is_punctuation, "");
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        kept.push_str(if matches!(word, "a" | "an" | "the") { " " } else { word });
        let end = after.find(is_word).unwrap_or(after.len());
        let (between, after) = after.split_at(end);
        kept.push_str(between);
        rest = after;
    }
    let mut result = String::with_capacity(kept.len());
    for word in vocabulary::split(&kept) {
        if !result.is_empty() {
            result.push(' ');
        }
        result.push_str(word);
    }
    result
}

/// Whether `\w` of Python's `re` matches a lower-case character. Marks and enclosed letters are alphabetic in Unicode and
/// no letters there, so that the `a` of a decomposed `á` is an article.
fn is_word(c: char) -> bool {
    let enclosed = matches!(c, '\u{24b6}'..='\u{24e9}' | '\u{1f130}'..='\u{1f189}');
    c == '_' || (c.is_alphanumeric() && !is_combining_mark(c) && !enclosed)
}

fn sorted(text: &str) -> Vec<&str> {
    let mut words: Vec<&str> = vocabulary::split(text).collect();
    words.sort_unstable();
    words
}

/// How many words two sorted lists share, each as often as both have it.
fn common(mut a: &[&str], mut b: &[&str]) -> usize {
    let mut common = 0;
    while let ([first, rest @ ..], [second, others @ ..]) = (a, b) {
        common += usize::from(first == second);
        (a, b) = match first.cmp(second) {
            std::cmp::Ordering::Less => (rest, b),
            std::cmp::Ordering::Equal => (rest, others),
            std::cmp::Ordering::Greater => (a, others),
        };
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_punctuation_articles_and_space_do_not_count() {
        for (text, expected) in [
            ("The  Cat, (sat)!\n", "cat sat"),
            ("a.an the", "aan"),
            ("A an THE", ""),
            ("theatre another a-b", "theatre another ab"),
            ("a\u{301} the漢 the、b", "\u{301} the漢 、b"),
            ("“the”", "“ ”"),
        ] {
            assert_eq!(normalized(text), expected, "{text:?}");
        }
    }

    #[test]
    fn texts_without_words_match_exactly_and_have_no_f1() {
        for (answer, reference) in [("", ""), ("the", ""), ("!", "a")] {
            assert!(exact_match(answer, &[reference]));
            assert_eq!(f1(answer, &[reference]).to_bits(), 0);
        }
        assert!(!exact_match("", &["x"]));
        assert!(!exact_match::<&str>("", &[]));
        assert_eq!(f1::<&str>("x", &[]).to_bits(), 0);
    }
}
