//! British NHS numbers.

use super::weighted;
use crate::detect::pii::is_made_up;
use crate::detect::pii::number::Number;

/// Whether ten digits have the check digit of NHS numbers: weights 10 to 2, modulo 11
/// (<https://www.datadictionary.nhs.uk/attributes/nhs_number.html>).
pub fn is_valid(digits: &[u8]) -> bool {
    digits.len() == 10 && weighted(digits, (1..=10).rev()).is_multiple_of(11)
}

pub(super) fn is_one(number: &Number<'_>) -> bool {
    let shape = number.has_shape(&[3, 3, 4]) || number.has_shape(&[10]);
    shape && number.is_separated_by(&[" ", "-"]) && number.is_named(&["nhs"]) && {
        let digits = number.digits();
        // 999 begins numbers for tests; 943 476 5919 is the one of all documentation.
        is_valid(&digits)
            && !is_made_up(&digits)
            && !digits.starts_with(&[9, 9, 9])
            && digits != [9, 4, 3, 4, 7, 6, 5, 9, 1, 9]
    }
}
