//! What an evaluation will ask and cost, before it asks: `pf eval --dry-run`, and the line before each run.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::json::VERSION;
use super::table;
use crate::diagnostic::counted;
use crate::eval::estimate::{Basis, Bound, ColumnEstimate, Dollars, Estimate, Output};
use crate::eval::plan::Plan;
use crate::price::models;

/// `pf eval --dry-run --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf eval --dry-run")]
pub struct EvalEstimate {
    version: u32,
    /// `eval-estimate`.
    kind: &'static str,
    /// Calls that would be made.
    calls: u64,
    /// Cells whose answer is there.
    ready: u64,
    input_tokens: u64,
    output_tokens: Range,
    /// Null when the price of a model that would be asked is not known.
    cost_usd: Option<DollarRange>,
    /// The models that would be asked and whose price is not known, as PROVIDER/NAME.
    unpriced: Vec<String>,
    /// The day of the built-in table of prices.
    prices_as_of: &'static str,
    results: Vec<Entry>,
}

/// What a prompt on a model would ask in a suite.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Entry {
    suite: String,
    prompt: String,
    model: String,
    /// Cells in all.
    cells: u64,
    /// Calls that would be made; equal requests are asked once.
    calls: u64,
    /// Cells whose answer is recorded.
    recorded: u64,
    /// Cells whose answer is in the local store.
    stored: u64,
    /// Cells whose answer the dataset gives.
    given: u64,
    /// Cells that `echo` answers.
    echoed: u64,
    input_tokens: u64,
    /// `counted` with the vocabulary of the model, or `estimated`.
    input_basis: &'static str,
    /// How many requests the tokens were counted in; those of all others are taken to be alike.
    sampled: u64,
    output_tokens: Range,
    /// `answers` that are there, the `limit` of the request, the `model` and what it can write, or `nothing`.
    output_basis: &'static str,
    /// Null when the price is not known.
    cost_usd: Option<DollarRange>,
}

/// Tokens.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Range {
    low: u64,
    /// Null when nothing bounds them.
    high: Option<u64>,
}

/// US dollars.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DollarRange {
    low: f64,
    /// Null when nothing bounds them.
    high: Option<f64>,
}

impl From<Dollars> for DollarRange {
    fn from(Dollars { low, high }: Dollars) -> Self {
        Self { low, high }
    }
}

impl EvalEstimate {
    /// What a plan would ask.
    pub fn new(plan: &Plan, estimate: &Estimate) -> Self {
        let unpriced = estimate.unpriced(plan);
        let (low, high) = estimate.output_tokens();
        Self {
            version: VERSION,
            kind: "eval-estimate",
            calls: estimate.calls(),
            ready: estimate.columns.iter().map(|column| column.origins.ready()).sum(),
            input_tokens: estimate.input_tokens(),
            output_tokens: Range { low, high },
            cost_usd: unpriced.is_empty().then(|| estimate.cost().into()),
            unpriced,
            prices_as_of: models::as_of(),
            results: estimate.columns.iter().map(|column| Entry::new(plan, column)).collect(),
        }
    }
}

impl Entry {
    fn new(plan: &Plan, estimate: &ColumnEstimate) -> Self {
        let suite = &plan.suites[estimate.suite];
        let column = &suite.columns[estimate.column];
        let origins = estimate.origins;
        let Output { low, high, basis } = estimate.output;
        Self {
            suite: suite.name.clone(),
            prompt: column.prompt.clone(),
            model: column.model.label.clone(),
            cells: origins.ready() + origins.called,
            calls: estimate.calls,
            recorded: origins.recorded,
            stored: origins.stored,
            given: origins.given,
            echoed: origins.echo,
            input_tokens: estimate.input_tokens,
            input_basis: if estimate.counted { "counted" } else { "estimated" },
            sampled: estimate.sampled,
            output_tokens: Range { low, high },
            output_basis: match basis {
                Basis::Answers(_) => "answers",
                Basis::Bound(Bound::Request) => "limit",
                Basis::Bound(Bound::Model) => "model",
                Basis::Nothing => "nothing",
            },
            cost_usd: estimate.cost.map(DollarRange::from),
        }
    }
}

