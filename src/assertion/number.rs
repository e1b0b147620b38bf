//! The last number of a text, compared as a decimal: `0.1` is 0.1, and twenty digits are twenty digits.

use std::fmt;

use serde_json::Value;

use super::syntax::Fields;
use super::template::Operand;
use super::{Kind, Problem, Subject, Verdict, excerpt, text};

/// A comparison of the answer's last number.
#[derive(Clone, Debug)]
pub struct LastNumber {
    operand: Operand<Number>,
    tolerance: Number,
    relative: Number,
}

pub(super) fn number(fields: &mut Fields<'_>) -> Option<Kind> {
    let operand = fields.operand("value", prepare);
    let tolerance = fields.non_negative("tolerance")?;
    let relative = fields.non_negative("relative")?;
    Some(Kind::Number(LastNumber {
        operand: operand?,
        tolerance: Number::from_f64(tolerance.unwrap_or(0.0)),
        relative: Number::from_f64(relative.unwrap_or(0.0)),
    }))
}

fn prepare(value: &Value) -> Result<Number, Problem> {
    match value {
        Value::Number(number) => {
            last_number(&number.to_string()).ok_or_else(|| Problem::new("is no number"))
        }
        Value::String(text) => last_number(text)
            .ok_or_else(|| Problem::new(format!("{} holds no number", excerpt::quote(text)))),
        other => Err(Problem::new(format!("is {}, not a number", text::kind_of(other)))),
    }
}

impl LastNumber {
    pub(super) fn score(&self, subject: &Subject<'_>) -> Result<Verdict, String> {
        let expected = self.operand.resolve(subject)?;
        let verdict = match last_number(subject.output) {
            None => {
                let output = excerpt::quote(subject.output);
                Verdict::decided(false, format!("expected {}, {output} holds no number", *expected))
            }
            Some(found) => {
                let same = found == *expected
                    || found.is_within(&expected, &self.tolerance)
                    || (!self.relative.is_zero()
                        && found.is_within(&expected, &self.relative.times(&expected)));
                let reason = if same {
                    format!("the last number is {found}")
                } else {
                    format!("expected {}, the last number is {found}", *expected)
                };
                Verdict::decided(same, reason).raw(found.approximate())
            }
        };
        Ok(verdict.value(expected.into_value()))
    }
}

