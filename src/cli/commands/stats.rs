//! `pf stats`

use std::collections::BTreeMap;
use std::io::Write;

use clap::ValueEnum;

use super::Format;
use super::history::Which;
use crate::cli::args::Global;
use crate::cli::commands::eval::inputs;
use crate::cli::error::{Error, Exit};
use crate::cli::place;
use crate::cli::ui::Ui;
use crate::diagnostic::counted;
use crate::eval::trends::{self, Trend};
use crate::project::Project;
use crate::report::trends::Drawn;
use crate::report::{self, json};
use crate::store::runs::{ColumnRecord, RunRecord};

/// Show what past runs add up to: pass rates and how they went, latency, cost, retries, and why cells failed
///
/// Latency, cost and retries are those of what was asked in these runs; answers that were there count as cached. Runs of
/// a part of the cases count in everything but pass rates and flaky cases.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf stats                              by prompt
  pf stats --by model --since 30d
  pf stats --by day --suite triage      did it drift?
  pf stats --by owner
  pf stats --format json | jq '.groups[] | {name, pass_rate}'")]
pub(crate) struct Args {
    /// What the rows have in common
    #[arg(long, value_enum, default_value_t = By::Prompt)]
    by: By,
    #[command(flatten)]
    which: Which,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// What a row is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum By {
    /// The prompt, each version that a suite names apart
    Prompt,
    /// The model
    Model,
    /// The suite
    Suite,
    /// The day in UTC on which the run began
    Day,
    /// The folder of the prompt
    Folder,
    /// Each tag that the prompt has now
    Tag,
    /// The owner that the prompt has now
    Owner,
}

impl By {
    fn as_str(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Model => "model",
            Self::Suite => "suite",
            Self::Day => "day",
            Self::Folder => "folder",
            Self::Tag => "tag",
            Self::Owner => "owner",
        }
    }
}

/// What rows without a name are called.
const NONE: &str = "(none)";

pub(crate) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    let home = place::home(global)?;
    let (found, _) = args.which.find(&home, None, None, ui)?;
    let now = match args.by {
        By::Tag | By::Owner => {
            let project = Project::load(&home.worktree())?;
            place::configured(&project)?;
            names_now(&project, args.by)
        }
        _ => BTreeMap::new(),
    };
    let mut names = |run: &RunRecord, column: &ColumnRecord| names(args.by, &now, run, column);
    let trends = trends::trends(&found.runs, &mut names);
    match args.format {
        Format::Json => {
            let stats = report::trends::Stats::new(args.by.as_str(), found.runs.len(), &trends);
            json::write(ui.out(), &stats)?;
        }
        Format::Human => {
            let text = report::trends::text(args.by.as_str(), &trends, drawn());
            write!(ui.out(), "{text}")?;
            say_partial(&found.runs, &trends, ui);
        }
    }
    Ok(Exit::Success)
}

fn say_partial(runs: &[RunRecord], trends: &[Trend], ui: &mut Ui) {
    let partial = runs.iter().filter(|run| run.filtered || run.shard.is_some()).count();
    if partial > 0 && !trends.is_empty() {
        let (runs, verb) = (counted(partial, "run"), if partial == 1 { "counts" } else { "count" });
        ui.note(format!("{runs} of a part of the cases {verb} in neither rates nor trends"));
    }
}

/// The names of the rows that a column counts in.
fn names(
    by: By,
    now: &BTreeMap<String, Vec<String>>,
    run: &RunRecord,
    column: &ColumnRecord,
) -> Vec<String> {
    let prompt = column.prompt.split('@').next().unwrap_or_default();
    match by {
        By::Prompt => vec![column.prompt.clone()],
        By::Model => vec![column.model.clone()],
        By::Suite => vec![column.suite.clone()],
        By::Day => vec![run.started_at.chars().take("2026-01-01".len()).collect()],
        By::Folder => {
            vec![prompt.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned()]
        }
        By::Tag | By::Owner => match now.get(prompt) {
            Some(names) if !names.is_empty() => names.clone(),
            _ => vec![NONE.to_owned()],
        },
    }
}

/// By prompt, its tags or its owner.
fn names_now(project: &Project, by: By) -> BTreeMap<String, Vec<String>> {
    let names = |file: &crate::project::prompt::PromptFile| match by {
        By::Tag => file.tags.clone(),
        _ => file.owner.iter().cloned().collect(),
    };
    let prompts = project.prompts.iter();
    prompts.map(|(name, prompt)| (name.to_string(), names(&prompt.file))).collect()
}

/// Bars only where the environment says that they can be shown; Windows says nothing, and can.
fn drawn() -> Drawn {
    let set = |name: &str| inputs::environment(name).filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    let utf8 = match locale {
        Some(locale) => {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        }
        None => cfg!(windows),
    };
    if utf8 { Drawn::Bars } else { Drawn::Numbers }
}
