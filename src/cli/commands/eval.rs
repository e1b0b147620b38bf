//! `pf eval`

mod against;
pub(in crate::cli) mod asking;
mod coverage;
mod failed;
pub(in crate::cli) mod inputs;
mod outputs;
pub(super) mod progress;
mod shard;
pub(super) mod spending;
mod spot_check;

use std::collections::BTreeMap;

use clap::builder::NonEmptyStringValueParser;
use jiff::Timestamp;

use self::against::{AgainstArgs, Base};
use self::asking::{AskArgs, Asking};
use self::inputs::Inputs;
use self::outputs::{Output, OutputArgs, Outputs};
use self::progress::Progress;
use self::shard::ShardArg;
use self::spot_check::Found;
use crate::cli::args::Global;
use crate::cli::error::{Error, Exit};
use crate::cli::place;
use crate::cli::trust::TrustArgs;
use crate::cli::ui::Ui;
use crate::cli::write;
use crate::eval::budget::Budget;
use crate::eval::cell::{CellRecord, Origin, State};
use crate::eval::compare::ComparisonGates;
use crate::eval::last::Troubles;
use crate::eval::plan::{self, Plan, PlanError, Selection};
use crate::eval::run::{Run, Tally};
use crate::eval::runner::{self, Cells, Judging, Mode, Options, Status};
use crate::project::Project;
use crate::report::evaluation;
use crate::report::run::{Eval, RunInfo, Spending};
use crate::snapshot::Home;

/// Run suites: ask the models or replay their answers, score them, and hold the results against the gates
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf eval                                  all suites
  pf eval triage --case 'refund-*'         some cases of one suite
  pf eval triage --model local/qwen3       on another model
  pf eval --failed                         what did not pass last time
  pf eval --coverage                       what no case tries; asks nobody
  pf eval --threshold 0.95                 with another pass rate as the gate
  pf eval --against main...                what a branch changed, on the same cases
  pf eval --shard 2/4 -o shard-2.json      a quarter of the cases, for `pf merge`
  pf eval --dry-run                        how many calls it would make, and what they would cost
  pf eval --max-cost 0.50                  stop before more than 50 cents are spent
  pf eval --record                         keep the answers in recordings/, to be committed
  pf eval --spot-check 20                  does the model still answer 20 of them as it did?
  pf eval --replay                         from recordings alone: no key, no network
  pf eval -o report.html                   a page to look at the answers, in any browser
  pf eval -o run.json -o results.junit.xml -o cells.csv
  pf eval --format github                  annotations in GitHub Actions

Exit codes: 0 all gates hold, 1 a gate failed, 2 bad files or usage, 3 no case, 4 a provider failed,
5 the cost limit was reached, 130 interrupted.")]
pub(crate) struct Args {
    /// Suites by name or glob; all suites when absent
    suites: Vec<String>,
    /// Only cases of this id or glob
    #[arg(long = "case", value_name = "ID")]
    cases: Vec<String>,
    /// Only cases with this tag
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Only a part of the cases: I/N, or `auto` where the job of GitLab, Slurm, Kubernetes or a matrix says which. Which part a
    /// case is in depends on its identity alone. The gates are left to `pf merge`: the exit code is 0 unless something could
    /// not run
    #[arg(long, value_name = "I/N", value_parser = ShardArg::parse, conflicts_with_all = ["failed", "coverage", "spot_check", "against"])]
    shard: Option<ShardArg>,
    /// Only what did not pass in the last run: failed, in error, unscored or not run
    #[arg(long)]
    failed: bool,
    /// Say what no case tries: prompts without a suite, values of variables, branches of templates; ask nobody
    #[arg(long, conflicts_with_all = ["mode", "failed", "outputs", "dry_run", "threshold", "repeat"])]
    coverage: bool,
    /// Exit with 1 when less than this share of a prompt is covered
    #[arg(long, value_name = "SHARE", value_parser = share, requires = "coverage", allow_negative_numbers = true)]
    coverage_min: Option<f64>,
    /// Ask this model instead of those of the suite: PROVIDER/NAME or a profile
    #[arg(long = "model", value_name = "MODEL", value_parser = NonEmptyStringValueParser::new())]
    models: Vec<String>,
    /// The pass rate that each prompt must reach on each model, instead of the suite's
    #[arg(long, value_name = "RATE", value_parser = share, allow_negative_numbers = true)]
    threshold: Option<f64>,
    #[command(flatten)]
    ask: AskArgs,
    /// Ask again for N of the recorded or stored answers and say whose verdict changed; keeps nothing
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with_all = ["mode", "outputs", "threshold"])]
    spot_check: Option<u32>,
    /// With --spot-check, which of them: another seed, others
    #[arg(long, value_name = "SEED", requires = "spot_check")]
    seed: Option<u64>,
    #[command(flatten)]
    against: AgainstArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    trust: TrustArgs,
    /// Exit with 0 even when there is no case to run
    #[arg(long)]
    allow_empty: bool,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        Ok(value) if (1.0..=100.0).contains(&value) => {
            Err(format!("it is a share from 0 to 1; for {value} % write {}", value / 100.0))
        }
        _ => Err("it is a share from 0 to 1".to_owned()),
    }
}

