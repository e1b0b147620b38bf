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
        independent: footprint.independent,
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
    let bound = |of: fn((f64, f64)) -> f64| {
        estimate.interval.map(of).filter(|bound| bound.is_finite())
    };
    EstimateRecord {
        value: estimate.value,
        low: bound(|(low, _)| low),
        high: bound(|(_, high)| high),
        n: estimate.n,
    }
}
