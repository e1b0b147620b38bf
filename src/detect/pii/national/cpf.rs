//! Brazilian ids of persons.

use super::weighted;
use crate::detect::pii::is_made_up;
use crate::detect::pii::number::Number;

/// Whether eleven digits end with their two check digits, each eleven minus the weighted sum modulo 11.
pub fn is_valid(digits: &[u8]) -> bool {
    let check = |length: usize| {
        let sum = weighted(&digits[..length], (2..=length as u32 + 1).rev());
        (11 - sum % 11) % 11 % 10
    };
    digits.len() == 11 && check(9) == u32::from(digits[9]) && check(10) == u32::from(digits[10])
}

pub(super) fn is_one(number: &Number<'_>) -> bool {
    let written = number.has_shape(&[3, 3, 3, 2]) && number.separators().eq([".", ".", "-"]);
    let named = || number.has_shape(&[11]) && number.is_named(&["cpf"]);
    (written || named()) && {
        let digits = number.digits();
        // 123.456.789-09 and 111.444.777-35 are those of all documentation.
        is_valid(&digits) && !is_made_up(&digits[..9]) && digits[..9] != [1, 1, 1, 4, 4, 4, 7, 7, 7]
    }
}
