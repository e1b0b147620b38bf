//! An evaluation for people: a table of results, the gates that failed, and what went wrong first.

use std::io::{self, Write};

use super::breakdown;
use super::foreign::excerpt;
use super::table;
use crate::eval::cell::{CellRecord, State};
use crate::eval::gate::GateResult;
use crate::eval::plan::Plan;
use crate::eval::run::{ColumnResult, Run};

/// Cells that did not pass and are shown one by one.
pub const SHOWN_CELLS: usize = 10;

/// Writes the table of results and the gates that failed.
pub fn write(out: &mut dyn Write, plan: &Plan, run: &Run) -> io::Result<()> {
    for (index, suite) in plan.suites.iter().enumerate() {
        let results: Vec<&ColumnResult> =
            run.results.iter().filter(|result| result.suite == index).collect();
        let repeats =
            if suite.repeat > 1 { format!(", {} times each", suite.repeat) } else { String::new() };
        writeln!(
            out,
            "{}: {} case{}{repeats}",
            suite.name,
            suite.cases.len(),
            plural(suite.cases.len())
        )?;
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
    failed_gates(out, plan, run)
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// The metrics that the suite names, for the columns of the table; all others are in the JSON.
fn shown_metrics(plan: &Plan, results: &[&ColumnResult]) -> Vec<String> {
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
    let cost = result.cost_usd.map(|cost| format!(", ${cost:.4}")).unwrap_or_default();
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
fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn failed_gates(out: &mut dyn Write, plan: &Plan, run: &Run) -> io::Result<()> {
    if run.results.iter().flat_map(|result| &result.gates).any(|gate| !gate.passed) {
        writeln!(out)?;
    }
    for result in &run.results {
        let suite = &plan.suites[result.suite];
        let column = &suite.columns[result.column];
        for gate in result.gates.iter().filter(|gate| !gate.passed) {
            writeln!(
                out,
                "gate failed: {} {} on {}: {}",
                suite.name,
                column.prompt,
                column.model.label,
                describe(gate)
            )?;
        }
    }
    Ok(())
}

/// The gate in words: name, observed, bound, n, interval.
fn describe(gate: &GateResult) -> String {
    let note = gate.note.as_ref().map(|note| format!("; {note}")).unwrap_or_default();
    let counted = matches!(gate.name.as_str(), "errors" | "unscored" | "not_run");
    if counted {
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
    format!(
        "{} is {:.4}, at least {} wanted (n = {}{interval}){note}",
        gate.name, gate.observed, gate.bound, gate.n
    )
}

/// One line for a cell that did not pass: what became of it, where its case stands, and why.
pub fn cell_line(plan: &Plan, cell: &CellRecord) -> String {
    let suite = &plan.suites[cell.index.suite];
    let column = &suite.columns[cell.index.column];
    let case = &suite.cases[cell.index.case];
    let repeat = if suite.repeat > 1 { format!("#{}", cell.index.repeat) } else { String::new() };
    let reason = match &cell.error {
        Some(error) => error.clone(),
        None => cell
            .judgements
            .iter()
            .filter(|judgement| !judgement.passed)
            .map(|judgement| format!("{}: {}", judgement.kind, judgement.reason))
            .collect::<Vec<_>>()
            .join("; "),
    };
    let placed = &case.placed;
    format!(
        "{:<8} {}{repeat} on {} ({}:{}): {}",
        cell.state.as_str(),
        case.id,
        column.model.label,
        placed.file.path(),
        placed.file.position(placed.span.start).line,
        excerpt(&reason, 200)
    )
}
