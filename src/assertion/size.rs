//! How long the answer is.

use serde_json::Value;

use super::syntax::Fields;
use super::template::Operand;
use super::{Kind, Problem, Subject, Verdict, text};
use crate::diagnostic::counted;

/// A bound on the length of the answer.
#[derive(Clone, Debug)]
pub struct Size {
    unit: Unit,
    operand: Operand<Bounds>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Unit {
    Words,
    Characters,
}

/// The least and the most, both inclusive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    least: u64,
    most: u64,
}

pub(super) fn word_count(fields: &mut Fields<'_>) -> Option<Kind> {
    let operand = fields.operand("value", |value| match value {
        Value::Object(keys) => {
            if let Some(key) = keys.keys().find(|key| *key != "min" && *key != "max") {
                return Err(Problem::new("is none of `min` and `max`").under(key));
            }
            let bound = |key: &str| {
                let count = keys.get(key).map(count).transpose();
                count.map_err(|problem| problem.under(key))
            };
            match (bound("min")?, bound("max")?) {
                (None, None) => Err(Problem::new("has neither `min` nor `max`")),
                (Some(least), Some(most)) if least > most => {
                    Err(Problem::new(format!("`min` {least} is greater than `max` {most}")))
                }
                (least, most) => {
                    Ok(Bounds { least: least.unwrap_or(0), most: most.unwrap_or(u64::MAX) })
                }
            }
        }
        value => count(value).map(|count| Bounds { least: count, most: count }),
    })?;
    Some(Kind::Size(Size { unit: Unit::Words, operand }))
}

pub(super) fn max_length(fields: &mut Fields<'_>) -> Option<Kind> {
    let operand = fields.operand("value", |value| Ok(Bounds { least: 0, most: count(value)? }))?;
    Some(Kind::Size(Size { unit: Unit::Characters, operand }))
}

pub(super) fn min_length(fields: &mut Fields<'_>) -> Option<Kind> {
    let operand =
        fields.operand("value", |value| Ok(Bounds { least: count(value)?, most: u64::MAX }))?;
    Some(Kind::Size(Size { unit: Unit::Characters, operand }))
}

/// A whole number; also as text, as CSV cells are.
fn count(value: &Value) -> Result<u64, Problem> {
    let number = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| match value {
        Value::Number(number) => {
            Problem::new(format!("{number} is no count; it must be a whole number from 0"))
        }
        other => Problem::new(format!("is {}, not a whole number", text::kind_of(other))),
    })
}

impl Size {
    pub(super) fn score(&self, subject: &Subject<'_>) -> Result<Verdict, String> {
        let bounds = self.operand.resolve(subject)?;
        let (count, unit) = match self.unit {
            Unit::Words => (subject.output.split_whitespace().count(), "word"),
            Unit::Characters => (subject.output.chars().count(), "character"),
        };
        let Bounds { least, most } = *bounds;
        let wanted = match (least, most) {
            (least, u64::MAX) => format!("at least {least}"),
            (0, most) => format!("at most {most}"),
            (least, most) if least == most => format!("expected {least}"),
            (least, most) => format!("expected {least} to {most}"),
        };
        let passed = (least..=most).contains(&(count as u64));
        Ok(Verdict::decided(passed, format!("{}, {wanted}", counted(count, unit)))
            .raw(count as f64)
            .value(bounds.into_value()))
    }
}
