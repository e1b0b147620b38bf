//! A comparison as Markdown, for the comment on a pull request. A hidden first line tells a later run which comment to
//! replace. What there is no room for is counted.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::{delta, early, figures, gate, p, power, range, value, verdict, versus};
use crate::change::text::{Sign, TextDiff};
use crate::diagnostic::counted;
use crate::eval::compare::{ColumnComparison, Comparison, Flip, MetricComparison, Verdict};
use crate::report::markdown::{Table, fenced, fitting, in_comment, inline, row, units};

/// UTF-16 units of the whole; a comment on GitHub takes 65,536, and whoever posts it may add to it.
const LONGEST: usize = 59_000;
/// Of these, the flipped cases with their answers.
const LONGEST_FLIPS: usize = 30_000;
/// Characters of a name.
const NAME: usize = 100;
/// Characters of a reason.
const REASON: usize = 300;
/// Characters of an answer.
const ANSWER: usize = 2_000;
/// Ids of a list that is on one line.
const LISTED: usize = 30;

/// Writes it.
pub fn write(out: &mut dyn Write, comparison: &Comparison) -> io::Result<()> {
    let head = marker(comparison) + &head(comparison);
    let mut room = LONGEST.saturating_sub(units(&head) + 600);
    let gates = gates(comparison, &mut room);
    write!(out, "{head}{gates}{}", body(comparison, &mut room))
}

/// It as a part of the report of an evaluation, which shows the gates itself.
pub(in crate::report) fn part(comparison: &Comparison, room: &mut usize) -> String {
    let head = head(comparison);
    *room = room.saturating_sub(units(&head) + 600);
    head + &body(comparison, room)
}

fn body(comparison: &Comparison, room: &mut usize) -> String {
    let metrics = metrics(comparison, room);
    let notes = notes(comparison, room);
    let regressed = flips(comparison, "From pass to fail", |column| &column.flips.regressed, room);
    let mended = flips(comparison, "From fail to pass", |column| &column.flips.mended, room);
    let lists = lists(comparison, room);
    let spending = spending(comparison, room);
    let slices = slices(comparison, room);
    let totals = totals(comparison);
    format!("{metrics}{notes}{regressed}{mended}{lists}{spending}{slices}\n{totals}\n")
}

fn suites(comparison: &Comparison) -> String {
    let mut suites: Vec<&str> =
        comparison.columns.iter().map(|column| column.after.suite.as_str()).collect();
    suites.dedup();
    suites.join(", ")
}

fn marker(comparison: &Comparison) -> String {
    format!("<!-- pf:compare {} -->\n", in_comment(&suites(comparison)))
}

fn head(comparison: &Comparison) -> String {
    let suites = suites(comparison);
    let failed = comparison.gates().filter(|(_, gate)| !gate.passed).count();
    let sign = match (comparison.verdict(), failed) {
        (Verdict::Worse, _) => "❌",
        (_, failed) if failed > 0 => "❌",
        (Verdict::Better, _) => "✅",
        _ => "⚪",
    };
    let mut text = format!(
        "### {sign} {}: {}\n\n{} against {}\n",
        inline(&suites, 200),
        comparison.verdict().as_str(),
        inline(&comparison.after, 200),
        inline(&comparison.before, 200)
    );
    for column in comparison.columns.iter().take(20) {
        let _ = write!(
            text,
            "\n- **{}**: {}: {}",
            inline(&versus(&column.before, &column.after), 3 * NAME),
            verdict(column),
            inline(&figures(&column.primary), REASON)
        );
        if let Some(power) = power(&column.primary) {
            let _ = write!(text, "; {power}");
        }
    }
    text + "\n"
}

fn gates(comparison: &Comparison, room: &mut usize) -> String {
    let mut results: Vec<_> = comparison.gates().collect();
    results.sort_by_key(|(_, gate)| gate.passed);
    let rows: Vec<String> = results
        .into_iter()
        .map(|(column, result)| {
            row(&[
                if result.passed { "holds" } else { "**failed**" }.to_owned(),
                inline(&versus(&column.before, &column.after), 3 * NAME),
                inline(&gate(column, result), REASON),
            ])
        })
        .collect();
    let head = ["gate", "of", "observed"];
    Table { title: "", head: &head, rows: &rows, more: 0 }.fit(room)
}

