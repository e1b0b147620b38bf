//! An expression over the answer and its case.

use serde_json::Value;

use super::program::Program;
use super::syntax::Fields;
use super::{Kind, Problem, ROUNDING, Subject, Verdict, excerpt, text};

/// A computed verdict.
#[derive(Clone, Debug)]
pub struct Computed(Program);

pub(super) fn expression(fields: &mut Fields<'_>) -> Option<Kind> {
    let source = match fields.get("value") {
        Some(Value::String(source)) if source.trim_start().starts_with("{{") => {
            fields.report(
                Problem::new("an expression is written without `{{ }}`")
                    .help("write, for example, `value: output | length < 100`")
                    .under("value"),
            );
            return None;
        }
        Some(Value::String(source)) => source.clone(),
        Some(other) => {
            let kind = text::kind_of(other);
            fields.report(Problem::new(format!("is {kind}, not an expression")).under("value"));
            return None;
        }
        None => return None,
    };
    match Program::expression(&source, true) {
        Ok(program) => {
            fields.uses.note(&program);
            Some(Kind::Expression(Computed(program)))
        }
        Err(problem) => {
            fields.report(problem.under("value"));
            None
        }
    }
}

impl Computed {
    pub(super) fn score(
        &self,
        subject: &Subject<'_>,
        threshold: Option<f64>,
    ) -> Result<Verdict, String> {
        let value =
            self.0.evaluate(subject).map_err(|error| format!("the expression failed: {error}"))?;
        match &value {
            Value::Bool(truth) => {
                Ok(Verdict::decided(*truth, format!("the expression is {truth}")))
            }
            Value::Number(number) => match number.as_f64() {
                Some(score) if (0.0..=1.0).contains(&score) => {
                    let threshold = threshold.ok_or("the assertion has no threshold")?;
                    let reason = format!("the expression is {score}, at least {threshold}");
                    let passed = score + ROUNDING >= threshold;
                    Ok(Verdict { score, ..Verdict::decided(passed, reason) }.raw(score))
                }
                _ => Err(format!("the expression is {number}; a score lies between 0 and 1")),
            },
            other => Err(format!(
                "the expression is {}, neither true or false nor a number: {}",
                text::kind_of(other),
                excerpt::show(other)
            )),
        }
    }
}
