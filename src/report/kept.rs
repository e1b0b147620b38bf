//! A run as the local store remembers it.

use super::evaluation::describe;
use super::run::{RunInfo, Spending};
use crate::eval::plan::Plan;
use crate::eval::run::{ColumnResult, Estimate, Run};
use crate::eval::shard::Shard;
use crate::store::runs::{ColumnRecord, EstimateRecord, RunRecord, SpentRecord};

/// What is remembered of a run.
pub fn record(plan: &Plan, run: &Run, info: &RunInfo, shard: Option<Shard>) -> RunRecord {
    RunRecord {
        id: info.id.clone(),
        started_at: info.started_at.clone(),
        finished_at: info.finished_at.clone(),
        status: info.status.clone(),
        passed: info.passed,
        commit: info.commit.clone(),
        dirty: info.dirty,
        filtered: plan.filtered,
        shard: shard.map(|shard| shard.to_string()),
        against: run.versus.as_ref().map(|versus| versus.label.clone()),
        spent: info.spent.as_ref().map(spent),
        pf: env!("CARGO_PKG_VERSION").to_owned(),
        columns: run.results.iter().map(|result| column(plan, result)).collect(),
    }
}

fn spent(spent: &Spending) -> SpentRecord {
    SpentRecord {
        calls: spent.calls,
        input_tokens: spent.input_tokens,
        output_tokens: spent.output_tokens,
        cost_usd: spent.cost_usd,
    }
}

fn column(plan: &Plan, result: &ColumnResult) -> ColumnRecord {
    let suite = &plan.suites[result.suite];
    let column = &suite.columns[result.column];
    let footprint = &result.footprint;
    let (reasons, other_reasons) = footprint.reasons();
    let states = result.states.iter().map(|(state, count)| (state.as_str().to_owned(), *count));
    let metrics = result.metrics.iter().filter(|(_, metric)| metric.value.is_finite());
    let failed = result.gates.iter().filter(|gate| !gate.passed);
    ColumnRecord {
        suite: suite.name.clone(),
        suite_digest: suite.digest.to_string(),
        dataset_digest: suite.dataset_digest.to_string(),
        prompt: column.prompt.clone(),
        digest: column.digest.to_string(),
        model: column.model.label.clone(),
        states: states.collect(),
        cached: result.cached,
        asked: footprint.asked,
        attempts: result.attempts,
        independent: result.independent,
        pass_rate: result.pass_rate.map(estimate),
        metrics: metrics.map(|(name, metric)| (name.clone(), estimate(*metric))).collect(),
        latency_ms: result.latency_ms.filter(|all| all.iter().all(|it| it.is_finite())),
        asked_ms: footprint.latencies.clone(),
        input_tokens: result.input_tokens,
        output_tokens: result.output_tokens,
        cost_usd: result.total_cost_usd(),
        asked_usd: footprint.cost_usd(),
        repeated: result.repeats.as_ref().map_or(0, |repeats| repeats.repeated),
        flaky: result.repeats.as_ref().map_or(0, |repeats| repeats.flaky.len() as u64),
        reasons,
        other_reasons,
        failed_gates: failed.map(describe).collect(),
    }
}

