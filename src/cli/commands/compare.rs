//! `pf compare`

pub(in crate::cli) mod shown;

use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use self::shown::{ReportArgs, StatisticsArgs, replace_gates};
use crate::cli::args::Global;
use crate::cli::error::{Error, Exit};
use crate::cli::ui::Ui;
use crate::cli::{place, write};
use crate::diagnostic::{closest, counted};
use crate::eval::compare::{self, ColumnName, Columns, CompareError, Matching};
use crate::eval::saved::{self, SavedRun};
use crate::report::html;

/// Compare two saved runs, case by case
///
/// RUN_B is compared with RUN_A: files that `pf eval -o run.json` (or .jsonl) wrote. Cases are brought together by their ids,
/// prompts and models by their names. The suite's primary metric decides; the verdict is one of better, worse, no worse than
/// the margin, and undecided. Whatever it is, the exit code is 0 unless a gate fails: those of the suite on comparisons, as
/// RUN_B has saved them, and those of --gate.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf compare main.json branch.json                       two runs of the same suites
  pf compare main.json branch.json --gate regressions=0  exit 1 when a case fails that passed
  pf compare a.json b.json --margin 0.02 --exit-code     no worse by 2 points? exit 1 when it is worse
  pf compare run.json run.json --model-a fast --model-b large   two models of one run
  pf compare main.json branch.json -o comment.md         for the comment on a pull request")]
pub(crate) struct Args {
    /// What was before
    #[arg(value_name = "RUN_A")]
    before: PathBuf,
    /// What is compared with it
    #[arg(value_name = "RUN_B")]
    after: PathBuf,
    /// Only this suite; may be repeated
    #[arg(long = "suite", value_name = "NAME")]
    suites: Vec<String>,
    /// Of RUN_A, this prompt
    #[arg(long, value_name = "NAME", requires = "prompt_b")]
    prompt_a: Option<String>,
    /// Of RUN_B, this prompt
    #[arg(long, value_name = "NAME", requires = "prompt_a")]
    prompt_b: Option<String>,
    /// Of RUN_A, this model
    #[arg(long, value_name = "MODEL", requires = "model_b")]
    model_a: Option<String>,
    /// Of RUN_B, this model
    #[arg(long, value_name = "MODEL", requires = "model_a")]
    model_b: Option<String>,
    #[command(flatten)]
    statistics: StatisticsArgs,
    #[command(flatten)]
    report: ReportArgs,
}

pub(crate) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    let files = args.report.files(global, &[&args.before, &args.after], true)?;
    let gates = args.report.gates()?;
    let chosen = args.prompt_a.is_some() || args.model_a.is_some();
    let (before, after) = (place::path(global, &args.before), place::path(global, &args.after));
    if !chosen && same_file(&before, &after) {
        return Err(Error::usage(format!(
            "both runs are the same file, `{}`",
            args.before.display()
        ))
        .hint("to compare two of its models, say --model-a and --model-b; of its prompts, --prompt-a and --prompt-b"));
    }
    let (bytes_before, mut run_before) = load_run(&before, &args.before, ui)?;
    let (bytes_after, mut run_after) = load_run(&after, &args.after, ui)?;
    choose(&mut run_before, args, &args.before, args.prompt_a.as_deref(), args.model_a.as_deref())?;
    choose(&mut run_after, args, &args.after, args.prompt_b.as_deref(), args.model_b.as_deref())?;
    replace_gates(gates, [&mut run_before.side, &mut run_after.side]);
    let columns = Columns {
        prompts: Matching::chosen(args.prompt_a.is_some()),
        models: Matching::chosen(args.model_a.is_some()),
    };
    let options = args.statistics.options(columns);
    let mut comparison =
        compare::compare(&run_before.side, &run_after.side, &options).map_err(cannot_compare)?;
    let [wanted_before, wanted_after] = comparison.wanted();
    let unreadable = |error| Error::usage(format!("a run has changed while it was read: {error}"));
    let of_before = saved::answers(&bytes_before, &wanted_before).map_err(unreadable)?;
    let of_after = saved::answers(&bytes_after, &wanted_after).map_err(unreadable)?;
    comparison.fill(|key| of_before.get(key).cloned(), |key| of_after.get(key).cloned());
    let page = |path: &Path| -> io::Result<()> {
        let mut file = BufWriter::new(write::beside(path)?);
        let runs = [&bytes_before[..], &bytes_after];
        html::write_comparison(&mut file, &comparison, &run_after.side, runs)?;
        write::persist(file, path)
    };
    args.report.show(&comparison, files, Some(&page), ui)?;
    Ok(args.report.exit(&comparison))
}

