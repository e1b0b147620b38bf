//! `pf cache export`

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::cli::args::Global;
use crate::cli::commands::Format;
use crate::cli::error::{Error, Exit};
use crate::cli::place;
use crate::cli::ui::Ui;
use crate::report::cache::Export;
use crate::report::json;
use crate::store::exchange::{self, ExchangeError};

/// Write all stored answers to a file that another store can take in
///
/// A line of JSON an answer, sorted, so that the same store gives the same bytes. Keys of providers are never in it, and
/// other secrets are taken out where pf knows them by their shape.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf cache export answers.jsonl
  pf cache export - | gzip > answers.jsonl.gz
  pf cache import answers.jsonl             on the other machine")]
pub(super) struct Args {
    /// The file to write; `-` for standard output
    file: PathBuf,
    /// How to print what was done
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(super) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    let home = place::home(global)?;
    let Some(archive) = super::archive(&home, ui)? else {
        return Err(Error::nothing("nothing is stored on this machine")
            .hint("recordings are files already: `pf cache stats` shows them"));
    };
    let shown = args.file.display().to_string();
    let failed = |error: ExchangeError| {
        Error::new(Exit::Provider, format!("cannot write `{shown}`: {error}"))
    };
    let to_stdout = args.file == Path::new("-");
    let exported = if to_stdout {
        exchange::export(&archive, ui.out()).map_err(|error| match error {
            // Whoever reads may have seen enough.
            ExchangeError::Io(error) => error.into(),
            error => failed(error),
        })?
    } else {
        let path = place::path(global, &args.file);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut file = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
            .map_err(|error| failed(error.into()))?;
        let mut out = BufWriter::new(file.as_file_mut());
        let exported = exchange::export(&archive, &mut out).map_err(failed)?;
        out.flush().map_err(|error| failed(error.into()))?;
        drop(out);
        file.persist(&path).map_err(|error| failed(error.error.into()))?;
        exported
    };
    let export = Export {
        version: json::VERSION,
        kind: "cache-export",
        path: shown,
        cells: exported.cells,
        redacted: exported.redacted,
        damaged: exported.damaged,
    };
    if args.format == Format::Json && !to_stdout {
        json::write(ui.out(), &export)?;
    }
    let answers = if export.cells == 1 { "answer" } else { "answers" };
    ui.note(format!("exported {} {answers}", export.cells));
    if export.redacted > 0 {
        ui.warn(format!("{} held a secret, which was replaced by ****", export.redacted));
    }
    if export.damaged > 0 {
        ui.warn(format!(
            "{} damaged and left out; `pf cache verify` shows which",
            if export.damaged == 1 { "1 is".to_owned() } else { format!("{} are", export.damaged) }
        ));
    }
    Ok(Exit::Success)
}
