//! Porter's stemmer as NLTK has it, which ROUGE uses; Snowball's "porter" gives other stems.
//!
//! Porter, "An algorithm for suffix stripping" (1980), with the extensions of Martin Porter and of NLTK
//! (`PorterStemmer.NLTK_EXTENSIONS`): irregular words, `y` after a consonant alone, short `-ies` and `-ied`. Words are
//! lower-case ASCII; whatever is no vowel counts as a consonant, digits too.

/// Words whose stem follows no rule.
const IRREGULAR: [(&str, &str); 16] = [
    ("sky", "sky"),
    ("skies", "sky"),
    ("dying", "die"),
    ("lying", "lie"),
    ("tying", "tie"),
    ("news", "news"),
    ("innings", "inning"),
    ("inning", "inning"),
    ("outings", "outing"),
    ("outing", "outing"),
    ("cannings", "canning"),
    ("canning", "canning"),
    ("howe", "howe"),
    ("proceed", "proceed"),
    ("exceed", "exceed"),
    ("succeed", "succeed"),
];

const STEP_2: [(&str, &str); 20] = [
    ("ational", "ate"),
    ("tional", "tion"),
    ("enci", "ence"),
    ("anci", "ance"),
    ("izer", "ize"),
    ("bli", "ble"),
    ("entli", "ent"),
    ("eli", "e"),
    ("ousli", "ous"),
    ("ization", "ize"),
    ("ation", "ate"),
    ("ator", "ate"),
    ("alism", "al"),
    ("iveness", "ive"),
    ("fulness", "ful"),
    ("ousness", "ous"),
    ("aliti", "al"),
    ("iviti", "ive"),
    ("biliti", "ble"),
    ("fulli", "ful"),
];

const STEP_3: [(&str, &str); 7] = [
    ("icate", "ic"),
    ("ative", ""),
    ("alize", "al"),
    ("iciti", "ic"),
    ("ical", "ic"),
    ("ful", ""),
    ("ness", ""),
];

const STEP_4: [&str; 19] = [
    "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou",
    "ism", "ate", "iti", "ous", "ive", "ize",
];

/// Makes a word into its stem, in place. The stem is never longer.
pub(super) fn stem(word: &mut String) {
    if let Some((_, stem)) = IRREGULAR.iter().find(|(irregular, _)| irregular == word) {
        word.clear();
        word.push_str(stem);
        return;
    }
    if word.len() <= 2 {
        return;
    }
    plural(word);
    past(word);
    if let Some(stem) = word.strip_suffix('y')
        && stem.len() > 1
        && ends_in_consonant(stem)
    {
        replace(word, 1, "i");
    }
    while word.strip_suffix("alli").is_some_and(|stem| measure(stem) > 0) {
        replace(word, 4, "al");
    }
    if !word.ends_with("alli")
        && !replace_first(word, &STEP_2)
        && let Some(stem) = word.strip_suffix("logi")
        && measure(&word[..=stem.len()]) > 0
    {
        replace(word, 1, "");
    }
    replace_first(word, &STEP_3);
    if let Some(suffix) = STEP_4.iter().find(|suffix| word.ends_with(**suffix)) {
        let stem = &word[..word.len() - suffix.len()];
        if measure(stem) > 1 && (*suffix != "ion" || stem.ends_with(['s', 't'])) {
            replace(word, suffix.len(), "");
        }
    }
    if let Some(stem) = word.strip_suffix('e')
        && (measure(stem) > 1 || (measure(stem) == 1 && !ends_short(stem)))
    {
        replace(word, 1, "");
    }
    if word.ends_with("ll") && measure(&word[..word.len() - 1]) > 1 {
        replace(word, 1, "");
    }
}

/// Step 1a: cats, ponies, caresses.
fn plural(word: &mut String) {
    if word.ends_with("ies") {
        let kept = if word.len() == 4 { "ie" } else { "i" };
        replace(word, 3, kept);
    } else if word.ends_with("sses") {
        replace(word, 2, "");
    } else if word.ends_with('s') && !word.ends_with("ss") {
        replace(word, 1, "");
    }
}

