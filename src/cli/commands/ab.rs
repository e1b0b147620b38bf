//! `pf ab`

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::builder::NonEmptyStringValueParser;

use super::compare::cannot_compare;
use super::compare::shown::{ReportArgs, StatisticsArgs, replace_gates};
use super::eval::asking::{AskArgs, Asking};
use super::eval::inputs::{self, Inputs};
use super::eval::progress::Progress;
use super::eval::{on_interrupt, permit, plan_error, spending, stop_reason, unchanged};
use crate::cli::args::Global;
use crate::cli::error::{Error, Exit};
use crate::cli::place::{self, Selector};
use crate::cli::trust::TrustArgs;
use crate::cli::ui::Ui;
use crate::diagnostic::counted;
use crate::eval::budget::Budget;
use crate::eval::cell::{CellRecord, State};
use crate::eval::compare::{Columns, Matching, Sides, compare};
use crate::eval::plan::{Plan, PlanError, Selection, plan};
use crate::eval::rivals;
use crate::eval::runner::{self, Options};
use crate::project::suite::Suite;
use crate::project::{Project, cases};
use crate::report::run::Spending;
use crate::snapshot::Home;

/// Compare two prompts, two versions of one, or one on two models, on the same cases of a suite
///
/// B is compared with A. Both answer the same cases in turns and are judged by the assertions of the suite; what is recorded
/// or stored already is not asked again. The suite's primary metric decides. Whatever the verdict, the exit code is 0 unless
/// something could not run, a gate was asked for with --gate and fails, or --exit-code is given and B is worse.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf ab support/triage@main support/triage          what is checked out, against main
  pf ab support/triage@v3 support/triage@v4         two versions
  pf ab support/triage support/triage-short         two prompts
  pf ab support/triage --model-a fast --model-b openai/gpt-4o
  pf ab support/triage@main support/triage --until-decided --max-cost 2
  pf ab support/triage@main support/triage --suite triage -o ab.md --margin 0.02")]
pub(crate) struct Args {
    /// The prompt to compare with: NAME, NAME@vN or NAME@REV
    #[arg(value_name = "A")]
    before: String,
    /// The prompt that is compared; A when absent, for two models
    #[arg(value_name = "B")]
    after: Option<String>,
    /// The suite whose cases and assertions are used; may be left out where one suite alone holds the prompt
    #[arg(long, value_name = "NAME")]
    suite: Option<String>,
    /// The model of A: PROVIDER/NAME or a profile
    #[arg(long, value_name = "MODEL", requires = "model_b", value_parser = NonEmptyStringValueParser::new())]
    model_a: Option<String>,
    /// The model of B
    #[arg(long, value_name = "MODEL", requires = "model_a", value_parser = NonEmptyStringValueParser::new())]
    model_b: Option<String>,
    /// Only cases of this id or glob
    #[arg(long = "case", value_name = "ID")]
    cases: Vec<String>,
    /// Only cases with this tag
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    #[command(flatten)]
    ask: AskArgs,
    /// Stop asking as soon as the verdict is certain, however often one looks; cases come in an order shuffled by --seed
    #[arg(long)]
    until_decided: bool,
    #[command(flatten)]
    statistics: StatisticsArgs,
    #[command(flatten)]
    report: ReportArgs,
    #[command(flatten)]
    trust: TrustArgs,
}

