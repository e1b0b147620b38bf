//! The kinds of values that templates tell apart, as a set.

use std::ops::{BitAnd, BitOr, Sub};

/// A set of kinds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Kinds(u8);

impl Kinds {
    /// No kind: a value that cannot be, as behind conditions that exclude each other.
    pub(super) const NOTHING: Self = Self(0);
    /// A property or an item that is not there.
    pub(super) const UNDEFINED: Self = Self(1);
    pub(super) const NONE: Self = Self(1 << 1);
    pub(super) const BOOL: Self = Self(1 << 2);
    pub(super) const NUMBER: Self = Self(1 << 3);
    pub(super) const STRING: Self = Self(1 << 4);
    pub(super) const LIST: Self = Self(1 << 5);
    pub(super) const OBJECT: Self = Self(1 << 6);
    /// Anything: nothing is said of a value that may be of this kind.
    pub(super) const UNKNOWN: Self = Self(1 << 7);

    pub(super) const ABSENT: Self = Self(Self::UNDEFINED.0 | Self::NONE.0);
    pub(super) const SCALAR: Self = Self(Self::BOOL.0 | Self::NUMBER.0 | Self::STRING.0);
    pub(super) const COLLECTION: Self = Self(Self::LIST.0 | Self::OBJECT.0);
    /// Every kind that is known.
    pub(super) const ALL: Self = Self(Self::ABSENT.0 | Self::SCALAR.0 | Self::COLLECTION.0);

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the sets have a kind in common.
    pub(super) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether all kinds of this set are in the other.
    pub(super) const fn within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Its kinds, one by one.
    pub(super) fn each(self) -> impl Iterator<Item = Self> {
        (0..8).map(|bit| Self(1 << bit)).filter(move |kind| self.meets(*kind))
    }

    /// What a value of these kinds is, in words.
    pub(super) fn words(self) -> String {
        let names = [
            (Self::STRING, "a text"),
            (Self::NUMBER, "a number"),
            (Self::BOOL, "true or false"),
            (Self::LIST, "a list"),
            (Self::OBJECT, "an object"),
            (Self::NONE, "none"),
            (Self::UNDEFINED, "missing"),
        ];
        let words: Vec<&str> =
            names.iter().filter(|(kind, _)| self.meets(*kind)).map(|(_, word)| *word).collect();
        words.join(" or ")
    }
}

impl BitOr for Kinds {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        self.or(other)
    }
}

impl BitAnd for Kinds {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Sub for Kinds {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.without(other)
    }
}
