//! `pf cache`

mod export;
mod import;
mod prune;
mod stats;
mod verify;
mod why;

use std::sync::Arc;

use clap::Subcommand;

use crate::cli::args::Global;
use crate::cli::commands::eval::inputs;
use crate::cli::error::{Error, Exit};
use crate::cli::ui::Ui;
use crate::eval::plan::{self, Plan, PlanError, Selection};
use crate::path::RepoPath;
use crate::project::Project;
use crate::snapshot::Home;
use crate::store::{Archive, StoreError};

/// Look at stored and recorded answers, move them, and clear them out
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Stats(stats::Args),
    Why(why::Args),
    Prune(prune::Args),
    Export(export::Args),
    Import(import::Args),
    Verify(verify::Args),
}

pub(crate) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    match &args.command {
        Command::Stats(args) => stats::run(args, global, ui),
        Command::Why(args) => why::run(args, global, ui),
        Command::Prune(args) => prune::run(args, global, ui),
        Command::Export(args) => export::run(args, global, ui),
        Command::Import(args) => import::run(args, global, ui),
        Command::Verify(args) => verify::run(args, global, ui),
    }
}

/// The local store, where anything was ever stored.
fn archive(home: &Home, ui: &mut Ui) -> Result<Option<Archive>, Error> {
    let (archive, warnings) = Archive::open(&inputs::store_folder(home)).map_err(failed)?;
    for warning in warnings {
        ui.warn(warning.to_string());
    }
    Ok(archive)
}

#[expect(clippy::needless_pass_by_value, reason = "given to `map_err`")]
fn failed(error: StoreError) -> Error {
    Error::new(Exit::Provider, error.to_string())
}

/// The path of the database, as people know it.
fn shown_path(home: &Home, archive: &Archive) -> String {
    let path = archive.file();
    path.strip_prefix(home.root()).unwrap_or(path).display().to_string()
}

/// The files of recordings, each with the suite that it belongs to.
fn recordings(home: &Home, project: &Project) -> Result<Vec<(String, RepoPath)>, Error> {
    let folder = project.folder(&project.config.paths.recordings);
    let files = home.worktree().list(&folder)?;
    let named = files.into_iter().filter_map(|path| {
        let below = path.as_str().strip_prefix(folder.as_str())?.trim_start_matches('/');
        let suite = below.strip_suffix(".jsonl")?.to_owned();
        Some((suite, path))
    });
    Ok(named.collect())
}

fn planned(home: &Home, project: &Project, selection: Selection<'_>) -> Result<Plan, Error> {
    let mut version = |which: &str| Ok(Arc::new(Project::load(&home.commit(which)?)?));
    plan::plan(project, selection, &mut version).map_err(|error| match error {
        PlanError::Nothing { message, help } => Error::nothing(message).hint_if(help),
        PlanError::Usage { message, help } => Error::usage(message).hint_if(help),
        PlanError::Findings(findings) => {
            Error::usage("the files of this suite have errors").findings(findings)
        }
        PlanError::Snapshot(error) => error.into(),
    })
}
