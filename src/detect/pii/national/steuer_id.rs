//! German tax identification numbers.

use crate::detect::pii::is_made_up;
use crate::detect::pii::number::Number;

/// Whether eleven digits are a tax id: the first is not 0, of the first ten exactly one digit comes twice or three times
/// and the others once at most, and the last is the check digit of ISO 7064 mod 11, 10.
pub fn is_valid(digits: &[u8]) -> bool {
    if digits.len() != 11 || digits[0] == 0 {
        return false;
    }
    let mut counts = [0_u8; 10];
    for digit in &digits[..10] {
        counts[usize::from(*digit)] += 1;
    }
    let mut several = counts.iter().filter(|count| **count > 1);
    if !matches!((several.next(), several.next()), (Some(2 | 3), None)) {
        return false;
    }
    let product = digits[..10].iter().fold(10_u32, |product, digit| {
        let sum = match (product + u32::from(*digit)) % 10 {
            0 => 10,
            sum => sum,
        };
        sum * 2 % 11
    });
    (product + u32::from(digits[10])) % 10 == 1
}

pub(super) fn is_one(number: &Number<'_>) -> bool {
    const NAMES: [&str; 7] = [
        "steuer-id",
        "steuerid",
        "idnr",
        "id-nr",
        "steueridentifikationsnummer",
        "identifikationsnummer",
        "tax id",
    ];
    let shape = number.has_shape(&[11]) || number.has_shape(&[2, 3, 3, 3]);
    shape && number.is_separated_by(&[" "]) && number.is_named(&NAMES) && {
        let digits = number.digits();
        is_valid(&digits) && !is_made_up(&digits)
    }
}
