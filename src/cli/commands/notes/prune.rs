//! `pf notes prune`

use std::io::Write;

use jiff::Timestamp;

use crate::cli::args::Global;
use crate::cli::commands::Format;
use crate::cli::error::{Error, Exit};
use crate::cli::place;
use crate::cli::ui::Ui;
use crate::history::notes::{self, Notes};
use crate::project::quantity::Age;
use crate::report::notes::NotesPrune;
use crate::report::{self, json};

/// Take away results that a newer one on the same prompt, cases, assertions and model makes needless
///
/// What others push later comes back with `pf notes fetch` where they changed the same note.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf notes prune --dry-run
  pf notes prune --older-than 90d       also what is older, be it the newest of its kind")]
pub(super) struct Args {
    /// Also those that are older, such as 90d, 12h or 4w
    #[arg(long, value_name = "AGE")]
    older_than: Option<Age>,
    /// Only say what would go
    #[arg(long)]
    dry_run: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(super) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    let home = place::home(global)?;
    let all = Notes::read(&home)?;
    let gone = all.outdated(args.older_than.map(|age| age.before(Timestamp::now())));
    if !args.dry_run {
        notes::remove(&home, &gone)?;
    }
    let prune = NotesPrune::new(args.dry_run, &gone, all.all().len());
    match args.format {
        Format::Json => json::write(ui.out(), &prune)?,
        Format::Human => {
            if !gone.is_empty() {
                write!(ui.out(), "{}", report::notes::table(gone.iter().copied()))?;
            }
            write!(ui.out(), "{}", prune.text())?;
        }
    }
    Ok(Exit::Success)
}
