//! `pf completions`

use std::io::Write;

use clap_complete::Shell;

use crate::cli::error::{Error, Exit};
use crate::cli::ui::Ui;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf completions bash > ~/.local/share/bash-completion/completions/pf
  pf completions zsh > \"${fpath[1]}/_pf\"
  pf completions fish > ~/.config/fish/completions/pf.fish")]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &Args, ui: &mut Ui) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::cli::command(), "pf", &mut script);
    ui.out().write_all(&script)?;
    Ok(Exit::Success)
}