pub(crate) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    let started_at = Timestamp::now();
    let mode = args.ask.mode();
    let outputs = args.output.files(global)?;
    let home = place::home(global)?;
    let trust = args.trust.load(&home)?;
    let project = Project::load(&home.worktree())?;
    if args.coverage {
        return coverage::run(args, &home, &project, ui);
    }
    let plan = match plan(args, &home, &project).and_then(|plan| match args.failed {
        true => failed::select(plan, &home, ui),
        false => Ok(plan),
    }) {
        Ok(plan) => plan,
        Err(error) if error.exit() == Exit::Nothing && args.allow_empty => {
            ui.note(error.message());
            return Ok(Exit::Success);
        }
        Err(error) => return Err(error),
    };
    let base = args.against.load(global, &home, &project, ui)?;
    let whole = base.as_ref().map(|base| base.plan(&project, &plan)).transpose()?.flatten();
    let whole = whole.as_ref().unwrap_or(&plan);
    against::announce(whole, ui);
    shard::announce(&plan, ui);
    warn(&plan, base.is_some() || plan.shard.is_some(), ui);
    permit(&plan, trust.allows_exec())?;
    let old = base.as_ref().and_then(Base::project);
    let mut inputs = Inputs::load(&home, &project, old, whole, mode, ui)?;
    let mut cells = runner::prepare(whole, mode, &inputs.recordings).map_err(|findings| {
        Error::usage("some cases cannot be rendered; nothing was asked").findings(findings)
    })?;
    unchanged(whole)?;
    let keeps = args.spot_check.is_none();
    let asking = Asking { ask: &args.ask, keeps, models: &args.models };
    inputs.resolve(&home, &project, whole, asking, &mut cells, &trust, ui)?;
    let cells = &cells;
    if let Some(n) = args.spot_check {
        let (home, project, plan, trust) = (&home, &project, &plan, &trust);
        let found = Found { home, project, plan, cells, trust };
        return spot_check::run(args, n as usize, &found, inputs, ui);
    }
    announce(whole, cells, &inputs.judging, ui);
    let estimate = spending::estimate(args.ask.max_cost, whole, cells, &inputs.answers())?;
    if args.ask.dry_run {
        spending::print(args.output.for_programs(), whole, &estimate, ui)?;
        return Ok(Exit::Success);
    }
    spending::announce(whole, &estimate, ui);
    let budget = Budget::new(&plan.prices, args.ask.max_cost);
    let on_interrupt = on_interrupt(ui);
    let options = Options {
        mode,
        folder: home.root(),
        concurrency: args.ask.concurrency(&project),
        messages: outputs.iter().any(Output::wants_messages),
        on_interrupt: &on_interrupt,
        budget: &budget,
    };
    let mut outputs = Outputs::open(outputs, &args.output, &plan, home.prefix())?;
    let mut tally = Tally::default();
    let mut troubles = Troubles::default();
    let mut wrong: Vec<String> = Vec::new();
    let mut errors: BTreeMap<String, u64> = BTreeMap::new();
    let mut failed: Option<Error> = None;
    let mut progress = Progress::new(ui, cells);
    let mut sides = base.as_ref().map(|base| base.sides(whole));
    let own = whole.own_suites();
    let mut on_cell = |cell: CellRecord| {
        progress.cell(&cell, budget.spent());
        if let Some(sides) = &mut sides {
            sides.add(&cell);
        }
        // More than a few different ones are not said one by one.
        if let Some(error) = &cell.error
            && (errors.len() < MOST_ERRORS || errors.contains_key(error))
        {
            *errors.entry(error.clone()).or_insert(0) += 1;
        }
        if cell.index.suite >= own {
            return;
        }
        tally.add(&plan, &cell);
        troubles.add(cell.index, cell.state);
        if cell.state != State::Pass && wrong.len() < args.output.shown_cells() {
            wrong.push(evaluation::cell(&plan, &cell, args.output.detail()));
        }
        if failed.is_none() {
            failed = outputs.cell(&plan, &cell).err();
        }
    };
    let answers = inputs.answers();
    let finished = runner::run(whole, cells, &answers, &inputs.providers, &options, &mut on_cell)?;
    progress.finish();
    if let Some(error) = failed {
        return Err(error);
    }
    if let Some(reason) = &finished.unkept {
        ui.warn(format!("some answers could not be kept in the local store: {reason}"));
    }
    let asks = estimate.calls() + inputs.judging.calls() > 0;
    drop(inputs);
    if matches!(mode, Mode::Cached | Mode::Record | Mode::Refresh) {
        inputs::keep_limits(&home, &project, ui);
        let whole = !plan.filtered && plan.shard.is_none() && args.models.is_empty();
        failed::keep(&home, &plan, &troubles, whole, ui);
    }
    let mut run = tally.finish(&plan);
    if plan.shard.is_some() {
        shard::leave_gates(&mut run);
    }
    // What cannot be compared must not cost the results of the run.
    let compared = match (&base, sides) {
        (Some(base), Some(sides)) => base.compare(&plan, whole, sides, &mut run),
        _ => Ok(()),
    };
    let exit = match (exit(&run, finished.status), &compared) {
        (Exit::Success, Err(error)) => error.exit(),
        (exit, _) => exit,
    };
    let spent = asks.then(|| Spending::of(&budget));
    let info = info(&home, started_at, finished.status, exit, spent);
    inputs::record(&home, &project, whole, finished.recordings, ui)?;
    let summary = Eval::new(&plan, &run, &info);
    outputs.print(ui.out(), &plan, &run, &info, &summary)?;
    if args.output.for_people() {
        show_wrong(&run, &wrong, &errors, exit, ui);
        if let Some(spent) = &info.spent {
            ui.note(spent.text());
        }
    } else if let Some(reached) = budget.reached() {
        ui.warn(reached.to_string());
    }
    outputs.finish(&plan, &run, &info, &summary, ui)?;
    match compared {
        Err(error) if error.exit() == exit => Err(error),
        Err(error) => {
            ui.warn(error.message());
            Ok(exit)
        }
        Ok(()) => Ok(exit),
    }
}

