//! For people, below the table of results: the labels, the agreement with people, the repeats of a prompt on a model.

use std::io::{self, Write};

use super::foreign::excerpt;
use super::table;
use crate::eval::agreement::{Accord, Agreement};
use crate::eval::labels::Classification;
use crate::eval::plan::SuitePlan;
use crate::eval::repeats::Repeats;
use crate::eval::run::ColumnResult;

/// Classes up to which a table and a matrix are shown.
const MOST_CLASSES: usize = 12;

/// Confusions that are shown in place of a matrix, and flaky cases.
const SHOWN: usize = 5;

/// The figures of a classification that are shown; all others are in the JSON.
const FIGURES: [(&str, &str); 5] = [
    ("accuracy", "accuracy"),
    ("macro_f1", "macro F1"),
    ("weighted_f1", "weighted F1"),
    ("kappa", "kappa"),
    ("mcc", "MCC"),
];

/// Writes what there is to say of a result besides its line in the table.
pub fn write(out: &mut dyn Write, suite: &SuitePlan, result: &ColumnResult) -> io::Result<()> {
    let column = &suite.columns[result.column];
    let whose = match suite.columns.len() {
        1 => String::new(),
        _ => format!(" of {} on {}", column.prompt, column.model.label),
    };
    if let Some(repeats) = &result.repeats {
        write_repeats(out, suite, &whose, repeats)?;
    }
    for (metric, found) in &result.classifications {
        write_labels(out, result, &format!("{metric}{whose}"), metric, found)?;
    }
    if let Some(agreement) = &result.agreement {
        write_agreement(out, &whose, agreement)?;
    }
    Ok(())
}

fn write_repeats(
    out: &mut dyn Write,
    suite: &SuitePlan,
    whose: &str,
    repeats: &Repeats,
) -> io::Result<()> {
    let all = u64::from(suite.repeat);
    let figures: Vec<String> = repeats
        .figures
        .iter()
        .filter(|(figure, _)| [1, all].contains(&figure.tries()))
        // With one try they are the same.
        .filter(|(figure, _)| figure.to_string() != "pass^1")
        .map(|(figure, estimate)| format!("{figure} {:.1} %", estimate.value * 100.0))
        .collect();
    write!(
        out,
        "  repeats{whose}: {}; {} of {} cases flaky",
        figures.join(", "),
        repeats.flaky.len(),
        repeats.repeated
    )?;
    let cases: Vec<String> = repeats
        .flaky
        .iter()
        .take(SHOWN)
        .map(|(case, tries)| {
            format!("{} {}/{}", excerpt(&suite.cases.get(*case).id, 40), tries.passes, tries.of)
        })
        .collect();
    let more = if repeats.flaky.len() > SHOWN { ", …" } else { "" };
    if cases.is_empty() { writeln!(out) } else { writeln!(out, ": {}{more}", cases.join(", ")) }
}

fn write_labels(
    out: &mut dyn Write,
    result: &ColumnResult,
    title: &str,
    metric: &str,
    found: &Classification,
) -> io::Result<()> {
    let figures: Vec<String> = FIGURES
        .iter()
        .filter_map(|(name, shown)| {
            let estimate = result.metrics.get(&format!("{metric}.{name}"))?;
            let interval = estimate
                .interval
                .map(|(low, high)| format!(" [{low:.3}, {high:.3}]"))
                .unwrap_or_default();
            Some(format!("{shown} {:.3}{interval}", estimate.value))
        })
        .collect();
    let invalid = match found.confusion.invalid() {
        0 => String::new(),
        invalid => format!("; {invalid} of {} answers invalid", found.n()),
    };
    writeln!(out, "  {title}: {}{invalid}", figures.join(", "))?;
    if found.labels.len() > MOST_CLASSES {
        return write_confusions(out, found);
    }
    write!(out, "{}", indented(&classes(found)))
}

/// The classes with their measures, and beside them the rows of the confusion matrix.
fn classes(found: &Classification) -> String {
    let names: Vec<String> = found.labels.iter().map(|label| excerpt(label, 16)).collect();
    let invalid = found.confusion.invalid() > 0;
    let mut header = vec!["expected", "cells", "precision", "recall", "F1", "answered:"];
    header.extend(names.iter().map(String::as_str));
    if invalid {
        header.push("(invalid)");
    }
    let each = found.confusion.each_class();
    let rows = each.iter().enumerate().map(|(row, class)| {
        let mut cells = vec![names[row].clone()];
        match class {
            Some(class) => {
                cells.push(class.support.to_string());
                cells.extend(
                    [class.precision, class.recall, class.f1].map(|value| format!("{value:.3}")),
                );
            }
            None => cells.extend(["0", "-", "-", "-"].map(str::to_owned)),
        }
        cells.push(String::new());
        let columns = (0..each.len()).map(Some).chain(invalid.then_some(None));
        cells.extend(columns.map(|column| found.confusion.count(row, column).to_string()));
        cells
    });
    let right: Vec<usize> = (1..5).chain(6..header.len()).collect();
    table::aligned(&header, &right, rows)
}

fn write_confusions(out: &mut dyn Write, found: &Classification) -> io::Result<()> {
    let all = found.top_confusions();
    let name = |class: Option<usize>| {
        let label = class.and_then(|class| found.labels.get(class));
        label.map_or_else(|| "(invalid)".to_owned(), |label| excerpt(label, 40))
    };
    let shown: Vec<String> = all
        .iter()
        .take(SHOWN)
        .map(|(expected, predicted, count)| {
            format!("{} as {} ({count})", name(Some(*expected)), name(*predicted))
        })
        .collect();
    match shown.as_slice() {
        [] => Ok(()),
        shown => writeln!(
            out,
            "    {} classes; taken for another: {}{}",
            found.labels.len(),
            shown.join(", "),
            if all.len() > SHOWN { ", …" } else { "" }
        ),
    }
}

fn write_agreement(out: &mut dyn Write, whose: &str, agreement: &Agreement) -> io::Result<()> {
    writeln!(out, "  agreement with people{whose}:")?;
    let header = ["verdict", "n", "accuracy", "kappa", "Pearson", "Spearman", "mean error"];
    let value = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.3}"));
    let row = |name: &str, accord: &Accord| {
        vec![
            name.to_owned(),
            accord.n.to_string(),
            value(Some(accord.accuracy)),
            value(accord.kappa),
            value(accord.pearson),
            value(accord.spearman),
            value(Some(accord.mean_absolute_error)),
        ]
    };
    let whole = agreement.cells.iter().map(|accord| row("(the case)", accord));
    let metrics = agreement.metrics.iter().map(|(name, accord)| row(name, accord));
    let rows: Vec<Vec<String>> = whole.chain(metrics).collect();
    write!(out, "{}", indented(&table::aligned(&header, &[1, 2, 3, 4, 5, 6], rows.into_iter())))
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}
