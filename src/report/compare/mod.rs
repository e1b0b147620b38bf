//! A comparison, shown: for people, for programs, for the comment on a pull request, for spreadsheets.
//!
//! All stand in the order in which a reviewer asks: what is the verdict, which gates fail, how large is the difference,
//! which cases are worse now and how, which are mended, what else to know.

mod csv;
mod human;
pub mod json;
mod markdown;

pub use self::csv::write as write_csv;
pub use self::human::{Shown, write as write_human};
pub use self::json::{CompareJson, compare as json};
pub(in crate::report) use self::markdown::part;
pub use self::markdown::write as write_markdown;
use super::evaluation::percent;
use crate::eval::compare::{
    ColumnComparison, ColumnName, Means, Method, MetricComparison, POWER, Test, Verdict,
};
use crate::eval::gate::GateResult;
use crate::stats::Interval;

/// What is shown of a metric that is a share, and of one that is a score.
fn value(metric: &str, value: f64) -> String {
    match metric {
        "pass_rate" => percent(value),
        _ => format!("{value:.3}"),
    }
}

/// A difference with its sign; of shares in percentage points.
fn delta(metric: &str, delta: f64) -> String {
    // What rounds to nothing has no sign.
    let text = match metric {
        "pass_rate" => format!("{:+.1} points", delta * 100.0),
        _ => format!("{delta:+.3}"),
    };
    match text.trim_start_matches(['+', '-']) {
        unsigned
            if unsigned.trim_end_matches(" points").chars().all(|c| matches!(c, '0' | '.')) =>
        {
            unsigned.to_owned()
        }
        _ => text,
    }
}

/// An interval of a difference.
fn range(metric: &str, interval: Option<Interval>) -> String {
    let Some(Interval { low, high }) = interval else { return "-".to_owned() };
    let bound = |value| delta(metric, value).trim_end_matches(" points").to_owned();
    format!("[{}, {}]", bound(low), bound(high))
}

/// A p-value as it is quoted.
fn p(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(p) if p < 0.0001 => "<0.0001".to_owned(),
        Some(p) => format!("{p:.4}"),
    }
}

/// The verdict in words.
fn verdict(column: &ColumnComparison) -> String {
    match (column.primary.verdict, column.margin) {
        (Verdict::NoWorse, Some(margin)) => {
            format!("no worse by {} or more", unsigned(&column.primary.metric, margin))
        }
        (verdict, _) => verdict.as_str().to_owned(),
    }
}

fn unsigned(metric: &str, value: f64) -> String {
    delta(metric, value).trim_start_matches('+').to_owned()
}

/// `34.7 % to 39.0 %, +4.3 points [+1.9, +6.8], p = 0.0006 (exact McNemar test), n = 1319`.
fn figures(metric: &MetricComparison) -> String {
    let Some(Means { before, after, delta: difference }) = metric.means else {
        return format!("{}: no case was scored on both sides", metric.metric);
    };
    let name = &metric.metric;
    let test = match metric.test {
        Test::McNemar => "exact McNemar test",
        Test::Permutation => "permutation test",
    };
    let p = match metric.adjusted {
        Some(value) => {
            let sign = if value < 0.0001 { "" } else { "= " };
            format!(", p {sign}{} ({test})", p(Some(value)))
        }
        None => String::new(),
    };
    format!(
        "{name} {} to {}, {} {}{p}, n = {}",
        value(name, before),
        value(name, after),
        delta(name, difference),
        range(name, metric.interval),
        metric.n
    )
}

/// What the cases could have shown, where they have not decided.
fn power(metric: &MetricComparison) -> Option<String> {
    let power = metric.power.filter(|_| metric.verdict == Verdict::Undecided)?;
    let smallest = power.smallest.map(|smallest| {
        format!(
            "{} cases show a true difference of {} or more in {:.0} of 100 such comparisons",
            metric.n,
            unsigned(&metric.metric, smallest),
            POWER * 100.0
        )
    });
    let needed = power
        .needed
        .map(|needed| format!("one as large as the one seen takes about {needed} cases"));
    let parts: Vec<String> = smallest.into_iter().chain(needed).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// `SUITE: PROMPT on MODEL`, with both where they differ.
fn versus(before: &ColumnName, after: &ColumnName) -> String {
    let both = |before: &str, after: &str| match before == after {
        true => after.to_owned(),
        false => format!("{before} → {after}"),
    };
    format!(
        "{}: {} on {}",
        after.suite,
        both(&before.prompt, &after.prompt),
        both(&before.model, &after.model)
    )
}

fn named(name: &ColumnName) -> String {
    versus(name, name)
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Newcombe => "Newcombe's paired interval",
        Method::Bca => "BCa bootstrap",
    }
}

/// A gate in words.
fn gate(column: &ColumnComparison, gate: &GateResult) -> String {
    let note = gate.note.as_ref().map(|note| format!("; {note}")).unwrap_or_default();
    let metric = &column.primary.metric;
    let shown = |value: f64| match value.is_nan() {
        true => "not measured".to_owned(),
        false => delta(metric, value),
    };
    let interval = gate.interval.map(|(low, high)| Interval { low, high });
    match gate.name.as_str() {
        "regressions" => {
            format!("regressions is {}, at most {} allowed{note}", gate.observed, gate.bound)
        }
        name => format!(
            "{name}: {metric} differs by {}, {} wanted (n = {}, interval {}){note}",
            shown(gate.observed),
            match name {
                "margin" => format!("all of the interval above {}", delta(metric, gate.bound)),
                _ => format!("at least {}", delta(metric, gate.bound)),
            },
            gate.n,
            range(metric, interval)
        ),
    }
}