/// Different errors that are counted.
const MOST_ERRORS: usize = 1000;

/// What is said when the user interrupts.
pub(super) fn on_interrupt(ui: &Ui) -> impl Fn() + Sync + use<> {
    let quiet = ui.quiet();
    move || {
        if !quiet {
            Ui::progress_line(
                "interrupted: waiting for the calls under way, whose answers are kept; again to leave them",
            );
        }
    }
}

fn plan(args: &Args, home: &Home, project: &Project) -> Result<Plan, Error> {
    let selection = Selection {
        suites: &args.suites,
        cases: &args.cases,
        tags: &args.tags,
        models: &args.models,
        shard: args.shard.map(ShardArg::shard).transpose()?,
        prompts: &[],
        threshold: args.threshold,
        repeat: args.ask.repeat,
    };
    let mut version = |which: &str| -> Result<std::sync::Arc<Project>, PlanError> {
        Ok(std::sync::Arc::new(Project::load(&home.commit(which)?)?))
    };
    plan::plan(project, selection, &mut version).map_err(plan_error)
}

pub(super) fn plan_error(error: PlanError) -> Error {
    match error {
        PlanError::Nothing { message, help } => Error::nothing(message).hint_if(help),
        PlanError::Usage { message, help } => Error::usage(message).hint_if(help),
        PlanError::Findings(findings) => {
            Error::usage("the files of this evaluation have errors; nothing was asked")
                .findings(findings)
        }
        PlanError::Snapshot(error) => error.into(),
    }
}

/// What was looked through must be what is run.
pub(super) fn unchanged(plan: &Plan) -> Result<(), Error> {
    match plan.lost() {
        None => Ok(()),
        Some(lost) => Err(Error::usage(format!("{lost}; nothing was asked")).hint("run it again")),
    }
}

/// Commands of a repository run only where the user has said so: nobody else's word starts a program here.
pub(super) fn permit(plan: &Plan, allowed: bool) -> Result<(), Error> {
    let commands: Vec<String> =
        plan.bench.commands().map(|argv| format!("`{}`", argv.join(" "))).collect();
    if allowed || commands.is_empty() {
        return Ok(());
    }
    let suites = commands.join(", ");
    Err(Error::usage(format!("assertions of this evaluation run {suites}, which needs your leave"))
        .hint(
            "look at what it does, and then allow it with --allow-exec; nothing was run or asked",
        ))
}

/// Says what is not checked, and what the rules found. `elsewhere`: gates on comparisons are checked, or not by this run.
fn warn(plan: &Plan, elsewhere: bool, ui: &mut Ui) {
    for suite in plan.suites.iter().filter(|_| !elsewhere) {
        let gates = ComparisonGates::from(&suite.gates).names();
        if !gates.is_empty() {
            ui.warn(format!(
                "{} of {} {} a comparison, such as --against main: not checked in this run",
                gates.join(", "),
                suite.name,
                if gates.len() == 1 { "needs" } else { "need" },
            ));
        }
    }
    if plan.warnings.is_empty() || ui.quiet() {
        return;
    }
    let count = plan.warnings.len();
    let findings = if count == 1 { "finding that does" } else { "findings that do" };
    ui.warn(format!(
        "the files of this evaluation have {count} {findings} not stop it; `pf lint` shows them"
    ));
}

