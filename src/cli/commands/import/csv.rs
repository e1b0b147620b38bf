//! `pf import csv`

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;

use crate::cli::args::Global;
use crate::cli::commands::Format;
use crate::cli::error::{Error, Exit};
use crate::cli::ui::Ui;
use crate::cli::{place, write};
use crate::diagnostic;
use crate::document;
use crate::import::csv::{self, Columns, Options, Texts};
use crate::import::{Imported, prove};
use crate::path::RepoPath;
use crate::project::{CONFIG_FILE, Project, Scope};
use crate::report::import::{Import, ImportedPrompt, Skipped, State};
use crate::report::json;
use crate::snapshot::{Home, MAX_FILE_BYTES};
use crate::span::SourceFile;

/// Write a prompt file for each row of a table
///
/// FILE is CSV with a header line, or the same with tabs where its name ends in .tsv. Texts are taken as they are: what
/// Jinja would read is made literal. Before anything is written, each new prompt is rendered and compared with its cell;
/// one that differs is not written, and the exit code is 1. No file that says something else is overwritten.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf import csv prompts.csv --name act --user prompt
  pf import csv prompts.csv --name act --user prompt --owner contributor --metadata type --into library --folder chatgpt
  pf import csv prompts.csv --name act --user prompt --placeholders dollar --dry-run")]
pub(crate) struct Args {
    /// The table
    file: PathBuf,
    /// The root of the project that gets the prompts; made, with a pf.yaml, when it is none yet
    #[arg(long, value_name = "DIR", default_value = ".")]
    into: PathBuf,
    /// Below this folder of the prompts folder
    #[arg(long, value_name = "FOLDER")]
    folder: Option<String>,
    /// The column of which names are made
    #[arg(long, value_name = "COLUMN", help_heading = "Columns")]
    name: String,
    /// The column with the text of a user message
    #[arg(
        long,
        value_name = "COLUMN",
        help_heading = "Columns",
        required_unless_present = "system"
    )]
    user: Option<String>,
    /// The column with the text of a system message
    #[arg(long, value_name = "COLUMN", help_heading = "Columns")]
    system: Option<String>,
    /// The column with a description
    #[arg(long, value_name = "COLUMN", help_heading = "Columns")]
    description: Option<String>,
    /// The column with tags, separated by commas
    #[arg(long, value_name = "COLUMN", help_heading = "Columns")]
    tags: Option<String>,
    /// The column with the person or team to ask
    #[arg(long, value_name = "COLUMN", help_heading = "Columns")]
    owner: Option<String>,
    /// A column that is kept as metadata; may be given several times
    #[arg(long, value_name = "COLUMN", help_heading = "Columns")]
    metadata: Vec<String>,
    /// The model that every prompt asks
    #[arg(long)]
    model: Option<String>,
    /// The texts are Jinja templates; what they read is declared
    #[arg(long, conflicts_with = "placeholders")]
    template: bool,
    /// The texts have placeholders, which become variables
    #[arg(long, value_enum, value_name = "KIND")]
    placeholders: Option<Placeholders>,
    /// Overwrite files that say something else
    #[arg(long)]
    force: bool,
    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// How to print what was done
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Placeholders {
    /// ${Name} and ${Name:Default}
    Dollar,
}

/// A file to be written, or one that says the same already.
struct Target<'a> {
    imported: &'a Imported,
    shown: RepoPath,
    path: PathBuf,
    state: State,
}