fn same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// Reads a saved run, and says what keeps it from being a whole one.
pub(in crate::cli) fn load_run(
    path: &Path,
    shown: &Path,
    ui: &mut Ui,
) -> Result<(Vec<u8>, SavedRun), Error> {
    let name = shown.display().to_string();
    let bytes = super::merge::read(path, &name)?;
    let run = saved::read(&bytes, &name)
        .map_err(|error| Error::usage(format!("cannot use `{name}`: {error}")))?;
    if let Some(status) = run.status.as_deref().filter(|status| *status != "complete") {
        ui.warn(format!(
            "`{name}` is a run that was {status}: what it did not reach is not compared"
        ));
    }
    if run.filtered {
        ui.warn(format!("`{name}` holds only the cases that were selected"));
    }
    if let Some(shard) = run.shard {
        ui.warn(format!("`{name}` is shard {shard} of a run; `pf merge` puts the shards together"));
    }
    Ok((bytes, run))
}

/// Leaves the columns that are wanted.
fn choose(
    run: &mut SavedRun,
    args: &Args,
    path: &Path,
    prompt: Option<&str>,
    model: Option<&str>,
) -> Result<(), Error> {
    let columns = &mut run.side.columns;
    let mut keep = |what: &str, wanted: &[&str], of: fn(&ColumnName) -> &str| {
        for name in wanted {
            let mut known: Vec<&str> = columns.iter().map(|column| of(&column.name)).collect();
            known.dedup();
            if known.contains(name) {
                continue;
            }
            let hint = match closest(name, known.iter().copied()) {
                Some(similar) => format!("did you mean `{similar}`?"),
                None => format!("it has {}", known.join(", ")),
            };
            let message = format!("`{}` has no {what} `{name}`", path.display());
            return Err(Error::nothing(message).hint(hint));
        }
        if !wanted.is_empty() {
            columns.retain(|column| wanted.contains(&of(&column.name)));
        }
        Ok(())
    };
    let suites: Vec<&str> = args.suites.iter().map(String::as_str).collect();
    keep("suite", &suites, |name| &name.suite)?;
    keep("prompt", &prompt.into_iter().collect::<Vec<_>>(), |name| &name.prompt)?;
    keep("model", &model.into_iter().collect::<Vec<_>>(), |name| &name.model)
}

pub(in crate::cli) fn cannot_compare(error: CompareError) -> Error {
    let message = error.to_string();
    match error {
        CompareError::NoColumn { there: [before, after], .. } => {
            let list = |names: &[ColumnName]| -> String {
                let shown = names.iter().take(5);
                let shown: Vec<String> = shown
                    .map(|name| format!("{}: {} on {}", name.suite, name.prompt, name.model))
                    .collect();
                match names.len().saturating_sub(5) {
                    _ if names.is_empty() => "nothing".to_owned(),
                    0 => shown.join(", "),
                    more => format!("{} and {more} more", shown.join(", ")),
                }
            };
            Error::nothing(message)
                .hint(format!("before: {}", list(&before)))
                .hint(format!("after: {}", list(&after)))
                .hint("columns of other names are compared with --prompt-a and --prompt-b, --model-a and --model-b")
        }
        CompareError::NoCase { .. } => Error::nothing(message),
        CompareError::NoMetric { known, metric, .. } => {
            let hint = match closest(&metric, known.iter().map(String::as_str)) {
                Some(similar) => format!("did you mean `{similar}`?"),
                None => format!("{}: {}", counted(known.len(), "metric"), known.join(", ")),
            };
            Error::usage(message)
                .hint(hint)
                .hint("a metric that decides is a mean over the cases; figures such as `label.macro_f1` are not")
        }
    }
}
