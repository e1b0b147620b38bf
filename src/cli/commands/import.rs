//! `pf import`

mod csv;

use clap::Subcommand;

use crate::cli::args::Global;
use crate::cli::error::{Error, Exit};
use crate::cli::ui::Ui;

/// Bring in prompts that are kept elsewhere
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Csv(Box<csv::Args>),
}

pub(crate) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    match &args.command {
        Command::Csv(args) => csv::run(args, global, ui),
    }
}
