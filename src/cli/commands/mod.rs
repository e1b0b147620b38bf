//! The commands: one file each, arguments and function.

mod ab;
mod cache;
mod compare;
mod completions;
mod diff;
pub(in crate::cli) mod eval;
mod fmt;
mod history;
mod import;
mod init;
mod lint;
mod list;
mod log;
mod merge;
mod models;
mod notes;
mod render;
mod rule;
mod run;
mod schema;
mod show;
mod stats;

use clap::{Subcommand, ValueEnum};

use super::args::Cli;
use super::error::{Error, Exit};
use super::ui::Ui;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Init(init::Args),
    Lint(lint::Args),
    Fmt(fmt::Args),
    Rule(rule::Args),
    List(list::Args),
    Show(show::Args),
    Render(render::Args),
    Run(run::Args),
    Log(log::Args),
    Diff(diff::Args),
    Eval(Box<eval::Args>),
    Ab(Box<ab::Args>),
    Compare(Box<compare::Args>),
    Merge(merge::Args),
    History(history::Args),
    Stats(stats::Args),
    Cache(cache::Args),
    Notes(notes::Args),
    Models(models::Args),
    Import(import::Args),
    Schema(schema::Args),
    Completions(completions::Args),
}

/// How results are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// For programs; the shape is in schemas/
    Json,
}

/// Runs a command and sends its results on their way.
pub(super) fn run(cli: Cli, ui: &mut Ui) -> Result<Exit, Error> {
    let global = &cli.global;
    let exit = match cli.command {
        Command::Init(args) => init::run(&args, global, ui),
        Command::Lint(args) => lint::run(&args, global, ui),
        Command::Fmt(args) => fmt::run(&args, global, ui),
        Command::Rule(args) => rule::run(&args, ui),
        Command::List(args) => list::run(&args, global, ui),
        Command::Show(args) => show::run(&args, global, ui),
        Command::Render(args) => render::run(&args, global, ui),
        Command::Run(args) => run::run(&args, global, ui),
        Command::Log(args) => log::run(&args, global, ui),
        Command::Diff(args) => diff::run(&args, global, ui),
        Command::Eval(args) => eval::run(&args, global, ui),
        Command::Ab(args) => ab::run(&args, global, ui),
        Command::Compare(args) => compare::run(&args, global, ui),
        Command::Merge(args) => merge::run(&args, global, ui),
        Command::History(args) => history::run(&args, global, ui),
        Command::Stats(args) => stats::run(&args, global, ui),
        Command::Cache(args) => cache::run(&args, global, ui),
        Command::Notes(args) => notes::run(&args, global, ui),
        Command::Models(args) => models::run(&args, global, ui),
        Command::Import(args) => import::run(&args, global, ui),
        Command::Schema(args) => schema::run(&args, ui),
        Command::Completions(args) => completions::run(&args, ui),
    };
    // What was printed before an error belongs to the result.
    ui.flush()?;
    exit
}
