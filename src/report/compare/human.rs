//! A comparison for people.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::{delta, early, figures, gate, method, named, p, power, range, value, verdict, versus};
use crate::change::text::TextDiff;
use crate::diagnostic::counted;
use crate::eval::compare::{ColumnComparison, Comparison, Flip, MetricComparison, Verdict};
use crate::report::diff::write_text;
use crate::report::foreign::excerpt;
use crate::report::table;

const BOLD: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
/// Characters of an answer whose words are compared; the rest is in the JSON.
const LONGEST_ANSWER: usize = 4_000;
/// Characters of a reason.
const LONGEST_REASON: usize = 300;
/// Ids of a list that is on one line.
const LISTED: usize = 10;
/// Slices that are shown of each column.
const SLICES: usize = 12;

/// How much is shown.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// Flipped cases with both answers, of each kind.
    pub flips: usize,
}

/// Writes it.
pub fn write(out: &mut dyn Write, comparison: &Comparison, shown: Shown) -> io::Result<()> {
    for (index, column) in comparison.columns.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        write_column(out, comparison, column, shown)?;
    }
    for (side, columns) in
        [(&comparison.before, &comparison.only_before), (&comparison.after, &comparison.only_after)]
    {
        for name in columns {
            writeln!(out, "only in {}: {}", excerpt(side, 200), excerpt(&named(name), 300))?;
        }
    }
    totals(out, comparison)
}

fn write_column(
    out: &mut dyn Write,
    comparison: &Comparison,
    column: &ColumnComparison,
    shown: Shown,
) -> io::Result<()> {
    let style = match column.primary.verdict {
        Verdict::Better => GOOD,
        Verdict::Worse => BAD,
        Verdict::NoWorse | Verdict::Undecided => BOLD,
    };
    writeln!(out, "{}", excerpt(&versus(&column.before, &column.after), 300))?;
    writeln!(out, "{style}{}{style:#}: {}", verdict(column), figures(&column.primary))?;
    if let Some(power) = power(&column.primary) {
        writeln!(out, "  {power}")?;
    }
    for announcement in &column.announcements {
        writeln!(out, "  note: {}", excerpt(&announcement.to_string(), 400))?;
    }
    for result in column.gates.iter().filter(|gate| !gate.passed) {
        writeln!(out, "{BAD}gate failed{BAD:#}: {}", gate(column, result))?;
    }
    for result in column.gates.iter().filter(|gate| gate.passed) {
        writeln!(out, "gate holds: {}", gate(column, result))?;
    }
    writeln!(out)?;
    metrics(out, comparison, column)?;
    slices(out, column)?;
    let flips = &column.flips;
    answers(out, "from pass to fail", &flips.regressed, shown)?;
    answers(out, "from fail to pass", &flips.mended, shown)?;
    let list = |ids: &mut dyn Iterator<Item = String>| listed(ids);
    if !flips.flaky.is_empty() {
        let mut cases = flips.flaky.iter().map(|case| {
            let share = |(passes, of)| format!("{passes}/{of}");
            format!("{} ({} to {})", case.case, share(case.before), share(case.after))
        });
        writeln!(out, "{} flaky: {}", counted(flips.flaky.len(), "case"), list(&mut cases))?;
    }
    if !flips.undecided.is_empty() {
        let mut cases = flips.undecided.iter().map(|case| {
            format!("{} ({} to {})", case.case, case.before.as_str(), case.after.as_str())
        });
        writeln!(
            out,
            "{} not decided on both sides and in no figure: {}",
            counted(flips.undecided.len(), "case"),
            list(&mut cases)
        )?;
    }
    for (side, ids) in
        [(&comparison.before, &column.only_before), (&comparison.after, &column.only_after)]
    {
        if !ids.is_empty() {
            let cases = counted(ids.len(), "case");
            let side = excerpt(side, 200);
            writeln!(out, "{cases} only in {side}: {}", list(&mut ids.iter().cloned()))?;
        }
    }
    spending(out, column)
}

fn listed(ids: &mut dyn Iterator<Item = String>) -> String {
    let all: Vec<String> = ids.collect();
    let mut text: Vec<String> = all.iter().take(LISTED).map(|id| excerpt(id, 80)).collect();
    if all.len() > LISTED {
        text.push(format!("and {} more", all.len() - LISTED));
    }
    text.join(", ")
}

fn metrics(
    out: &mut dyn Write,
    comparison: &Comparison,
    column: &ColumnComparison,
) -> io::Result<()> {
    let interval = format!("{:.4} % interval", comparison.confidence * 100.0);
    let interval = interval.replace(".0000 %", " %");
    let header = [
        "metric", "before", "after", "delta", &interval, "p", "worse", "better", "equal", "dz",
        "verdict",
    ];
    let row = |metric: &MetricComparison| {
        let name = &metric.metric;
        let mean = |of: fn(super::Means) -> f64| {
            metric.means.map_or_else(|| "-".to_owned(), |means| value(name, of(means)))
        };
        vec![
            name.clone(),
            mean(|means| means.before),
            mean(|means| means.after),
            metric.means.map_or_else(|| "-".to_owned(), |means| delta(name, means.delta)),
            range(name, metric.interval),
            p(metric.adjusted),
            metric.losses.to_string(),
            metric.wins.to_string(),
            metric.ties.to_string(),
            metric.dz.map_or_else(|| "-".to_owned(), |dz| format!("{dz:+.3}")),
            metric.verdict.as_str().to_owned(),
        ]
    };
    let rows = std::iter::once(&column.primary).chain(&column.secondary).map(row);
    write!(out, "{}", table::aligned(&header, &[1, 2, 3, 5, 6, 7, 8, 9], rows))?;
    if let Some(table) = column.primary.table {
        writeln!(
            out,
            "pass: {} on both, {} before only, {} after only, {} on neither",
            table.both, table.only_before, table.only_after, table.neither
        )?;
    }
    let several = if column.secondary.len() > 1 || comparison.columns.len() > 1 {
        "; p adjusted by Holm"
    } else {
        ""
    };
    writeln!(out, "interval: {}{several}", method(column.primary.method))
}

