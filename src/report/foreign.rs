//! Text that others wrote (answers, server errors, commit messages, paths) must not act on the terminal that shows it.

use std::borrow::Cow;

/// The text with control characters (except tab and line feed), bidirectional controls and invisible format characters
/// shown as escapes.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match acts(character) {
            true => shown.extend(character.escape_unicode()),
            false => shown.push(character),
        }
    }
    Cow::Owned(shown)
}

/// The same on one line: line feeds too are shown as escapes. A CI takes a line that begins with `::` for a command.
pub fn line(text: &str) -> Cow<'_, str> {
    match escape(text) {
        shown if shown.contains('\n') => Cow::Owned(shown.replace('\n', "\\n")),
        shown => shown,
    }
}

/// The same on one line of at most `longest` characters.
pub fn excerpt(text: &str, longest: usize) -> String {
    let flat: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let flat = escape(&flat);
    match flat.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &flat[..end]),
        None => flat.into_owned(),
    }
}

fn acts(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => true,
        character => character.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_acts_on_the_terminal() {
        assert_eq!(escape("a\u{1b}[31mb\u{202e}c\td\n"), "a\\u{1b}[31mb\\u{202e}c\td\n");
        assert_eq!(escape("Grüße 🇩🇪"), "Grüße 🇩🇪");
        assert_eq!(line("a\n::error::b\r\n"), "a\\n::error::b\\u{d}\\n");
        assert_eq!(excerpt("a\n b   c", 4), "a b …");
    }
}
