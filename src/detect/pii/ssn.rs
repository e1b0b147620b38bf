//! United States Social Security numbers.

use super::number::Number;
use super::{Kind, Pii, is_made_up};

/// Numbers that were printed on cards in wallets and in advertisements, and so were never valid again.
const ADVERTISED: [&str; 3] = ["078051120", "457555462", "219099999"];

/// Whether nine digits may be a number that was given out: no area 000, 666 or 900 and above, no group 00, no serial
/// number 0000 (<https://www.ssa.gov/employer/randomization.html>).
pub fn is_valid(digits: &str) -> bool {
    let (Some(area), Some(group), Some(serial)) =
        (digits.get(..3), digits.get(3..5), digits.get(5..))
    else {
        return false;
    };
    digits.len() == 9
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !matches!(area, "000" | "666")
        && !area.starts_with('9')
        && group != "00"
        && serial != "0000"
        && !ADVERTISED.contains(&digits)
}

pub(super) fn find(number: &Number<'_>) -> Option<Pii> {
    const NAMES: [&str; 3] = ["ssn", "social security", "social-security"];
    let written = number.has_shape(&[3, 2, 4]) && number.is_separated_by(&["-"]);
    let named = || {
        let shape = number.has_shape(&[9]) || number.has_shape(&[3, 2, 4]);
        shape && number.is_separated_by(&["-", " "]) && number.is_named(&NAMES)
    };
    if !(written || named()) || !number.stands_alone() {
        return None;
    }
    let digits = number.digits();
    let text: String = digits.iter().map(|digit| char::from(b'0' + digit)).collect();
    (is_valid(&text) && !is_made_up(&digits)).then_some(Pii { span: number.span, kind: Kind::Ssn })
}
