//! The command line: parses, runs, prints errors, maps them to exit codes.

mod args;
mod commands;
mod error;
mod place;
mod trust;
mod ui;
mod variables;
mod write;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

pub use self::args::Cli;
pub use self::error::{Error, Exit};
pub use self::ui::Ui;

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version are results; anything else that clap says is bad usage.
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Success };
            let _ = error.print();
            return exit.into();
        }
    };
    let mut ui = Ui::new(&cli.global);
    match commands::run(cli, &mut ui) {
        Ok(exit) => exit.into(),
        // `pf log | head` ends when head has seen enough: that is success.
        Err(error) if error.is_broken_pipe() => Exit::Success.into(),
        Err(error) => {
            let exit = error.exit();
            ui.error(error);
            exit.into()
        }
    }
}

/// The whole command line, for documentation and completions.
pub fn command() -> clap::Command {
    Cli::command()
}
