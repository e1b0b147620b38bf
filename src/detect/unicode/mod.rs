//! Characters that hide or deceive, and words that mix scripts.
//!
//! Smart quotes, dashes, accents and emoji are ordinary text. What is found here is not seen by a reader, or is seen as
//! something else, while a model reads it as it is.

mod confusable;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use self::confusable::Script;
use crate::span::Span;

/// What is odd in a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// Odd characters and words, in order.
    pub odd: Vec<Odd>,
    /// Whether [`not_nfc`] may find something.
    pub may_be_decomposed: bool,
}

/// Characters that belong together, and what is odd about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Odd {
    /// The bytes of the text.
    pub span: Span,
    /// What is odd.
    pub kind: Oddity,
}

/// What is odd about characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// A control that turns the direction of what follows.
    Bidi(char),
    /// A character without a shape or a width; of several equal ones, all.
    Invisible(char),
    /// Tag characters, and the ASCII text that they mirror.
    Tags(String),
    /// Several variation selectors in a row, and the bytes that they stand for.
    Selectors(Vec<u8>),
    /// A word with letters of another script that look like its own, and the word as it seems to read.
    MixedScript(String),
    /// A space or line break that is not the usual one, or a soft hyphen.
    Space(char),
}

/// Looks at each character of a text once. A text of ASCII alone costs next to nothing.
pub fn scan(text: &str) -> Scan {
    let mut scan = Scan::default();
    // ASCII has one odd character: a carriage return, since the pairs with a line feed are gone when a file is read.
    if let Some(first) = text.find('\r') {
        let returns = text[first..].match_indices('\r').map(|(at, _)| first + at);
        let lone = returns.filter(|at| text.as_bytes().get(at + 1) != Some(&b'\n'));
        scan.odd.extend(lone.map(|at| odd(at, at + 1, Oddity::Space('\r'))));
    }
    if text.is_ascii() {
        return scan;
    }
    let returns = scan.odd.len();
    let mut walk = Walk { text, at: 0, right_to_left: None, cyrillic: None, scan };
    walk.all();
    let mut scan = walk.scan;
    if returns > 0 {
        scan.odd.sort_by_key(|odd| odd.span);
    }
    scan
}

/// Pieces of a text between blanks that are not in Normalization Form C, with that form.
pub fn not_nfc(text: &str) -> impl Iterator<Item = (Span, String)> + '_ {
    let mut at = 0;
    let pieces = text.split(|c: char| c.is_ascii_whitespace()).map(move |piece| {
        let start = at;
        at += piece.len() + 1;
        (start, piece)
    });
    pieces.filter(|(_, piece)| !piece.is_ascii()).filter_map(|(start, piece)| {
        if is_nfc_quick(piece.chars()) == IsNormalized::Yes {
            return None;
        }
        let composed: String = piece.nfc().collect();
        (composed != piece).then(|| (Span::new(start, start + piece.len()), composed))
    })
}

fn odd(start: usize, end: usize, kind: Oddity) -> Odd {
    Odd { span: Span::new(start, end), kind }
}

struct Walk<'a> {
    text: &'a str,
    at: usize,
    /// Whether the text has letters that are written from right to left, once that was asked.
    right_to_left: Option<bool>,
    /// Whether the text has Cyrillic letters that look like no Latin ones, once that was asked.
    cyrillic: Option<bool>,
    scan: Scan,
}

