//! `pf compare`

use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::cli::args::Global;
use crate::cli::error::{Error, Exit};
use crate::cli::ui::Ui;
use crate::cli::{place, write};
use crate::diagnostic::{closest, counted};
use crate::eval::compare::{
    self, ColumnName, Columns, CompareError, Comparison, ComparisonGates, Matching, Options,
    Verdict,
};
use crate::eval::saved::{self, SavedRun};
use crate::report::compare::{Shown, json, write_csv, write_human, write_markdown};
use crate::report::csv::Formulas;
use crate::report::html;
use crate::report::json as output;

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
  pf compare main.json branch.json -o compare.html       a page with both sides of every case
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
    /// A gate, instead of the suite's: regressions=N, min_delta=X or margin=X; may be repeated
    #[arg(long = "gate", value_name = "NAME=BOUND")]
    gates: Vec<String>,
    /// Exit with 1 when the verdict is worse
    #[arg(long)]
    exit_code: bool,
    /// Show so many flipped cases of each kind with both answers
    #[arg(long, value_name = "N", default_value_t = 5)]
    flips: usize,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Also write the comparison to FILE, in the form that its name ends in: .html (a page with
    /// all cases), .md, .json or .csv (the metrics); may be repeated
    #[arg(short, long = "output", value_name = "FILE")]
    outputs: Vec<PathBuf>,
}

/// How it is decided.
#[derive(Debug, clap::Args)]
struct StatisticsArgs {
    /// The metric that decides: pass_rate, score or the name of one; else the suite's primary
    #[arg(long, value_name = "NAME")]
    metric: Option<String>,
    /// How much worse still counts as no worse, such as 0.02
    #[arg(long, value_name = "X", value_parser = share)]
    margin: Option<f64>,
    /// Of the intervals
    #[arg(long, value_name = "X", default_value_t = 0.95, value_parser = confidence)]
    confidence: f64,
    /// Of the bootstrap and of the permutation test
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

/// How a comparison is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    /// For people
    Human,
    /// For programs; the shape is in schemas/
    Json,
    /// For the comment on a pull request
    Markdown,
}

/// What a file holds.
#[derive(Clone, Copy)]
enum FileFormat {
    Html,
    Markdown,
    Json,
    Csv,
}

fn share(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "expected a number".to_owned())?;
    match (0.0..=1.0).contains(&value) {
        true => Ok(value),
        false => Err("expected a number from 0 to 1".to_owned()),
    }
}

fn confidence(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "expected a number".to_owned())?;
    match (0.5..=0.9999).contains(&value) {
        true => Ok(value),
        false => Err("expected a number from 0.5 to 0.9999".to_owned()),
    }
}

pub(crate) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    let files = files(args, global)?;
    let asked = gates(&args.gates)?;
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
    for column in run_before.side.columns.iter_mut().chain(&mut run_after.side.columns) {
        let gates = &mut column.gates;
        gates.regressions = asked.regressions.or(gates.regressions);
        gates.min_delta = asked.min_delta.or(gates.min_delta);
        gates.margin = asked.margin.or(gates.margin);
    }
    let matching = |chosen: bool| if chosen { Matching::Chosen } else { Matching::Same };
    let options = Options {
        metric: args.statistics.metric.clone(),
        margin: args.statistics.margin,
        confidence: args.statistics.confidence,
        seed: args.statistics.seed,
        columns: Columns {
            prompts: matching(args.prompt_a.is_some()),
            models: matching(args.model_a.is_some()),
        },
        ..Options::default()
    };
    let mut comparison =
        compare::compare(&run_before.side, &run_after.side, &options).map_err(cannot_compare)?;
    let [wanted_before, wanted_after] = comparison.wanted();
    let unreadable = |error| Error::usage(format!("a run has changed while it was read: {error}"));
    let of_before = saved::answers(&bytes_before, &wanted_before).map_err(unreadable)?;
    let of_after = saved::answers(&bytes_after, &wanted_after).map_err(unreadable)?;
    comparison.fill(|key| of_before.get(key).cloned(), |key| of_after.get(key).cloned());
    let write_page = |path: &Path| -> io::Result<()> {
        let mut file = BufWriter::new(write::beside(path)?);
        let runs = [&bytes_before[..], &bytes_after];
        html::write_comparison(&mut file, &comparison, &run_after.side, runs)?;
        write::persist(file, path)
    };
    show(args, &comparison, files, &write_page, ui)?;
    let worse = args.exit_code && comparison.verdict() == Verdict::Worse;
    match worse || !comparison.passed() {
        true => Ok(Exit::Findings),
        false => Ok(Exit::Success),
    }
}

