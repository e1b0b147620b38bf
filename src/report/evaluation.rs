//! An evaluation for people: a table of results, the gates that failed, and what went wrong first.

use std::io::{self, Write};

use super::foreign::excerpt;
use super::table;
use super::{breakdown, compare};
use crate::diagnostic::counted;
use crate::eval::cell::{CellRecord, Place, State};
use crate::eval::gate::GateResult;
use crate::eval::plan::Plan;
use crate::eval::run::{ColumnResult, NamedGate, Run};
use crate::template::render::output_text;

/// Cells that did not pass and are shown one by one.
pub const SHOWN_CELLS: usize = 10;

/// The same when every one is asked for; files have no such bound.
pub const MOST_CELLS: usize = 1_000;

/// Writes the table of results and the gates that failed.
pub fn write(out: &mut dyn Write, plan: &Plan, run: &Run) -> io::Result<()> {
    for (index, suite) in plan.suites.iter().enumerate() {
        let results: Vec<&ColumnResult> =
            run.results.iter().filter(|result| result.suite == index).collect();
        let repeats =
            if suite.repeat > 1 { format!(", {} times each", suite.repeat) } else { String::new() };
        writeln!(out, "{}: {}{repeats}", suite.name, counted(suite.cases.len(), "case"))?;
        if let Some(target) = suite.target_n.filter(|target| *target > suite.cases.len() as u64) {
            writeln!(out, "  the suite wants {target} cases")?;
        }
        let metrics = shown_metrics(plan, &results);
        let mut header = vec!["prompt", "model", "pass", "of", "rate", "95 % interval"];
        header.extend(metrics.iter().map(String::as_str));
        let troubled = results.iter().any(|result| trouble(result).is_some());
        if troubled {
            header.push("not decided");
        }
        let rows = results.iter().map(|result| {
            let mut row = row(plan, result);
            row.extend(metrics.iter().map(|name| {
                result
                    .metrics
                    .get(name)
                    .map(|metric| format!("{:.3}", metric.value))
                    .unwrap_or_default()
            }));
            if troubled {
                row.push(trouble(result).unwrap_or_default());
            }
            row
        });
        write!(out, "{}", table::aligned(&header, &[2, 3, 4], rows))?;
        for result in results {
            usage(out, plan, result)?;
            breakdown::write(out, suite, result)?;
        }
        if index + 1 < plan.suites.len() {
            writeln!(out)?;
        }
    }
    if let Some(comparison) = run.versus.as_ref().and_then(|versus| versus.comparison.as_ref()) {
        writeln!(out)?;
        compare::write_human(out, comparison, compare::Shown { flips: SHOWN_FLIPS })?;
    }
    proven(out, plan, run)?;
    failed_gates(out, plan, run)
}

/// Flipped cases of each kind that are shown with both answers.
const SHOWN_FLIPS: usize = 5;

/// The metrics that the suite names, for the columns of the table; all others are in the JSON.
pub(in crate::report) fn shown_metrics(plan: &Plan, results: &[&ColumnResult]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for result in results {
        let column = &plan.suites[result.suite].columns[result.column];
        for name in column.assertions.iter().filter_map(|assertion| assertion.metric.as_ref()) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
    }
    names
}

fn row(plan: &Plan, result: &ColumnResult) -> Vec<String> {
    let column = &plan.suites[result.suite].columns[result.column];
    let decided = result.count(State::Pass) + result.count(State::Fail);
    let (rate, interval) = match result.pass_rate {
        Some(estimate) => {
            let interval = estimate
                .interval
                .map(|(low, high)| format!("[{}, {}]", percent(low), percent(high)));
            (percent(estimate.value), interval.unwrap_or_default())
        }
        None => ("-".to_owned(), String::new()),
    };
    vec![
        column.prompt.clone(),
        column.model.label.clone(),
        result.count(State::Pass).to_string(),
        decided.to_string(),
        rate,
        interval,
    ]
}

