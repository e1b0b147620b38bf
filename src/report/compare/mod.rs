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
use serde::Serialize;

use super::evaluation::percent;
use crate::diagnostic::counted;
use crate::eval::compare::{
    ColumnComparison, ColumnName, Early, Means, Method, MetricComparison, POWER, Test, Verdict,
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
    let needed = power.needed.map(|needed| {
        format!("a true difference as large as the one seen takes about {needed} cases")
    });
    let parts: Vec<String> = smallest.into_iter().chain(needed).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// Two columns in words.
#[derive(Clone, Debug, Serialize)]
pub(in crate::report) struct Said {
    verdict: String,
    figures: String,
    /// What the cases could have shown, where they have not decided.
    power: Option<String>,
}

/// What is said of two columns.
pub(in crate::report) fn said(column: &ColumnComparison) -> Said {
    Said {
        verdict: verdict(column),
        figures: figures(&column.primary),
        power: power(&column.primary),
    }
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
        Method::Sequence => "confidence sequence, which holds whenever one looks",
    }
}

/// How far a comparison got that was to end as soon as it was decided.
fn early(early: Early) -> String {
    let Early { cases, of, left_out } = early;
    match left_out {
        0 => format!("not decided before all of {} were asked", counted(of, "case")),
        left_out => {
            format!(
                "decided after {cases} of {}: {} were not run",
                counted(of, "case"),
                counted(left_out, "cell")
            )
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::cell::State;
    use crate::eval::compare::{Answer, Column, Options, Outcome, Side, compare};
    use crate::eval::saved;
    use crate::report::cells::{write_element, write_run};
    use crate::report::testing;

    /// A file as `pf eval -o run.json` writes it.
    fn run_file() -> String {
        let plan = testing::plan();
        let elements = testing::text(|out| {
            for (number, cell) in testing::cells().iter().enumerate() {
                write_element(out, &plan, cell, number == 0).unwrap();
            }
        });
        testing::text(|out| {
            write_run(out, testing::summary(&plan), &mut elements.as_bytes()).unwrap();
        })
    }

    #[test]
    fn what_a_run_writes_is_read_back() {
        let run = saved::read(run_file().as_bytes(), "run.json").unwrap();
        let columns: Vec<(String, usize)> = run
            .side
            .columns
            .iter()
            .map(|column| (named(&column.name), column.outcomes.len()))
            .collect();
        assert_eq!(
            columns,
            [
                ("greet: greet on echo/a".to_owned(), 2),
                ("greet: greet on echo/b".to_owned(), 2),
                ("other: greet on echo/echo".to_owned(), 2),
            ]
        );
        let first = &run.side.columns[0].outcomes[0];
        assert_eq!(
            (first.case.as_str(), first.state, first.score),
            ("ada", State::Pass, Some(1.0))
        );
        assert_eq!(first.tags, ["kind", "@all"]);
        assert_eq!((first.latency_ms, first.cost_usd), (Some(1250.5), Some(0.000_12)));
        assert!(run.side.columns[0].suite_digest.is_some() && first.inputs.is_some());
    }

    fn side(states: impl Iterator<Item = State>) -> Side {
        let outcomes = (0..).zip(states).map(|(n, state)| Outcome::new(format!("c{n}"), 1, state));
        let column = Column { outcomes: outcomes.collect(), ..Column::default() };
        Side { label: "x".to_owned(), columns: vec![column] }
    }

    #[test]
    fn many_flips_are_cut_with_a_count_and_nothing_foreign_acts() {
        let before = side(std::iter::repeat_n(State::Pass, 3000));
        let after = side(std::iter::repeat_n(State::Fail, 3000));
        let mut comparison = compare(&before, &after, &Options::default()).unwrap();
        let answer = |text: &str| Answer {
            output: Some(format!("{text}\n{}", testing::HOSTILE)),
            why: testing::HOSTILE.to_owned(),
            expected: None,
        };
        comparison.fill(|_| Some(answer("before")), |_| Some(answer("after")));
        let text = testing::text(|out| write_markdown(out, &comparison).unwrap());
        assert!(text.encode_utf16().count() < 60_000, "{}", text.len());
        assert!(text.contains("more, for which there is no room here"), "{text}");
        let mut fenced = false;
        let outside: String = text
            .lines()
            .filter(|line| {
                fenced ^= line.starts_with("```");
                !fenced
            })
            .collect();
        for acting in ["@org", "<img", "\u{202e}"] {
            assert!(!outside.contains(acting), "{acting}");
        }
        let text = testing::text(|out| write_human(out, &comparison, Shown { flips: 3 }).unwrap());
        assert!(!text.contains('\u{202e}') && text.contains("and 2997 more"), "{text}");
    }

    #[test]
    fn differences_are_written_as_they_are_said() {
        assert_eq!(delta("pass_rate", 0.043), "+4.3 points");
        assert_eq!(delta("pass_rate", -0.0001), "0.0 points");
        assert_eq!(delta("overlap", -0.25), "-0.250");
        assert_eq!(range("pass_rate", Some(Interval { low: -0.01, high: 0.2 })), "[-1.0, +20.0]");
        assert_eq!([p(None), p(Some(0.00001)), p(Some(0.05))], ["-", "<0.0001", "0.0500"]);
    }
}
