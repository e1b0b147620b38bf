//! `pf fmt`

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::Format;
use crate::cli::args::Global;
use crate::cli::error::{Error, Exit};
use crate::cli::ui::Ui;
use crate::cli::{place, write};
use crate::diagnostic::counted;
use crate::format::{self, Kind, Refused};
use crate::path::RepoPath;
use crate::project::{CONFIG_FILE, Project, Scope};
use crate::report::fmt::{Fmt, FmtFile, FmtStatus};
use crate::report::foreign::escape;
use crate::report::{json, patch};
use crate::snapshot::Home;
use crate::span::SourceFile;
use crate::template::Partials;

/// Format prompts, suites and pf.yaml
///
/// Keys come into the order of the schema, each with its comments, and the layout becomes that of a YAML formatter. Texts
/// are never wrapped, names and whatever the model reads keep their order. A file is written only when the new text is
/// proved to say the same: equal values and comments, for a prompt equal digests and messages. Partials and datasets are
/// never touched.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf fmt                      everything
  pf fmt prompts/support      some files
  pf fmt --check              write nothing, exit 1 when a file is not formatted
  pf fmt --diff               show what would change
  pf fmt --check --staged     what is about to be committed, as it is staged
  pf fmt --stdin-filename prompts/x.yaml < prompts/x.yaml")]
pub(crate) struct Args {
    /// Files or folders; the whole project when absent
    paths: Vec<PathBuf>,
    /// Write nothing; list the files that are not formatted, and exit with 1 when there are any
    #[arg(long, group = "dry")]
    check: bool,
    /// Write nothing; print what would change, and exit with 1 when anything would
    #[arg(long, group = "dry")]
    diff: bool,
    /// Look at what is staged: the files that differ from HEAD, as they stand in the index
    #[arg(long, requires = "dry", conflicts_with = "paths")]
    staged: bool,
    /// Format standard input as the file PATH, onto standard output
    #[arg(long, value_name = "PATH", conflicts_with_all = ["paths", "staged", "format"])]
    stdin_filename: Option<PathBuf>,
    /// How to print what was done
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Exit with 0 even when there is nothing to format
    #[arg(long)]
    allow_empty: bool,
}

impl Args {
    fn dry(&self) -> bool {
        self.check || self.diff
    }
}

/// What came of one file.
enum Outcome {
    /// It is formatted already.
    Formatted,
    /// It is not.
    Changed(Change),
    /// It stays as it is.
    Refused(Refused),
}

struct Change {
    file: Arc<SourceFile>,
    text: String,
    /// The new content of the file.
    bytes: Vec<u8>,
}

impl Change {
    fn diff(&self) -> String {
        patch::of(self.file.path(), self.file.text(), &self.text)
    }
}

pub(crate) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    let home = place::home(global)?;
    let snapshot = if args.staged { home.index()? } else { home.worktree() };
    let project = Project::load_scope(&snapshot, Scope::Prompts(&[]))?;
    place::configured(&project)?;
    if let Some(path) = &args.stdin_filename {
        return stdin(args, path, &project, &home, global, ui);
    }
    let files = files(args, &project, &home, global)?;
    let selected = args.staged || !args.paths.is_empty();
    // A project file alone does not say that the folders are called as they should be.
    let only_config = files.iter().all(|(path, _)| path.as_str() == CONFIG_FILE);
    if files.is_empty() || (only_config && !selected && !args.allow_empty) {
        return nothing(args, &project, &home, selected, ui);
    }
    let partials = Partials::of(&project);
    let outcomes: Vec<Outcome> = files
        .par_iter()
        .map(|(path, kind)| {
            let bytes = project.snapshot.read(path)?.unwrap_or_default();
            Ok(format_one(&project, &partials, path, *kind, &bytes))
        })
        .collect::<Result<_, Error>>()?;
    let mut shown = Vec::new();
    for ((path, _), outcome) in files.iter().zip(outcomes) {
        match outcome {
            Outcome::Formatted => {}
            Outcome::Changed(change) => shown.push(changed(args, &home, path, &change)?),
            Outcome::Refused(refused) => shown.push(left(path, &refused)),
        }
    }
    show(args, &Fmt::new(shown, files.len()), ui)
}