/// What keeps cells from being decided.
fn trouble(result: &ColumnResult) -> Option<String> {
    let parts: Vec<String> =
        [(State::Error, "error"), (State::Unscored, "unscored"), (State::NotRun, "not run")]
            .iter()
            .map(|(state, word)| (result.count(*state), word))
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn usage(out: &mut dyn Write, plan: &Plan, result: &ColumnResult) -> io::Result<()> {
    let column = &plan.suites[result.suite].columns[result.column];
    if result.input_tokens + result.output_tokens == 0 {
        return Ok(());
    }
    let mut cost = result.cost_usd.map(|cost| format!(", ${cost:.4}")).unwrap_or_default();
    if let Some(judging) = result.bill.and_then(|bill| bill.cost_usd) {
        cost.push_str(&format!(", judging ${judging:.4}"));
    }
    let latency = result
        .latency_ms
        .map(|[p50, p95, _]| {
            format!(", {p50:.0} ms at the median and {p95:.0} ms at the 95th percentile")
        })
        .unwrap_or_default();
    writeln!(
        out,
        "  {}: {} tokens in, {} out{cost}{latency}",
        column.model.label, result.input_tokens, result.output_tokens
    )
}

/// A share as a percentage with one decimal.
pub(in crate::report) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// The prompt and the model of a result.
pub(in crate::report) fn named<'a>(plan: &'a Plan, result: &ColumnResult) -> (&'a str, &'a str) {
    let column = &plan.suites[result.suite].columns[result.column];
    (&column.prompt, &column.model.label)
}

/// How many cells there were, and what became of them.
pub(in crate::report) fn result_counts(run: &Run) -> String {
    let states =
        [State::Pass, State::Fail, State::Error, State::Unscored, State::NotRun, State::Skipped];
    let count = |state| run.results.iter().map(|result| result.count(state)).sum::<u64>();
    let all: u64 = states.iter().map(|state| count(*state)).sum();
    let parts: Vec<String> = states
        .iter()
        .map(|state| (count(*state), state.as_str().replace('_', " ")))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let of_notes = match run.proven.len() {
        0 => String::new(),
        count => format!(", {} proven by notes", counted(count, "result")),
    };
    match parts.is_empty() {
        true => format!("{}{of_notes}", counted(all, "cell")),
        false => format!("{}: {}{of_notes}", counted(all, "cell"), parts.join(", ")),
    }
}

fn failed_gates(out: &mut dyn Write, plan: &Plan, run: &Run) -> io::Result<()> {
    if run.gates().any(|gate| !gate.passed) {
        writeln!(out)?;
    }
    for NamedGate { suite, prompt, model, gate } in run.named_gates(plan) {
        if !gate.passed {
            writeln!(out, "gate failed: {suite} {prompt} on {model}: {}", describe(gate))?;
        }
    }
    Ok(())
}

/// What was not run, since notes prove it.
fn proven(out: &mut dyn Write, plan: &Plan, run: &Run) -> io::Result<()> {
    if run.proven.is_empty() {
        return Ok(());
    }
    if !plan.suites.is_empty() {
        writeln!(out)?;
    }
    let header = ["proven, not run", "prompt", "model", "pass", "of", "rate", "noted", "beside"];
    let rows = run.proven.iter().map(|proven| {
        let note = &proven.noted.note;
        vec![
            proven.suite.clone(),
            proven.prompt.clone(),
            note.measured.model.clone(),
            note.pass.to_string(),
            note.n.to_string(),
            percent(note.pass_rate()),
            note.at.strftime("%Y-%m-%d").to_string(),
            proven.noted.short_commit().to_owned(),
        ]
    });
    write!(out, "{}", table::aligned(&header, &[3, 4, 5], rows))
}

/// What the gate saw, in its own unit.
pub(in crate::report) fn observed(gate: &GateResult) -> String {
    match gate.observed.is_nan() {
        true => "not measured".to_owned(),
        false => in_unit(gate, gate.observed),
    }
}

/// What the gate wants, in its own unit.
pub(in crate::report) fn described_bound(gate: &GateResult) -> String {
    let sign = if counts(gate) || gate.name == "cost_usd" { "≤" } else { "≥" };
    format!("{sign} {}", in_unit(gate, gate.bound))
}

fn in_unit(gate: &GateResult, value: f64) -> String {
    match gate.name.as_str() {
        "pass_rate" => percent(value),
        "cost_usd" => format!("{value:.4} USD"),
        _ if counts(gate) => value.to_string(),
        "min_delta" | "margin" => format!("{value:+.3}"),
        _ => format!("{value:.3}"),
    }
}

