//! `pf merge`

use std::io::Write;
use std::path::{Path, PathBuf};

use super::Format;
use crate::cli::args::Global;
use crate::cli::error::{Error, Exit};
use crate::cli::ui::Ui;
use crate::cli::{place, write};
use crate::report::merge::{MergeError, Merged, Part, merge};
use crate::report::{evaluation, json};

/// Merge the shards of one run
///
/// Each cell stands in the merged run once; totals and gates are made anew from all cells. A cell that is in two files must
/// be the same in both. Where a shard is missing the run is written, is not complete, and the exit code is 4.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf merge shard-1.json shard-2.json -o run.json   two shards of a run
  pf merge shards/*.json -o run.json               all files of a folder")]
pub(crate) struct Args {
    /// Files that `pf eval -o run.json` wrote
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// Where to write the merged run
    #[arg(short, long = "output", value_name = "FILE", required = true)]
    output: PathBuf,
    /// How to print the totals
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(crate) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    if args.output.extension().is_none_or(|ending| ending != "json") {
        let message = format!("`-o {}` does not end in .json", args.output.display());
        return Err(Error::usage(message).hint("a merged run is written as JSON"));
    }
    let labels: Vec<String> = args.runs.iter().map(|path| path.display().to_string()).collect();
    for (at, label) in labels.iter().enumerate() {
        if labels[..at].contains(label) {
            return Err(Error::usage(format!("`{label}` is named twice")));
        }
    }
    let bytes = args
        .runs
        .iter()
        .zip(&labels)
        .map(|(path, label)| read(&place::path(global, path), label))
        .collect::<Result<Vec<_>, _>>()?;
    let parts: Vec<Part<'_>> =
        labels.iter().zip(&bytes).map(|(label, bytes)| Part { label, bytes }).collect();
    let merged = merge(&parts).map_err(|error| match &error {
        MergeError::Overlap { .. } => Error::usage(error.to_string())
            .hint("files of two runs over the same cases are compared with `pf compare`"),
        _ => Error::usage(error.to_string()),
    })?;
    let mut text = Vec::new();
    json::write(&mut text, &merged.run)?;
    write::replace(&place::path(global, &args.output), &text)?;
    match args.format {
        Format::Json => json::write(ui.out(), &merged.summary())?,
        Format::Human => show(ui.out(), &merged)?,
    }
    if !merged.missing.is_empty() {
        let missing: Vec<String> = merged.missing.iter().map(ToString::to_string).collect();
        ui.warn(format!("missing: shard {}; the run is not complete", missing.join(", ")));
    }
    Ok(exit(&merged))
}

fn show(out: &mut impl Write, merged: &Merged) -> std::io::Result<()> {
    writeln!(out, "{}", merged.text())?;
    for (column, gate) in merged.gates.iter().filter(|(_, gate)| !gate.passed) {
        writeln!(out, "gate failed: {column}: {}", evaluation::describe(gate))?;
    }
    Ok(())
}

/// As `pf eval` would end.
fn exit(merged: &Merged) -> Exit {
    let not_run = |name: &str| matches!(name, "errors" | "not_run");
    let broken = merged.gates.iter().any(|(_, gate)| !gate.passed && not_run(&gate.name));
    match merged.passed() {
        true => Exit::Success,
        false if broken || merged.run["status"] != "complete" => Exit::Provider,
        false => Exit::Findings,
    }
}

/// Reads a file of the command line.
#[expect(clippy::disallowed_methods, reason = "a file of the command line, which may lie anywhere")]
pub(super) fn read(path: &Path, shown: &str) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| Error::usage(format!("cannot read `{shown}`: {error}")))
}