/// A decimal number: digits × 10^exponent, in the one form without zeros at either end. Shown as it was written.
#[derive(Clone, Debug)]
pub(super) struct Number {
    negative: bool,
    digits: String,
    exponent: i64,
    written: String,
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        let key = |number: &'_ Self| (number.negative, number.exponent);
        key(self) == key(other) && self.digits == other.digits
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl Number {
    fn new(negative: bool, digits: &str, exponent: i64, written: &str) -> Self {
        let significant = digits.trim_start_matches('0').trim_end_matches('0');
        let dropped = digits.len() - digits.trim_end_matches('0').len();
        let zero = significant.is_empty();
        Self {
            negative: negative && !zero,
            digits: significant.to_owned(),
            exponent: if zero { 0 } else { exponent.saturating_add_unsigned(dropped as u64) },
            written: excerpt::plain(written),
        }
    }

    /// The shortest decimal that reads back as `value`.
    fn from_f64(value: f64) -> Self {
        last_number(&value.to_string()).unwrap_or_else(|| Self::new(false, "", 0, "0"))
    }

    fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    fn approximate(&self) -> f64 {
        if self.is_zero() {
            return 0.0;
        }
        let sign = if self.negative { "-" } else { "" };
        format!("{sign}{}e{}", self.digits, self.exponent).parse().unwrap_or(f64::NAN)
    }

    fn mantissa(&self) -> Option<i128> {
        let magnitude: i128 = if self.is_zero() { 0 } else { self.digits.parse().ok()? };
        Some(if self.negative { -magnitude } else { magnitude })
    }

    /// The product of the magnitudes; approximate where the digits do not fit.
    fn times(&self, other: &Self) -> Self {
        let exact = self.mantissa().zip(other.mantissa()).and_then(|(a, b)| a.checked_mul(b));
        match exact {
            Some(product) => {
                let digits = product.unsigned_abs().to_string();
                Self::new(false, &digits, self.exponent + other.exponent, "")
            }
            None => Self::from_f64((self.approximate() * other.approximate()).abs()),
        }
    }

    /// Whether the two are at most `distance` apart.
    fn is_within(&self, other: &Self, distance: &Self) -> bool {
        let common = [self, other, distance].into_iter().filter(|number| !number.is_zero());
        let Some(exponent) = common.map(|number| number.exponent).min() else {
            return true;
        };
        let scaled = |number: &Self| {
            let shift = u32::try_from(number.exponent.checked_sub(exponent)?).ok();
            if number.is_zero() {
                return Some(0);
            }
            number.mantissa()?.checked_mul(10_i128.checked_pow(shift?)?)
        };
        let exact = || scaled(self)?.checked_sub(scaled(other)?)?.checked_abs();
        match (exact(), scaled(distance)) {
            (Some(apart), Some(distance)) => apart <= distance,
            _ => (self.approximate() - other.approximate()).abs() <= distance.approximate(),
        }
    }
}

/// The last number in a text.
///
/// Understands thousands (`1,234,567`, also with `_`, an apostrophe or a no-break space), decimals (`18.`, `.5`), signs
/// (also `−`), currency before or behind, exponents (`2e3`, `2 × 10^3`). A percent sign and units are ignored: `25%` is
/// 25. Digits that follow a letter are part of a name, as in `CO2`, unless the letters are a currency's.
pub(super) fn last_number(text: &str) -> Option<Number> {
    let mut last = None;
    let mut from = 0;
    while let Some(offset) = text[from..].bytes().position(|byte| byte.is_ascii_digit()) {
        let (number, end) = read(text, from + offset);
        last = number.or(last);
        from = end;
    }
    last
}

/// The number whose first digit stands at `digit`, unless it is part of a name, and where it ends.
fn read(text: &str, digit: usize) -> (Option<Number>, usize) {
    let leading_point = text[..digit].strip_suffix('.').is_some_and(|before| {
        !before.ends_with(|last: char| last.is_alphanumeric() || last == '.' || last == ')')
    });
    let start = if leading_point { digit - 1 } else { digit };
    let mut digits = String::new();
    let mut end = digit;
    let mut fraction = 0;
    if leading_point {
        end = take_digits(text, digit, &mut digits);
        fraction = digits.len();
    } else {
        end = take_thousands(text, end, &mut digits);
        let behind_point = end + 1;
        if text[end..].starts_with('.') && next_is_digit(text, behind_point) {
            let whole = digits.len();
            end = take_digits(text, behind_point, &mut digits);
            fraction = digits.len() - whole;
        }
    }
    let (exponent, end) = read_exponent(text, end);
    let Some(negative) = sign_before(&text[..start]) else {
        return (None, end);
    };
    let sign = if negative { "-" } else { "" };
    let written = format!("{sign}{}", &text[start..end]);
    (
        Some(Number::new(
            negative,
            &digits,
            exponent.saturating_sub_unsigned(fraction as u64),
            &written,
        )),
        end,
    )
}

fn next_is_digit(text: &str, at: usize) -> bool {
    text.as_bytes().get(at).is_some_and(u8::is_ascii_digit)
}

fn take_digits(text: &str, at: usize, digits: &mut String) -> usize {
    let rest = &text[at..];
    let count = rest.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    digits.push_str(&rest[..count]);
    at + count
}

/// Digits, or up to three of them followed by groups of exactly three behind one and the same separator.
fn take_thousands(text: &str, at: usize, digits: &mut String) -> usize {
    const SEPARATORS: [char; 7] = [',', '_', '\'', '’', '\u{a0}', '\u{202f}', '\u{2009}'];
    let mut end = take_digits(text, at, digits);
    let separator = text[end..].chars().next().filter(|next| SEPARATORS.contains(next));
    let Some(separator) = separator.filter(|_| end - at <= 3) else {
        return end;
    };
    while let Some(rest) = text[end..].strip_prefix(separator) {
        let count = rest.bytes().take(4).take_while(u8::is_ascii_digit).count();
        if count != 3 {
            break;
        }
        digits.push_str(&rest[..3]);
        end += separator.len_utf8() + 3;
    }
    end
}

/// The power of ten behind a number, 0 without one, and where it ends.
fn read_exponent(text: &str, at: usize) -> (i64, usize) {
    let rest = &text[at..];
    scientific(rest)
        .or_else(|| power_of_ten(rest))
        .map_or((0, at), |(exponent, length)| (exponent, at + length))
}

/// `e3`, `E-3`.
fn scientific(rest: &str) -> Option<(i64, usize)> {
    let inner = rest.strip_prefix(['e', 'E'])?;
    let (exponent, behind) = signed_integer(inner)?;
    let word = behind.starts_with(|next: char| next.is_alphanumeric() || next == '_');
    (!word).then_some((exponent, rest.len() - behind.len()))
}

/// `× 10^3`, `x 10^{-3}`, `\times 10³`.
fn power_of_ten(rest: &str) -> Option<(i64, usize)> {
    let inner = rest.trim_start_matches(' ');
    let inner =
        inner.strip_prefix("\\times").or_else(|| inner.strip_prefix(['×', 'x', '*', '·', '⋅']))?;
    let inner = inner.trim_start_matches(' ').strip_prefix("10")?;
    let (exponent, behind) = match inner.strip_prefix('^') {
        Some(inner) => {
            let braced = inner.strip_prefix('{');
            let (exponent, behind) = signed_integer(braced.unwrap_or(inner))?;
            (exponent, if braced.is_some() { behind.strip_prefix('}')? } else { behind })
        }
        None => superscript(inner)?,
    };
    Some((exponent, rest.len() - behind.len()))
}

/// An exponent of at most six digits; a longer one is no exponent that anyone means.
fn signed_integer(text: &str) -> Option<(i64, &str)> {
    let (negative, digits) = match text.strip_prefix(MINUS) {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let count = digits.bytes().take(7).take_while(u8::is_ascii_digit).count();
    let number: i64 = digits[..count].parse().ok().filter(|_| count <= 6)?;
    Some((if negative { -number } else { number }, &digits[count..]))
}

/// `³`, `⁻²`.
fn superscript(text: &str) -> Option<(i64, &str)> {
    let (negative, mut rest) =
        text.strip_prefix('⁻').map_or((false, text), |digits| (true, digits));
    let (mut number, mut count) = (0, 0);
    while let Some((value, behind)) = superscript_digit(rest) {
        if count == 6 {
            return None;
        }
        (number, count, rest) = (number * 10 + value, count + 1, behind);
    }
    (count > 0).then_some((if negative { -number } else { number }, rest))
}

fn superscript_digit(text: &str) -> Option<(i64, &str)> {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    (0..).zip(DIGITS).find_map(|(value, digit)| Some((value, text.strip_prefix(digit)?)))
}

/// Signs that make a number negative: hyphen, minus sign, and their full-width and small forms.
const MINUS: [char; 4] = ['-', '−', '－', '﹣'];

/// Letters that stand directly before an amount.
const CURRENCY_CODES: [&str; 20] = [
    "USD", "EUR", "GBP", "JPY", "CHF", "CAD", "AUD", "NZD", "CNY", "INR", "SEK", "NOK", "DKK",
    "PLN", "CZK", "Rs", "RM", "kr", "Fr", "zł",
];

/// Whether what stands before a number makes it negative; `None` when it makes it part of a name.
fn sign_before(before: &str) -> Option<bool> {
    let letters = before.trim_end_matches(char::is_alphabetic);
    let before = match &before[letters.len()..] {
        "" if before.ends_with('_') => return None,
        "" => before,
        code if CURRENCY_CODES.contains(&code) => letters,
        _ => return None,
    };
    let amount = before.trim_end_matches(' ').strip_suffix(is_currency);
    let signed = |text: &str| {
        text.strip_suffix(MINUS).is_some_and(|head| {
            // Between two operands it subtracts, inside a word or a date it joins.
            let joins = |last: char| {
                last.is_alphanumeric()
                    || MINUS.contains(&last)
                    || matches!(last, ')' | ']' | '}' | '%' | '.')
            };
            !head.ends_with(joins)
        })
    };
    Some(signed(before) || amount.is_some_and(signed))
}

fn is_currency(character: char) -> bool {
    matches!(character, '$' | '¢' | '£' | '¥' | '\u{20a0}'..='\u{20cf}' | '﹩' | '＄')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_back(text: &str) -> Option<f64> {
        last_number(text).map(|number| number.approximate())
    }

    #[test]
    fn reads_the_forms_that_models_write() {
        for (text, expected) in [
            ("She makes $18 every day.\nA: 18", Some(18.0)),
            ("A: 18.", Some(18.0)),
            ("half is .5", Some(0.5)),
            ("$1,234,567.89", Some(1_234_567.89)),
            ("1_000", Some(1000.0)),
            ("10\u{202f}000 €", Some(10_000.0)),
            ("it is -5", Some(-5.0)),
            ("it is −5", Some(-5.0)),
            ("-$5", Some(-5.0)),
            ("$-5", Some(-5.0)),
            ("−€ 5", Some(-5.0)),
            ("€5.50", Some(5.5)),
            ("USD18", Some(18.0)),
            ("Rs.18", Some(18.0)),
            ("25%", Some(25.0)),
            ("2e3", Some(2000.0)),
            ("2.5E-3 m", Some(0.0025)),
            ("3 × 10^5", Some(300_000.0)),
            ("3 \\times 10^{-2}", Some(0.03)),
            ("3x10⁴", Some(30_000.0)),
            ("5 x 10 = 50", Some(50.0)),
            ("10-5", Some(5.0)),
            ("2024-01-05", Some(5.0)),
            ("pages 3–7", Some(7.0)),
            ("18 tons of CO2", Some(18.0)),
            ("18km", Some(18.0)),
            ("the 3rd", Some(3.0)),
            ("5ex", Some(5.0)),
            ("1,23", Some(23.0)),
            ("1,2345", Some(2345.0)),
            ("1, 2, 3", Some(3.0)),
            ("1.2.3", Some(3.0)),
            ("\\boxed{42}", Some(42.0)),
            ("<<16-3-4=9>>9", Some(9.0)),
            ("so ...5", Some(5.0)),
            ("(-3)", Some(-3.0)),
            ("x=-3", Some(-3.0)),
            ("1e9999999", Some(1.0)),
            ("-0", Some(0.0)),
            ("eighteen", None),
            ("GPT4", None),
            ("", None),
            ("½", None),
        ] {
            assert_eq!(read_back(text), expected, "{text:?}");
        }
    }

    #[test]
    fn equal_numbers_are_equal_however_written() {
        for (a, b) in
            [("1,000", "1e3"), ("18.00", "18"), ("0.5", ".5"), ("$-5", "−5.0"), ("0", "-0.00")]
        {
            assert_eq!(last_number(a), last_number(b), "{a} {b}");
        }
        assert_ne!(last_number("12345678901234567890"), last_number("12345678901234567891"));
    }

    #[test]
    fn tolerances_are_exact_decimals() {
        let within = |a: &str, b: &str, tolerance: f64| {
            last_number(a)
                .unwrap()
                .is_within(&last_number(b).unwrap(), &Number::from_f64(tolerance))
        };
        assert!(within("1.1", "1.0", 0.1));
        assert!(within("0.3", "0.1", 0.2));
        assert!(!within("1.1000000000000000001", "1.0", 0.1));
        assert!(within("1e300", "1.0000001e300", 1e294));
        assert!(!within("1e300", "-1e300", 1.0));
        assert!(within("7", "7", 0.0));
        assert!(!within("1e999999", "2e999999", 5.0));
    }
}
