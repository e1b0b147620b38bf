//! `pf models`

use std::io::Write;

use globset::GlobBuilder;

use super::Format;
use crate::cli::args::Global;
use crate::cli::error::{Error, Exit};
use crate::cli::place;
use crate::cli::ui::Ui;
use crate::price::models;
use crate::project::Project;
use crate::project::prices::PricesError;
use crate::report::json;
use crate::report::models::Models;

/// List what is known about models: limits, prices, and when they are shut down
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf models 'openai/gpt-4o*'
  pf models '*haiku*' --format json

Prices are US dollars per million tokens. Those of the file that `prices` in pf.yaml names go before the built-in ones.")]
pub(crate) struct Args {
    /// PROVIDER/NAME or globs of them; all models when absent
    names: Vec<String>,
    /// How to print the list
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Exit with 0 even when there is no such model
    #[arg(long)]
    allow_empty: bool,
}

pub(crate) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    let home = place::home(global)?;
    let project = Project::load(&home.worktree())?;
    let prices = project.prices().map_err(|error| match error {
        PricesError::Findings(findings) => {
            Error::usage("the file of prices has errors").findings(findings)
        }
        PricesError::Snapshot(error) => error.into(),
        wrong @ PricesError::Wrong { .. } => Error::usage(wrong.to_string()),
    })?;
    let mut globs = Vec::new();
    for name in &args.names {
        // A star stands for any text: some names hold slashes, and `*haiku*` is meant for all providers.
        let glob = GlobBuilder::new(name).literal_separator(false).build();
        globs.push(
            glob.map_err(|error| {
                Error::usage(format!("`{name}` is no valid glob: {}", error.kind()))
            })?
            .compile_matcher(),
        );
    }
    let wanted = |id: &str| globs.is_empty() || globs.iter().any(|glob| glob.is_match(id));
    let models = Models::new(&prices, wanted);
    if models.is_empty() && !args.allow_empty {
        let names: Vec<String> = args.names.iter().map(|name| format!("`{name}`")).collect();
        return Err(Error::nothing(format!("no model is called {}", names.join(", ")))
            .hint("`pf models` lists all that are known; for another, write its price into the file that `prices` in pf.yaml names"));
    }
    match args.format {
        Format::Json => json::write(ui.out(), &models)?,
        Format::Human => {
            write!(ui.out(), "{}", models.text())?;
            ui.note(format!(
                "tokens that it reads and writes at most; US dollars per million tokens, read on {}",
                models::as_of()
            ));
        }
    }
    Ok(Exit::Success)
}
