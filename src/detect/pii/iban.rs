//! International Bank Account Numbers.

use super::number::Number;
use super::{Kind, Pii};
use crate::span::Span;

/// Countries and the length of their numbers: SWIFT's registry, release 101.
const LENGTHS: [(&str, usize); 89] = [
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BI", 27),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DJ", 27),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FK", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HN", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MN", 20),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NI", 28),
    ("NL", 18),
    ("NO", 15),
    ("OM", 23),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("RU", 33),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("SO", 23),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
    ("YE", 30),
];

/// Numbers that the registry, banks and encyclopaedias print as examples.
const EXAMPLES: [&str; 20] = [
    "AT611904300234573201",
    "BE68539007547034",
    "BE71096123456769",
    "CH9300762011623852957",
    "DE89370400440532013000",
    "DE75512108001245126199",
    "DK5000400440116243",
    "ES9121000418450200051332",
    "ES7921000813610123456789",
    "FI2112345600000785",
    "FR1420041010050500013M02606",
    "FR7630006000011234567890189",
    "GB29NWBK60161331926819",
    "GB82WEST12345698765432",
    "GB33BUKB20201555555555",
    "IE29AIBK93115212345678",
    "IT60X0542811101000000123456",
    "NL91ABNA0417164300",
    "NO9386011117947",
    "SE4550000000058398257466",
];

/// Whether a text without blanks is an IBAN: a country's length, and ISO 7064 mod 97-10.
pub fn is_valid(iban: &str) -> bool {
    let (Some(country), Some(rest)) = (iban.get(..2), iban.get(4..)) else { return false };
    let known = LENGTHS.binary_search_by_key(&country, |(country, _)| *country);
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if known.is_ok_and(|place| LENGTHS[place].1 != iban.len())
        || known.is_err()
        || !digits(&iban[2..4])
    {
        return false;
    }
    let remainder = rest.chars().chain(iban[..4].chars()).try_fold(0_u32, |sum, c| {
        let value = c.to_digit(36).filter(|_| !c.is_ascii_lowercase())?;
        Some((sum * if value < 10 { 10 } else { 100 } + value) % 97)
    });
    remainder == Some(1)
}

/// The IBAN whose check digits begin the number.
pub(super) fn find(number: &Number<'_>) -> Option<Pii> {
    const LONGEST: usize = 34;
    let text = number.text;
    let start = number.span.start.checked_sub(2)?;
    let country = text.get(start..number.span.start)?;
    let before = text[..start].chars().next_back();
    let place = LENGTHS.binary_search_by_key(&country, |(country, _)| *country).ok()?;
    if before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    // The characters up to the country's length, with single blanks or dashes between groups.
    let mut iban = String::with_capacity(LONGEST);
    let mut end = start;
    let mut after_blank = false;
    for (at, c) in text[start..].char_indices() {
        match c {
            '0'..='9' | 'A'..='Z' if iban.len() < LENGTHS[place].1 => {
                iban.push(c);
                end = start + at + 1;
                after_blank = false;
            }
            ' ' | '-' if !after_blank && iban.len() < LENGTHS[place].1 => after_blank = true,
            _ => break,
        }
    }
    let alone = !text[end..].chars().next().is_some_and(char::is_alphanumeric);
    (alone && is_valid(&iban) && !EXAMPLES.contains(&iban.as_str()))
        .then(|| Pii { span: Span::new(start, end), kind: Kind::Iban })
}
