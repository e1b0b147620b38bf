//! What a run will cost: told before it starts, and refused where nobody can tell and there is a limit.

use crate::cli::error::Error;
use crate::cli::ui::Ui;
use crate::eval::estimate::{self, Estimate};
use crate::eval::plan::Plan;
use crate::eval::runner::{Answers, Cells};
use crate::report::{estimate as report, json};

/// What the cells will ask. With a limit, a model without a price is an error: nobody could say when to stop.
pub(in crate::cli) fn estimate(
    max_cost: Option<f64>,
    plan: &Plan,
    cells: &Cells,
    answers: &Answers<'_>,
) -> Result<Estimate, Error> {
    let estimate = estimate::estimate(plan, cells, answers);
    let unpriced = |limited: &dyn Fn(usize) -> bool| {
        let columns = estimate.columns.iter().filter(|column| limited(column.suite));
        let mut names = Estimate { columns: columns.cloned().collect() }.unpriced(plan);
        if cells.iter().any(|cell| cell.judging && limited(cell.index.suite)) {
            names.extend(plan.bench.unpriced(&plan.prices));
            names.sort();
            names.dedup();
        }
        names
    };
    let (names, limit) = match max_cost {
        Some(_) => (unpriced(&|_| true), "--max-cost"),
        None => {
            let gated = |suite: usize| plan.suites[suite].gates.cost_usd.is_some();
            (unpriced(&gated), "the gate `cost_usd`")
        }
    };
    let Some(first) = names.first() else { return Ok(estimate) };
    let listed = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    Err(Error::usage(format!(
        "the price of {listed} is not known, so {limit} cannot be kept; nothing was asked"
    ))
    .hint(format!(
        "write it into the file that `prices` in pf.yaml names, in US dollars per million tokens: `{first}: {{input: 0.15, output: 0.60}}`"
    )))
}

/// Says before a run what it will ask. Silent when it asks nothing.
pub(in crate::cli) fn announce(plan: &Plan, estimate: &Estimate, ui: &mut Ui) {
    if estimate.calls() > 0 {
        ui.note(report::line(plan, estimate));
    }
}

/// The result of a dry run.
pub(in crate::cli) fn print(
    for_programs: bool,
    plan: &Plan,
    estimate: &Estimate,
    ui: &mut Ui,
) -> Result<(), Error> {
    match for_programs {
        true => json::write(ui.out(), &report::EvalEstimate::new(plan, estimate))?,
        false => report::write(ui.out(), plan, estimate)?,
    }
    Ok(())
}