impl Walk<'_> {
    fn all(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(ahead) = bytes[self.at..].iter().position(|byte| !byte.is_ascii()) {
            self.at += ahead;
            let Some(character) = self.text[self.at..].chars().next() else { return };
            self.character(character);
        }
    }

    fn character(&mut self, character: char) {
        let start = self.at;
        let end = start + character.len_utf8();
        self.at = end;
        match character {
            // Letters with marks, and punctuation that typography asks for.
            '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' | '\u{2010}'..='\u{2027}' => {}
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                self.push(start, end, Oddity::Bidi(character));
            }
            '\u{200e}' | '\u{200f}' | '\u{61c}' if !self.has_right_to_left() => {
                self.invisible(start, end, character);
            }
            '\u{e0000}'..='\u{e007f}' => self.tags(start),
            '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => self.selectors(start),
            '\u{200c}' | '\u{200d}'
                if !joins(self.before(start), self.text[end..].chars().next()) =>
            {
                self.invisible(start, end, character);
            }
            '\u{180b}'..='\u{180d}' | '\u{180f}'
                if !self.before(start).is_some_and(|c| matches!(c, '\u{1800}'..='\u{18af}')) =>
            {
                self.invisible(start, end, character);
            }
            character if is_invisible(character) => self.invisible(start, end, character),
            character
                if is_odd_space(character)
                    && !is_typographic(
                        character,
                        self.before(start),
                        self.text[end..].chars().next(),
                    ) =>
            {
                self.push(start, end, Oddity::Space(character));
            }
            character if Script::of(character).is_some_and(|script| script != Script::Latin) => {
                self.word(start);
            }
            _ => {}
        }
        // Han, kana, Hangul syllables and emoji are as they should be.
        let settled = matches!(character, '\0'..='\u{2ff}' | '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{d7ff}' | '\u{1f000}'..);
        if !settled && !self.scan.may_be_decomposed {
            self.scan.may_be_decomposed =
                is_nfc_quick(std::iter::once(character)) != IsNormalized::Yes;
        }
    }

    fn push(&mut self, start: usize, end: usize, kind: Oddity) {
        self.scan.odd.push(odd(start, end, kind));
    }

    /// Several of one invisible character in a row are one finding.
    fn invisible(&mut self, start: usize, end: usize, character: char) {
        match self.scan.odd.last_mut() {
            Some(Odd { span, kind: Oddity::Invisible(last) })
                if *last == character && span.end == start =>
            {
                span.end = end;
            }
            _ => self.push(start, end, Oddity::Invisible(character)),
        }
    }

    fn before(&self, at: usize) -> Option<char> {
        self.text[..at].chars().next_back()
    }

    /// The end of the run of characters of a kind that begins at `start`.
    fn run_end(&self, start: usize, of_kind: fn(char) -> bool) -> usize {
        let rest = &self.text[start..];
        start + rest.find(|c| !of_kind(c)).unwrap_or(rest.len())
    }

    fn tags(&mut self, start: usize) {
        let end = self.run_end(start, |c| matches!(c, '\u{e0000}'..='\u{e007f}'));
        self.at = end;
        let tags = &self.text[start..end];
        let hidden: String = tags.chars().filter_map(tag_letter).collect();
        // The flags of parts of countries: a black flag, at most six letters and digits, and an end.
        let flag = self.before(start) == Some('\u{1f3f4}')
            && tags.ends_with('\u{e007f}')
            && (4..=6).contains(&hidden.len())
            && hidden.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if !flag {
            self.push(start, end, Oddity::Tags(hidden));
        }
    }

    fn selectors(&mut self, start: usize) {
        let end = self.run_end(start, |c| selector_byte(c).is_some());
        self.at = end;
        let bytes: Vec<u8> = self.text[start..end].chars().filter_map(selector_byte).collect();
        match bytes[..] {
            [one] => {
                let before = self.before(start);
                if !before.is_some_and(takes_selector) {
                    let character = if one < 16 { '\u{fe00}' } else { '\u{e0100}' };
                    self.invisible(start, end, character);
                }
            }
            _ => self.push(start, end, Oddity::Selectors(bytes)),
        }
    }

    /// Looks at the word around a letter that is not Latin, and goes on after it.
    fn word(&mut self, start: usize) {
        let of_word = |c: char| c.is_alphanumeric() || matches!(c, '\u{300}'..='\u{36f}');
        let from = self.text[..start].char_indices().rev().take_while(|(_, c)| of_word(*c)).last();
        let from = from.map_or(start, |(at, _)| at);
        let end =
            start + self.text[start..].find(|c| !of_word(c)).unwrap_or(self.text.len() - start);
        self.at = end;
        let word = &self.text[from..end];
        if word.chars().any(|c| matches!(c, '\u{300}'..='\u{36f}')) {
            self.scan.may_be_decomposed = true;
        }
        let Some(mixed) = confusable::unmixed(word) else { return };
        // A Latin name with a Russian ending is how Russian is written.
        if mixed.only_at_end && self.has_cyrillic() {
            return;
        }
        self.push(from, end, Oddity::MixedScript(mixed.reads));
    }

    fn has_right_to_left(&mut self) -> bool {
        let text = self.text;
        *self.right_to_left.get_or_insert_with(|| {
            text.chars().any(|c| matches!(c, '\u{590}'..='\u{61b}' | '\u{61d}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'))
        })
    }

    fn has_cyrillic(&mut self) -> bool {
        let text = self.text;
        *self.cyrillic.get_or_insert_with(|| {
            text.chars()
                .any(|c| Script::of(c) == Some(Script::Cyrillic) && confusable::latin(c).is_none())
        })
    }
}

