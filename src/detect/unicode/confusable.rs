//! Letters of Cyrillic, Greek and Armenian that look like Latin ones.
//!
//! The pairs are those of UTS #39 that look the same in common fonts. Small Greek letters that only resemble (alpha, nu,
//! rho) are left out: formulas and names such as TNFα mix them with Latin letters for good reasons.

/// A script whose letters matter here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Script {
    Latin,
    Greek,
    Cyrillic,
    Armenian,
}

impl Script {
    /// The script of a letter; `None` for other scripts and for what is no letter.
    pub(super) fn of(character: char) -> Option<Self> {
        match character {
            'a'..='z' | 'A'..='Z' | '\u{1e00}'..='\u{1eff}' => Some(Self::Latin),
            '\u{c0}'..='\u{24f}' if character.is_alphabetic() => Some(Self::Latin),
            '\u{370}'..='\u{3ff}' if character.is_alphabetic() => Some(Self::Greek),
            '\u{400}'..='\u{52f}' if character.is_alphabetic() => Some(Self::Cyrillic),
            '\u{531}'..='\u{588}' if character.is_alphabetic() => Some(Self::Armenian),
            _ => None,
        }
    }
}

/// Letters and the Latin letter that each looks like, by their code points.
const PAIRS: [(char, char); 64] = [
    ('\u{37f}', 'J'),
    ('\u{391}', 'A'),
    ('\u{392}', 'B'),
    ('\u{395}', 'E'),
    ('\u{396}', 'Z'),
    ('\u{397}', 'H'),
    ('\u{399}', 'I'),
    ('\u{39a}', 'K'),
    ('\u{39c}', 'M'),
    ('\u{39d}', 'N'),
    ('\u{39f}', 'O'),
    ('\u{3a1}', 'P'),
    ('\u{3a4}', 'T'),
    ('\u{3a5}', 'Y'),
    ('\u{3a7}', 'X'),
    ('\u{3bf}', 'o'),
    ('\u{3f2}', 'c'),
    ('\u{3f3}', 'j'),
    ('\u{3f9}', 'C'),
    ('\u{405}', 'S'),
    ('\u{406}', 'I'),
    ('\u{408}', 'J'),
    ('\u{410}', 'A'),
    ('\u{412}', 'B'),
    ('\u{415}', 'E'),
    ('\u{41a}', 'K'),
    ('\u{41c}', 'M'),
    ('\u{41d}', 'H'),
    ('\u{41e}', 'O'),
    ('\u{420}', 'P'),
    ('\u{421}', 'C'),
    ('\u{422}', 'T'),
    ('\u{423}', 'Y'),
    ('\u{425}', 'X'),
    ('\u{430}', 'a'),
    ('\u{435}', 'e'),
    ('\u{43e}', 'o'),
    ('\u{440}', 'p'),
    ('\u{441}', 'c'),
    ('\u{443}', 'y'),
    ('\u{445}', 'x'),
    ('\u{455}', 's'),
    ('\u{456}', 'i'),
    ('\u{458}', 'j'),
    ('\u{474}', 'V'),
    ('\u{475}', 'v'),
    ('\u{4ae}', 'Y'),
    ('\u{4af}', 'y'),
    ('\u{4bb}', 'h'),
    ('\u{4c0}', 'I'),
    ('\u{4cf}', 'l'),
    ('\u{501}', 'd'),
    ('\u{50c}', 'G'),
    ('\u{51b}', 'q'),
    ('\u{51c}', 'W'),
    ('\u{51d}', 'w'),
    ('\u{54d}', 'U'),
    ('\u{54f}', 'S'),
    ('\u{555}', 'O'),
    ('\u{570}', 'h'),
    ('\u{578}', 'n'),
    ('\u{57d}', 'u'),
    ('\u{581}', 'g'),
    ('\u{585}', 'o'),
];

/// The Latin letter that a letter of another script looks like.
pub(super) fn latin(character: char) -> Option<char> {
    let place = PAIRS.binary_search_by_key(&character, |(letter, _)| *letter).ok()?;
    Some(PAIRS[place].1)
}

/// The letter of a script that looks like a Latin one.
fn foreign(character: char, script: Script) -> Option<char> {
    let pair = PAIRS
        .iter()
        .find(|(letter, latin)| *latin == character && Script::of(*letter) == Some(script));
    pair.map(|(letter, _)| *letter)
}

/// A word that mixes scripts, set right.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Unmixed {
    /// The word in one script, as it seems to read.
    pub(super) reads: String,
    /// Whether the letters of the other script are one to three at the end of a Latin word.
    pub(super) only_at_end: bool,
}

/// The word in one script; `None` where it has one script only, or where the mixture is plain to see.
pub(super) fn unmixed(word: &str) -> Option<Unmixed> {
    let scripts = || word.chars().filter_map(Script::of);
    let other = scripts().find(|script| *script != Script::Latin)?;
    if !scripts().any(|script| script == Script::Latin) || scripts().count() < 3 {
        return None;
    }
    let is_latin = |c: char| Script::of(c) == Some(Script::Latin);
    if let Some(reads) =
        replaced(word, |c| if Script::of(c).is_none() || is_latin(c) { Some(c) } else { latin(c) })
    {
        let ending = word.chars().rev().take_while(|c| !is_latin(*c)).count();
        let foreign = word.chars().filter(|c| Script::of(*c).is_some() && !is_latin(*c)).count();
        return Some(Unmixed { reads, only_at_end: ending == foreign && foreign <= 3 });
    }
    let reads = replaced(word, |c| if is_latin(c) { foreign(c, other) } else { Some(c) })?;
    Some(Unmixed { reads, only_at_end: false })
}

fn replaced(word: &str, by: impl Fn(char) -> Option<char>) -> Option<String> {
    word.chars().map(by).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pairs_are_sorted_and_lead_from_another_script_to_latin() {
        assert!(PAIRS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (letter, latin) in PAIRS {
            assert!(Script::of(letter).is_some_and(|script| script != Script::Latin), "{letter:?}");
            assert!(
                latin.is_ascii_alphabetic() && latin.is_uppercase() == letter.is_uppercase()
                    || letter == '\u{4cf}',
                "{letter:?}"
            );
        }
    }
}
