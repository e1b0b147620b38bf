//! The kinds of JSON values as a set. Whole numbers are a kind of their own, because `integer` is part of `number`.

use std::ops::{BitAnd, BitOr};

use serde_json::Value;

/// A set of kinds of values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Types(u8);

impl Types {
    pub(super) const NONE: Self = Self(0);
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOLEAN: Self = Self(1 << 1);
    pub(super) const INTEGER: Self = Self(1 << 2);
    /// Numbers with a fraction.
    pub(super) const FRACTION: Self = Self(1 << 3);
    pub(super) const STRING: Self = Self(1 << 4);
    pub(super) const ARRAY: Self = Self(1 << 5);
    pub(super) const OBJECT: Self = Self(1 << 6);
    pub(super) const NUMBER: Self = Self(1 << 2 | 1 << 3);
    pub(super) const ALL: Self = Self(0x7f);

    /// Each kind by itself.
    pub(super) const EACH: [Self; 7] = [
        Self::NULL,
        Self::BOOLEAN,
        Self::INTEGER,
        Self::FRACTION,
        Self::STRING,
        Self::ARRAY,
        Self::OBJECT,
    ];

    pub(super) fn is_empty(self) -> bool {
        self == Self::NONE
    }

    pub(super) fn overlaps(self, other: Self) -> bool {
        !(self & other).is_empty()
    }

    pub(super) fn is_within(self, other: Self) -> bool {
        self & other == self
    }

    /// Those that the `type` keyword of this value allows; `None` when it is no such value.
    pub(super) fn named(value: &Value) -> Option<Self> {
        match value {
            Value::String(name) => Some(match name.as_str() {
                "null" => Self::NULL,
                "boolean" => Self::BOOLEAN,
                "integer" => Self::INTEGER,
                "number" => Self::NUMBER,
                "string" => Self::STRING,
                "array" => Self::ARRAY,
                "object" => Self::OBJECT,
                _ => return None,
            }),
            Value::Array(names) => {
                names.iter().try_fold(Self::NONE, |all, name| Some(all | Self::named(name)?))
            }
            _ => None,
        }
    }

    /// That of a value.
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            // `1.0` is a whole number to JSON Schema.
            Value::Number(number) => match number.as_f64().is_some_and(|n| n.fract() != 0.0) {
                true => Self::FRACTION,
                false => Self::INTEGER,
            },
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    /// All that the values of a schema can have, by its `type`, `enum` and `const`. Other keywords may forbid more.
    pub(super) fn upper(schema: &Value) -> Self {
        let keywords = match schema {
            Value::Bool(false) => return Self::NONE,
            Value::Object(keywords) => keywords,
            _ => return Self::ALL,
        };
        let named = keywords.get("type").and_then(Self::named).unwrap_or(Self::ALL);
        let of_all =
            |values: &[Value]| values.iter().fold(Self::NONE, |all, value| all | Self::of(value));
        let listed = keywords.get("enum").and_then(Value::as_array).map(|values| of_all(values));
        let constant = keywords.get("const").map(Self::of);
        named & listed.unwrap_or(Self::ALL) & constant.unwrap_or(Self::ALL)
    }
}

impl BitAnd for Types {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for Types {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