fn metrics(comparison: &Comparison, room: &mut usize) -> String {
    let one = |column: &ColumnComparison, metric: &MetricComparison| {
        let name = &metric.metric;
        let mean = |of: fn(super::Means) -> f64| {
            metric.means.map_or_else(String::new, |means| value(name, of(means)))
        };
        row(&[
            inline(&versus(&column.before, &column.after), 3 * NAME),
            inline(name, NAME),
            mean(|means| means.before),
            mean(|means| means.after),
            metric.means.map_or_else(String::new, |means| delta(name, means.delta)),
            range(name, metric.interval),
            inline(&p(metric.adjusted), NAME),
            metric.losses.to_string(),
            metric.wins.to_string(),
            metric.ties.to_string(),
            metric.verdict.as_str().to_owned(),
        ])
    };
    let rows: Vec<String> = comparison
        .columns
        .iter()
        .flat_map(|column| {
            let all = std::iter::once(&column.primary).chain(&column.secondary);
            all.map(move |metric| one(column, metric))
        })
        .collect();
    let interval = format!("{} % interval", comparison.confidence * 100.0);
    let head = [
        "of", "metric", "before", "after", "delta", &interval, "p", "worse", "better", "equal",
        "verdict",
    ];
    Table { title: "", head: &head, rows: &rows, more: 0 }.fit(room)
}

fn notes(comparison: &Comparison, room: &mut usize) -> String {
    let lines: Vec<String> = comparison
        .columns
        .iter()
        .flat_map(|column| {
            let name = inline(&versus(&column.before, &column.after), 3 * NAME);
            column
                .announcements
                .iter()
                .map(move |it| format!("- {name}: {}\n", inline(&it.to_string(), REASON)))
        })
        .collect();
    if lines.is_empty() {
        return String::new();
    }
    let text = format!("\n{}", fitting(&lines, (*room).min(4_000)).collect::<String>());
    *room = room.saturating_sub(units(&text));
    text
}

fn flips(
    comparison: &Comparison,
    title: &str,
    of: fn(&ColumnComparison) -> &[Flip],
    room: &mut usize,
) -> String {
    let total: usize = comparison.columns.iter().map(|column| of(column).len()).sum();
    if total == 0 {
        return String::new();
    }
    // A case that does not fit is not made into text either.
    let budget = (*room / 2).min(LONGEST_FLIPS);
    let mut texts = Vec::new();
    let mut taken = 0;
    for column in &comparison.columns {
        for flip in of(column) {
            if taken > budget {
                break;
            }
            let text = one_flip(comparison, column, flip);
            taken += units(&text);
            texts.push(text);
        }
    }
    let shown: Vec<&str> = fitting(&texts, budget).collect();
    let more = match total - shown.len() {
        0 => String::new(),
        more => format!("\nand {more} more, for which there is no room here\n"),
    };
    let text = format!(
        "\n<details{}><summary>{title}: {}</summary>\n{}{more}\n</details>\n",
        if title == "From pass to fail" { " open" } else { "" },
        counted(total, "case"),
        shown.concat()
    );
    *room = room.saturating_sub(units(&text));
    text
}

fn one_flip(comparison: &Comparison, column: &ColumnComparison, flip: &Flip) -> String {
    let of = match comparison.columns.len() {
        1 => String::new(),
        _ => format!(" ({})", inline(&versus(&column.before, &column.after), 3 * NAME)),
    };
    let mut text = format!("\n**{}**{of}", inline(&flip.case, NAME));
    let Some(answers) = &flip.answers else { return text + "\n" };
    let _ = write!(text, ": {}\n\n", inline(&answers.why, REASON));
    let cut = |text: &Option<String>| -> String {
        text.as_deref().unwrap_or_default().chars().take(ANSWER).collect()
    };
    let (before, after) = (cut(&answers.before), cut(&answers.after));
    text += &match before == after {
        true => format!("the answers are the same\n\n{}", fenced(&after)),
        false => fenced(&lines(&TextDiff::of(&before, &after))).replacen("text\n", "diff\n", 1),
    };
    text
}

/// A difference line by line; the words that changed stand in lines of their own.
fn lines(diff: &TextDiff) -> String {
    let mut text = String::new();
    for hunk in &diff.hunks {
        for line in &hunk.lines {
            text.push(match line.sign {
                Sign::Equal => ' ',
                Sign::Deleted => '-',
                Sign::Inserted => '+',
            });
            text.push(' ');
            text.extend(line.segments.iter().map(|segment| segment.text.as_str()));
            text.push('\n');
        }
    }
    text
}

