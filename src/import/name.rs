//! Titles that people gave, as names: of prompts, which travel in paths and URLs, and of variables.

use std::collections::{BTreeMap, BTreeSet};

/// The most characters of a title that go into a name.
const LONGEST: usize = 80;

/// Words that a template cannot use as the name of a variable, or that mean something else there.
const TAKEN: [&str; 26] = [
    "and",
    "block",
    "caller",
    "dict",
    "else",
    "examples",
    "false",
    "for",
    "if",
    "import",
    "in",
    "include",
    "is",
    "loop",
    "macro",
    "namespace",
    "none",
    "not",
    "null",
    "or",
    "range",
    "recursive",
    "self",
    "set",
    "true",
    "with",
];

/// The name of a prompt: lower-case letters and digits, with `-`, `_` and `.` between them. Empty when nothing is left.
pub fn slug(title: &str) -> String {
    words(title, '-', "_.")
}

/// The name of a variable: lower-case letters, digits and `_`, not beginning with a digit. Empty when nothing is left.
pub fn variable(title: &str) -> String {
    let name = words(title, '_', "");
    match name.as_str() {
        "" => name,
        taken if TAKEN.contains(&taken) => format!("{name}_"),
        digit if digit.starts_with(|c: char| c.is_ascii_digit()) => format!("n{name}"),
        _ => name,
    }
}

/// Letters and digits of ASCII in lower case; what stands between them as one `joint`, unless it is one of `kept`.
fn words(title: &str, joint: char, kept: &str) -> String {
    let mut name = String::new();
    for character in title.chars() {
        match character.to_ascii_lowercase() {
            // What joins two words already is not joined again, and an apostrophe joins nothing.
            '\'' | '’' => {}
            c if c.is_ascii_alphanumeric() => name.push(c),
            _ if name.is_empty() || name.ends_with(|c: char| !c.is_ascii_alphanumeric()) => {}
            c if kept.contains(c) => name.push(c),
            _ => name.push(joint),
        }
        if name.len() == LONGEST {
            break;
        }
    }
    name.truncate(name.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()).len());
    name
}

/// Names that are given, each once.
#[derive(Clone, Debug, Default)]
pub struct Names {
    taken: BTreeSet<String>,
    /// The ending to try next for a name that is taken: thousands of rows may have one title.
    next: BTreeMap<String, usize>,
}

impl Names {
    /// The name itself, or with the smallest of the endings 2, 3, … that nobody has yet.
    pub fn unique(&mut self, name: &str, joint: char) -> String {
        let mut candidate = name.to_owned();
        while !self.taken.insert(candidate.clone()) {
            let number = self.next.entry(name.to_owned()).or_insert(2);
            candidate = format!("{name}{joint}{number}");
            *number += 1;
        }
        candidate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_letters_and_digits() {
        for (title, expected) in [
            ("Linux Terminal", "linux-terminal"),
            ("UX/UI Developer", "ux-ui-developer"),
            ("  `Position` Interviewer! ", "position-interviewer"),
            ("Node.js (v20)", "node.js-v20"),
            ("Devil's Advocate", "devils-advocate"),
            ("...hidden__file..", "hidden_file"),
            ("日本語", ""),
            ("@", ""),
        ] {
            assert_eq!(slug(title), expected, "{title:?}");
        }
        assert_eq!(slug(&"long word ".repeat(30)).len(), 79);
    }

    #[test]
    fn variables_can_be_used_in_a_template() {
        for (title, expected) in [
            ("Topic", "topic"),
            ("Target Language", "target_language"),
            ("2nd", "n2nd"),
            ("If", "if_"),
            ("-", ""),
        ] {
            assert_eq!(variable(title), expected, "{title:?}");
        }
    }

    #[test]
    fn no_name_is_given_twice() {
        let mut names = Names::default();
        let names = ["a", "a", "a-2", "a", "a-2"].map(|name| names.unique(name, '-'));
        assert_eq!(names, ["a", "a-2", "a-2-2", "a-3", "a-2-3"]);
    }

    #[test]
    fn many_of_one_name_take_no_longer_each() {
        let mut names = Names::default();
        let last = (0..50_000).map(|_| names.unique("a", '-')).last();
        assert_eq!(last.as_deref(), Some("a-50000"));
    }
}
