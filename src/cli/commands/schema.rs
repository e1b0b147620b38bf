//! `pf schema`

use std::io::Write;

use crate::cli::error::{Error, Exit};
use crate::cli::ui::Ui;
use crate::diagnostic::closest;
use crate::report::schemas;

/// Print the JSON Schema of a file or of an output
///
/// Editors that speak the YAML language server complete and check a file whose first line says
/// `# yaml-language-server: $schema=PATH`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf schema                                  the names of all schemas
  pf schema prompt > prompt.schema.json      that of prompt files
  pf schema lint                             that of `pf lint --format json`")]
pub(crate) struct Args {
    /// Which schema; without it, the names of all
    name: Option<String>,
}

pub(crate) fn run(args: &Args, ui: &mut Ui) -> Result<Exit, Error> {
    let schemas = schemas::all();
    let Some(name) = &args.name else {
        for name in schemas.keys() {
            writeln!(ui.out(), "{name}")?;
        }
        return Ok(Exit::Success);
    };
    let Some(schema) = schemas.get(name.as_str()) else {
        let similar = closest(name, schemas.keys().copied());
        return Err(Error::usage(format!("there is no schema `{name}`")).hint(match similar {
            Some(similar) => format!("did you mean `{similar}`?"),
            None => format!("schemas: {}", schemas.keys().copied().collect::<Vec<_>>().join(", ")),
        }));
    };
    write!(ui.out(), "{}", schemas::text(schema))?;
    Ok(Exit::Success)
}