/// Whether the gate is on a number of cells or cases.
fn counts(gate: &GateResult) -> bool {
    matches!(gate.name.as_str(), "errors" | "unscored" | "not_run" | "regressions")
}

/// The gate in words: name, observed, bound, n, interval.
pub(crate) fn describe(gate: &GateResult) -> String {
    let note = gate.note.as_ref().map(|note| format!("; {note}")).unwrap_or_default();
    if counts(gate) {
        return format!("{} is {}, at most {} allowed{note}", gate.name, gate.observed, gate.bound);
    }
    if gate.observed.is_nan() {
        return format!("{} was not measured{note}", gate.name);
    }
    if gate.name == "cost_usd" {
        return format!("cost_usd is {:.4}, at most {} allowed{note}", gate.observed, gate.bound);
    }
    let interval = gate
        .interval
        .map(|(low, high)| format!(", interval [{low:.4}, {high:.4}]"))
        .unwrap_or_default();
    if gate.name == "margin" {
        return format!(
            "margin: the difference is {:+.4}, all of its interval wanted above {:+.4} (n = {}{interval}){note}",
            gate.observed, gate.bound, gate.n
        );
    }
    format!(
        "{} is {:.4}, at least {} wanted (n = {}{interval}){note}",
        gate.name, gate.observed, gate.bound, gate.n
    )
}

/// How much is said of a cell that did not pass.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Detail {
    /// One line: what became of it, where its case stands, and why.
    Line,
    /// Each reason on a line of its own, then what was expected and what was answered.
    Full,
}

/// A cell that did not pass.
pub fn cell(plan: &Plan, cell: &CellRecord, detail: Detail) -> String {
    let Place { suite, column, case, .. } = cell.index.place(plan);
    let repeat = if suite.repeat > 1 { format!("#{}", cell.index.repeat) } else { String::new() };
    // The prompt goes without saying where there is one.
    let prompts = plan.suites.iter().flat_map(|suite| &suite.columns).map(|column| &column.prompt);
    let prompt = match prompts.clone().any(|other| *other != column.prompt) {
        true => format!(" by {}", column.prompt),
        false => String::new(),
    };
    let placed = &case.placed;
    let head = format!(
        "{:<8} {}{repeat}{prompt} on {} ({}:{})",
        cell.state.as_str().replace('_', " "),
        case.id,
        column.model.label,
        placed.file.path(),
        placed.line(),
    );
    if detail == Detail::Line {
        return format!("{head}: {}", excerpt(&cell.why(), 200));
    }
    let mut text = head;
    for reason in cell.reasons() {
        text += &format!("\n  {}", excerpt(&reason, LONGEST_TEXT));
    }
    if let Some(expected) = &placed.case.expected {
        text += &block("expected", &output_text(expected));
    }
    if let Some(output) = &cell.output {
        text += &block("answer", output);
    }
    text
}

/// Characters of an answer on a terminal; files hold the rest.
const LONGEST_TEXT: usize = 4_000;

/// A text of several lines, indented so that no line of it can be taken for one of pf.
fn block(name: &str, text: &str) -> String {
    let end = text.char_indices().nth(LONGEST_TEXT).map_or(text.len(), |(end, _)| end);
    let cut = if end < text.len() { "…" } else { "" };
    let lines: String = text[..end].lines().map(|line| format!("\n    | {line}")).collect();
    format!("\n  {name}:{lines}{cut}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing;

    #[test]
    fn a_cell_is_told_on_a_line_or_in_full() {
        let plan = testing::plan();
        let cells = testing::cells();
        assert_eq!(
            cell(&plan, &cells[2], Detail::Line),
            "error    ada on echo/b (evals/greet.yaml:4): 503 from api.example, 4 times"
        );
        let first = testing::HOSTILE.lines().next().unwrap();
        assert_eq!(
            cell(&plan, &cells[1], Detail::Full),
            format!(
                "fail     b|o<b> on echo/a (evals/greet.yaml:5)\n  equals: {}\n  equals: has none\n  \
                 expected:\n    | {{\"a\":1}}\n  \
                 answer:\n    | {first}\n    | ::error::x\n    | ```\n    | 50 %",
                excerpt(testing::HOSTILE, LONGEST_TEXT)
            )
        );
    }
}
