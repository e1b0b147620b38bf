//! Dutch citizen numbers.

use super::weighted;
use crate::detect::pii::is_made_up;
use crate::detect::pii::number::Number;

/// Whether nine digits pass the eleven test: weights 9 to 2, and −1 for the last.
pub fn is_valid(digits: &[u8]) -> bool {
    let [rest @ .., last] = digits else { return false };
    let sum = weighted(rest, (2..=9).rev());
    digits.len() == 9 && sum > 0 && sum % 11 == u32::from(*last) % 11
}

pub(super) fn is_one(number: &Number<'_>) -> bool {
    const NAMES: [&str; 4] = ["bsn", "burgerservicenummer", "sofinummer", "sofi-nummer"];
    let shape = [&[9][..], &[3, 3, 3], &[4, 2, 3]].iter().any(|shape| number.has_shape(shape));
    shape && number.is_separated_by(&[" ", ".", "-"]) && number.is_named(&NAMES) && {
        let digits = number.digits();
        // 111222333 is the one of all documentation.
        is_valid(&digits) && !is_made_up(&digits) && digits != [1, 1, 1, 2, 2, 2, 3, 3, 3]
    }
}
