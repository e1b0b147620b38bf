//! The arguments that all commands share.

use std::path::PathBuf;

use clap::{Args, ColorChoice, Parser};

use super::commands::Command;

/// Prompts as code: lint, render, diff and evaluate LLM prompts kept in git
#[derive(Debug, Parser)]
#[command(name = "pf", version, propagate_version = false, max_term_width = 100)]
#[command(subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  pf init demo                              a working repository in seconds
  pf lint                                   check all prompts, suites and datasets
  pf render support/triage --var ticket=Hi  the messages that a model would get
  pf eval                                   run the suites and gate on them
  pf diff main..HEAD                        what a branch changes, and what it breaks

Exit codes: 0 all well, 1 findings or a failed gate, 2 bad usage or input, 3 nothing to do,
4 a provider failed, 5 the cost limit was reached, 130 interrupted.")]
pub struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// The arguments that all commands share.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Run as if started in DIR
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub directory: Option<PathBuf>,
    /// When to use colours
    #[arg(long, value_name = "WHEN", global = true, default_value = "auto")]
    pub color: ColorChoice,
    /// Print results only: no notes, no progress
    #[arg(short, long, global = true)]
    pub quiet: bool,
}
