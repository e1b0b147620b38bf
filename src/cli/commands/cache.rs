//! `pf cache`

mod import;

use clap::Subcommand;

use crate::cli::args::Global;
use crate::cli::error::{Error, Exit};
use crate::cli::ui::Ui;

/// Manage recorded answers
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Import(import::Args),
}

pub(crate) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    match &args.command {
        Command::Import(args) => import::run(args, global, ui),
    }
}
