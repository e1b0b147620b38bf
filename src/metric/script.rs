//! Scripts: in which letters a text is written.

use std::sync::LazyLock;

use regex_syntax::hir::{Class, HirKind};

/// Letters of one or several scripts, by the Script property of Unicode.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scripts {
    /// Ranges of code points, both ends included, in order.
    ranges: Vec<(char, char)>,
}

/// Codes of ISO 15924 for several scripts that are written together, and for forms of one.
const TOGETHER: [(&str, &[&str]); 7] = [
    ("jpan", &["Han", "Hiragana", "Katakana"]),
    ("japanese", &["Han", "Hiragana", "Katakana"]),
    ("hrkt", &["Hiragana", "Katakana"]),
    ("kore", &["Hangul", "Han"]),
    ("korean", &["Hangul", "Han"]),
    ("hans", &["Han"]),
    ("hant", &["Han"]),
];

/// The scripts that most texts are written in, for suggestions.
pub const COMMON: [&str; 32] = [
    "Arabic",
    "Armenian",
    "Bengali",
    "Bopomofo",
    "Cyrillic",
    "Devanagari",
    "Ethiopic",
    "Georgian",
    "Greek",
    "Gujarati",
    "Gurmukhi",
    "Han",
    "Hangul",
    "Hebrew",
    "Hiragana",
    "Japanese",
    "Kannada",
    "Katakana",
    "Khmer",
    "Korean",
    "Lao",
    "Latin",
    "Malayalam",
    "Mongolian",
    "Myanmar",
    "Oriya",
    "Sinhala",
    "Tamil",
    "Telugu",
    "Thai",
    "Tibetan",
    "Tifinagh",
];

/// Letters of no script of their own: shared signs such as `ー` and letters of formulas.
static SHARED: LazyLock<Scripts> = LazyLock::new(|| {
    let mut shared = class("Common").unwrap_or_default();
    shared.extend(class("Inherited").unwrap_or_default());
    shared.sort_unstable();
    Scripts { ranges: shared }
});

impl Scripts {
    /// The script of this name or four-letter code, such as `Latin` or `Latn`, whatever the case; `None` when Unicode has
    /// none of that name. `Japanese` (`Jpan`), `Korean` (`Kore`) and `Hrkt` are the scripts that are written together.
    pub fn named(name: &str) -> Option<Self> {
        let lower = name.to_lowercase();
        if ["common", "zyyy", "inherited", "zinh", "qaai"].contains(&lower.as_str()) {
            return None;
        }
        let mut ranges = Vec::new();
        match TOGETHER.iter().find(|(known, _)| *known == lower) {
            Some((_, parts)) => {
                for part in *parts {
                    ranges.extend(class(part)?);
                }
            }
            None => ranges = class(name)?,
        }
        ranges.sort_unstable();
        Some(Self { ranges })
    }

    /// Adds the letters of others.
    pub fn extend(&mut self, others: Self) {
        self.ranges.extend(others.ranges);
        self.ranges.sort_unstable();
        self.ranges.dedup();
    }

    fn has(&self, character: char) -> bool {
        let behind = self.ranges.partition_point(|(first, _)| *first <= character);
        behind > 0 && self.ranges[behind - 1].1 >= character
    }

    /// How many letters of a text are of these scripts, and how many letters it has. What belongs to no script, such as digits,
    /// marks, emoji and the letters of formulas, is not counted.
    pub fn count(&self, text: &str) -> Count {
        let mut count = Count::default();
        for character in text.chars() {
            if character.is_alphabetic() && (character.is_ascii() || !SHARED.has(character)) {
                count.letters += 1;
                count.of_scripts += usize::from(self.has(character));
            }
        }
        count
    }
}

/// How many letters are of some scripts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Count {
    /// Letters of the scripts.
    pub of_scripts: usize,
    /// All letters.
    pub letters: usize,
}

/// The ranges of a script, from the tables that regular expressions use.
fn class(name: &str) -> Option<Vec<(char, char)>> {
    if name.is_empty()
        || !name.bytes().all(|byte| byte.is_ascii_alphabetic() || b" _-".contains(&byte))
    {
        return None;
    }
    let hir = regex_syntax::parse(&format!(r"\p{{Script={name}}}")).ok()?;
    let HirKind::Class(Class::Unicode(class)) = hir.kind() else { return None };
    Some(class.iter().map(|range| (range.start(), range.end())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(scripts: &[&str], text: &str) -> (usize, usize) {
        let mut all = Scripts::default();
        for name in scripts {
            all.extend(Scripts::named(name).unwrap());
        }
        let count = all.count(text);
        (count.of_scripts, count.letters)
    }

    #[test]
    fn letters_are_counted_by_script() {
        assert_eq!(count(&["Latin"], "Größe: 12 cm 👍"), (7, 7));
        assert_eq!(count(&["latn"], "да yes"), (3, 5));
        assert_eq!(count(&["Cyrillic"], "да yes"), (2, 5));
        assert_eq!(count(&["Latin", "Cyrillic"], "да yes"), (5, 5));
        assert_eq!(count(&["Han"], "漢字かな"), (2, 4));
        assert_eq!(count(&["Japanese"], "漢字かなカー"), (5, 5));
        assert_eq!(count(&["Hebrew"], "שָׁלוֹם"), (7, 7));
        assert_eq!(count(&["Arabic"], "مرحبا"), (5, 5));
        assert_eq!(count(&["Latin"], "𝑥² ≥ 1"), (0, 0));
        assert_eq!(count(&["Latin"], ""), (0, 0));
    }

    #[test]
    fn only_scripts_have_names() {
        for name in ["", "Latin}", "Klingon", "Common", "zyyy", "Zinh", "Qaai", "L", "^Latin"] {
            assert_eq!(Scripts::named(name), None, "{name:?}");
        }
        for name in COMMON {
            assert!(Scripts::named(name).is_some(), "{name}");
        }
    }
}
