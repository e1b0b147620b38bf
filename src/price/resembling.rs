//! Which model a misspelt name most likely meant.
//!
//! Edit distance alone is no guide: `gpt-5.7` is near to `gpt-5.6` and may well exist tomorrow. So only what cannot be a
//! newer model counts: the same letters and digits with other separators (`gpt4o`), the same words in another order
//! (`claude-4-5-sonnet`), and one word that the vendor does not use and that is nearly one that it does (`gpt-4o-mni`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::models::{self, Life};

/// The names of a vendor's models, to be looked up by what is in them.
#[derive(Default)]
struct Known {
    by_letters: BTreeMap<String, &'static str>,
    by_words: BTreeMap<String, &'static str>,
    words: BTreeSet<&'static str>,
}

static KNOWN: LazyLock<BTreeMap<&'static str, Known>> = LazyLock::new(|| {
    let mut known: BTreeMap<&str, Known> = BTreeMap::new();
    for (provider, name) in models::names() {
        let served = models::find_by_name(provider, name)
            .is_some_and(|model| !matches!(model.life(), Life::Ended(_)));
        let vendor = known.entry(provider).or_default();
        vendor.words.extend(words(name).filter(|word| is_word(word)));
        // Of two models of one spelling, the one that is still served is meant.
        for (index, spelling) in
            [(&mut vendor.by_letters, letters(name)), (&mut vendor.by_words, sorted(name))]
        {
            match served {
                true => drop(index.insert(spelling, name)),
                false => drop(index.entry(spelling).or_insert(name)),
            }
        }
    }
    known
});

/// The model of a vendor that `name`, which the table does not have, most likely meant.
pub fn meant(vendor: &str, name: &str) -> Option<&'static str> {
    let known = KNOWN.get(vendor)?;
    let same = known.by_letters.get(&letters(name)).or_else(|| known.by_words.get(&sorted(name)));
    if let Some(same) = same {
        return Some(same);
    }
    let mut foreign = words(name).filter(|word| is_word(word) && !known.words.contains(word));
    let (Some(foreign), None) = (foreign.next(), foreign.next()) else { return None };
    let mut near = known.words.iter().filter(|word| strsim::osa_distance(word, foreign) == 1);
    near.find_map(|word| known.by_letters.get(&letters(&name.replace(foreign, word)))).copied()
}

/// The letters and digits alone.
fn letters(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// The words in the order of the alphabet.
fn sorted(name: &str) -> String {
    let mut words: Vec<&str> = words(name).collect();
    words.sort_unstable();
    words.join("-")
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
}

/// Whether a misspelling of it could be told from another name: digits tell versions apart.
fn is_word(word: &str) -> bool {
    word.len() >= 3 && word.bytes().all(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_recognised() {
        for (vendor, name, model) in [
            ("openai", "gpt4o", "gpt-4o"),
            ("openai", "gpt-4o-mni", "gpt-4o-mini"),
            ("openai", "gpt-4o_mini", "gpt-4o-mini"),
            ("openai", "GPT-4o", "gpt-4o"),
            ("anthropic", "claude-4-5-sonnet", "claude-sonnet-4-5"),
            ("anthropic", "claude-sonnet-4.6", "claude-sonnet-4-6"),
            ("anthropic", "cluade-opus-5", "claude-opus-5"),
            ("gemini", "gemini-2.5-flsh", "gemini-2.5-flash"),
        ] {
            assert_eq!(meant(vendor, name), Some(model), "{name}");
        }
    }

    #[test]
    fn a_newer_model_is_no_misspelling() {
        for (vendor, name) in [
            ("openai", "gpt-5.7"),
            ("openai", "gpt-7-sol"),
            ("openai", "gpt-4o-2027-01-01"),
            ("openai", "o5-mini"),
            ("openai", "gpt-6-ember"),
            ("openai", "ft:gpt-4o-mini-2024-07-18:acme::abc123"),
            ("anthropic", "claude-opus-6"),
            ("anthropic", "claude-verse-1"),
            ("gemini", "gemini-4-flash"),
            ("groq", "llama-5-70b"),
            ("nobody", "gpt4o"),
            ("openai", ""),
        ] {
            assert_eq!(meant(vendor, name), None, "{name}");
        }
    }
}