pub(crate) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    let files = args.report.files(global, &[], false)?;
    let gates = args.report.gates()?;
    let home = place::home(global)?;
    let trust = args.trust.load(&home)?;
    let project = Project::load(&home.worktree())?;
    let [a, b] = contestants(args)?;
    for selector in [&a, &b].map(|text| Selector::parse(text)) {
        let selector = selector?;
        if selector.which.is_none() {
            place::prompt(&project, &selector.name)?;
        }
    }
    let suite = suite(args, &project, [&a, &b])?;
    let after = planned(args, &home, &project, &suite, &b, args.model_b.as_ref())?;
    let before = planned(args, &home, &project, &suite, &a, args.model_a.as_ref())?;
    let names = [(&a, &args.model_a), (&b, &args.model_b)].map(|(text, model)| match model {
        Some(model) => format!("{text} on {model}"),
        None => text.clone(),
    });
    let mut whole = rivals::between(&after, &before, &names[0]);
    whole.rivals.shuffled = args.until_decided.then_some(args.statistics.seed);
    let whole = whole;
    if whole.rivals.is_empty() {
        return Err(Error::usage(format!("{} and {} have no model in common", names[0], names[1]))
            .hint("name one for each: --model-a MODEL --model-b MODEL"));
    }
    if same(&whole) {
        return Err(Error::usage(format!(
            "{} and {} are the same: the same text on the same model",
            names[0], names[1]
        ))
        .hint("name two versions, two prompts or two models that differ"));
    }
    permit(&whole, trust.allows_exec())?;
    let mut inputs = Inputs::load(&home, &project, None, &whole, args.ask.mode(), ui)?;
    let mut cells =
        runner::prepare(&whole, args.ask.mode(), &inputs.recordings).map_err(|found| {
            Error::usage("some cases cannot be rendered; nothing was asked").findings(found)
        })?;
    unchanged(&whole)?;
    let asking = Asking { ask: &args.ask, keeps: true, models: &[] };
    inputs.resolve(&home, &project, &whole, asking, &mut cells, &trust, ui)?;
    ui.note(format!(
        "{} against {}: suite {suite}, {}",
        names[1],
        names[0],
        counted(cells.len(), "answer")
    ));
    let estimate = spending::estimate(args.ask.max_cost, &whole, &cells, &inputs.answers())?;
    if args.ask.dry_run {
        spending::print(args.report.for_programs(), &whole, &estimate, ui)?;
        return Ok(Exit::Success);
    }
    spending::announce(&whole, &estimate, ui);

    let budget = Budget::new(&whole.prices, args.ask.max_cost);
    let interrupted = on_interrupt(ui);
    let enough = AtomicBool::new(false);
    let options = Options {
        enough: Some(&enough),
        mode: args.ask.mode(),
        folder: home.root(),
        concurrency: args.ask.concurrency(&project),
        messages: false,
        on_interrupt: &interrupted,
        budget: &budget,
    };
    let mut sides = Sides::of_rivals(&whole);
    let mut watch = args.until_decided.then(|| args.statistics.watch(&whole));
    let mut progress = Progress::new(ui, &cells);
    let mut troubles: BTreeMap<State, u64> = BTreeMap::new();
    let mut error: Option<String> = None;
    let mut on_cell = |cell: CellRecord| {
        progress.cell(&cell, budget.spent());
        sides.add(&cell);
        if let Some(watch) = &mut watch {
            watch.add(&cell);
            enough.store(watch.is_decided(), Ordering::Relaxed);
        }
        *troubles.entry(cell.state).or_default() += 1;
        error = error.take().or(cell.error);
    };
    let answers = inputs.answers();
    let finished =
        runner::run(&whole, &cells, &answers, &inputs.providers, &options, &mut on_cell)?;
    progress.finish();
    drop(inputs);
    inputs::record(&home, &project, &whole, finished.recordings, ui)?;

    let held = sides.answers();
    let [mut before, mut after] = sides.take(&names[1]);
    if before.columns.is_empty() || after.columns.is_empty() {
        let which = usize::from(!before.columns.is_empty());
        return Err(Error::nothing(format!(
            "no case of {suite} can be rendered for {}",
            names[which]
        ))
        .hint(
            "its cases lack a variable that the prompt requires; name another one: --suite NAME",
        ));
    }
    replace_gates(gates, [&mut before, &mut after]);
    let models = Matching::chosen(args.model_a.is_some());
    let options = args.statistics.options(Columns { prompts: Matching::Chosen, models });
    let mut comparison = compare(&before, &after, &options).map_err(cannot_compare)?;
    if let Some(watch) = &watch {
        watch.settle(&mut comparison);
    }
    let [of_before, of_after] = held;
    comparison.fill(|key| of_before.get(key).cloned(), |key| of_after.get(key).cloned());
    args.report.show(&comparison, files, None, ui)?;
    if estimate.calls() > 0 {
        ui.note(Spending::of(&budget).text());
    }
    if let Some(exit) = stop_reason(finished.status) {
        return Ok(exit);
    }
    let failed: u64 =
        [State::Error, State::NotRun].iter().filter_map(|state| troubles.get(state)).sum();
    if failed > 0 {
        let why = error.map(|error| format!(": {error}")).unwrap_or_default();
        ui.warn(format!("{} could not be run{why}", counted(failed, "cell")));
        return Ok(Exit::Provider);
    }
    Ok(args.report.exit(&comparison))
}