/// The table of a dry run.
pub fn write(out: &mut dyn Write, plan: &Plan, estimate: &Estimate) -> io::Result<()> {
    let rows = estimate.columns.iter().map(|at| {
        let suite = &plan.suites[at.suite];
        let column = &suite.columns[at.column];
        let about = if at.counted && at.sampled == at.calls { "" } else { "~" };
        vec![
            suite.name.clone(),
            column.prompt.clone(),
            column.model.label.clone(),
            at.calls.to_string(),
            at.origins.ready().to_string(),
            format!("{about}{}", at.input_tokens),
            tokens_out(at.output),
            at.cost.map_or_else(|| "not known".to_owned(), range),
        ]
    });
    let header = ["suite", "prompt", "model", "calls", "there", "tokens in", "tokens out", "cost"];
    write!(out, "{}", table::aligned(&header, &[3, 4, 5, 6], rows))?;
    if estimate.columns.len() > 1 {
        writeln!(out, "\nin all: {}", line(plan, estimate))?;
    }
    for note in notes(estimate) {
        writeln!(out, "{note}")?;
    }
    Ok(())
}

/// What the figures rest on.
fn notes(estimate: &Estimate) -> Vec<String> {
    let asked = || estimate.columns.iter().filter(|column| column.calls > 0);
    let mut notes = Vec::new();
    if asked().any(|column| !column.counted) {
        notes.push("tokens in with ~ are estimated: a token for each four bytes".to_owned());
    }
    let sampled: u64 = asked().map(|column| column.sampled).sum();
    if asked().any(|column| column.sampled < column.calls) {
        notes.push(format!(
            "tokens in are those of {sampled} of the {} requests, drawn at random, and multiplied",
            estimate.calls()
        ));
    }
    let from_answers = asked().any(|column| matches!(column.output.basis, Basis::Answers(_)));
    if from_answers {
        notes.push("tokens out between two numbers: as in answers of the same prompt and model that are there".to_owned());
    }
    if asked().any(|column| column.output.basis == Basis::Bound(Bound::Model)) {
        notes.push(
            "`max_output_tokens` is not set for some models: the most that these can write counts"
                .to_owned(),
        );
    }
    if asked().any(|column| column.output.basis == Basis::Nothing) {
        notes.push("nothing bounds the answers of some models: set `max_output_tokens`".to_owned());
    }
    notes
}

/// All of it on one line.
pub fn line(plan: &Plan, estimate: &Estimate) -> String {
    let exact = |column: &ColumnEstimate| column.counted && column.sampled == column.calls;
    let about = if estimate.columns.iter().all(exact) { "" } else { "about " };
    let (low, high) = estimate.output_tokens();
    let known = estimate.columns.iter().any(|column| column.calls > 0 && column.cost.is_some());
    let unpriced = estimate.unpriced(plan);
    let cost = match (known, unpriced.is_empty()) {
        (_, true) => range(estimate.cost()),
        (true, false) => {
            format!(
                "{}, and what {} costs, which is not known",
                range(estimate.cost()),
                unpriced.join(", ")
            )
        }
        (false, false) => format!("the price of {} is not known", unpriced.join(", ")),
    };
    format!(
        "{}, {about}{} tokens in, {} out, {cost}",
        counted(estimate.calls(), "call"),
        estimate.input_tokens(),
        between(low, high)
    )
}

fn tokens_out(output: Output) -> String {
    between(output.low, output.high)
}

fn between(low: u64, high: Option<u64>) -> String {
    match high {
        None => "any number".to_owned(),
        Some(high) if high == low => high.to_string(),
        Some(high) if low == 0 => format!("at most {high}"),
        Some(high) => format!("{low} to {high}"),
    }
}

fn range(cost: Dollars) -> String {
    match cost.high {
        Some(high) if dollars(high) == dollars(cost.low) => dollars(high),
        Some(high) => format!("{} to {}", dollars(cost.low), dollars(high)),
        None => format!("at least {}", dollars(cost.low)),
    }
}

/// An amount with as many decimals as say something.
pub fn dollars(amount: f64) -> String {
    match amount {
        0.0 => "$0".to_owned(),
        small if small < 0.0001 => "less than $0.0001".to_owned(),
        small if small < 1.0 => format!("${small:.4}"),
        amount => format!("${amount:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_as_short_as_they_can_be() {
        let shown = [0.0, 0.000_01, 0.012_345, 0.5, 1.0, 1234.567].map(dollars);
        assert_eq!(shown, ["$0", "less than $0.0001", "$0.0123", "$0.5000", "$1.00", "$1234.57"]);
    }

    #[test]
    fn ranges_say_what_bounds_them() {
        assert_eq!(between(0, None), "any number");
        assert_eq!(between(0, Some(0)), "0");
        assert_eq!(between(0, Some(7)), "at most 7");
        assert_eq!(between(5, Some(7)), "5 to 7");
        assert_eq!(range(Dollars { low: 0.0, high: Some(0.0) }), "$0");
        assert_eq!(range(Dollars { low: 0.01, high: Some(0.02) }), "$0.0100 to $0.0200");
        assert_eq!(range(Dollars { low: 0.01, high: None }), "at least $0.0100");
    }
}
