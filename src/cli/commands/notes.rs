//! `pf notes`

mod fetch;
mod git;
mod list;
mod prune;
mod push;

use clap::Subcommand;

use crate::cli::args::Global;
use crate::cli::error::{Error, Exit};
use crate::cli::ui::Ui;

/// Results beside commits, as `pf eval --notes` writes them: look at them, share them, clear them out
///
/// They lie in refs/notes/pf: `git notes --ref pf show` reads them too. They are found by what was measured and not by the
/// commit, so they survive squash, rebase and cherry-pick.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::Args),
    Push(push::Args),
    Fetch(fetch::Args),
    Prune(prune::Args),
}

pub(crate) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    match &args.command {
        Command::List(args) => list::run(args, global, ui),
        Command::Push(args) => push::run(args, global, ui),
        Command::Fetch(args) => fetch::run(args, global, ui),
        Command::Prune(args) => prune::run(args, global, ui),
    }
}

/// What there is to do nothing about: an error, or with `--allow-empty` a line.
fn nothing(error: Error, allow_empty: bool, ui: &mut Ui) -> Result<Exit, Error> {
    if allow_empty {
        ui.note(error.message());
        return Ok(Exit::Success);
    }
    Err(error)
}
