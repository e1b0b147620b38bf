//! Two JSON Schemas: which of them accepts more.
//!
//! The answer is never guessed. That everything one schema accepts is accepted by the other is either *proved* from
//! the keywords (`within`), or *refuted* by a value that the validator accepts under one and not under the other
//! (`witness`), or unknown. Whether a wider schema is good or bad news depends on who looks: callers give values, so
//! a narrower schema breaks them; consumers of answers take values, so a wider one does.

mod inline;
mod number;
mod types;
mod walk;
mod within;
mod witness;

use serde_json::Value;

pub use self::walk::{Difference, Step, differences};
use crate::schema::compile;

/// How the values that a schema accepts after a change compare with those before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Relation {
    /// The same ones.
    Equal,
    /// Some of them only.
    Narrower,
    /// All of them and more.
    Wider,
    /// Some no longer, others in addition.
    Incomparable,
    /// Not decided.
    Unknown,
}

/// Whether everything that one schema accepts is accepted by another.
#[derive(Clone, PartialEq, Debug)]
pub enum Inclusion {
    /// It is, and the keywords prove it.
    Proved,
    /// It is not: the first accepts this value and the second does not.
    Refuted(Value),
    /// Not decided.
    Unknown,
}

/// Both directions of the comparison of two schemas.
#[derive(Clone, PartialEq, Debug)]
pub struct Comparison {
    /// Whether everything that was accepted still is: what callers need.
    pub before_in_after: Inclusion,
    /// Whether everything that is accepted now was accepted before: what consumers need.
    pub after_in_before: Inclusion,
}

impl Comparison {
    const EQUAL: Self =
        Self { before_in_after: Inclusion::Proved, after_in_before: Inclusion::Proved };

    /// The two directions as one word.
    pub fn relation(&self) -> Relation {
        match (&self.before_in_after, &self.after_in_before) {
            (Inclusion::Proved, Inclusion::Proved) => Relation::Equal,
            (Inclusion::Refuted(_), Inclusion::Proved) => Relation::Narrower,
            (Inclusion::Proved, Inclusion::Refuted(_)) => Relation::Wider,
            (Inclusion::Refuted(_), Inclusion::Refuted(_)) => Relation::Incomparable,
            _ => Relation::Unknown,
        }
    }
}

/// Compares two schemas of draft 2020-12 by the values that they accept. Descriptions and the order of keys play no
/// part.
pub fn compare(before: &Value, after: &Value) -> Comparison {
    if before == after {
        return Comparison::EQUAL;
    }
    let unknown =
        Comparison { before_in_after: Inclusion::Unknown, after_in_before: Inclusion::Unknown };
    // What cannot be unfolded is not validated either: references that multiply cost a validator just as much.
    let (Some(before), Some(after)) = (inline::inline(before), inline::inline(after)) else {
        return unknown;
    };
    let (Ok(accepted), Ok(accepts)) = (compile(&before), compile(&after)) else { return unknown };
    let one_way = |(from, by), (into, into_by)| match within::within(from, into) {
        true => Inclusion::Proved,
        false => witness::search((from, by), (into, into_by))
            .map_or(Inclusion::Unknown, Inclusion::Refuted),
    };
    let (old, new) = ((&before, &*accepted), (&after, &*accepts));
    Comparison { before_in_after: one_way(old, new), after_in_before: one_way(new, old) }
}

/// Keywords that say something about a schema and nothing about which values it accepts.
fn is_annotation(keyword: &str) -> bool {
    matches!(
        keyword,
        "title"
            | "description"
            | "default"
            | "examples"
            | "deprecated"
            | "readOnly"
            | "writeOnly"
            | "contentEncoding"
            | "contentMediaType"
            | "contentSchema"
            | "$comment"
            | "$schema"
    )
}

#[cfg(test)]
mod tests;
