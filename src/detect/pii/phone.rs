//! Telephone numbers.

use super::number::{Number, named_before};
use super::{Kind, Pii, is_made_up};
use crate::span::Span;

/// Words before a number that make it one of a telephone.
const NAMES: [&str; 14] = [
    "phone",
    "telephone",
    "tel",
    "tel.",
    "mobile",
    "cell",
    "cellphone",
    "whatsapp",
    "fax",
    "telefon",
    "handy",
    "téléphone",
    "teléfono",
    "móvil",
];
/// Beginnings of numbers that are reserved for fiction, in digits with the country first: those of Ofcom (the United
/// Kingdom) and ACMA (Australia).
const FICTION: [&str; 10] = [
    "447700900",
    "442079460",
    "441134960",
    "441144960",
    "441154960",
    "441164960",
    "441174960",
    "441184960",
    "61491570",
    "61255501",
];
/// Country codes of one and two digits; those of three are what is left of the ranges.
const COUNTRIES: [u8; 46] = [
    1, 7, 20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54,
    55, 56, 57, 58, 60, 61, 62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98,
];

pub(super) fn find(number: &Number<'_>) -> Option<Pii> {
    let pii =
        |start: usize| Some(Pii { span: Span::new(start, number.span.end), kind: Kind::Phone });
    let before = &number.text[..number.span.start];
    if !(7..=15).contains(&number.len()) || touches_more(number) {
        return None;
    }
    let digits = number.digits();
    if let Some(plus) = before.strip_suffix('+').or_else(|| before.strip_suffix("+(")) {
        let alone = !plus
            .chars()
            .next_back()
            .is_some_and(|c| c.is_alphanumeric() || matches!(c, ')' | ']' | '+' | '-'));
        return (alone && !is_date(number) && is_international(&digits))
            .then(|| pii(plus.len()))?;
    }
    let start = if before.ends_with('(') { number.span.start - 1 } else { number.span.start };
    let outside = number.text[..start].chars().next_back();
    if outside.is_some_and(|c| {
        c.is_alphanumeric()
            || matches!(c, '_' | '-' | '.' | ',' | '/' | '=' | '$' | '€' | '£' | '#' | '+')
    }) {
        return None;
    }
    let named = || named_before(number.text, start, 20, &NAMES);
    let american = is_american(number, &digits) && (has_american_marks(number) || named());
    let local = || {
        (8..=13).contains(&digits.len())
            && digits[0] == 0
            && number.groups().len() <= 6
            && named()
            && !is_made_up(&digits[1..])
    };
    (american || local()).then(|| pii(start))?
}

/// Whether the groups are those of a date with a sign, as in `+12024-11-20`.
fn is_date(number: &Number<'_>) -> bool {
    let [_, month, day] = number.groups() else { return false };
    number.is_separated_by(&["-", "/"]) && month.end - month.start <= 2 && day.end - day.start <= 2
}

/// Whether the number is a part of something longer.
fn touches_more(number: &Number<'_>) -> bool {
    let mut after = number.text[number.span.end..].chars();
    let (next, second) = (after.next(), after.next());
    next.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '%' | '@'))
        || matches!((next, second), (Some('.' | ',' | '-' | '/' | ':' | '='), Some('0'..='9')))
}

/// A number of ITU-T E.164 with a country that exists, and neither made up nor reserved for fiction.
fn is_international(digits: &[u8]) -> bool {
    let one = digits[0];
    let two = digits[0] * 10 + digits[1];
    let three = matches!(two, 21..=26 | 29 | 35 | 37 | 38 | 42 | 50 | 59 | 67..=69 | 80 | 85 | 87 | 88 | 96 | 97 | 99);
    let country = COUNTRIES.contains(&one) || COUNTRIES.contains(&two) || three;
    if !(8..=15).contains(&digits.len()) || !country {
        return false;
    }
    if one == 1 {
        return digits.len() == 11 && is_american_plan(&digits[1..]);
    }
    let text: String = digits.iter().map(|digit| char::from(b'0' + digit)).collect();
    !FICTION.iter().any(|start| text.starts_with(start))
        && !is_made_up(&digits[2..])
        && !has_made_up_end(digits)
}

/// Whether a number is one of the North American plan, in its groups.
fn is_american(number: &Number<'_>, digits: &[u8]) -> bool {
    let bare = number.has_shape(&[3, 3, 4]) || number.has_shape(&[10]);
    let with_country = number.has_shape(&[1, 3, 3, 4]) && digits[0] == 1;
    (bare && is_american_plan(digits)) || (with_country && is_american_plan(&digits[1..]))
}

/// Whether a number of the American plan is written as people write one: with brackets, or dashes or dots throughout.
fn has_american_marks(number: &Number<'_>) -> bool {
    let brackets = number.separators().any(|separator| separator.contains(')'));
    number.groups().len() >= 3
        && (brackets || number.is_separated_by(&["-"]) || number.is_separated_by(&["."]))
}

/// Ten digits of the North American Numbering Plan: an area and an exchange that can exist, of a person: neither free
/// nor premium numbers nor those of fiction, which have the exchange or area 555.
fn is_american_plan(digits: &[u8]) -> bool {
    let three = |at: usize| {
        u16::from(digits[at]) * 100 + u16::from(digits[at + 1]) * 10 + u16::from(digits[at + 2])
    };
    digits.len() == 10 && {
        let (area, exchange) = (three(0), three(3));
        area >= 200
            && exchange >= 200
            && digits[1] != 9
            && area % 100 != 11
            && exchange % 100 != 11
            && area != 555
            && exchange != 555
            && !matches!(area, 500 | 700 | 800 | 822 | 833 | 844 | 855 | 866 | 877 | 888 | 900)
            && !is_made_up(digits)
            && !has_made_up_end(digits)
    }
}

/// Whether the last seven digits are made up.
fn has_made_up_end(digits: &[u8]) -> bool {
    is_made_up(&digits[digits.len() - 7..])
}