/// The files to format, by path.
fn files(
    args: &Args,
    project: &Project,
    home: &Home,
    global: &Global,
) -> Result<Vec<(RepoPath, Kind)>, Error> {
    let paths: BTreeSet<RepoPath> = match (args.staged, args.paths.as_slice()) {
        (true, _) => home.staged_paths()?.into_iter().collect(),
        (false, []) => {
            let mut paths = BTreeSet::from([RepoPath::new(CONFIG_FILE).expect("a plain name")]);
            for folder in [&project.config.paths.prompts, &project.config.paths.suites] {
                paths.extend(project.snapshot.list(&project.folder(folder))?);
            }
            paths
        }
        (false, given) => {
            place::expand(&project.snapshot, home, &place::directory(global)?, given)?
        }
    };
    let mut files = Vec::new();
    for path in paths {
        let Some(kind) = project.kind(&path).as_ref().and_then(Kind::of) else { continue };
        // What is staged may be a deletion, and a project needs no `pf.yaml`.
        let certain = !args.staged && path.as_str() != CONFIG_FILE;
        if certain || project.snapshot.read(&path)?.is_some() {
            files.push((path, kind));
        }
    }
    Ok(files)
}

fn format_one(
    project: &Project,
    partials: &Partials<'_>,
    path: &RepoPath,
    kind: Kind,
    bytes: &[u8],
) -> Outcome {
    let file = SourceFile::decode(path.clone(), bytes.to_vec()).unwrap_or_else(|bad| bad.file);
    let formatted = match format::format(&file, kind) {
        Ok(formatted) if !formatted.is_changed() => return Outcome::Formatted,
        Ok(formatted) => formatted,
        Err(refused) => return Outcome::Refused(refused),
    };
    let text = formatted.text().to_owned();
    if kind == Kind::Prompt
        && let Err(refused) = format::messages_stay(project, partials, formatted)
    {
        return Outcome::Refused(refused);
    }
    let bytes = write::in_the_manner_of(bytes, &text);
    Outcome::Changed(Change { file, text, bytes })
}

/// Writes a file, unless that is not wanted, and says so.
fn changed(args: &Args, home: &Home, path: &RepoPath, change: &Change) -> Result<FmtFile, Error> {
    let mut status = FmtStatus::WouldReformat;
    if !args.dry() {
        write::replace(&target(home, path)?, &change.bytes)?;
        status = FmtStatus::Reformatted;
    }
    Ok(FmtFile {
        path: path.to_string(),
        status,
        message: None,
        start: None,
        diff: args.diff.then(|| change.diff()),
    })
}

/// Where a file is written: behind a link, where the link leads, as long as that is inside the project.
fn target(home: &Home, path: &RepoPath) -> Result<PathBuf, Error> {
    let failed =
        |error: std::io::Error| Error::new(Exit::Provider, format!("cannot write {path}: {error}"));
    let root = home.root().canonicalize().map_err(failed)?;
    let target = root.join(path.as_str()).canonicalize().map_err(failed)?;
    match target.starts_with(&root) {
        true => Ok(target),
        false => Err(Error::usage(format!("`{path}` is a link that leads out of the project"))
            .hint("format the file that it leads to, or drop the link")),
    }
}

fn left(path: &RepoPath, refused: &Refused) -> FmtFile {
    let (status, start, message) = match refused {
        Refused::Unreadable(findings) => (
            FmtStatus::Unreadable,
            findings.first().map(|finding| finding.start().into()),
            findings.first().map_or_else(String::new, |finding| finding.message.clone()),
        ),
        refused => (FmtStatus::Refused, None, refused.to_string()),
    };
    FmtFile { path: path.to_string(), status, message: Some(message), start, diff: None }
}

