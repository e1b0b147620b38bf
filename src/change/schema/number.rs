//! Numbers as JSON Schema compares them: by value, without rounding.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

/// Floats below this convert to `i128` exactly when they are whole.
const EXACT: f64 = 1e30;

/// Compares two numbers by value.
pub(super) fn compare(a: &Number, b: &Number) -> Option<Ordering> {
    match (whole(a), whole(b)) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        (Some(a), None) => with_float(a, b.as_f64()?),
        (None, Some(b)) => with_float(b, a.as_f64()?).map(Ordering::reverse),
        (None, None) => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

/// The number, if it is whole and of a size that can be said exactly.
pub(super) fn whole(number: &Number) -> Option<i128> {
    if let Some(whole) = number.as_i128() {
        return Some(whole);
    }
    let float = number.as_f64()?;
    (float.fract() == 0.0 && float.abs() < EXACT).then_some(float as i128)
}

fn with_float(whole: i128, float: f64) -> Option<Ordering> {
    if float.abs() >= EXACT {
        return 0.0.partial_cmp(&float);
    }
    // `float` has a fraction here, or it would have been compared as a whole number.
    Some(match whole <= float.floor() as i128 {
        true => Ordering::Less,
        false => Ordering::Greater,
    })
}

/// One end of a range of numbers.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    value: Number,
    exclusive: bool,
}

/// Which end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    Lower,
    Upper,
}

impl Bound {
    /// The tighter of the two keywords that bound this end; for whole numbers the nearest one inside.
    pub(super) fn of(keywords: &Map<String, Value>, end: End, whole_only: bool) -> Option<Self> {
        let (inclusive, exclusive) = match end {
            End::Lower => ("minimum", "exclusiveMinimum"),
            End::Upper => ("maximum", "exclusiveMaximum"),
        };
        let read = |keyword, exclusive| {
            let value = keywords.get(keyword)?.as_number()?.clone();
            Some(Self { value, exclusive })
        };
        let bound = match (read(inclusive, false), read(exclusive, true)) {
            (Some(a), Some(b)) => match b.implies(&a, end) {
                true => b,
                false => a,
            },
            (a, b) => a.or(b)?,
        };
        Some(match whole_only {
            true => bound.for_whole(end),
            false => bound,
        })
    }

    /// Whether every number inside `self` is inside `other`, at this end.
    pub(super) fn implies(&self, other: &Self, end: End) -> bool {
        let order = match end {
            End::Lower => compare(&self.value, &other.value),
            End::Upper => compare(&other.value, &self.value),
        };
        match order {
            Some(Ordering::Greater) => true,
            Some(Ordering::Equal) => self.exclusive || !other.exclusive,
            _ => false,
        }
    }

    fn for_whole(self, end: End) -> Self {
        let step = match end {
            End::Lower => 1,
            End::Upper => -1,
        };
        let nearest = match whole(&self.value) {
            Some(whole) => whole + if self.exclusive { step } else { 0 },
            None => match self.value.as_f64() {
                Some(float) if float.abs() < EXACT => match end {
                    End::Lower => float.ceil() as i128,
                    End::Upper => float.floor() as i128,
                },
                _ => return self,
            },
        };
        match Number::from_i128(nearest) {
            Some(value) => Self { value, exclusive: false },
            None => self,
        }
    }
}

/// Whether every multiple of `a` is one of `b`; proved for whole numbers alone.
pub(super) fn multiple_within(a: &Number, b: &Number) -> bool {
    a == b || matches!((whole(a), whole(b)), (Some(a), Some(b)) if b > 0 && a % b == 0)
}
