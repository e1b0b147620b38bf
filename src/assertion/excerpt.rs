//! Foreign text in a reason: one line, bounded, unable to act on a terminal.

use std::fmt::Write as _;

use serde_json::Value;

/// The most characters of an excerpt.
const LONGEST: usize = 120;

/// The beginning of `text` in double quotes.
pub(super) fn quote(text: &str) -> String {
    format!("\"{}\"", escaped(text, true))
}

/// A JSON value: a text quoted, anything else as compact JSON.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::String(text) => quote(text),
        value => escaped(&value.to_string(), false),
    }
}

/// The beginning of `text` without quotes.
pub(super) fn plain(text: &str) -> String {
    escaped(text, false)
}

fn escaped(text: &str, quoted: bool) -> String {
    let mut result = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == LONGEST {
            result.push('…');
            break;
        }
        match character {
            '\n' => result.push_str("\\n"),
            '\r' => result.push_str("\\r"),
            '\t' => result.push_str("\\t"),
            '"' if quoted => result.push_str("\\\""),
            '\\' if quoted => result.push_str("\\\\"),
            character if character.is_control() || is_invisible(character) => {
                let _ = write!(result, "\\u{{{:x}}}", u32::from(character));
            }
            character => result.push(character),
        }
    }
    result
}

/// Line separators and the characters that reorder or hide text.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_one_bounded_line() {
        assert_eq!(quote("a\n\"b\"\u{1b}[31m\u{202e}"), r#""a\n\"b\"\u{1b}[31m\u{202e}""#);
        let long = quote(&"é".repeat(500));
        assert_eq!(long, format!("\"{}…\"", "é".repeat(120)));
        assert_eq!(show(&serde_json::json!({"a": [1, "x\ny"]})), r#"{"a":[1,"x\ny"]}"#);
    }
}