pub(crate) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    place::directory(global)?;
    let options = options(args)?;
    let into = Destination::find(&place::path(global, &args.into))?;
    let file = read(&place::path(global, &args.file))?;
    let mut import = csv::convert(&file, &options).map_err(|findings| {
        Error::usage(format!("nothing was imported from `{}`", args.file.display()))
            .findings(findings)
    })?;
    let mut findings = std::mem::take(&mut import.problems);
    let mut differing = Vec::new();
    for (index, difference) in prove(&file, &import.prompts)? {
        differing.push(index);
        findings.push(difference);
    }
    diagnostic::sort(&mut findings);
    let mut targets = Vec::new();
    for (index, imported) in import.prompts.iter().enumerate() {
        if differing.binary_search(&index).is_err() {
            targets.push(into.target(imported)?);
        }
    }
    if !args.force {
        refuse_overwriting(&targets)?;
    }
    if targets.is_empty() && findings.is_empty() && import.skipped.is_empty() {
        return Err(Error::nothing(format!("`{}` has no rows", args.file.display())));
    }
    if !args.dry_run {
        into.write(&targets, ui)?;
    }
    let line = |span: crate::span::Span| file.position(span.start).line;
    let outcome = Import::new(
        args.dry_run,
        targets
            .iter()
            .map(|target| ImportedPrompt {
                name: target.imported.name.to_string(),
                path: target.shown.to_string(),
                line: line(target.imported.span),
                state: target.state,
            })
            .collect(),
        import
            .skipped
            .iter()
            .map(|(span, reason)| Skipped { line: line(*span), reason: reason.to_string() })
            .collect(),
        findings.iter().map(json::Finding::from).collect(),
    );
    match args.format {
        Format::Json => json::write(ui.out(), &outcome)?,
        Format::Human => {
            ui.findings(&findings)?;
            write!(ui.out(), "{}", outcome.text())?;
            if outcome.summary.imported == 0 && findings.is_empty() {
                ui.note("nothing to do: each prompt is there already");
            }
        }
    }
    match findings.is_empty() {
        true => Ok(Exit::Success),
        false => Ok(Exit::Findings),
    }
}

fn options(args: &Args) -> Result<Options, Error> {
    let folder = match &args.folder {
        None => None,
        Some(folder) => {
            let wrong = |why: String| Error::usage(format!("--folder: {why}"));
            let path = RepoPath::new(folder).map_err(|error| wrong(error.to_string()))?;
            let travels = |part: &str| {
                part.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
                    && part
                        .chars()
                        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c))
            };
            if !path.is_root() && !path.as_str().split('/').all(travels) {
                return Err(wrong(format!("`{folder}` is no part of a prompt's name")).hint(
                    "use lower-case letters, digits, `-`, `_` and `.`, beginning with a letter or digit",
                ));
            }
            (!path.is_root()).then(|| path.to_string())
        }
    };
    let tabs = args.file.extension().is_some_and(|end| end.eq_ignore_ascii_case("tsv"));
    Ok(Options {
        separator: if tabs { b'\t' } else { b',' },
        columns: Columns {
            name: args.name.clone(),
            system: args.system.clone(),
            user: args.user.clone(),
            description: args.description.clone(),
            tags: args.tags.clone(),
            owner: args.owner.clone(),
            metadata: args.metadata.clone(),
        },
        texts: match (args.template, args.placeholders) {
            (true, _) => Texts::Template,
            (false, Some(Placeholders::Dollar)) => Texts::Dollar,
            (false, None) => Texts::Literal,
        },
        model: args.model.clone(),
        folder,
    })
}

/// The project that gets the prompts.
struct Destination {
    root: PathBuf,
    prompts: RepoPath,
    /// Whether it becomes a project by a `pf.yaml` of its own.
    new: bool,
}

impl Destination {
    fn find(root: &Path) -> Result<Self, Error> {
        if root.is_file() {
            return Err(Error::usage(format!("`{}` is a file", root.display())));
        }
        // A folder that is still to be made belongs to what its nearest ancestor belongs to.
        let absolute = std::path::absolute(root)
            .map_err(|error| Error::usage(format!("`{}` is no path: {error}", root.display())))?;
        let existing =
            absolute.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
        let home = Home::discover(existing)?;
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if real(home.root()) == real(&absolute) {
            let project = Project::load_scope(&home.worktree(), Scope::Prompts(&[]))?;
            place::configured(&project)?;
            let prompts = project.folder(&project.config.paths.prompts);
            return Ok(Self { root: root.to_owned(), prompts, new: false });
        }
        if home.root().join(CONFIG_FILE).exists() {
            return Err(Error::usage(format!(
                "`{}` lies inside the project at `{}`",
                root.display(),
                home.root().display()
            ))
            .hint("give the root with --into, and a folder of its prompts with --folder"));
        }
        let new = absolute != existing || home.has_git();
        Ok(Self {
            root: root.to_owned(),
            prompts: RepoPath::new("prompts").unwrap_or_default(),
            new,
        })
    }

