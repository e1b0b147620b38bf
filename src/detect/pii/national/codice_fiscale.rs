//! Italian tax codes.

use crate::detect::pii::number::Number;
use crate::detect::pii::{Kind, Pii};
use crate::span::Span;

/// What letters and digits at odd places are worth, by their place in the alphabet or their value.
const ODD: [u32; 26] =
    [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
/// Codes that documentation prints.
const EXAMPLES: [&str; 3] = ["RSSMRA85T10A562S", "RSSMRA80A01H501U", "MRTMTT91D08F205J"];

/// Whether sixteen characters are a tax code: three letters each for surname and name, year, month, day (plus 40 for
/// women), place and check letter. Codes in which letters stand for digits are not looked for.
pub fn is_valid(code: &str) -> bool {
    let bytes = code.as_bytes();
    let letters = |places: std::ops::Range<usize>| bytes[places].iter().all(u8::is_ascii_uppercase);
    let digits = |places: std::ops::Range<usize>| bytes[places].iter().all(u8::is_ascii_digit);
    if bytes.len() != 16
        || !letters(0..6)
        || !digits(6..8)
        || !digits(9..11)
        || !letters(11..12)
        || !digits(12..15)
    {
        return false;
    }
    let Some(month) = b"ABCDEHLMPRST".iter().position(|month| *month == bytes[8]) else {
        return false;
    };
    let day = (bytes[9] - b'0') * 10 + (bytes[10] - b'0');
    let year = u32::from(bytes[6] - b'0') * 10 + u32::from(bytes[7] - b'0');
    let days = match month {
        3 | 5 | 8 | 10 => 30,
        // Of the years 1900 and 2000 the later has the day.
        1 if year.is_multiple_of(4) => 29,
        1 => 28,
        _ => 31,
    };
    let sum: u32 = bytes[..15]
        .iter()
        .enumerate()
        .map(|(place, byte)| {
            let value = u32::from(if byte.is_ascii_digit() { byte - b'0' } else { byte - b'A' });
            if place % 2 == 0 { ODD[value as usize] } else { value }
        })
        .sum();
    (1..=days).contains(&(day % 40))
        && day <= 71
        && u32::from(bytes[15] - b'A') == sum % 26
        && bytes[15].is_ascii_uppercase()
}

/// The code whose year of birth is the number.
pub(in crate::detect::pii) fn find(number: &Number<'_>) -> Option<Pii> {
    let group = number.first_group();
    let start = group.start.checked_sub(6).filter(|_| group.end - group.start == 2)?;
    let code = number.text.get(start..start + 16)?;
    let alone = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    (alone(number.text[..start].chars().next_back())
        && alone(number.text[start + 16..].chars().next())
        && is_valid(code)
        && !EXAMPLES.contains(&code))
    .then(|| Pii { span: Span::new(start, start + 16), kind: Kind::CodiceFiscale })
}
