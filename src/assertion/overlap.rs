//! How much of a reference is in the answer, by the metrics that papers report.

use serde_json::Value;

use super::syntax::Fields;
use super::template::Operand;
use super::{Kind, Problem, ROUNDING, Subject, Verdict, excerpt, text};
use crate::metric::rouge::{self, Stemming};
use crate::metric::{bleu, chrf, squad};

/// A comparison with one or several references.
#[derive(Clone, Debug)]
pub struct Overlap {
    measure: Measure,
    references: Operand<Vec<String>>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Measure {
    Bleu,
    Chrf(chrf::Variant),
    Rouge(rouge::Variant, Stemming),
    F1,
    ExactMatch,
}

/// The longest text that is compared, in bytes: memory grows by some tens of bytes for each of them.
const LONGEST: usize = 16 << 20;

pub(super) fn bleu(fields: &mut Fields<'_>) -> Option<Kind> {
    overlap(fields, Measure::Bleu)
}

pub(super) fn chrf(fields: &mut Fields<'_>) -> Option<Kind> {
    overlap(fields, Measure::Chrf(chrf::Variant::Plain))
}

pub(super) fn chrf_plus_plus(fields: &mut Fields<'_>) -> Option<Kind> {
    overlap(fields, Measure::Chrf(chrf::Variant::PlusPlus))
}

pub(super) fn rouge_1(fields: &mut Fields<'_>) -> Option<Kind> {
    rouge(fields, rouge::Variant::Words)
}

pub(super) fn rouge_2(fields: &mut Fields<'_>) -> Option<Kind> {
    rouge(fields, rouge::Variant::Pairs)
}

pub(super) fn rouge_l(fields: &mut Fields<'_>) -> Option<Kind> {
    rouge(fields, rouge::Variant::Subsequence)
}

pub(super) fn rouge_lsum(fields: &mut Fields<'_>) -> Option<Kind> {
    rouge(fields, rouge::Variant::Lines)
}

pub(super) fn f1(fields: &mut Fields<'_>) -> Option<Kind> {
    overlap(fields, Measure::F1)
}

pub(super) fn exact_match(fields: &mut Fields<'_>) -> Option<Kind> {
    overlap(fields, Measure::ExactMatch)
}

fn rouge(fields: &mut Fields<'_>, variant: rouge::Variant) -> Option<Kind> {
    let stemming = match fields.get("stem") {
        None | Some(Value::Bool(false)) => Stemming::Off,
        Some(Value::Bool(true)) => Stemming::Porter,
        Some(_) => {
            fields.report(Problem::new("`stem` must be true or false").under("stem"));
            return None;
        }
    };
    overlap(fields, Measure::Rouge(variant, stemming))
}

fn overlap(fields: &mut Fields<'_>, measure: Measure) -> Option<Kind> {
    let references = fields.operand("value", references)?;
    Some(Kind::Overlap(Overlap { measure, references }))
}

/// A text, or a list of texts. An empty text is one: it is the reference of a question without an answer.
fn references(value: &Value) -> Result<Vec<String>, Problem> {
    match value {
        Value::Array(items) if items.is_empty() => {
            Err(Problem::new("the list is empty, so that there is nothing to compare with"))
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            let texts = items.map(|(index, item)| {
                text::scalar(item).map_err(|problem| problem.under(&index.to_string()))
            });
            texts.collect()
        }
        value => Ok(vec![text::scalar(value)?]),
    }
}

impl Measure {
    fn name(self) -> &'static str {
        match self {
            Self::Bleu => "bleu",
            Self::Chrf(chrf::Variant::Plain) => "chrf",
            Self::Chrf(chrf::Variant::PlusPlus) => "chrf++",
            Self::Rouge(rouge::Variant::Words, _) => "rouge-1",
            Self::Rouge(rouge::Variant::Pairs, _) => "rouge-2",
            Self::Rouge(rouge::Variant::Subsequence, _) => "rouge-l",
            Self::Rouge(rouge::Variant::Lines, _) => "rouge-lsum",
            Self::F1 => "f1",
            Self::ExactMatch => "exact-match",
        }
    }
}

impl Overlap {
    pub(super) fn score(
        &self,
        subject: &Subject<'_>,
        threshold: Option<f64>,
    ) -> Result<Verdict, String> {
        let references = self.references.resolve(subject)?;
        let output = subject.output;
        for text in references.iter().map(String::as_str).chain([output]) {
            if text.len() > LONGEST {
                let length = text.len();
                return Err(format!("a text is too long to compare: {length} bytes"));
            }
        }
        let (raw, full) = match self.measure {
            Measure::Bleu => (bleu::sentence(output, &references), 100.0),
            Measure::Chrf(variant) => (chrf::sentence(variant, output, &references), 100.0),
            Measure::Rouge(variant, stemming) => {
                let best = rouge::best(variant, stemming, output, &references);
                (best.map_err(|error| error.to_string())?.f, 1.0)
            }
            Measure::F1 => (squad::f1(output, &references), 1.0),
            Measure::ExactMatch => {
                let matches = squad::exact_match(output, &references);
                let reason = said(matches, output, &references);
                return Ok(Verdict::decided(matches, reason).value(references.into_value()));
            }
        };
        let threshold = threshold.ok_or("the assertion has no threshold")?;
        // A sum of logarithms may pass the top by a rounding.
        let score = (raw / full).clamp(0.0, 1.0);
        let passed = score + ROUNDING >= threshold;
        let shown = shown(score, threshold, passed);
        let mut reason = format!("{} {shown}, at least {threshold}", self.measure.name());
        if references.len() > 1 {
            reason = format!("{reason}, against {} references", references.len());
        }
        Ok(Verdict { score, ..Verdict::decided(passed, reason) }
            .raw(raw)
            .value(references.into_value()))
    }
}

fn said(matches: bool, output: &str, references: &[String]) -> String {
    let output = excerpt::quote(output);
    match references {
        _ if matches => format!("{output} matches"),
        [reference] => format!("{output} does not match {}", excerpt::quote(reference)),
        references => format!("{output} matches none of {} references", references.len()),
    }
}

/// The score with two decimals, and with more where two would be on the wrong side of the threshold.
fn shown(score: f64, threshold: f64, passed: bool) -> String {
    let right = |text: &String| text.parse().is_ok_and(|shown: f64| (shown >= threshold) == passed);
    let rounded = (2..6).map(|decimals| format!("{score:.decimals$}")).find(right);
    rounded.unwrap_or_else(|| score.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_never_seems_to_be_on_the_other_side() {
        for (score, threshold, expected) in [
            (0.4123, 0.4, "0.41"),
            (0.39999, 0.4, "0.39999"),
            (0.3962, 0.4, "0.396"),
            (1.0, 1.0, "1.00"),
            (2.0 / 3.0, 0.67, "0.667"),
            (0.399_999_99, 0.4, "0.39999999"),
        ] {
            assert_eq!(shown(score, threshold, score >= threshold), expected);
        }
    }
}