fn tag_letter(character: char) -> Option<char> {
    let letter = (character as u32).checked_sub(0xE0000)?;
    char::from_u32(letter).filter(|c| !c.is_control() && c.is_ascii())
}

/// The byte that a variation selector stands for: the first sixteen, then the supplement.
fn selector_byte(character: char) -> Option<u8> {
    let code = character as u32;
    let value = match code {
        0xFE00..=0xFE0F => code - 0xFE00,
        0xE0100..=0xE01EF => code - 0xE0100 + 16,
        _ => return None,
    };
    u8::try_from(value).ok()
}

/// Whether a character has variants to select: symbols and emoji, keycaps, Han, and a few scripts.
fn takes_selector(base: char) -> bool {
    matches!(base as u32,
        0x23 | 0x2A | 0x30..=0x39 | 0xA9 | 0xAE | 0x1000..=0x109F | 0x1800..=0x18AF | 0x2010..=0x2BFF
        | 0x2E80..=0x33FF | 0x3400..=0x9FFF | 0xA840..=0xA87F | 0xF900..=0xFAFF | 0xFF00..=0xFFEF
        | 0x10AC0..=0x10AFF | 0x1F000..=0x1FAFF | 0x20000..=0x3FFFF)
}

fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' | '\u{200b}'
            | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{3164}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
    )
}

fn is_odd_space(character: char) -> bool {
    matches!(
        character,
        '\u{85}' | '\u{a0}' | '\u{ad}' | '\u{1680}' | '\u{2000}'
            ..='\u{200a}'
                | '\u{2028}'
                | '\u{2029}'
                | '\u{202f}'
                | '\u{205f}'
                | '\u{3000}'
                | '\u{feff}'
    )
}

/// Whether a space that does not break stands where typography asks for it: around French punctuation, in numbers, before
/// units and signs; and the wide space between Han and kana.
fn is_typographic(space: char, before: Option<char>, after: Option<char>) -> bool {
    let (before, after) = (before.unwrap_or(' '), after.unwrap_or(' '));
    let han = |c: char| matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}');
    match space {
        '\u{a0}' | '\u{202f}' | '\u{2007}' | '\u{2009}' | '\u{200a}' => {
            matches!(
                after,
                '»' | ':'
                    | ';'
                    | '!'
                    | '?'
                    | '%'
                    | '‰'
                    | '€'
                    | '$'
                    | '£'
                    | '°'
                    | '–'
                    | '—'
                    | '…'
                    | '/'
            ) || matches!(before, '«' | '–' | '—' | '§' | '№' | '#' | '/')
                || (before.is_ascii_digit() && after.is_alphanumeric())
        }
        '\u{3000}' => han(before) || han(after),
        _ => false,
    }
}