/// What will be asked, before anything is.
fn announce(plan: &Plan, cells: &Cells, judging: &Judging, ui: &mut Ui) {
    if cells.is_empty() {
        return;
    }
    let of = |origin| cells.count(origin);
    let called = of(Origin::Called);
    let parts: Vec<String> = [
        (called, "to ask"),
        (of(Origin::Recorded), "recorded"),
        (of(Origin::Stored), "stored"),
        (of(Origin::Given), "given"),
        (of(Origin::Echo), "echoed"),
    ]
    .iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect();
    let filtered = if plan.filtered { "; gates apply to the selected cases" } else { "" };
    let answers = if cells.len() == 1 { "answer" } else { "answers" };
    ui.note(format!("{} {answers}: {}{filtered}", cells.len(), parts.join(", ")));
    let found = judging.found.len();
    if judging.calls() > 0 || found > 0 {
        // What a judge is asked depends on the answer, and one that is misunderstood is asked once more.
        let least = if judging.later > 0 { "at least " } else { "" };
        let found = if found > 0 { format!(", {found} at hand") } else { String::new() };
        ui.note(format!("judging: {least}{} to ask{found}", judging.calls()));
    }
}

/// The exit code of a run that did not get to its end.
pub(super) fn stop_reason(status: Status) -> Option<Exit> {
    match status {
        Status::Complete => None,
        Status::Interrupted => Some(Exit::Interrupted),
        Status::OverLimit => Some(Exit::Cost),
    }
}

/// The first of: interrupted, the limit on cost reached, provider failed, another gate failed, all well.
fn exit(run: &Run, status: Status) -> Exit {
    let failed = |wanted: &[&str]| {
        run.results
            .iter()
            .flat_map(|result| &result.gates)
            .any(|gate| !gate.passed && wanted.contains(&gate.name.as_str()))
    };
    if let Some(exit) = stop_reason(status) {
        return exit;
    }
    if failed(&["errors", "not_run"]) {
        return Exit::Provider;
    }
    match run.results.iter().flat_map(|result| &result.gates).all(|gate| gate.passed) {
        true => Exit::Success,
        false => Exit::Findings,
    }
}

fn info(
    home: &Home,
    started_at: Timestamp,
    status: Status,
    exit: Exit,
    spent: Option<Spending>,
) -> RunInfo {
    let (commit, dirty) = match home.has_git() {
        // A bare repository or a broken HEAD must not cost the results of a run.
        true => match home.head().ok().flatten() {
            Some(head) => (Some(head.id.clone()), home.is_dirty(&[]).ok()),
            None => (None, Some(true)),
        },
        false => (None, None),
    };
    RunInfo {
        id: started_at.strftime("%Y%m%dT%H%M%S%3fZ").to_string(),
        started_at: started_at.to_string(),
        finished_at: Timestamp::now().to_string(),
        status: match status {
            Status::Complete => "complete".to_owned(),
            Status::Interrupted => "interrupted".to_owned(),
            Status::OverLimit => "aborted".to_owned(),
        },
        commit,
        dirty,
        passed: exit == Exit::Success,
        spent,
    }
}

fn show_wrong(
    run: &Run,
    wrong: &[String],
    errors: &BTreeMap<String, u64>,
    exit: Exit,
    ui: &mut Ui,
) {
    if exit == Exit::Success && errors.is_empty() {
        return;
    }
    let total: u64 = run
        .results
        .iter()
        .flat_map(|result| &result.states)
        .filter(|(state, _)| **state != State::Pass)
        .map(|(_, count)| *count)
        .sum();
    if errors.len() <= 3 {
        for (error, count) in errors {
            let many = if *count == 1 { String::new() } else { format!("{count} cells: ") };
            ui.warn(format!("{many}{error}"));
        }
    }
    for line in wrong.iter().filter(|line| errors.is_empty() || !line.starts_with("error")) {
        ui.note(line);
    }
    let more = total.saturating_sub(wrong.len() as u64);
    if more > 0 {
        ui.note(format!(
            "and {more} more; `-v` shows them here, `-o report.html` writes a page to look at them"
        ));
    }
}

/// Kept here so that the sub-modules share one way to write files.
fn write_file(path: &std::path::Path, bytes: &[u8]) -> Result<(), Error> {
    write::replace(path, bytes)
}
