//! Personal data: card and account numbers, e-mail addresses, telephone numbers, national ids.
//!
//! Whatever has a checksum must pass it. What has none, or a weak one, must be written in the form that people use, or
//! stand next to a word that names it. Numbers and addresses that are reserved for documentation and tests are left
//! alone. Names of people and places are not looked for: that needs a model. Neither are IP addresses, which in prompts
//! are those of machines.

pub mod card;
mod email;
pub mod iban;
pub mod national;
mod number;
mod phone;
pub mod ssn;

use self::number::Number;
use crate::span::Span;

/// Personal data and where it stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Pii {
    /// The bytes of the text.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// A kind of personal data.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// A payment card: Luhn's checksum, an issuer's prefix and length.
    Card,
    /// An International Bank Account Number: ISO 7064 mod 97-10, and its country's length.
    Iban,
    /// A United States Social Security number.
    Ssn,
    /// An e-mail address of a person.
    Email,
    /// A telephone number.
    Phone,
    /// A British NHS number.
    NhsNumber,
    /// A Dutch burgerservicenummer.
    Bsn,
    /// A French social security number (NIR).
    Nir,
    /// A German tax identification number.
    SteuerId,
    /// A Spanish DNI or NIE.
    Dni,
    /// An Italian codice fiscale.
    CodiceFiscale,
    /// A Brazilian CPF.
    Cpf,
    /// A Brazilian CNPJ.
    Cnpj,
}

impl Kind {
    /// All kinds, in their order.
    pub const ALL: [Self; 13] = [
        Self::Card,
        Self::Iban,
        Self::Ssn,
        Self::Email,
        Self::Phone,
        Self::NhsNumber,
        Self::Bsn,
        Self::Nir,
        Self::SteuerId,
        Self::Dni,
        Self::CodiceFiscale,
        Self::Cpf,
        Self::Cnpj,
    ];

    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Iban => "iban",
            Self::Ssn => "ssn",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::NhsNumber => "nhs-number",
            Self::Bsn => "bsn",
            Self::Nir => "nir",
            Self::SteuerId => "steuer-id",
            Self::Dni => "dni",
            Self::CodiceFiscale => "codice-fiscale",
            Self::Cpf => "cpf",
            Self::Cnpj => "cnpj",
        }
    }

    /// What one of them is called, without an article.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Card => "card number",
            Self::Iban => "bank account number (IBAN)",
            Self::Ssn => "US social security number",
            Self::Email => "e-mail address",
            Self::Phone => "telephone number",
            Self::NhsNumber => "NHS number",
            Self::Bsn => "Dutch citizen number (BSN)",
            Self::Nir => "French social security number (NIR)",
            Self::SteuerId => "German tax id",
            Self::Dni => "Spanish id (DNI or NIE)",
            Self::CodiceFiscale => "Italian tax code (codice fiscale)",
            Self::Cpf => "Brazilian CPF",
            Self::Cnpj => "Brazilian CNPJ",
        }
    }
}

/// The fewest digits that any kind but an e-mail address has.
const FEWEST_DIGITS: usize = 7;

/// Personal data of a text, in order and without overlaps.
pub fn find(text: &str) -> Vec<Pii> {
    let mut found = Vec::new();
    email::find(text, &mut found);
    if has_digits(text) {
        numbers(text, &mut found);
    }
    found.sort_by_key(|pii| (pii.span.start, std::cmp::Reverse(pii.span.end), pii.kind));
    found.dedup_by(|b, a| b.span.start < a.span.end);
    found
}

/// Counted in blocks whose count fits a byte: that is many bytes at a time.
fn has_digits(text: &str) -> bool {
    let mut count = 0;
    text.as_bytes().chunks(192).any(|block| {
        let digits: u8 = block.iter().map(|byte| u8::from(byte.is_ascii_digit())).sum();
        count += usize::from(digits);
        count >= FEWEST_DIGITS
    })
}

fn numbers(text: &str, found: &mut Vec<Pii>) {
    let mut at = 0;
    while let Some(number) = Number::next(text, at) {
        // Two digits may be those of an IBAN, or the year in a codice fiscale.
        let first = number.first_group();
        if number.len() < FEWEST_DIGITS && first.end - first.start != 2 {
            at = number.span.end;
            continue;
        }
        let pii = iban::find(&number)
            .or_else(|| national::codice_fiscale::find(&number))
            .or_else(|| card::find(&number))
            .or_else(|| ssn::find(&number))
            .or_else(|| national::find(&number))
            .or_else(|| phone::find(&number));
        // What is none as a whole may be one behind the first group: `2 x 4539 1488 0343 6467`.
        at = pii.map_or_else(|| number.rest(), |pii| pii.span.end.max(first.end));
        found.extend(pii);
    }
}

/// Whether all digits are equal, or each is one more (or one less) than the one before: numbers that people make up.
fn is_made_up(digits: &[u8]) -> bool {
    let step = |by: u8| digits.windows(2).all(|pair| (pair[0] + by) % 10 == pair[1]);
    step(0) || step(1) || step(9)
}

#[cfg(test)]
mod tests;