/// Whether a joiner between these characters does what joiners are for: emoji sequences, and Arabic and Indic scripts.
fn joins(before: Option<char>, after: Option<char>) -> bool {
    let wants = |c: char| {
        matches!(c as u32,
            0x0600..=0x08FF | 0x0900..=0x0DFF | 0x0E80..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x1800..=0x18AF
            | 0xFE0F | 0x2190..=0x2BFF | 0x1F000..=0x1FAFF | 0xFB50..=0xFDFF | 0xFE70..=0xFEFC)
    };
    // At the end of a Persian or Indic word a joiner shapes its last letter.
    let shapes = |c: char| matches!(c as u32, 0x0600..=0x0DFF);
    before.is_some_and(|c| wants(c) && (after.is_some_and(wants) || shapes(c)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(text: &str) -> Vec<(&str, Oddity)> {
        scan(text).odd.into_iter().map(|odd| (&text[odd.span.range()], odd.kind)).collect()
    }

    #[test]
    fn ordinary_text_of_any_script_is_left_alone() {
        for text in [
            "plain\nand\ttabbed",
            "Grüße, 日本語　テキスト, עברית, Здравствуйте, Ελληνικά, Հայերեն, ไทย, हिन्दी",
            "“Smart” – ‘quotes’ … and — dashes, naïve café",
            "👩\u{200d}👧 🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f} ❤️ 1️⃣ 👩🏽\u{200d}🔬",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "שלום\u{200f}!",
            "葛\u{e0100}",
            "« Bonjour\u{a0}», dit-il\u{202f}: 10\u{a0}000\u{a0}€, 5\u{a0}km",
            "Δt, μm, kΩ, TNFα, λx, π/2, Cauchy–Riemann",
            "PDF-файл, USB, iPhone, GPU, и NASAу тоже",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn hidden_characters_are_found_and_decoded() {
        assert_eq!(
            found("ok\u{e0068}\u{e0069} a\u{200b}\u{200b}b \u{202e}x"),
            [
                ("\u{e0068}\u{e0069}", Oddity::Tags("hi".into())),
                ("\u{200b}\u{200b}", Oddity::Invisible('\u{200b}')),
                ("\u{202e}", Oddity::Bidi('\u{202e}')),
            ]
        );
        // A flag does not hide more letters than a flag has.
        let long: String =
            "ignorethis".bytes().map(|b| char::from_u32(0xE0000 + u32::from(b)).unwrap()).collect();
        assert_eq!(found(&format!("🏴{long}\u{e007f}")).len(), 1);
        let bytes = "hi!".bytes().map(|b| match b {
            0..=15 => char::from_u32(0xFE00 + u32::from(b)).unwrap(),
            _ => char::from_u32(0xE0100 + u32::from(b) - 16).unwrap(),
        });
        let smuggled: String = bytes.collect();
        assert_eq!(
            found(&format!("😊{smuggled}")),
            [(smuggled.as_str(), Oddity::Selectors(b"hi!".to_vec()))]
        );
        assert_eq!(found("a\u{fe0f}"), [("\u{fe0f}", Oddity::Invisible('\u{fe00}'))]);
        assert_eq!(found("ab\u{200e}c"), [("\u{200e}", Oddity::Invisible('\u{200e}'))]);
    }

    #[test]
    fn odd_spaces_are_found_in_order_with_lone_carriage_returns() {
        assert_eq!(
            found("a\u{a0}b\rc\u{2028}d\u{feff}e\u{ad}f\r\n"),
            [
                ("\u{a0}", Oddity::Space('\u{a0}')),
                ("\r", Oddity::Space('\r')),
                ("\u{2028}", Oddity::Space('\u{2028}')),
                ("\u{feff}", Oddity::Space('\u{feff}')),
                ("\u{ad}", Oddity::Space('\u{ad}')),
            ]
        );
        assert_eq!(found("a\rb"), [("\r", Oddity::Space('\r'))]);
    }

    #[test]
    fn words_of_two_scripts_are_found_where_they_deceive() {
        let mixed = |word: &str| match &found(word)[..] {
            [(text, Oddity::MixedScript(reads))] => Some(((*text).to_owned(), reads.clone())),
            _ => None,
        };
        // The second letter is Cyrillic, then all but the last, then a Greek capital.
        assert_eq!(mixed("see pаypal now"), Some(("pаypal".into(), "paypal".into())));
        assert_eq!(mixed("аррle"), Some(("аррle".into(), "apple".into())));
        assert_eq!(mixed("ΑPI"), Some(("ΑPI".into(), "API".into())));
        // A Latin letter in a Russian word.
        assert_eq!(mixed("Poссия"), Some(("Poссия".into(), "Россия".into())));
        assert_eq!(mixed("PDFки"), None);
    }

    #[test]
    fn pieces_that_are_not_composed_come_with_their_composed_form() {
        let text = "plain cafe\u{301} ok\nA\u{30a}ngstro\u{308}m é";
        let found: Vec<(&str, String)> =
            not_nfc(text).map(|(span, composed)| (&text[span.range()], composed)).collect();
        assert_eq!(
            found,
            [("cafe\u{301}", "café".to_owned()), ("A\u{30a}ngstro\u{308}m", "Ångström".to_owned())]
        );
        assert!(scan(text).may_be_decomposed);
        assert!(!scan("Grüße 日本語 “é” 😀").may_be_decomposed);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_ascii_is_never_odd(text in "\\PC{0,60}", ascii in "[ -~\n\t]{0,80}") {
            let odd = scan(&text).odd;
            prop_assert!(odd.iter().all(|odd| text.get(odd.span.range()).is_some_and(|t| !t.is_empty())));
            prop_assert!(odd.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start));
            prop_assert_eq!(scan(&ascii), Scan::default());
        }

        #[test]
        fn what_may_not_be_decomposed_is_composed(text in "[a-zé\u{300}-\u{310}가-힣\u{1100}-\u{1175}Å日 ]{0,20}") {
            if !scan(&text).may_be_decomposed {
                prop_assert_eq!(not_nfc(&text).count(), 0);
            }
            let mut composed = text.clone();
            let pieces: Vec<_> = not_nfc(&text).collect();
            for (span, piece) in pieces.into_iter().rev() {
                composed.replace_range(span.range(), &piece);
            }
            prop_assert_eq!(not_nfc(&composed).count(), 0);
        }
    }
}
