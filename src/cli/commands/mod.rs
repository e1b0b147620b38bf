//! The commands: one file each, arguments and function.

mod completions;
mod list;

use clap::Subcommand;

use super::args::Cli;
use super::error::{Error, Exit};
use super::ui::Ui;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    List(list::Args),
    Completions(completions::Args),
}

/// Runs a command and sends its results on their way.
pub(super) fn run(cli: Cli, ui: &mut Ui) -> Result<Exit, Error> {
    let global = &cli.global;
    let exit = match cli.command {
        Command::List(args) => list::run(&args, global, ui),
        Command::Completions(args) => completions::run(&args, ui),
    }?;
    ui.flush()?;
    Ok(exit)
}
