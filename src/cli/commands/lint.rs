//! `pf lint`

use std::collections::BTreeSet;
use std::io::Write;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::Format;
use crate::cli::args::Global;
use crate::cli::error::{Error, Exit};
use crate::cli::place;
use crate::cli::ui::Ui;
use crate::diagnostic::Severity;
use crate::lint::{self, Checked, RuleSelection};
use crate::path::RepoPath;
use crate::project::{CONFIG_FILE, Project};
use crate::report::json;
use crate::snapshot::Home;

/// Check prompts, partials, suites and datasets
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf lint                        everything
  pf lint prompts/support        some files, with what depends on them
  pf lint --staged               what is about to be committed, as it is staged
  pf lint --at main~3            an old version, without touching the worktree
  pf lint --select V,T --format json

`pf rule CODE` explains a rule.")]
pub(crate) struct Args {
    /// Files or folders; the whole project when absent
    paths: Vec<PathBuf>,
    /// Check what is staged: the files that differ from HEAD, as they stand in the index
    #[arg(long, conflicts_with_all = ["at", "paths"])]
    staged: bool,
    /// Check a revision instead of the worktree
    #[arg(long, value_name = "REV")]
    at: Option<String>,
    /// Only these rules: codes or their beginnings, separated by commas
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    select: Vec<String>,
    /// Not these rules: codes or their beginnings, separated by commas
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    ignore: Vec<String>,
    /// The least severity that makes the exit code 1
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "warning")]
    fail_on: FailOn,
    /// How to print the findings
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Exit with 0 even when there is nothing to check
    #[arg(long)]
    allow_empty: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Info,
}

pub(crate) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    let directory = place::directory(global)?;
    let home = place::home(global)?;
    let snapshot = match (&args.at, args.staged) {
        (Some(revision), _) => home.commit(revision)?,
        (None, true) => home.index()?,
        (None, false) => home.worktree(),
    };
    // The process ends with the command: to free a large project piece by piece would be a tenth of the work.
    let project = ManuallyDrop::new(Project::load(&snapshot)?);
    let selection = RuleSelection::of(&project.config.lint, &args.select, &args.ignore);
    if let Some(unknown) = selection.unknown().first() {
        return Err(Error::usage(format!("`{unknown}` is the beginning of no rule's code"))
            .hint("`pf rule` lists all rules"));
    }
    let by_change = args.staged;
    let paths = match (args.staged, args.paths.as_slice()) {
        (true, _) => Some(home.staged_paths()?.into_iter().collect()),
        (false, []) => None,
        (false, given) => Some(expand(&project, &home, &directory, given)?),
    };
    let checked = lint::check(&project, paths.as_ref(), &selection)?;
    let selected = by_change || !args.paths.is_empty();
    // A project file alone is nothing that could be wrong or right: the folders may be called otherwise.
    let only_config = checked.files.iter().all(|path| path.as_str() == CONFIG_FILE);
    if checked.findings.is_empty() && (checked.files.is_empty() || (only_config && !selected)) {
        return nothing(args, &project, &home, selected, ui);
    }
    show(args, &checked, ui)?;
    let least = match args.fail_on {
        FailOn::Error => Severity::Error,
        FailOn::Warning => Severity::Warning,
        FailOn::Info => Severity::Info,
    };
    match checked.findings.iter().any(|finding| finding.severity >= least) {
        true => Ok(Exit::Findings),
        false => Ok(Exit::Success),
    }
}

/// Paths of the command line, which are relative to where it runs, as paths of the project; folders stand for their files.
pub(super) fn expand(
    project: &Project,
    home: &Home,
    directory: &Path,
    given: &[PathBuf],
) -> Result<BTreeSet<RepoPath>, Error> {
    let mut paths = BTreeSet::new();
    for path in given {
        let inside = within(home.root(), directory, path)?;
        let files = project.snapshot.list(&inside)?;
        if files.is_empty() && project.snapshot.read(&inside)?.is_none() {
            return Err(Error::nothing(format!("there is no file `{}`", path.display())));
        }
        paths.extend(files);
        paths.insert(inside);
    }
    Ok(paths)
}

pub(super) fn within(root: &Path, directory: &Path, path: &Path) -> Result<RepoPath, Error> {
    let absolute = std::path::absolute(directory.join(path))
        .map_err(|error| Error::usage(format!("`{}` is no path: {error}", path.display())))?;
    // Links on the way to the root must not hide that a path lies inside it.
    let real = absolute.canonicalize().unwrap_or(absolute);
    let outside = || {
        Error::usage(format!(
            "`{}` lies outside the project at `{}`",
            path.display(),
            root.display()
        ))
    };
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let relative = real.strip_prefix(&root).map_err(|_| outside())?;
    let parts: Vec<String> =
        relative.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    RepoPath::new(&parts.join("/")).map_err(|error| Error::usage(error.to_string()))
}

fn nothing(
    args: &Args,
    project: &Project,
    home: &Home,
    by_selection: bool,
    ui: &mut Ui,
) -> Result<Exit, Error> {
    if args.format == Format::Json {
        json::write(ui.out(), &json::Lint::new(&[], 0))?;
    }
    if by_selection {
        ui.note("nothing to check: no prompt, partial, suite or dataset among the files");
        return Ok(Exit::Success);
    }
    if args.allow_empty {
        return Ok(Exit::Success);
    }
    let paths = &project.config.paths;
    Err(Error::nothing(format!(
        "nothing to check: no file below `{}/` or `{}/` in `{}`",
        paths.prompts,
        paths.suites,
        home.root().display()
    ))
    .hint("`pf init` writes a project to start from"))
}

fn show(args: &Args, checked: &Checked, ui: &mut Ui) -> Result<(), Error> {
    let summary = json::Lint::new(&checked.findings, checked.files.len());
    if args.format == Format::Json {
        json::write(ui.out(), &summary)?;
        return Ok(());
    }
    ui.findings(&checked.findings)?;
    let counts = &summary.summary;
    let plural =
        |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let text = match checked.findings.is_empty() {
        true => format!("{} checked, no findings", plural(counts.files, "file")),
        false => format!(
            "{}, {} in {}",
            plural(counts.errors, "error"),
            plural(counts.warnings, "warning"),
            plural(counts.files, "file"),
        ),
    };
    writeln!(ui.out(), "{text}")?;
    Ok(())
}
