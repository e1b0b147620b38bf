//! `pf notes list`

use std::io::Write;

use crate::cli::args::Global;
use crate::cli::commands::Format;
use crate::cli::error::{Error, Exit};
use crate::cli::place;
use crate::cli::ui::Ui;
use crate::diagnostic::counted;
use crate::history::notes::Notes;
use crate::report::notes::NotesList;
use crate::report::{self, json};

/// List the noted results, the newest first
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(super) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    let notes = Notes::read(&place::home(global)?)?;
    match args.format {
        Format::Json => json::write(ui.out(), &NotesList::new(&notes))?,
        Format::Human if notes.all().is_empty() => {
            ui.note("there are no notes here; `pf eval --notes` writes them, `pf notes fetch` brings those of others");
        }
        Format::Human => write!(ui.out(), "{}", report::notes::table(notes.all()))?,
    }
    if notes.foreign() > 0 {
        ui.note(format!("{} of another kind left alone", counted(notes.foreign(), "line")));
    }
    Ok(Exit::Success)
}
