//! Past runs beside each other: what they add up to by prompt, model, suite, day or any other name, and how their pass
//! rates went.
//!
//! What models do (calls, latency, cost, retries) is added up over all runs. How good they are is not: a run of a part of
//! the cases, such as those that failed last time, says nothing about the whole, so pass rates and flaky cases leave such
//! runs out. An interval takes every cluster of cases once, however often it was run: it is never too narrow.

use std::collections::BTreeMap;

use super::gate::SHOWN_CONFIDENCE;
use super::run::Estimate;
use crate::stats::{self, Sketch};
use crate::store::runs::{ColumnRecord, RunRecord};

/// Reasons that are told apart in a group.
const MOST_REASONS: usize = 8;

/// What all columns with a name came to.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Trend {
    /// The name.
    pub name: String,
    /// Runs that have such a column.
    pub runs: u64,
    /// Of these, runs of a part of the cases or of a shard.
    pub partial: u64,
    /// Cells by what became of them.
    pub states: BTreeMap<String, u64>,
    /// The share of passes among passes and failures, over runs of all cases.
    pub pass_rate: Option<Estimate>,
    /// The same of each such run, the oldest first.
    pub points: Vec<Point>,
    /// Cells that were asked for in these runs.
    pub asked: u64,
    /// Cells whose answer was there already.
    pub cached: u64,
    /// Requests.
    pub attempts: u64,
    /// Percentiles of the latency of what was asked, in milliseconds: the 50th, 95th and 99th, to within 1 %.
    pub latency_ms: Option<[f64; 3]>,
    /// US dollars of what was asked, without judging; none where a price was not known.
    pub cost_usd: Option<f64>,
    /// Cases of runs of all cases that were decided several times.
    pub repeated: u64,
    /// Of these, cases whose tries disagreed.
    pub flaky: u64,
    /// Why cells did not pass, the most frequent first.
    pub reasons: Vec<(String, u64)>,
    /// Cells with reasons that are not among these.
    pub other_reasons: u64,
}

/// The pass rate of a run.
#[derive(Clone, PartialEq, Debug)]
pub struct Point {
    /// The run.
    pub run: String,
    /// When it began, as RFC 3339.
    pub at: String,
    /// Cells that passed.
    pub passes: u64,
    /// Cells that passed or failed.
    pub n: u64,
}

impl Point {
    /// The pass rate.
    pub fn rate(&self) -> f64 {
        self.passes as f64 / self.n as f64
    }
}

impl Trend {
    /// Requests beyond the one that each asked cell needs.
    pub fn retries(&self) -> u64 {
        self.attempts.saturating_sub(self.asked)
    }

    /// The share of the answers that were there among those that were there or asked for.
    pub fn cached_share(&self) -> Option<f64> {
        share(self.cached, self.cached + self.asked)
    }

    /// The share of repeated cases whose tries disagree.
    pub fn flake_rate(&self) -> Option<f64> {
        share(self.flaky, self.repeated)
    }

    /// How many cells there were.
    pub fn cells(&self) -> u64 {
        self.states.values().sum()
    }
}

fn share(part: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| part as f64 / all as f64)
}

/// Sums up runs, the newest first as the store gives them, by the names that `names` finds for a column; a column may
/// have several, and none leaves it out. The trends come by name.
pub fn trends(
    runs: &[RunRecord],
    names: &mut dyn FnMut(&RunRecord, &ColumnRecord) -> Vec<String>,
) -> Vec<Trend> {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for run in runs.iter().rev() {
        for column in &run.columns {
            let mut names = names(run, column);
            names.sort();
            names.dedup();
            for name in names {
                groups.entry(name).or_default().add(run, column);
            }
        }
    }
    groups.into_iter().map(|(name, group)| group.finish(name)).collect()
}

#[derive(Default)]
struct Group {
    trend: Trend,
    /// The run whose columns come, with when it is told from others of the same id.
    last: Option<(String, String)>,
    /// By suite, the most clusters of cases that a column of it had.
    clusters: BTreeMap<String, u64>,
    passes: u64,
    latencies: Sketch,
    cost_usd: f64,
    unpriced: bool,
    reasons: BTreeMap<String, u64>,
}

