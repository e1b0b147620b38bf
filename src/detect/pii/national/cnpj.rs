//! Brazilian ids of enterprises; those of self-employed people are theirs.

use super::weighted;
use crate::detect::pii::is_made_up;
use crate::detect::pii::number::Number;

/// Whether fourteen digits end with their two check digits, each eleven minus the weighted sum modulo 11.
pub fn is_valid(digits: &[u8]) -> bool {
    let check = |length: usize| {
        // The weights are 2 to 9 from the right, again and again.
        let weights = (0..length as u32).rev().map(|place| place % 8 + 2);
        (11 - weighted(&digits[..length], weights) % 11) % 11 % 10
    };
    digits.len() == 14 && check(12) == u32::from(digits[12]) && check(13) == u32::from(digits[13])
}

pub(super) fn is_one(number: &Number<'_>) -> bool {
    let written =
        number.has_shape(&[2, 3, 3, 4, 2]) && number.separators().eq([".", ".", "/", "-"]);
    let named = || number.has_shape(&[14]) && number.is_named(&["cnpj"]);
    (written || named()) && {
        let digits = number.digits();
        // 11.222.333/0001-81 and 12.345.678/0001-95 are those of all documentation.
        is_valid(&digits) && !is_made_up(&digits[..8]) && digits[..8] != [1, 1, 2, 2, 2, 3, 3, 3]
    }
}
