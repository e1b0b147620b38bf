//! `pf cache stats`

use std::io::Write;

use crate::cli::args::Global;
use crate::cli::commands::Format;
use crate::cli::commands::eval::inputs;
use crate::cli::error::{Error, Exit};
use crate::cli::place;
use crate::cli::ui::Ui;
use crate::project::{Project, Scope};
use crate::report::cache::{RecordingStats, Stats};
use crate::report::json;

/// Show what is stored on this machine and what is recorded in the repository
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf cache stats
  pf cache stats --format json | jq .store.models")]
pub(super) struct Args {
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(super) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    let home = place::home(global)?;
    let project = Project::load_scope(&home.worktree(), Scope::Prompts(&[]))?;
    place::configured(&project)?;
    let archive = super::archive(&home, ui)?;
    let store = archive
        .map(|archive| Ok((super::shown_path(&home, &archive), archive.survey()?)))
        .transpose()
        .map_err(super::failed)?;
    let mut recordings = Vec::new();
    for (suite, path) in super::recordings(&home, &project)? {
        let text = inputs::read_recordings(&home, &project, &suite)?.unwrap_or_default();
        recordings.push(RecordingStats {
            suite,
            path: path.to_string(),
            cells: text.lines().filter(|line| !line.trim().is_empty()).count() as u64,
            bytes: text.len() as u64,
        });
    }
    let store = store.as_ref().map(|(path, survey)| (path.clone(), survey));
    let stats = Stats::new(store, recordings);
    match args.format {
        Format::Json => json::write(ui.out(), &stats)?,
        Format::Human => write!(ui.out(), "{}", stats.text())?,
    }
    Ok(Exit::Success)
}