/// The two selectors.
fn contestants(args: &Args) -> Result<[String; 2], Error> {
    match (&args.after, &args.model_a) {
        (Some(after), _) => Ok([args.before.clone(), after.clone()]),
        (None, Some(_)) => Ok([args.before.clone(), args.before.clone()]),
        (None, None) => {
            Err(Error::usage(format!("what is `{}` to be compared with?", args.before))
                .hint(format!("another version: pf ab {0}@main {0}", args.before))
                .hint(format!("another model: pf ab {} --model-a A --model-b B", args.before)))
        }
    }
}

/// The suite that was named, or the only one that holds a prompt of these names.
fn suite(args: &Args, project: &Project, selectors: [&String; 2]) -> Result<String, Error> {
    if let Some(name) = &args.suite {
        return Ok(name.clone());
    }
    let names: Vec<String> = selectors
        .iter()
        .map(|selector| Ok(Selector::parse(selector)?.name.to_string()))
        .collect::<Result<_, Error>>()?;
    let holds = |suite: &Suite| {
        suite.file.prompts.iter().any(|entry| {
            let found = cases::prompts_matching(project, entry).unwrap_or_default();
            found.iter().any(|prompt| names.iter().any(|name| name == prompt.name.as_str()))
        })
    };
    let found: Vec<&str> = project
        .suites
        .values()
        .filter(|suite| holds(suite))
        .map(|suite| suite.name.as_str())
        .collect();
    match found[..] {
        [only] => Ok(only.to_owned()),
        [] => Err(Error::nothing(format!("no suite holds {}", names.join(" or ")))
            .hint("name one whose cases fit: --suite NAME")),
        _ => Err(Error::usage(format!("several suites hold {}: {}", names[0], found.join(", ")))
            .hint("name one: --suite NAME")),
    }
}

/// The plan of one side alone.
fn planned(
    args: &Args,
    home: &Home,
    project: &Project,
    suite: &str,
    selector: &str,
    model: Option<&String>,
) -> Result<Plan, Error> {
    let parsed = Selector::parse(selector)?;
    let models: Vec<String> = model.into_iter().cloned().collect();
    let (suites, prompts) = ([suite.to_owned()], [selector.to_owned()]);
    let selection = Selection {
        suites: &suites,
        cases: &args.cases,
        tags: &args.tags,
        shard: None,
        models: &models,
        prompts: &prompts,
        threshold: None,
        repeat: args.ask.repeat,
    };
    let version = match &parsed.which {
        Some(_) => Some(Arc::new(Project::load(&place::version(home, &parsed)?)?)),
        None => None,
    };
    let mut version = |which: &str| -> Result<Arc<Project>, PlanError> {
        match &version {
            Some(version) if parsed.which.as_deref() == Some(which) => Ok(Arc::clone(version)),
            _ => Ok(Arc::new(Project::load(&home.commit(which)?)?)),
        }
    };
    plan(project, selection, &mut version).map_err(plan_error)
}

/// Whether nothing differs.
fn same(whole: &Plan) -> bool {
    whole.rivals.against.iter().all(|((s, c), (own_s, own_c))| {
        whole.suites[*s].columns[*c].digest == whole.suites[*own_s].columns[*own_c].digest
    })
}
