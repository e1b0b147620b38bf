//! French social security numbers.

use crate::detect::pii::number::Number;

/// Whether fifteen digits end with the key of the first thirteen: 97 minus their remainder by 97. The numbers of Corsica
/// have a letter and are not looked for.
pub fn is_valid(digits: &[u8]) -> bool {
    let value = |digits: &[u8]| digits.iter().fold(0_u64, |n, digit| n * 10 + u64::from(*digit));
    digits.len() == 15 && 97 - value(&digits[..13]) % 97 == value(&digits[13..])
}

pub(super) fn is_one(number: &Number<'_>) -> bool {
    const NAMES: [&str; 6] =
        ["nir", "insee", "sécurité sociale", "securite sociale", "sécu", "numéro de sécu"];
    let written = number.has_shape(&[1, 2, 2, 2, 3, 3, 2]) && number.is_separated_by(&[" "]);
    let named = || {
        (number.has_shape(&[15]) || number.has_shape(&[13, 2]))
            && number.is_separated_by(&[" "])
            && number.is_named(&NAMES)
    };
    (written || named()) && {
        let digits = number.digits();
        let month = digits[3] * 10 + digits[4];
        matches!(digits[0], 1..=4 | 7 | 8)
            && matches!(month, 1..=12 | 20..=42 | 50..)
            && is_valid(&digits)
    }
}