impl Group {
    fn add(&mut self, run: &RunRecord, column: &ColumnRecord) {
        let partial = run.filtered || run.shard.is_some();
        let trend = &mut self.trend;
        let this = Some((run.id.clone(), run.finished_at.clone()));
        let is_new = self.last != this;
        if is_new {
            self.last = this;
            trend.runs += 1;
            trend.partial += u64::from(partial);
        }
        for (state, count) in &column.states {
            *trend.states.entry(state.clone()).or_insert(0) += count;
        }
        trend.asked += column.asked;
        trend.cached += column.cached;
        trend.attempts += column.attempts;
        self.latencies.include(&column.asked_ms);
        self.cost_usd += column.asked_usd.unwrap_or(0.0);
        self.unpriced |= column.asked_usd.is_none();
        for (reason, count) in &column.reasons {
            *self.reasons.entry(reason.clone()).or_insert(0) += count;
        }
        trend.other_reasons += column.other_reasons;
        if partial {
            return;
        }
        trend.repeated += column.repeated;
        trend.flaky += column.flaky;
        let (passes, n) = (column.count("pass"), column.count("pass") + column.count("fail"));
        if n == 0 {
            return;
        }
        self.passes += passes;
        let most = self.clusters.entry(column.suite.clone()).or_insert(0);
        *most = column.independent.max(*most);
        match trend.points.last_mut().filter(|_| !is_new) {
            Some(point) if point.run == run.id => {
                point.passes += passes;
                point.n += n;
            }
            _ => trend.points.push(Point {
                run: run.id.clone(),
                at: run.started_at.clone(),
                passes,
                n,
            }),
        }
    }

    fn finish(self, name: String) -> Trend {
        let Self { mut trend, clusters, passes, latencies, cost_usd, unpriced, reasons, .. } = self;
        trend.name = name;
        let n: u64 = trend.points.iter().map(|point| point.n).sum();
        trend.pass_rate = share(passes, n).map(|value| {
            let clusters: u64 = clusters.values().sum();
            let interval = stats::wilson_rate(value, clusters as f64, SHOWN_CONFIDENCE);
            Estimate { value, interval: Some((interval.low, interval.high)), n }
        });
        let at = |q| latencies.percentile(q);
        trend.latency_ms = at(0.5).zip(at(0.95)).zip(at(0.99)).map(|((a, b), c)| [a, b, c]);
        trend.cost_usd = (!unpriced).then_some(cost_usd);
        let mut reasons: Vec<(String, u64)> = reasons.into_iter().collect();
        reasons.sort_by(|(a, m), (b, n)| n.cmp(m).then_with(|| a.cmp(b)));
        let rest = reasons.split_off(reasons.len().min(MOST_REASONS));
        trend.other_reasons += rest.iter().map(|(_, count)| count).sum::<u64>();
        trend.reasons = reasons;
        trend
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(id: &str, filtered: bool, passes: u64, fails: u64) -> RunRecord {
        let states = BTreeMap::from([("pass".to_owned(), passes), ("fail".to_owned(), fails)]);
        let column = ColumnRecord {
            suite: "s".to_owned(),
            prompt: "p".to_owned(),
            states,
            asked: passes + fails,
            attempts: passes + fails + 1,
            independent: passes + fails,
            asked_usd: Some(0.5),
            ..ColumnRecord::default()
        };
        RunRecord { id: id.to_owned(), filtered, columns: vec![column], ..RunRecord::default() }
    }

    fn all(runs: &[RunRecord]) -> Vec<Trend> {
        trends(runs, &mut |_, column| vec![column.prompt.clone()])
    }

    #[test]
    fn a_run_of_a_part_moves_no_rate_but_counts_otherwise() {
        let whole = run("1", false, 9, 1);
        let part = run("2", true, 0, 1);
        let [trend] = &all(&[part, whole.clone()])[..] else { panic!("one prompt") };
        let [alone] = &all(&[whole])[..] else { panic!("one prompt") };
        assert_eq!((trend.pass_rate, &trend.points), (alone.pass_rate, &alone.points));
        assert_eq!((trend.runs, trend.partial), (2, 1));
        assert_eq!((trend.cells(), trend.asked, trend.retries()), (11, 11, 2));
        assert_eq!(trend.cost_usd, Some(1.0));
    }

    #[test]
    fn asking_the_same_cases_again_makes_no_interval_narrower() {
        let once = all(&[run("1", false, 9, 1)]);
        let runs: Vec<RunRecord> = (0..50).map(|_| run("1", false, 9, 1)).collect();
        let often = all(&runs);
        let interval = |trends: &[Trend]| trends[0].pass_rate.and_then(|rate| rate.interval);
        assert_eq!(interval(&often), interval(&once));
        assert_eq!(often[0].pass_rate.map(|rate| rate.n), Some(10 * 50));
    }

    #[test]
    fn a_column_counts_once_under_each_of_its_names() {
        let runs = [run("1", false, 1, 0)];
        let names = ["b", "a", "b"].map(str::to_owned);
        let found = trends(&runs, &mut |_, _| names.to_vec());
        let cells: Vec<(&str, u64)> =
            found.iter().map(|trend| (trend.name.as_str(), trend.cells())).collect();
        assert_eq!(cells, [("a", 1), ("b", 1)]);
        assert_eq!(trends(&runs, &mut |_, _| Vec::new()), []);
    }
}
