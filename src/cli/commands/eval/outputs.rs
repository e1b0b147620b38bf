//! The files that `-o` names.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::write_file;
use crate::cli::error::{Error, Exit};
use crate::eval::cell::CellRecord;
use crate::eval::plan::Plan;
use crate::report::cells;
use crate::report::junit::Junit;
use crate::report::run::{Cell, Eval};

/// A file to write, and in which format.
pub(super) struct Output {
    path: PathBuf,
    format: OutputFormat,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum OutputFormat {
    Json,
    Jsonl,
    Junit,
}

impl Output {
    /// The format is said by the end of the name.
    pub(super) fn parse(path: &Path) -> Result<Self, Error> {
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let format = match ending.as_str() {
            "jsonl" => OutputFormat::Jsonl,
            "json" => OutputFormat::Json,
            "xml" => OutputFormat::Junit,
            _ => {
                return Err(Error::usage(format!("`-o {}` ends in no known format", path.display()))
                .hint("known endings: .json (the run with its cells), .jsonl (a cell a line), .junit.xml"));
            }
        };
        Ok(Self { path: path.to_owned(), format })
    }

    /// Whether it shows what was sent.
    pub(super) fn wants_messages(&self) -> bool {
        self.format != OutputFormat::Junit
    }
}

/// The files while they are written.
pub(super) struct Outputs {
    open: Vec<Open>,
}

enum Open {
    Json { path: PathBuf, cells: Vec<Cell> },
    Jsonl { path: PathBuf, file: BufWriter<NamedTempFile> },
    Junit { path: PathBuf, junit: Junit },
}

impl Outputs {
    /// Opens what is streamed, so that a folder that cannot be written is found before anything is paid for.
    pub(super) fn open(outputs: Vec<Output>) -> Result<Self, Error> {
        let open = outputs
            .into_iter()
            .map(|Output { path, format }| {
                let folder = match path.parent() {
                    Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
                    _ => PathBuf::from("."),
                };
                if !folder.is_dir() {
                    return Err(Error::usage(format!(
                        "`-o {}`: there is no folder `{}`",
                        path.display(),
                        folder.display()
                    )));
                }
                if path.is_dir() {
                    return Err(Error::usage(format!("`-o {}` is a folder", path.display())));
                }
                Ok(match format {
                    OutputFormat::Json => Open::Json { path, cells: Vec::new() },
                    OutputFormat::Junit => Open::Junit { path, junit: Junit::default() },
                    OutputFormat::Jsonl => {
                        let file = NamedTempFile::with_prefix_in(".pf-", &folder)
                            .map_err(|error| cannot_write(&path, &error))?;
                        Open::Jsonl { path, file: BufWriter::new(file) }
                    }
                })
            })
            .collect::<Result<_, Error>>()?;
        Ok(Self { open })
    }

    /// Hands a cell to each file.
    pub(super) fn cell(&mut self, plan: &Plan, cell: &CellRecord) -> Result<(), Error> {
        for open in &mut self.open {
            match open {
                Open::Json { cells, .. } => cells.push(Cell::new(plan, cell)),
                Open::Junit { junit, .. } => junit.add(plan, cell),
                Open::Jsonl { path, file } => {
                    cells::write(file, plan, cell).map_err(|error| cannot_write(path, &error))?;
                }
            }
        }
        Ok(())
    }

    /// Completes the files.
    pub(super) fn finish(self, summary: Eval) -> Result<(), Error> {
        let mut summary = Some(summary);
        for open in self.open {
            match open {
                Open::Jsonl { path, file } => {
                    let file =
                        file.into_inner().map_err(|error| cannot_write(&path, error.error()))?;
                    file.persist(&path).map_err(|error| cannot_write(&path, &error.error))?;
                }
                Open::Junit { path, junit } => {
                    let mut bytes = Vec::new();
                    junit.write(&mut bytes).map_err(|error| cannot_write(&path, &error))?;
                    write_file(&path, &bytes)?;
                }
                Open::Json { path, cells } => {
                    let Some(summary) = summary.take() else { continue };
                    let mut bytes = serde_json::to_vec_pretty(&summary.with_cells(cells))
                        .map_err(|error| cannot_write(&path, &error.into()))?;
                    bytes.write_all(b"\n")?;
                    write_file(&path, &bytes)?;
                }
            }
        }
        Ok(())
    }
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Error {
    Error::new(Exit::Provider, format!("cannot write `{}`: {error}", path.display()))
}
