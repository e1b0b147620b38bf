//! `pf cache prune`

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;

use globset::GlobMatcher;
use jiff::Timestamp;

use crate::cli::args::Global;
use crate::cli::commands::Format;
use crate::cli::commands::eval::inputs;
use crate::cli::error::{Error, Exit};
use crate::cli::ui::Ui;
use crate::cli::{place, write};
use crate::digest::AnswerKey;
use crate::eval::plan::Selection;
use crate::eval::runner::{self, Answers, Mode};
use crate::project::Project;
use crate::project::cases;
use crate::project::quantity::{Age, ByteSize};
use crate::report::cache::{Prune, PrunedRecordings};
use crate::report::json;
use crate::snapshot::Home;
use crate::store::archive::{self, Pruned};
use crate::store::{Replay, recordings};

/// Take stored answers away
///
/// Without a limit on the command line, those of `cache` in pf.yaml hold. What is taken away is asked for, and paid for,
/// again when a run needs it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf cache prune                            what the limits in pf.yaml say
  pf cache prune --older-than 30d
  pf cache prune --max-bytes 500MB          the oldest, until no more are left
  pf cache prune --model 'openai/gpt-3.5*'  all answers of these models
  pf cache prune --recordings --dry-run     recorded answers that no suite needs any more
  pf cache prune --all")]
pub(super) struct Args {
    /// Answers and past runs that are older, such as 30d, 12h or 4w
    #[arg(long, value_name = "AGE")]
    older_than: Option<Age>,
    /// Only answers of these models: PROVIDER/NAME or a glob
    #[arg(long, value_name = "GLOB")]
    model: Option<String>,
    /// The oldest answers, until they and their requests take no more, such as 500MB or 2GiB
    #[arg(long, value_name = "SIZE")]
    max_bytes: Option<ByteSize>,
    /// Lines in recordings/ that no suite needs any more, instead of stored answers
    #[arg(long, conflicts_with_all = ["older_than", "model", "max_bytes", "all"])]
    recordings: bool,
    /// All stored answers and past runs
    #[arg(long, conflicts_with_all = ["older_than", "max_bytes"])]
    all: bool,
    /// Only say what would go
    #[arg(long)]
    dry_run: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(super) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    let home = place::home(global)?;
    let project = Project::load(&home.worktree())?;
    place::configured(&project)?;
    let prune = match args.recordings {
        true => Prune::new(args.dry_run, None, recorded(args, &home, &project)?),
        false => Prune::new(args.dry_run, Some(stored(args, &home, &project, ui)?), Vec::new()),
    };
    match args.format {
        Format::Json => json::write(ui.out(), &prune)?,
        Format::Human => write!(ui.out(), "{}", prune.text())?,
    }
    Ok(Exit::Success)
}

fn stored(args: &Args, home: &Home, project: &Project, ui: &mut Ui) -> Result<Pruned, Error> {
    let given = args.all || args.older_than.is_some() || args.max_bytes.is_some();
    let limits = &project.config.cache;
    let (age, bytes) = match given || args.model.is_some() {
        true => (args.older_than, args.max_bytes),
        false => (limits.max_age, limits.max_bytes),
    };
    let model: Option<GlobMatcher> = args
        .model
        .as_ref()
        .map(|glob| cases::glob(glob))
        .transpose()
        .map_err(|error| Error::usage(format!("`--model` is no valid glob: {error}")))?;
    let prune = archive::Prune {
        model: model.as_ref(),
        before: age.map(|age| age.before(Timestamp::now())),
        max_bytes: bytes.map(|bytes| bytes.0),
        // A model alone means all answers of it.
        all: args.all || (model.is_some() && !given),
    };
    if !prune.all && prune.before.is_none() && prune.max_bytes.is_none() {
        return Err(Error::usage("nothing says what is to go: pf.yaml sets no `cache` limits")
            .hint("name a limit, such as --older-than 30d or --max-bytes 500MB, or --all"));
    }
    let Some(mut archive) = super::archive(home, ui)? else { return Ok(Pruned::default()) };
    let pruned = archive.prune(prune, args.dry_run).map_err(super::failed)?;
    if !args.dry_run && pruned.gone.cells + pruned.runs > 0 {
        archive.shrink();
    }
    Ok(pruned)
}

/// Drops the lines whose key no cell of their suite has. All suites are planned before any file is touched: of a suite
/// that is broken nobody knows what it needs.
fn recorded(args: &Args, home: &Home, project: &Project) -> Result<Vec<PrunedRecordings>, Error> {
    let mut changes = Vec::new();
    for (suite, path) in super::recordings(home, project)? {
        let needed = needed(home, project, &suite)?;
        let text = inputs::read_recordings(home, project, &suite)?.unwrap_or_default();
        let lines =
            recordings::parse(&text).map_err(|error| Error::usage(format!("{path}: {error}")))?;
        let all = lines.len();
        let kept: Vec<_> = lines.into_iter().filter(|line| needed.contains(&line.key)).collect();
        changes.push((suite, path, all, kept));
    }
    let mut pruned = Vec::new();
    for (suite, path, all, kept) in changes {
        if kept.len() < all && !args.dry_run {
            let place = home.root().join(path.as_str());
            match kept.is_empty() {
                true => fs::remove_file(&place).map_err(|error| {
                    Error::new(Exit::Provider, format!("cannot remove {path}: {error}"))
                })?,
                false => write::replace(&place, recordings::write(&kept).as_bytes())?,
            }
        }
        pruned.push(PrunedRecordings {
            suite,
            path: path.to_string(),
            cells: (all - kept.len()) as u64,
            left_cells: kept.len() as u64,
        });
    }
    Ok(pruned)
}

fn needed(home: &Home, project: &Project, suite: &str) -> Result<BTreeSet<AnswerKey>, Error> {
    let known = project.suites.contains_key(suite);
    let broken = project.diagnostics.iter().any(|finding| {
        project.kind(finding.file.path()) == Some(crate::project::FileKind::Suite(suite.to_owned()))
    });
    if !known && !broken {
        // Nobody asks for the answers of a suite that is gone.
        return Ok(BTreeSet::new());
    }
    let suites = [suite.to_owned()];
    let plan =
        super::planned(home, project, Selection { suites: &suites, ..Selection::default() })?;
    let mut recorded = Vec::new();
    for suite in &plan.suites {
        let text = inputs::read_recordings(home, project, &suite.name)?.unwrap_or_default();
        recorded.push(Replay::parse(&text).map_err(|error| Error::usage(error.to_string()))?);
    }
    let mut cells = runner::prepare(&plan, Mode::Replay, &recorded).map_err(|findings| {
        Error::usage(format!("some cases of {suite} cannot be rendered; nothing was removed"))
            .findings(findings)
    })?;
    let nowhere = BTreeMap::new();
    let answers = Answers { recordings: &recorded, store: None, endpoints: &nowhere };
    let judging = runner::look_for_judgements(&plan, Mode::Replay, &mut cells, &answers);
    Ok(cells.iter().filter_map(|cell| cell.key_in(&plan)).chain(judging.found).collect())
}
