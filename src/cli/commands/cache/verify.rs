//! `pf cache verify`

use std::io::Write;

use crate::cli::args::Global;
use crate::cli::commands::Format;
use crate::cli::commands::eval::inputs;
use crate::cli::error::{Error, Exit};
use crate::cli::place;
use crate::cli::ui::Ui;
use crate::digest::answer_key;
use crate::message::Request;
use crate::project::{Project, Scope};
use crate::report::cache::{Problem, VerifiedRecordings, Verify};
use crate::report::json;
use crate::store::{Recording, recordings};

/// Check that every answer is the one that was written
///
/// Looks at the structure of the local database, at the checksum of every answer, and at every request: the key is
/// computed from it again. The recordings are read as `pf eval` reads them, and their keys are computed again too.
/// Exits with 1 when anything is wrong. Nothing is changed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf cache verify
  pf cache verify --format json | jq '.store.damaged'")]
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
        .map(|archive| Ok((super::shown_path(&home, &archive), archive.verify()?)))
        .transpose()
        .map_err(super::failed)?;
    let mut files = Vec::new();
    for (suite, path) in super::recordings(&home, &project)? {
        let text = inputs::read_recordings(&home, &project, &suite)?.unwrap_or_default();
        files.push(verified(suite, path.to_string(), &text));
    }
    let verify = Verify::new(store, files);
    match args.format {
        Format::Json => json::write(ui.out(), &verify)?,
        Format::Human => write!(ui.out(), "{}", verify.text())?,
    }
    Ok(if verify.sound() { Exit::Success } else { Exit::Findings })
}

fn verified(suite: String, path: String, text: &str) -> VerifiedRecordings {
    let mut file = VerifiedRecordings {
        suite,
        path,
        cells: 0,
        unchecked: 0,
        unreadable: None,
        damaged: Vec::new(),
    };
    let lines = match recordings::parse(text) {
        Ok(lines) => lines,
        Err(error) => {
            file.unreadable = Some(error.to_string());
            return file;
        }
    };
    for line in lines {
        file.cells += 1;
        match fits(&line) {
            Ok(true) => {}
            Ok(false) => file.unchecked += 1,
            Err(problem) => {
                file.damaged.push(Problem { key: line.key.to_string(), of: line.case, problem });
            }
        }
    }
    file
}

/// Whether the request gives the key; `false` where it cannot: there is none, or a secret was taken out of it.
fn fits(line: &Recording) -> Result<bool, String> {
    let Some(request) = &line.request else { return Ok(false) };
    let request: Request = serde_json::from_value(request.clone())
        .map_err(|error| format!("its request cannot be read: {error}"))?;
    if answer_key(&request, line.repeat) == line.key {
        return Ok(true);
    }
    match line.request.as_ref().is_some_and(|request| request.to_string().contains("****")) {
        true => Ok(false),
        false => Err("its request does not give its key".to_owned()),
    }
}
