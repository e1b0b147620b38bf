//! The call instead of the text: what it cost, how long it took, how many tokens, why it stopped.

use serde_json::Value;

use super::spec::{Family, Spec, Threshold, ValueRule};
use super::syntax::Fields;
use super::template::Operand;
use super::{Kind, Problem, ROUNDING, Subject, Verdict, excerpt, text};

/// A bound on the call.
#[derive(Clone, Debug)]
pub struct Run(Quantity);

#[derive(Clone, Debug)]
enum Quantity {
    Cost,
    Latency,
    Tokens(Count),
    Finish(Operand<String>),
    /// Characters of the answer that one token should give.
    Efficiency(Operand<f64>),
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Count {
    Total,
    Input,
    Output,
}

#[expect(clippy::unnecessary_wraps, reason = "the table holds functions of one type")]
pub(super) fn cost(_: &mut Fields<'_>) -> Option<Kind> {
    Some(Kind::Run(Run(Quantity::Cost)))
}

#[expect(clippy::unnecessary_wraps, reason = "the table holds functions of one type")]
pub(super) fn latency(_: &mut Fields<'_>) -> Option<Kind> {
    Some(Kind::Run(Run(Quantity::Latency)))
}

pub(super) fn tokens(fields: &mut Fields<'_>) -> Option<Kind> {
    let count = match fields.get("count").map(Value::as_str) {
        None | Some(Some("total")) => Count::Total,
        Some(Some("input")) => Count::Input,
        Some(Some("output")) => Count::Output,
        Some(_) => {
            fields.report(Problem::new("is none of `total`, `input`, `output`").under("count"));
            return None;
        }
    };
    Some(Kind::Run(Run(Quantity::Tokens(count))))
}

pub(super) fn finish_reason(fields: &mut Fields<'_>) -> Option<Kind> {
    let operand = fields.operand("value", |value| match text::scalar(value)?.trim() {
        "" => Err(Problem::new("the text is empty")
            .help("write `stop`, `length`, `content_filter` or `tool_calls`")),
        text => Ok(text.to_owned()),
    })?;
    Some(Kind::Run(Run(Quantity::Finish(operand))))
}

pub(super) const TOKEN_EFFICIENCY: Spec = Spec {
    name: "token-efficiency",
    family: Family::Run,
    passes: "enough of the output tokens that were paid for, reasoning included, are in the text of the answer. Reasoning, and what `extract` leaves out, make it less; an empty answer has 0. Unscored without a token count",
    value: ValueRule::Optional(
        "the characters that a token should give; default 4, as in English prose (about 3 in other languages of the Latin script, 1 to 2 in Chinese or Japanese)",
    ),
    parameters: &[],
    raw: Some("characters of the answer per output token"),
    score: "raw / the value, at most 1",
    threshold: Threshold::Floor { default: 0.5 },
    compile: token_efficiency,
};

/// Characters of English prose per token, as the vendors of tokenizers say.
const CHARACTERS_PER_TOKEN: f64 = 4.0;

fn token_efficiency(fields: &mut Fields<'_>) -> Option<Kind> {
    let characters = match fields.has("value") {
        false => Operand::Ready(CHARACTERS_PER_TOKEN, Value::from(CHARACTERS_PER_TOKEN)),
        true => fields.operand("value", |value| {
            let number = match value {
                Value::String(text) => text.trim().parse().ok(),
                value => value.as_f64(),
            };
            number.filter(|number: &f64| number.is_finite() && *number > 0.0).ok_or_else(|| {
                Problem::new(format!(
                    "{} is no number of characters; it must be a number above 0",
                    excerpt::show(value)
                ))
            })
        })?,
    };
    Some(Kind::Run(Run(Quantity::Efficiency(characters))))
}

impl Run {
    pub(super) fn score(
        &self,
        subject: &Subject<'_>,
        threshold: Option<f64>,
    ) -> Result<Verdict, String> {
        let answer = subject.answer;
        match &self.0 {
            Quantity::Cost => {
                let cost = subject
                    .cost_usd
                    .ok_or("the cost of the answer is unknown; add its model to `prices`")?;
                ceiling(cost, threshold, |amount| format!("${amount}"))
            }
            Quantity::Latency => {
                let latency = answer.latency_ms.ok_or("the latency of the answer is unknown")?;
                ceiling(latency, threshold, |amount| format!("{amount} ms"))
            }
            Quantity::Tokens(count) => {
                let usage = answer.usage.ok_or("the provider did not count tokens")?;
                let tokens = match count {
                    Count::Total => usage.input_tokens.saturating_add(usage.output_tokens),
                    Count::Input => usage.input_tokens,
                    Count::Output => usage.output_tokens,
                };
                ceiling(tokens as f64, threshold, |amount| format!("{amount} tokens"))
            }
            Quantity::Efficiency(operand) => {
                let least = threshold.ok_or("the assertion has no threshold")?;
                let full = operand.resolve(subject)?;
                let tokens = answer.usage.ok_or("the provider did not count tokens")?.output_tokens;
                if tokens == 0 {
                    return Err("the provider counted no output tokens".to_owned());
                }
                let characters = subject.output.chars().count();
                let each = characters as f64 / tokens as f64;
                let score = (each / *full).min(1.0);
                let reason = format!(
                    "{characters} characters of {tokens} output tokens, {each:.2} each, a score of {score:.3}, at least {least}"
                );
                let verdict = Verdict::decided(score + ROUNDING >= least, reason);
                Ok(Verdict { score, ..verdict }.raw(each).value(full.into_value()))
            }
            Quantity::Finish(operand) => {
                let expected = operand.resolve(subject)?;
                let finish = answer.finish.as_deref().ok_or("why the model stopped is unknown")?;
                let same = finish.to_lowercase() == expected.to_lowercase();
                let mut reason = format!("stopped by {}", excerpt::quote(finish));
                if !same {
                    reason = format!("{reason}, expected {}", excerpt::quote(&expected));
                }
                Ok(Verdict::decided(same, reason).value(expected.into_value()))
            }
        }
    }
}

fn ceiling(
    amount: f64,
    threshold: Option<f64>,
    show: fn(f64) -> String,
) -> Result<Verdict, String> {
    let most = threshold.ok_or("the assertion has no threshold")?;
    if !amount.is_finite() {
        return Err(format!("{amount} is no amount"));
    }
    let reason = format!("{}, at most {}", show(amount), show(most));
    Ok(Verdict::decided(amount <= most, reason).raw(amount))
}