fn lists(comparison: &Comparison, room: &mut usize) -> String {
    let mut text = String::new();
    for column in &comparison.columns {
        let name = match comparison.columns.len() {
            1 => String::new(),
            _ => format!("{}: ", inline(&versus(&column.before, &column.after), 3 * NAME)),
        };
        let mut list = |what: &str, ids: Vec<String>| {
            if ids.is_empty() {
                return;
            }
            let shown: Vec<String> = ids.iter().take(LISTED).map(|id| inline(id, NAME)).collect();
            let more = match ids.len().saturating_sub(LISTED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let line = format!(
                "- {name}{} {what}: {}{more}\n",
                counted(ids.len(), "case"),
                shown.join(", ")
            );
            if units(&text) + units(&line) <= (*room).min(8_000) {
                text += &line;
            }
        };
        let flips = &column.flips;
        let share = |(passes, of): (u32, u32)| format!("{passes}/{of}");
        let flaky = flips
            .flaky
            .iter()
            .map(|case| format!("{} ({} to {})", case.case, share(case.before), share(case.after)));
        list("flaky", flaky.collect());
        let open = flips.undecided.iter().map(|case| {
            format!("{} ({} to {})", case.case, case.before.as_str(), case.after.as_str())
        });
        list("not decided on both sides", open.collect());
        list("only before", column.only_before.clone());
        list("only after", column.only_after.clone());
    }
    for (what, names) in
        [("only before", &comparison.only_before), ("only after", &comparison.only_after)]
    {
        for name in names {
            let line = format!("- {what}: {}\n", inline(&super::named(name), 3 * NAME));
            if units(&text) + units(&line) <= (*room).min(8_000) {
                text += &line;
            }
        }
    }
    if text.is_empty() {
        return text;
    }
    let text = format!("\n{text}");
    *room = room.saturating_sub(units(&text));
    text
}

fn spending(comparison: &Comparison, room: &mut usize) -> String {
    let dollars = |value: f64| format!("&#36;{value:.4}");
    let rows: Vec<String> = comparison
        .columns
        .iter()
        .filter(|column| column.cost.is_some() || column.latency.is_some())
        .map(|column| {
            let cost = column
                .cost
                .map_or_else(Default::default, |cost| [dollars(cost.before), dollars(cost.after)]);
            let [p50, p95] = column.latency.map_or_else(Default::default, |latency| {
                [0, 1].map(|at| format!("{:.0} to {:.0} ms", latency.before[at], latency.after[at]))
            });
            let [before, after] = cost;
            row(&[
                inline(&versus(&column.before, &column.after), 3 * NAME),
                before,
                after,
                p50,
                p95,
            ])
        })
        .collect();
    let head = ["of", "cost before", "cost after", "latency p50", "latency p95"];
    Table { title: "\n#### Cost and latency\n", head: &head, rows: &rows, more: 0 }.fit(room)
}

fn slices(comparison: &Comparison, room: &mut usize) -> String {
    let mut rows = Vec::new();
    let mut more = 0;
    for column in &comparison.columns {
        more += column.more_slices as u64;
        let name = &column.primary.metric;
        rows.extend(column.slices.iter().map(|slice| {
            row(&[
                inline(&versus(&column.before, &column.after), 3 * NAME),
                slice.kind.as_str().to_owned(),
                inline(&slice.name, NAME),
                slice.n.to_string(),
                value(name, slice.means.before),
                value(name, slice.means.after),
                delta(name, slice.means.delta),
                range(name, slice.interval),
            ])
        }));
    }
    if rows.is_empty() {
        return String::new();
    }
    let head = ["of", "part", "", "n", "before", "after", "delta", "interval"];
    let table = Table { title: "", head: &head, rows: &rows, more }.fit(room);
    format!("\n<details><summary>Parts</summary>\n{table}\n</details>\n")
}

fn totals(comparison: &Comparison) -> String {
    let sum = |of: fn(&ColumnComparison) -> usize| comparison.columns.iter().map(of).sum::<usize>();
    let pairs: u64 = comparison.columns.iter().map(|column| column.pairs).sum();
    let early = comparison.early.map(|found| format!("; {}", early(found))).unwrap_or_default();
    format!(
        "{}: {} from pass to fail, {} from fail to pass, {} flaky, {} not decided{early}.",
        counted(pairs, "pair"),
        sum(|column| column.flips.regressed.len()),
        sum(|column| column.flips.mended.len()),
        sum(|column| column.flips.flaky.len()),
        sum(|column| column.flips.undecided.len()),
    )
}