fn show(args: &Args, result: &Fmt, ui: &mut Ui) -> Result<Exit, Error> {
    let summary = &result.summary;
    let exit = match () {
        () if summary.unreadable > 0 => Exit::Usage,
        () if summary.refused > 0 || (args.dry() && summary.reformatted > 0) => Exit::Findings,
        () => Exit::Success,
    };
    if args.format == Format::Json {
        json::write(ui.out(), result)?;
        return Ok(exit);
    }
    for file in &result.files {
        match (&file.diff, file.status) {
            (Some(diff), _) => ui.patch(diff)?,
            (None, FmtStatus::WouldReformat) => {
                writeln!(ui.out(), "would reformat {}", escape(&file.path))?;
            }
            (None, FmtStatus::Reformatted) => {}
            (None, FmtStatus::Refused | FmtStatus::Unreadable) => complain(file, ui),
        }
    }
    let counts = [
        (summary.reformatted, if args.dry() { "would be reformatted" } else { "reformatted" }),
        (summary.unchanged, if args.dry() { "already formatted" } else { "left unchanged" }),
        (summary.refused, "refused"),
        (summary.unreadable, "unreadable"),
    ];
    let counts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", counted(*count, "file")))
        .collect();
    match args.diff {
        // The results are a patch, which other programs read.
        true => ui.note(counts.join(", ")),
        false => writeln!(ui.out(), "{}", counts.join(", "))?,
    }
    Ok(exit)
}

fn complain(file: &FmtFile, ui: &mut Ui) {
    let message = file.message.as_deref().unwrap_or_default();
    ui.error(match &file.start {
        Some(start) => Error::usage(format!(
            "{}:{}:{}: {message}; the file is left as it is",
            file.path, start.line, start.column
        ))
        .hint(format!("`pf lint {}` shows the place", file.path)),
        None => Error::usage(format!("{}: {message}; the file is left as it is", file.path)),
    });
}

fn nothing(
    args: &Args,
    project: &Project,
    home: &Home,
    selected: bool,
    ui: &mut Ui,
) -> Result<Exit, Error> {
    if args.format == Format::Json {
        json::write(ui.out(), &Fmt::new(Vec::new(), 0))?;
    }
    if selected {
        ui.note("nothing to format: no prompt, suite or pf.yaml among the files");
        return Ok(Exit::Success);
    }
    if args.allow_empty {
        return Ok(Exit::Success);
    }
    let paths = &project.config.paths;
    Err(Error::nothing(format!(
        "nothing to format: no YAML file below `{}/` or `{}/` in `{}`",
        paths.prompts,
        paths.suites,
        home.root().display()
    ))
    .hint("`pf init` writes a project to start from"))
}

/// Formats standard input. A file that is not pf's comes out as it went in, so that an editor may send any.
fn stdin(
    args: &Args,
    path: &Path,
    project: &Project,
    home: &Home,
    global: &Global,
    ui: &mut Ui,
) -> Result<Exit, Error> {
    let path = place::within(home.root(), &place::directory(global)?, path)?;
    let bytes = place::standard_input()?;
    let outcome = match project.kind(&path).as_ref().and_then(Kind::of) {
        Some(kind) => format_one(project, &Partials::of(project), &path, kind, &bytes),
        None => Outcome::Formatted,
    };
    match outcome {
        Outcome::Formatted if args.dry() => Ok(Exit::Success),
        Outcome::Formatted => {
            ui.verbatim(&bytes)?;
            Ok(Exit::Success)
        }
        Outcome::Changed(change) => {
            if args.diff {
                ui.patch(&change.diff())?;
            } else if !args.dry() {
                ui.verbatim(&change.bytes)?;
            }
            Ok(if args.dry() { Exit::Findings } else { Exit::Success })
        }
        Outcome::Refused(refused) => {
            complain(&left(&path, &refused), ui);
            Ok(match refused {
                Refused::Unreadable(_) => Exit::Usage,
                _ => Exit::Findings,
            })
        }
    }
}
