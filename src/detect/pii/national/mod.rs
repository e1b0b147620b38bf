//! National ids with checksums, each in its own file. Most checksums let one number in ten or eleven pass, so a word that
//! names the id must stand before it unless its form is one that only it has.

pub mod bsn;
pub mod cnpj;
pub mod codice_fiscale;
pub mod cpf;
pub mod dni;
pub mod nhs;
pub mod nir;
pub mod steuer_id;

use super::number::Number;
use super::{Kind, Pii};

/// The id that a number is.
pub(super) fn find(number: &Number<'_>) -> Option<Pii> {
    type Check = fn(&Number<'_>) -> bool;
    let kinds: [(Check, Kind); 6] = [
        (cpf::is_one, Kind::Cpf),
        (cnpj::is_one, Kind::Cnpj),
        (nhs::is_one, Kind::NhsNumber),
        (bsn::is_one, Kind::Bsn),
        (nir::is_one, Kind::Nir),
        (steuer_id::is_one, Kind::SteuerId),
    ];
    if number.stands_alone() {
        let kind = kinds.iter().find(|(is_one, _)| is_one(number));
        if let Some((_, kind)) = kind {
            return Some(Pii { span: number.span, kind: *kind });
        }
    }
    dni::find(number)
}

/// The sum of digits, each times its weight.
fn weighted(digits: &[u8], weights: impl IntoIterator<Item = u32>) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| u32::from(*digit) * weight).sum()
}
