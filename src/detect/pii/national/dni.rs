//! Spanish ids of citizens (DNI) and of foreigners (NIE).

use crate::detect::pii::number::{Number, named_before};
use crate::detect::pii::{Kind, Pii};
use crate::span::Span;

/// The letters that the remainder by 23 chooses from.
const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

/// Whether a text is eight digits with the right letter, or X, Y or Z, seven digits and the right letter.
pub fn is_valid(text: &str) -> bool {
    let [first, middle @ .., last] = text.as_bytes() else { return false };
    let first = match first {
        b'X' => 0,
        b'Y' => 1,
        b'Z' => 2,
        digit if digit.is_ascii_digit() => digit - b'0',
        _ => return false,
    };
    if middle.len() != 7 || !middle.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let number =
        middle.iter().fold(usize::from(first), |n, digit| n * 10 + usize::from(digit - b'0'));
    LETTERS[number % 23] == *last
}

pub(super) fn find(number: &Number<'_>) -> Option<Pii> {
    const NAMES: [&str; 6] =
        ["dni", "nie", "nif", "documento de identidad", "documento nacional", "d.n.i."];
    let text = number.text;
    let group = number.first_group();
    let start = match group.end - group.start {
        8 => group.start,
        7 => group.start.checked_sub(1)?,
        _ => return None,
    };
    let after = text[group.end..].strip_prefix('-').unwrap_or(&text[group.end..]);
    let letter = after.chars().next().filter(char::is_ascii_uppercase)?;
    let end = text.len() - after.len() + 1;
    let id = format!("{}{letter}", text.get(start..group.end)?);
    let alone = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    (alone(text[..start].chars().next_back())
        && alone(after.chars().nth(1))
        && is_valid(&id)
        && !matches!(
            id.as_str(),
            "12345678Z" | "00000000T" | "X1234567L" | "X0000000T" | "87654321X"
        )
        && named_before(text, start, 40, &NAMES))
    .then(|| Pii { span: Span::new(start, end), kind: Kind::Dni })
}
