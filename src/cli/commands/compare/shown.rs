//! What `pf compare` and `pf ab` share: how it is decided, and how a comparison is shown.

use std::io;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::cli::args::Global;
use crate::cli::error::{Error, Exit};
use crate::cli::ui::Ui;
use crate::cli::{place, write};
use crate::eval::compare::{Columns, Comparison, ComparisonGates, Options, Side, Verdict, Watch};
use crate::eval::plan::Plan;
use crate::report::compare::{Shown, json, write_csv, write_human, write_markdown};
use crate::report::csv::Formulas;
use crate::report::json as output;

/// How it is decided.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct StatisticsArgs {
    /// The metric that decides: pass_rate, score or the name of one; else the suite's primary
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) metric: Option<String>,
    /// How much worse still counts as no worse, such as 0.02
    #[arg(long, value_name = "X", value_parser = share)]
    margin: Option<f64>,
    /// Of the intervals
    #[arg(long, value_name = "X", default_value_t = 0.95, value_parser = confidence)]
    confidence: f64,
    /// Of the bootstrap and of the permutation test
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(in crate::cli) seed: u64,
}

impl StatisticsArgs {
    /// The same with what else there is to say.
    pub(in crate::cli) fn options(&self, columns: Columns) -> Options {
        Options {
            metric: self.metric.clone(),
            margin: self.margin,
            confidence: self.confidence,
            seed: self.seed,
            columns,
            ..Options::default()
        }
    }
}

impl StatisticsArgs {
    /// What decides when enough was asked.
    pub(in crate::cli) fn watch<'a>(&self, plan: &'a Plan) -> Watch<'a> {
        Watch::new(plan, self.metric.as_deref(), self.margin, self.confidence)
    }
}

/// What is asked of a comparison, and how it is shown.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ReportArgs {
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
    /// Also write the comparison to FILE, in the form that its name ends in: .md, .json or .csv (the metrics), and of saved runs
    /// .html (a page with all cases); may be repeated
    #[arg(short, long = "output", value_name = "FILE")]
    outputs: Vec<PathBuf>,
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
pub(in crate::cli) enum FileFormat {
    Html,
    Markdown,
    Json,
    Csv,
}

/// Writes a page with all cases.
pub(in crate::cli) type Page<'a> = &'a dyn Fn(&Path) -> io::Result<()>;

/// A file to write, and in which form.
pub(in crate::cli) type File = (PathBuf, FileFormat);

impl ReportArgs {
    /// The files that are wanted; none of them may be one of the `inputs`. `pages`: whether a page can be made.
    pub(in crate::cli) fn files(
        &self,
        global: &Global,
        inputs: &[&PathBuf],
        pages: bool,
    ) -> Result<Vec<File>, Error> {
        let format = |path: &PathBuf| {
            let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
            let format = match ending.as_str() {
                "html" | "htm" if pages => FileFormat::Html,
                "md" | "markdown" => FileFormat::Markdown,
                "json" => FileFormat::Json,
                "csv" => FileFormat::Csv,
                _ => {
                    let message = format!("`-o {}` ends in no known format", path.display());
                    let page = if pages { ".html, " } else { "" };
                    let known = format!("known endings: {page}.md, .json, .csv");
                    return Err(Error::usage(message).hint(known));
                }
            };
            if inputs.contains(&path) {
                return Err(Error::usage(format!("`-o {}` is one of the runs", path.display())));
            }
            Ok((place::path(global, path), format))
        };
        self.outputs.iter().map(format).collect()
    }

    /// The gates of the command line.
    pub(in crate::cli) fn gates(&self) -> Result<ComparisonGates, Error> {
        gates(&self.gates)
    }

    /// Whether what is printed is read by programs.
    pub(in crate::cli) fn for_programs(&self) -> bool {
        self.format == Format::Json
    }

    /// Prints a comparison, and writes the files.
    pub(in crate::cli) fn show(
        &self,
        comparison: &Comparison,
        files: Vec<File>,
        page: Option<Page<'_>>,
        ui: &mut Ui,
    ) -> Result<(), Error> {
        match self.format {
            Format::Human => write_human(ui.out(), comparison, Shown { flips: self.flips })?,
            Format::Json => output::write(ui.out(), &json(comparison))?,
            Format::Markdown => write_markdown(ui.out(), comparison)?,
        }
        for (path, format) in files {
            let mut text = Vec::new();
            match format {
                FileFormat::Html => {
                    if let Some(page) = page {
                        page(&path).map_err(|error| {
                            let message = format!("cannot write {}: {error}", path.display());
                            Error::new(Exit::Provider, message)
                        })?;
                    }
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

    /// Whether it is as it was asked for.
    pub(in crate::cli) fn exit(&self, comparison: &Comparison) -> Exit {
        let worse = self.exit_code && comparison.verdict() == Verdict::Worse;
        match worse || !comparison.passed() {
            true => Exit::Findings,
            false => Exit::Success,
        }
    }
}

/// Puts gates in the place of those of the suites.
pub(in crate::cli) fn replace_gates(asked: ComparisonGates, sides: [&mut Side; 2]) {
    for column in sides.into_iter().flat_map(|side| &mut side.columns) {
        let gates = &mut column.gates;
        gates.regressions = asked.regressions.or(gates.regressions);
        gates.min_delta = asked.min_delta.or(gates.min_delta);
        gates.margin = asked.margin.or(gates.margin);
    }
}

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