fn show(
    args: &Args,
    comparison: &Comparison,
    files: Vec<(PathBuf, FileFormat)>,
    write_page: &dyn Fn(&Path) -> io::Result<()>,
    ui: &mut Ui,
) -> Result<(), Error> {
    match args.format {
        Format::Human => write_human(ui.out(), comparison, Shown { flips: args.flips })?,
        Format::Json => output::write(ui.out(), &json(comparison))?,
        Format::Markdown => write_markdown(ui.out(), comparison)?,
    }
    for (path, format) in files {
        let mut text = Vec::new();
        match format {
            FileFormat::Html => {
                write_page(&path).map_err(|error| {
                    let message = format!("cannot write {}: {error}", path.display());
                    Error::new(Exit::Provider, message)
                })?;
                continue;
            }
            FileFormat::Markdown => write_markdown(&mut text, comparison)?,
            FileFormat::Json => output::write(&mut text, &json(comparison))?,
            FileFormat::Csv => write_csv(&mut text, &json(comparison), Formulas::Defused)?,
        }
        write::replace(&path, &text)?;
    }
    Ok(())
}

fn files(args: &Args, global: &Global) -> Result<Vec<(PathBuf, FileFormat)>, Error> {
    let format = |path: &PathBuf| {
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let format = match ending.as_str() {
            "html" | "htm" => FileFormat::Html,
            "md" | "markdown" => FileFormat::Markdown,
            "json" => FileFormat::Json,
            "csv" => FileFormat::Csv,
            _ => {
                let message = format!("`-o {}` ends in no known format", path.display());
                return Err(Error::usage(message).hint("known endings: .html, .md, .json, .csv"));
            }
        };
        if [&args.before, &args.after].contains(&path) {
            return Err(Error::usage(format!("`-o {}` is one of the runs", path.display())));
        }
        Ok((place::path(global, path), format))
    };
    args.outputs.iter().map(format).collect()
}

/// The gates of the command line.
fn gates(asked: &[String]) -> Result<ComparisonGates, Error> {
    let mut gates = ComparisonGates::default();
    for text in asked {
        let refused = |why: &str| {
            Error::usage(format!("`--gate {text}`: {why}"))
                .hint("gates: regressions=N, min_delta=X, margin=X")
        };
        let (name, bound) = text.split_once('=').ok_or_else(|| refused("expected NAME=BOUND"))?;
        let number = || -> Result<f64, Error> {
            let value: f64 = bound.parse().map_err(|_| refused("the bound is no number"))?;
            match (-1.0..=1.0).contains(&value) {
                true => Ok(value),
                false => Err(refused("the bound is not from -1 to 1")),
            }
        };
        match name {
            "regressions" => {
                let count = bound.parse().map_err(|_| refused("the bound is no count"))?;
                gates.regressions = Some(count);
            }
            "min_delta" => gates.min_delta = Some(number()?),
            "margin" => {
                let margin = number()?;
                if margin < 0.0 {
                    return Err(refused("a margin is not negative"));
                }
                gates.margin = Some(margin);
            }
            _ => return Err(refused("there is no such gate on comparisons")),
        }
    }
    Ok(gates)
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