fn estimate(estimate: Estimate) -> EstimateRecord {
    let bound =
        |of: fn((f64, f64)) -> f64| estimate.interval.map(of).filter(|bound| bound.is_finite());
    EstimateRecord {
        value: estimate.value,
        low: bound(|(low, _)| low),
        high: bound(|(_, high)| high),
        n: estimate.n,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use jiff::Timestamp;
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::eval::cell::{CellIndex, CellRecord, Origin, State};
    use crate::eval::run::Tally;
    use crate::eval::trends::{Trend, trends};
    use crate::message::Usage;
    use crate::report::run::Cell;
    use crate::report::testing;
    use crate::stats;
    use crate::store::Archive;
    use crate::store::runs::{Wanted, run_id};

    /// What became of a cell: its state, how it was answered, requests, latency and cost.
    type Drawn = (usize, usize, u32, f64, Option<f64>);

    const STATES: [State; 5] =
        [State::Pass, State::Fail, State::Error, State::Unscored, State::NotRun];

    /// The cells of the plan: of two columns with two cases, and of a case that is asked twice.
    fn indices() -> Vec<CellIndex> {
        let of = |(suite, column, case, repeat)| CellIndex { suite, column, case, repeat };
        let all =
            [(0, 0, 0, 1), (0, 0, 1, 1), (0, 1, 0, 1), (0, 1, 1, 1), (1, 0, 0, 1), (1, 0, 0, 2)];
        all.map(of).to_vec()
    }

    fn cell(index: CellIndex, drawn: Drawn) -> CellRecord {
        let (state, origin, attempts, latency, cost_usd) = drawn;
        let state = STATES[state];
        let error = (state == State::Error).then(|| format!("error {attempts}"));
        let reached = state != State::NotRun;
        let (origin, attempts) = match origin {
            0 => (Origin::Stored, 0),
            1 => (Origin::Given, 0),
            _ => (Origin::Called, attempts),
        };
        CellRecord {
            origin: reached.then_some(origin),
            attempts: if reached { attempts } else { 0 },
            latency_ms: reached.then_some(latency),
            usage: reached.then(Usage::default),
            cost_usd: cost_usd.filter(|_| reached),
            error,
            ..CellRecord::unanswered(index, state)
        }
    }

    /// What the cells of runs, as their JSON has them, come to under a name of one of their keys.
    fn expected(runs: &[(String, Vec<Value>)], key: &str, name: &str) -> Trend {
        let mut trend = Trend { name: name.to_owned(), ..Trend::default() };
        let mut latencies = Vec::new();
        let (mut cost, mut unpriced) = (0.0, false);
        let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
        let mut most: BTreeMap<String, usize> = BTreeMap::new();
        let mut passed = 0;
        for (run, cells) in runs {
            let cells: Vec<&Value> = cells.iter().filter(|cell| cell[key] == name).collect();
            trend.runs += u64::from(!cells.is_empty());
            let mut tries: BTreeMap<[String; 4], Vec<bool>> = BTreeMap::new();
            for cell in cells {
                let state = cell["state"].as_str().unwrap();
                *trend.states.entry(state.to_owned()).or_insert(0) += 1;
                let attempts = cell["attempts"].as_u64().unwrap();
                trend.attempts += attempts;
                trend.cached += u64::from(cell["cached"] == true);
                if attempts > 0 {
                    trend.asked += 1;
                    latencies.extend(cell["latency_ms"].as_f64());
                    match cell["usage"]["cost_usd"].as_f64() {
                        Some(usd) => cost += usd,
                        None => unpriced |= !cell["usage"].is_null(),
                    }
                }
                if state == "pass" || state == "fail" {
                    let place = ["suite", "prompt", "model", "case"]
                        .map(|key| cell[key].as_str().unwrap().to_owned());
                    tries.entry(place).or_default().push(state == "pass");
                }
                if state != "pass" {
                    let reason = cell["error"].as_str().unwrap_or("score below the threshold");
                    *reasons.entry(reason.to_owned()).or_insert(0) += 1;
                }
            }
            let columns: BTreeSet<[String; 3]> =
                tries.keys().map(|[a, b, c, _]| [a.clone(), b.clone(), c.clone()]).collect();
            for column in columns {
                let cases = tries.keys().filter(|place| place[..3] == column).count();
                let most = most.entry(column[0].clone()).or_default();
                *most = cases.max(*most);
            }
            let n: usize = tries.values().map(Vec::len).sum();
            let passes = tries.values().flatten().filter(|passed| **passed).count();
            passed += passes;
            let repeated = || tries.values().filter(|tries| tries.len() > 1);
            trend.repeated += repeated().count() as u64;
            trend.flaky += repeated()
                .filter(|tries| tries.iter().any(|passed| *passed != tries[0]))
                .count() as u64;
            if n > 0 {
                trend.points.push(crate::eval::trends::Point {
                    run: run.clone(),
                    at: run.clone(),
                    passes: passes as u64,
                    n: n as u64,
                });
            }
        }
        let n: u64 = trend.points.iter().map(|point| point.n).sum();
        let clusters: usize = most.values().sum();
        trend.pass_rate = (n > 0).then(|| {
            let value = passed as f64 / n as f64;
            let interval = stats::wilson_rate(value, clusters as f64, 0.95);
            Estimate { value, interval: Some((interval.low, interval.high)), n }
        });
        let sorted = stats::sorted(latencies);
        let at = |q| stats::percentile(&sorted, q);
        trend.latency_ms = at(0.5).zip(at(0.95)).zip(at(0.99)).map(|((a, b), c)| [a, b, c]);
        trend.cost_usd = (!unpriced).then_some(cost);
        trend.reasons = reasons.into_iter().collect();
        trend.reasons.sort_by(|(a, m), (b, n)| n.cmp(m).then_with(|| a.cmp(b)));
        trend
    }

    /// Takes out of both what is equal but for rounding, after a look that it is.
    fn level(found: &mut Trend, expected: &mut Trend) {
        let near = |a: f64, b: f64, by: f64| (a - b).abs() <= by * b.abs().max(1e-12);
        match (found.latency_ms.take(), expected.latency_ms.take()) {
            (Some(found), Some(expected)) => {
                assert!(found.iter().zip(expected).all(|(a, b)| near(*a, b, 0.010_001)));
            }
            (found, expected) => assert_eq!(found, expected),
        }
        match (found.cost_usd.take(), expected.cost_usd.take()) {
            (Some(found), Some(expected)) => assert!(near(found, expected, 1e-9)),
            (found, expected) => assert_eq!(found, expected),
        }
    }

    fn drawn() -> impl Strategy<Value = Drawn> {
        let cost = prop_oneof![4 => (0.0..1.0_f64).prop_map(Some), 1 => Just(None)];
        (0..STATES.len(), 0..3_usize, 1..4_u32, 1.0..1e5_f64, cost)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// Through the database and back, runs add up to what their cells in JSON add up to.
        #[test]
        fn stats_of_remembered_runs_are_those_of_their_json(
            all in prop::collection::vec(prop::collection::vec(drawn(), 6), 1..5),
        ) {
            let plan = testing::plan();
            let folder = tempfile::tempdir().unwrap();
            let (mut archive, _) = Archive::create(folder.path()).unwrap();
            let mut json = Vec::new();
            for (second, drawn) in (0_i64..).zip(all) {
                let id = run_id(Timestamp::from_second(second).unwrap());
                let mut tally = Tally::default();
                let mut cells = Vec::new();
                for (index, drawn) in indices().into_iter().zip(drawn) {
                    let cell = cell(index, drawn);
                    tally.add(&plan, &cell);
                    cells.push(serde_json::to_value(Cell::new(&plan, &cell)).unwrap());
                }
                let info = RunInfo { id: id.clone(), started_at: id.clone(), ..RunInfo::default() };
                archive.remember(&record(&plan, &tally.finish(&plan), &info, None)).unwrap();
                json.push((id, cells));
            }
            let runs = archive.runs(&Wanted::default()).unwrap().runs;
            for (key, names) in [("suite", vec!["greet", "other"]), ("model", vec!["echo/a", "echo/b", "echo/echo"])] {
                let mut found = trends(&runs, &mut |_, column| match key {
                    "suite" => vec![column.suite.clone()],
                    _ => vec![column.model.clone()],
                });
                let mut wanted: Vec<Trend> =
                    names.iter().map(|name| expected(&json, key, name)).collect();
                prop_assert_eq!(found.len(), wanted.len());
                found.iter_mut().zip(&mut wanted).for_each(|(found, wanted)| level(found, wanted));
                prop_assert_eq!(found, wanted);
            }
        }
    }
}
