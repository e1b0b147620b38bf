//! `pf eval --spot-check N`

use super::inputs::Inputs;
use super::progress::Progress;
use super::{spending, stop_reason};
use crate::cli::error::{Error, Exit};
use crate::cli::trust::Trusted;
use crate::cli::ui::Ui;
use crate::eval::budget::Budget;
use crate::eval::cell::CellRecord;
use crate::eval::plan::Plan;
use crate::eval::runner::{self, Cells, Mode, Options};
use crate::eval::spot_check::{self, Check, Drift};
use crate::project::Project;
use crate::report::json;
use crate::report::run::Spending;
use crate::report::spot_check::SpotCheck;
use crate::snapshot::Home;

/// What an ordinary run has found so far.
pub(super) struct Found<'a> {
    pub(super) home: &'a Home,
    pub(super) project: &'a Project,
    pub(super) plan: &'a Plan,
    pub(super) cells: &'a Cells,
    pub(super) trust: &'a Trusted,
}

/// Asks again for some answers that are there, and compares the verdicts.
pub(super) fn run(
    args: &super::Args,
    n: usize,
    found: &Found<'_>,
    mut inputs: Inputs,
    ui: &mut Ui,
) -> Result<Exit, Error> {
    let plan = found.plan;
    let candidates = spot_check::candidates(found.cells).count();
    let chosen = spot_check::choose(plan, found.cells, n, args.seed.unwrap_or(1));
    if chosen.is_empty() {
        let message = "no answer of these cases is recorded or stored, so there is none to check";
        if args.allow_empty {
            ui.note(message);
            return Ok(Exit::Success);
        }
        return Err(
            Error::nothing(message).hint("`pf eval --record` asks for them and records them")
        );
    }
    let again = spot_check::again(&chosen);
    inputs.locate(found.project, plan, &again)?;
    let estimate = spending::estimate(args.ask.max_cost, plan, &again, &inputs.answers())?;
    if args.ask.dry_run {
        spending::print(args.output.for_programs(), plan, &estimate, ui)?;
        return Ok(Exit::Success);
    }
    inputs.connect(found.home, found.project, plan, &again, found.trust)?;
    ui.note(format!("asking again for {} of {candidates} answers", chosen.len()));
    spending::announce(plan, &estimate, ui);

    let budget = Budget::new(&plan.prices, args.ask.max_cost);
    let on_interrupt = super::on_interrupt(ui);
    let options = |mode| Options {
        mode,
        folder: found.home.root(),
        concurrency: args.ask.concurrency(found.project),
        messages: false,
        on_interrupt: &on_interrupt,
        enough: None,
        budget: &budget,
    };
    let answers = inputs.answers();
    let mut before: Vec<CellRecord> = Vec::new();
    let mut keep = |cell| before.push(cell);
    runner::run(plan, &chosen, &answers, &inputs.providers, &options(Mode::Cached), &mut keep)?;

    let mut progress = Progress::new(ui, &again);
    let mut now: Vec<CellRecord> = Vec::new();
    let mut keep = |cell: CellRecord| {
        progress.cell(&cell, budget.spent());
        now.push(cell);
    };
    // Neither reads nor writes the store: the answers that are there stay the ones that count.
    let finished =
        runner::run(plan, &again, &answers, &inputs.providers, &options(Mode::NoCache), &mut keep)?;
    progress.finish();

    let checks: Vec<Check> =
        before.into_iter().zip(now).map(|(before, now)| Check { before, now }).collect();
    let spent = Spending::of(&budget);
    let said = spent.text();
    let report = SpotCheck::new(plan, &checks, candidates, spent);
    match args.output.for_programs() {
        true => json::write(ui.out(), &report)?,
        false => report.write(ui.out())?,
    }
    ui.note(said);
    Ok(stop_reason(finished.status).unwrap_or_else(|| verdict(&checks)))
}

fn verdict(checks: &[Check]) -> Exit {
    let any = |drift| checks.iter().any(|check| check.drift() == drift);
    match (any(Drift::Unanswered), any(Drift::Verdict)) {
        (true, _) => Exit::Provider,
        (_, true) => Exit::Findings,
        _ => Exit::Success,
    }
}