fn slices(out: &mut dyn Write, column: &ColumnComparison) -> io::Result<()> {
    if column.slices.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    let name = &column.primary.metric;
    let rows = column.slices.iter().take(SLICES).map(|slice| {
        vec![
            slice.kind.as_str().to_owned(),
            slice.name.clone(),
            slice.n.to_string(),
            value(name, slice.means.before),
            value(name, slice.means.after),
            delta(name, slice.means.delta),
            range(name, slice.interval),
            slice.losses.to_string(),
            slice.wins.to_string(),
        ]
    });
    let header = ["part", "", "n", "before", "after", "delta", "t interval", "worse", "better"];
    write!(out, "{}", table::aligned(&header, &[2, 3, 4, 5, 7, 8], rows))?;
    let more = column.slices.len().saturating_sub(SLICES) + column.more_slices;
    match more {
        0 => Ok(()),
        more => writeln!(out, "and {more} more parts; the JSON has up to 50 of each kind"),
    }
}

fn answers(out: &mut dyn Write, what: &str, flips: &[Flip], shown: Shown) -> io::Result<()> {
    if flips.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{BOLD}{} {what}{BOLD:#}", counted(flips.len(), "case"))?;
    for flip in flips.iter().take(shown.flips) {
        let Some(answers) = &flip.answers else {
            writeln!(out, "  {}", excerpt(&flip.case, 200))?;
            continue;
        };
        let why = excerpt(&answers.why, LONGEST_REASON);
        writeln!(out, "  {BOLD}{}{BOLD:#}: {why}", excerpt(&flip.case, 200))?;
        let cut = |text: &Option<String>| -> String {
            text.as_deref().unwrap_or_default().chars().take(LONGEST_ANSWER).collect()
        };
        let (before, after) = (cut(&answers.before), cut(&answers.after));
        match before == after {
            true => writeln!(out, "    the answers are the same")?,
            false => write_text(out, &TextDiff::of(&before, &after))?,
        }
    }
    match flips.len().saturating_sub(shown.flips) {
        0 => Ok(()),
        more if shown.flips == 0 => writeln!(out, "  {more} are not shown; `--flips N` shows some"),
        more => writeln!(out, "  and {more} more; `--flips N` shows more, `-o compare.json` all"),
    }
}

fn spending(out: &mut dyn Write, column: &ColumnComparison) -> io::Result<()> {
    if let Some(cost) = column.cost {
        let change = match cost.before > 0.0 {
            true => format!(" ({:+.1} %)", (cost.after / cost.before - 1.0) * 100.0),
            false => String::new(),
        };
        writeln!(out, "cost: ${:.4} to ${:.4}{change}", cost.before, cost.after)?;
    }
    if let Some(latency) = column.latency {
        let interval = latency
            .interval
            .map(|interval| format!(" [{:+.0}, {:+.0}]", interval.low, interval.high))
            .unwrap_or_default();
        writeln!(
            out,
            "latency: {:.0} to {:.0} ms at the median, {:.0} to {:.0} ms at the 95th percentile, {:+.0} ms{interval} a case",
            latency.before[0], latency.after[0], latency.before[1], latency.after[1], latency.delta
        )?;
    }
    Ok(())
}

fn totals(out: &mut dyn Write, comparison: &Comparison) -> io::Result<()> {
    if let Some(found) = comparison.early {
        writeln!(out, "\n{}", early(found))?;
    }
    let sum = |of: fn(&ColumnComparison) -> usize| comparison.columns.iter().map(of).sum::<usize>();
    let pairs: u64 = comparison.columns.iter().map(|column| column.pairs).sum();
    let gates = comparison.gates().count();
    let failed = comparison.gates().filter(|(_, gate)| !gate.passed).count();
    let gates = match (gates, failed) {
        (0, _) => String::new(),
        (gates, 0) => {
            format!("; {} hold{}", counted(gates, "gate"), if gates == 1 { "s" } else { "" })
        }
        (gates, failed) => format!("; {failed} of {} failed", counted(gates, "gate")),
    };
    writeln!(
        out,
        "\n{}: {} from pass to fail, {} from fail to pass, {} flaky, {} not decided{gates}",
        counted(pairs, "pair"),
        sum(|column| column.flips.regressed.len()),
        sum(|column| column.flips.mended.len()),
        sum(|column| column.flips.flaky.len()),
        sum(|column| column.flips.undecided.len()),
    )
}
