//! Past runs beside each other: as JSON, and as a table with a sparkline for each row.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use super::evaluation::percent;
use super::foreign::excerpt;
use super::history::{HistoryLatency, Reason, cost, milliseconds, reasons};
use super::json::VERSION;
use super::table;
use crate::eval::trends::{Point, Trend};

/// Runs that a sparkline shows, the newest.
const BARS: usize = 24;
/// Runs that stand as numbers where bars cannot be drawn, the newest.
const NUMBERS: usize = 6;
/// The least range that a sparkline spans: smaller moves are mostly chance and shall not look like cliffs.
const LEAST_SPAN: f64 = 0.2;
/// Reasons that people are shown of each row.
const SHOWN_REASONS: usize = 3;

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// How a trend is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Drawn {
    /// As bars of block characters.
    Bars,
    /// As numbers: for terminals that do not show such characters.
    Numbers,
}

/// `pf stats --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf stats")]
pub struct Stats {
    version: u32,
    kind: &'static str,
    /// What the groups have in common: `prompt`, `model`, `suite`, `day`, `folder`, `tag` or `owner`.
    by: &'static str,
    /// Runs that were looked at.
    runs: u64,
    groups: Vec<StatsGroup>,
}

/// What all columns with a name came to.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StatsGroup {
    name: String,
    /// Runs that say something about it.
    runs: u64,
    /// Of these, runs of a part of the cases or shards: they count in neither `pass_rate` nor `trend` nor `flake_rate`.
    partial_runs: u64,
    /// Cells by what became of them.
    cells: BTreeMap<String, u64>,
    pass_rate: Option<StatsRate>,
    /// The pass rate of each run, the oldest first.
    trend: Vec<StatsPoint>,
    /// Cells that were asked for.
    asked: u64,
    /// Cells whose answer was there already.
    cached: u64,
    /// `cached` of `cached` and `asked`.
    cached_share: Option<f64>,
    /// Requests.
    attempts: u64,
    /// Requests beyond the one that each asked cell needs.
    retries: u64,
    /// Of what was asked, to within 1 %.
    latency_ms: Option<HistoryLatency>,
    /// US dollars of what was asked, without judging; null when a price was not known.
    cost_usd: Option<f64>,
    /// Cases that were decided several times in a run.
    repeated: u64,
    /// Of these, cases whose tries disagreed.
    flaky: u64,
    /// `flaky` of `repeated`.
    flake_rate: Option<f64>,
    /// What failed and how often, the most frequent first.
    reasons: Vec<Reason>,
    /// Cells that did not pass for other reasons.
    other_reasons: u64,
}

/// A pass rate with its Wilson interval at 95 % confidence.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StatsRate {
    value: f64,
    low: Option<f64>,
    high: Option<f64>,
    /// Cells that passed or failed.
    n: u64,
}

/// The pass rate of a run.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StatsPoint {
    run: String,
    at: String,
    pass_rate: f64,
    /// Cells that passed or failed.
    n: u64,
}

impl Stats {
    /// What runs came to, by something.
    pub fn new(by: &'static str, runs: usize, trends: &[Trend]) -> Self {
        let groups = trends.iter().map(StatsGroup::new).collect();
        Self { version: VERSION, kind: "stats", by, runs: runs as u64, groups }
    }
}

impl StatsGroup {
    fn new(trend: &Trend) -> Self {
        let point = |point: &Point| StatsPoint {
            run: point.run.clone(),
            at: point.at.clone(),
            pass_rate: point.rate(),
            n: point.n,
        };
        Self {
            name: trend.name.clone(),
            runs: trend.runs,
            partial_runs: trend.partial,
            cells: trend.states.clone(),
            pass_rate: trend.pass_rate.map(|rate| StatsRate {
                value: rate.value,
                low: rate.interval.map(|(low, _)| low),
                high: rate.interval.map(|(_, high)| high),
                n: rate.n,
            }),
            trend: trend.points.iter().map(point).collect(),
            asked: trend.asked,
            cached: trend.cached,
            cached_share: trend.cached_share(),
            attempts: trend.attempts,
            retries: trend.retries(),
            latency_ms: trend.latency_ms.map(HistoryLatency::new),
            cost_usd: trend.cost_usd,
            repeated: trend.repeated,
            flaky: trend.flaky,
            flake_rate: trend.flake_rate(),
            reasons: Reason::all(&trend.reasons),
            other_reasons: trend.other_reasons,
        }
    }
}

