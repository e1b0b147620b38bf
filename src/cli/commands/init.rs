//! `pf init`

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::cli::args::Global;
use crate::cli::error::{Error, Exit};
use crate::cli::place;
use crate::cli::ui::Ui;
use crate::cli::write;

/// Write a project to start from: a prompt, a dataset, a suite, recorded answers, pre-commit and CI files
///
/// Nothing is overwritten: a file that is there already stays as it is.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf init                   in this folder
  pf init demo              in a new folder
  pf init demo && cd demo && git init && pf lint && pf eval")]
pub(crate) struct Args {
    /// Where; made when it is missing
    #[arg(id = "target", value_name = "DIR")]
    target: Option<PathBuf>,
}

macro_rules! files {
    ($($path:literal),+ $(,)?) => {
        [$(($path, include_str!(concat!("../../../examples/support/", $path)))),+]
    };
}

/// The example of a support desk, as the repository has it.
const FILES: [(&str, &str); 11] = files![
    "pf.yaml",
    "prompts/support/triage.yaml",
    "prompts/support/reply.yaml",
    "prompts/policies/refunds.md",
    "prompts/shared/tone.md",
    "datasets/triage.jsonl",
    "evals/triage.yaml",
    "recordings/triage.jsonl",
    "recordings/README.md",
    ".pre-commit-config.yaml",
    ".github/workflows/prompts.yml",
];

pub(crate) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    place::directory(global)?;
    let root = place::path(global, args.target.as_deref().unwrap_or(Path::new("")));
    if root.is_file() {
        return Err(Error::usage(format!("`{}` is a file", root.display())));
    }
    let mut kept = Vec::new();
    let mut written = 0;
    for (path, text) in FILES {
        let target = root.join(path);
        if exists(&target) {
            kept.push(path);
            continue;
        }
        write::replace(&target, text.as_bytes())?;
        writeln!(ui.out(), "wrote {}", shown(args.target.as_deref(), path))?;
        written += 1;
    }
    for path in &kept {
        ui.note(format!("kept  {}, which is there already", shown(args.target.as_deref(), path)));
    }
    if written > 0 {
        let go = match &args.target {
            Some(directory) => format!("cd {} && ", directory.display()),
            None => String::new(),
        };
        ui.note(format!("next: {go}pf lint && pf eval"));
    }
    Ok(Exit::Success)
}

/// Whether something is there, be it a link that leads nowhere.
fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn shown(directory: Option<&Path>, path: &str) -> String {
    directory
        .map_or_else(|| path.to_owned(), |directory| directory.join(path).display().to_string())
}