/// Step 1b: agreed, plastered, motoring.
fn past(word: &mut String) {
    if word.ends_with("ied") {
        let kept = if word.len() == 4 { "ie" } else { "i" };
        return replace(word, 3, kept);
    }
    if let Some(stem) = word.strip_suffix("eed") {
        if measure(stem) > 0 {
            replace(word, 1, "");
        }
        return;
    }
    let stem = ["ed", "ing"].iter().find_map(|suffix| {
        word.strip_suffix(suffix).filter(|stem| !kinds(stem).all(|consonant| consonant))
    });
    let Some(kept) = stem.map(str::len) else {
        return;
    };
    word.truncate(kept);
    if ["at", "bl", "iz"].iter().any(|end| word.ends_with(end)) {
        word.push('e');
    } else if ends_doubled(word) {
        if !word.ends_with(['l', 's', 'z']) {
            replace(word, 1, "");
        }
    } else if measure(word) == 1 && ends_short(word) {
        word.push('e');
    }
}

/// Looks for the first suffix that fits, and replaces it where a syllable stands before it. Whether one fits.
fn replace_first(word: &mut String, rules: &[(&str, &str)]) -> bool {
    let Some((suffix, replacement)) = rules.iter().find(|(suffix, _)| word.ends_with(suffix))
    else {
        return false;
    };
    if measure(&word[..word.len() - suffix.len()]) > 0 {
        replace(word, suffix.len(), replacement);
    }
    true
}

/// Puts `replacement` in place of the last `length` characters.
fn replace(word: &mut String, length: usize, replacement: &str) {
    word.truncate(word.len() - length);
    word.push_str(replacement);
}

/// For each letter whether it is a consonant: `y` is one at the beginning and after a vowel.
fn kinds(word: &str) -> impl Iterator<Item = bool> {
    word.bytes().scan(false, |consonant, letter| {
        *consonant = match letter {
            b'a' | b'e' | b'i' | b'o' | b'u' => false,
            b'y' => !*consonant,
            _ => true,
        };
        Some(*consonant)
    })
}

/// Porter's *m*: how often a consonant follows a vowel.
fn measure(stem: &str) -> usize {
    let mut last = true;
    kinds(stem).filter(|consonant| !std::mem::replace(&mut last, *consonant) && *consonant).count()
}

fn ends_in_consonant(stem: &str) -> bool {
    kinds(stem).last().unwrap_or_default()
}

/// Porter's *d*: two equal consonants at the end.
fn ends_doubled(stem: &str) -> bool {
    matches!(stem.as_bytes(), [.., a, b] if a == b) && ends_in_consonant(stem)
}

/// Porter's *o*: consonant, vowel, consonant other than w, x, y at the end; in NLTK also a word of a vowel and a consonant.
fn ends_short(stem: &str) -> bool {
    let mut last = [false; 3];
    for consonant in kinds(stem) {
        last = [last[1], last[2], consonant];
    }
    match stem.len() {
        0 | 1 => false,
        2 => last == [false, false, true],
        _ => last == [true, false, true] && !stem.ends_with(['w', 'x', 'y']),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stemmed(word: &str) -> String {
        let mut word = word.to_owned();
        stem(&mut word);
        word
    }

    /// Words that are put together from roots and all suffixes, each with its stem by NLTK.
    #[test]
    fn agrees_with_nltk() {
        let vectors = include_str!("../../tests/fixtures/vectors/porter.tsv");
        let mut checked = 0;
        for line in vectors.lines().filter(|line| !line.starts_with('#')) {
            let (word, expected) = line.split_once('\t').unwrap();
            assert_eq!(stemmed(word), expected, "{word}");
            checked += 1;
        }
        assert_eq!(checked, 6000);
    }

    proptest! {
        #[test]
        fn any_word_has_a_stem_that_is_not_longer(word in "([a-z0-9]|[aeiouy]|ed|ing|alli|ies|ll){0,12}") {
            prop_assert!(stemmed(&word).len() <= word.len());
        }
    }
}