/// For people. Columns about what no row has anything to say of are left out.
pub fn text(by: &str, trends: &[Trend], drawn: Drawn) -> String {
    let optional = |wanted: bool, name: &'static str| wanted.then_some(name);
    let any = |of: fn(&Trend) -> bool| trends.iter().any(of);
    let asked = any(|trend| trend.asked > 0);
    let latency = any(|trend| trend.latency_ms.is_some());
    let cached = any(|trend| trend.asked + trend.cached > 0);
    let flaky = any(|trend| trend.repeated > 0);
    let header: Vec<&str> = [by, "trend", "runs", "cells", "rate", "95 % interval"]
        .into_iter()
        .chain(["p50", "p95", "p99"].into_iter().filter(|_| latency))
        .chain(
            [(asked, "cost"), (cached, "cached"), (asked, "retries"), (flaky, "flaky")]
                .into_iter()
                .filter_map(|(wanted, name)| optional(wanted, name)),
        )
        .collect();
    let rows = trends.iter().map(|trend| {
        let (rate, interval) = rate(trend);
        let mut row = vec![
            trend.name.clone(),
            trend_text(&trend.points, drawn),
            trend.runs.to_string(),
            trend.cells().to_string(),
            rate,
            interval,
        ];
        if latency {
            let all = trend.latency_ms.map(|all| all.map(milliseconds));
            row.extend(all.unwrap_or_default());
        }
        if asked {
            row.push(match trend.asked {
                0 => String::new(),
                _ => cost(trend.cost_usd),
            });
        }
        if cached {
            row.push(trend.cached_share().map(percent).unwrap_or_default());
        }
        if asked {
            row.push(trend.retries().to_string());
        }
        if flaky {
            row.push(trend.flake_rate().map(percent).unwrap_or_default());
        }
        row
    });
    let numbers: Vec<usize> = (2..header.len()).filter(|column| *column != 5).collect();
    let mut text = table::aligned(&header, &numbers, rows);
    let lines: Vec<String> = trends
        .iter()
        .filter_map(|trend| {
            let reasons = reasons(&trend.reasons, trend.other_reasons, SHOWN_REASONS)?;
            Some(format!("{}: {reasons}", excerpt(&trend.name, 120)))
        })
        .collect();
    if !lines.is_empty() {
        text += "\nnot passed\n";
        for line in lines {
            let _ = writeln!(text, "  {line}");
        }
    }
    text
}

fn rate(trend: &Trend) -> (String, String) {
    let Some(rate) = trend.pass_rate else { return ("-".to_owned(), String::new()) };
    let interval =
        rate.interval.map(|(low, high)| format!("[{}, {}]", percent(low), percent(high)));
    (percent(rate.value), interval.unwrap_or_default())
}

fn trend_text(points: &[Point], drawn: Drawn) -> String {
    let last = |most: usize| &points[points.len().saturating_sub(most)..];
    match drawn {
        Drawn::Bars => sparkline(last(BARS).iter().map(Point::rate)),
        Drawn::Numbers => {
            let shown = last(NUMBERS).iter().map(|it| format!("{:.0}", it.rate() * 100.0));
            shown.collect::<Vec<_>>().join(" ")
        }
    }
}

/// Rates as bars, from the lowest to the highest, or over a range of 20 points below the highest where they differ less.
fn sparkline(rates: impl Iterator<Item = f64> + Clone) -> String {
    let high = rates.clone().fold(LEAST_SPAN, f64::max);
    let low = rates.clone().fold(high - LEAST_SPAN, f64::min);
    let top = (BLOCKS.len() - 1) as f64;
    rates
        .map(|rate| {
            BLOCKS[(((rate - low) / (high - low) * top).round() as usize).min(BLOCKS.len() - 1)]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_moves_are_drawn_small() {
        let line = |rates: &[f64]| sparkline(rates.iter().copied());
        assert_eq!(line(&[0.0, 0.5, 1.0]), "▁▅█");
        assert_eq!(line(&[0.96, 1.0, 0.98]), "▇█▇");
        assert_eq!(line(&[0.0, 0.0]), "▁▁");
        assert_eq!(line(&[1.0]), "█");
        assert_eq!(line(&[]), "");
    }

    #[test]
    fn only_the_newest_runs_are_drawn() {
        let point = |n: u64| Point { run: n.to_string(), at: String::new(), passes: n, n: 100 };
        let points: Vec<Point> = (0..100).map(point).collect();
        assert_eq!(trend_text(&points, Drawn::Bars).chars().count(), BARS);
        assert_eq!(trend_text(&points, Drawn::Numbers), "94 95 96 97 98 99");
        assert_eq!(trend_text(&points[..2], Drawn::Numbers), "0 1");
    }
}