    fn target<'a>(&self, imported: &'a Imported) -> Result<Target<'a>, Error> {
        let place = |extension: &str| {
            let below = RepoPath::new(&format!("{}.{extension}", imported.name))
                .map_err(|error| Error::usage(error.to_string()))?;
            let shown = self.prompts.join(&below);
            let path = self.root.join(shown.as_str());
            Ok::<_, Error>((shown, path))
        };
        let (mut shown, mut path) = place("yaml")?;
        let mut found = there(&path)?;
        if found.is_none() {
            let (other_shown, other) = place("yml")?;
            if let Some(bytes) = there(&other)? {
                (shown, path, found) = (other_shown, other, Some(bytes));
            }
        }
        let state = match found {
            None => State::New,
            Some(bytes) if lf(&bytes) == imported.yaml.as_bytes() => State::Unchanged,
            Some(_) => State::Replaced,
        };
        Ok(Target { imported, shown, path, state })
    }

    fn write(&self, targets: &[Target<'_>], ui: &mut Ui) -> Result<(), Error> {
        let config = self.root.join(CONFIG_FILE);
        if self.new && !targets.is_empty() && config.symlink_metadata().is_err() {
            write::replace(&config, b"format: 1\n")?;
            ui.note(format!("wrote {}, which makes the folder a project", config.display()));
        }
        for target in targets.iter().filter(|target| target.state != State::Unchanged) {
            write::replace(&target.path, target.imported.yaml.as_bytes())?;
        }
        Ok(())
    }
}

/// Bytes with LF for CRLF: git may have checked a file out with either.
fn lf(bytes: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        if !(*byte == b'\r' && bytes.get(at + 1) == Some(&b'\n')) {
            kept.push(*byte);
        }
    }
    kept
}

fn refuse_overwriting(targets: &[Target<'_>]) -> Result<(), Error> {
    /// Files that are named before the rest is counted.
    const NAMED: usize = 10;
    let differ: Vec<String> = targets
        .iter()
        .filter(|target| target.state == State::Replaced)
        .map(|target| format!("`{}`", target.shown))
        .collect();
    if differ.is_empty() {
        return Ok(());
    }
    let mut names = differ.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if differ.len() > NAMED {
        names += &format!(" and {} more", differ.len() - NAMED);
    }
    let verb = if differ.len() == 1 { "says" } else { "say" };
    Err(Error::usage(format!("nothing was imported: {names} {verb} something else"))
        .hint("--force overwrites them; --folder puts the prompts elsewhere"))
}

/// What a file says, if it is there.
#[expect(clippy::disallowed_methods, reason = "the project may not be one yet")]
fn there(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(Error::usage(format!("`{}`: {error}", path.display()))),
    }
}

#[expect(clippy::disallowed_methods, reason = "a file of the command line, which may lie anywhere")]
fn read(file: &Path) -> Result<Arc<SourceFile>, Error> {
    let shown = file.display();
    let unreadable = |error: std::io::Error| Error::usage(format!("`{shown}`: {error}"));
    let size = std::fs::metadata(file).map_err(unreadable)?.len();
    if size > MAX_FILE_BYTES {
        return Err(Error::usage(format!(
            "`{shown}` has {size} bytes, more than the {MAX_FILE_BYTES} that are read"
        )));
    }
    let path =
        RepoPath::new(&file.file_name().unwrap_or_default().to_string_lossy()).unwrap_or_default();
    let bytes = std::fs::read(file).map_err(unreadable)?;
    SourceFile::decode(path, bytes).map_err(|bad| {
        Error::usage(format!("`{shown}` is not UTF-8 text"))
            .findings(document::not_utf8(&bad.file).into_iter().collect())
    })
}
