//! Payment cards.

use super::number::Number;
use super::{Kind, Pii, is_made_up};

/// Numbers that Stripe, Adyen, PayPal, Braintree and Worldpay print for tests.
const TEST_NUMBERS: [&str; 56] = [
    "378282246310005",
    "371449635398431",
    "378734493671000",
    "370000000000002",
    "370000000100018",
    "374111111111111",
    "30569309025904",
    "38520000023237",
    "36227206271667",
    "36006666333344",
    "36700102000000",
    "36148900647913",
    "3530111333300000",
    "3566002020360505",
    "3569990010095841",
    "4222222222222",
    "4012888888881881",
    "4012000033330026",
    "4012000077777777",
    "4005519200000004",
    "4009348888881881",
    "4217651111111119",
    "4500600000000061",
    "4111111145551142",
    "4166676667666746",
    "4646464646464644",
    "4917610000000000",
    "4917300800000000",
    "4462030000000000",
    "4484070000000000",
    "4988438843884305",
    "4977949494949497",
    "4444333322221111",
    "4911830000000",
    "4988080000000000",
    "5105105105105100",
    "5100290029002909",
    "5200828282828210",
    "5136333333333335",
    "5200533989557118",
    "5431111111111111",
    "5454545454545454",
    "5555555555554444",
    "5555558265554449",
    "5555341244441115",
    "5577000055770004",
    "5585558555855583",
    "2222400070000005",
    "2223003122003222",
    "2223000048400011",
    "2223520443560010",
    "6011000990139424",
    "6011981111111113",
    "6221260000000000",
    "6205500000000000004",
    "6555900000604105",
];

/// Whether digits have Luhn's checksum (ISO/IEC 7812-1, annex B).
pub fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, u32::from(*digit) * 2) {
            (0, _) => u32::from(*digit),
            (_, double) => double / 10 + double % 10,
        })
        .sum();
    !digits.is_empty() && sum.is_multiple_of(10)
}

/// Whether an issuer gives out numbers of this beginning and length.
fn is_issued(digits: &[u8]) -> bool {
    let prefix =
        |length: usize| digits[..length].iter().fold(0_u32, |n, digit| n * 10 + u32::from(*digit));
    let length = digits.len();
    match (prefix(1), prefix(2), prefix(3), prefix(4)) {
        // Visa.
        (4, ..) => matches!(length, 13 | 16 | 19),
        // Mastercard.
        (_, 51..=55, ..) | (_, _, _, 2221..=2720) => length == 16,
        // American Express.
        (_, 34 | 37, ..) => length == 15,
        // Diners Club.
        (_, 36 | 38 | 39, ..) | (_, _, 300..=305, _) => length == 14,
        // Discover, UnionPay and JCB.
        (_, 62 | 65, ..) | (_, _, 644..=649, _) | (_, _, _, 6011 | 3528..=3589) => {
            matches!(length, 16 | 19)
        }
        _ => false,
    }
}

/// Whether a number is printed for tests, or too regular to be given out.
fn is_for_tests(digits: &[u8]) -> bool {
    let text: String = digits.iter().map(|digit| char::from(b'0' + digit)).collect();
    let kinds = digits.iter().fold(0_u16, |kinds, digit| kinds | 1 << digit).count_ones();
    let zeros = digits.iter().rev().skip(1).take_while(|digit| **digit == 0).count();
    // Stripe's numbers for errors and countries begin with 400000.
    kinds <= 3
        || zeros >= 6
        || text.starts_with("400000")
        || TEST_NUMBERS.contains(&text.as_str())
        || is_made_up(&digits[..8])
}

pub(super) fn find(number: &Number<'_>) -> Option<Pii> {
    const SHAPES: [&[usize]; 4] = [&[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4], &[4, 4, 4, 4, 3]];
    let one_group = number.groups().len() == 1 && (13..=19).contains(&number.len());
    let grouped = || {
        SHAPES.iter().any(|shape| number.has_shape(shape)) && number.is_separated_by(&[" ", "-"])
    };
    if !(one_group || grouped()) || !number.stands_alone() {
        return None;
    }
    let digits = number.digits();
    (is_issued(&digits) && luhn(&digits) && !is_for_tests(&digits))
        .then_some(Pii { span: number.span, kind: Kind::Card })
}
