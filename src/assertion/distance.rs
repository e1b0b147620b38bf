//! How far the answer is from a text, in edits.

use super::syntax::Fields;
use super::template::Operand;
use super::{Kind, ROUNDING, Subject, Verdict, excerpt, text};
use crate::metric;

/// A comparison by edit distance.
#[derive(Clone, Debug)]
pub struct Distance {
    measure: Measure,
    operand: Operand<String>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Measure {
    /// Edits, a ceiling.
    Levenshtein,
    /// Share of what is alike, a floor.
    Ratio,
}

/// The most cells of the matrix of two texts: about a second of work.
const MOST_WORK: usize = 20_000_000_000;

pub(super) fn levenshtein(fields: &mut Fields<'_>) -> Option<Kind> {
    distance(fields, Measure::Levenshtein)
}

pub(super) fn similarity_ratio(fields: &mut Fields<'_>) -> Option<Kind> {
    distance(fields, Measure::Ratio)
}

fn distance(fields: &mut Fields<'_>, measure: Measure) -> Option<Kind> {
    let operand = fields.operand("value", text::scalar)?;
    Some(Kind::Distance(Distance { measure, operand }))
}

impl Distance {
    pub(super) fn score(
        &self,
        subject: &Subject<'_>,
        threshold: Option<f64>,
    ) -> Result<Verdict, String> {
        let expected = self.operand.resolve(subject)?;
        let threshold = threshold.ok_or("the assertion has no threshold")?;
        if subject.output.len().saturating_mul(expected.len()) > MOST_WORK {
            let (a, b) = (subject.output.len(), expected.len());
            return Err(format!("the texts are too long to compare: {a} and {b} bytes"));
        }
        let verdict = match self.measure {
            Measure::Levenshtein => {
                let edits = metric::levenshtein(subject.output, &expected) as f64;
                let reason = format!(
                    "{edits} edits from {}, at most {threshold}",
                    excerpt::quote(&expected)
                );
                Verdict::decided(edits <= threshold, reason).raw(edits)
            }
            Measure::Ratio => {
                let ratio = metric::similarity_ratio(subject.output, &expected);
                let reason = format!(
                    "{ratio:.3} similar to {}, at least {threshold}",
                    excerpt::quote(&expected)
                );
                let passed = ratio + ROUNDING >= threshold;
                Verdict { score: ratio, ..Verdict::decided(passed, reason) }.raw(ratio)
            }
        };
        Ok(verdict.value(expected.into_value()))
    }
}
