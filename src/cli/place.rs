//! Where a command works: the project around the current folder, and the revision that a selector speaks of.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::args::Global;
use super::error::{Error, Exit};
use crate::diagnostic::{Diagnostic, Severity};
use crate::path::RepoPath;
use crate::project::prompt::{Prompt, PromptName};
use crate::project::{CONFIG_FILE, Project};
use crate::snapshot::{Home, MAX_FILE_BYTES, Snapshot};

/// The folder that the command was started for.
pub(crate) fn directory(global: &Global) -> Result<PathBuf, Error> {
    let directory = global.directory.clone().unwrap_or_else(|| PathBuf::from("."));
    if !directory.is_dir() {
        return Err(Error::usage(format!("there is no folder `{}`", directory.display())));
    }
    Ok(directory)
}

/// A path of the command line: relative to the folder that the command was started for.
pub(crate) fn path(global: &Global, path: &Path) -> PathBuf {
    match &global.directory {
        Some(directory) => directory.join(path),
        None => path.to_owned(),
    }
}

/// The project around the folder that the command was started for.
pub(crate) fn home(global: &Global) -> Result<Home, Error> {
    Ok(Home::discover(&directory(global)?)?)
}

/// The commit to compare with: a revision, or with `...` behind it where the current branch left it.
pub(crate) fn base(home: &Home, revision: &str) -> Result<Snapshot, Error> {
    Ok(match revision.strip_suffix("...") {
        Some(revision) => home.merge_base(revision, "HEAD")?,
        None => home.commit(revision)?,
    })
}

/// A prompt and, after the first `@`, which version of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Selector {
    /// The prompt.
    pub name: PromptName,
    /// A version number, a label or a revision.
    pub which: Option<String>,
}

impl Selector {
    /// Splits at the first `@`.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let (name, which) = match text.split_once('@') {
            Some((name, which)) => (name, Some(which)),
            None => (text, None),
        };
        if name.is_empty() || which == Some("") {
            return Err(Error::usage(format!("`{text}` is no selector"))
                .hint("write NAME or NAME@WHICH, such as support/triage@main~2"));
        }
        Ok(Self { name: PromptName(name.to_owned()), which: which.map(str::to_owned) })
    }
}

/// The prompt of a project, or why there is none.
pub(crate) fn prompt<'a>(project: &'a Project, name: &PromptName) -> Result<&'a Prompt, Error> {
    if let Some(prompt) = project.prompts.get(name) {
        return Ok(prompt);
    }
    if let Some(path) = project.unusable.get(name) {
        let findings =
            project.diagnostics.iter().filter(|d| d.file.path() == path).cloned().collect();
        return Err(
            Error::usage(format!("the prompt `{name}` cannot be used as it is")).findings(findings)
        );
    }
    let error = Error::new(
        super::error::Exit::Nothing,
        format!("there is no prompt `{name}` in {}", project.snapshot.describe()),
    );
    Err(match project.closest_prompt(name.as_str()) {
        Some(similar) => error.hint(format!("did you mean `{similar}`?")),
        None => error.hint("`pf list` shows what there is"),
    })
}

/// Refuses a project whose `pf.yaml` has errors: with the defaults in its place, folders and models would be others.
pub(crate) fn configured(project: &Project) -> Result<(), Error> {
    let of_config = |finding: &&Diagnostic| {
        finding.severity == Severity::Error && finding.file.path().as_str() == CONFIG_FILE
    };
    let findings: Vec<Diagnostic> = project.diagnostics.iter().filter(of_config).cloned().collect();
    match findings.is_empty() {
        true => Ok(()),
        false => Err(Error::usage(format!(
            "{CONFIG_FILE} cannot be used as it is in {}",
            project.snapshot.describe()
        ))
        .findings(findings)),
    }
}

/// Reads one prompt of a snapshot. When it is not there, all prompts are read for a suggestion.
pub(crate) fn load_prompt(snapshot: &Snapshot, name: &PromptName) -> Result<Project, Error> {
    use crate::project::Scope;
    let names = [name.clone()];
    let project = Project::load_scope(snapshot, Scope::Prompts(&names))?;
    configured(&project)?;
    match project.prompts.contains_key(name) || project.unusable.contains_key(name) {
        true => Ok(project),
        false => Ok(Project::load(snapshot)?),
    }
}

/// The snapshot that a selector speaks of: the worktree, a numbered version, or a revision.
pub(crate) fn version(home: &Home, selector: &Selector) -> Result<Snapshot, Error> {
    let Some(which) = &selector.which else { return Ok(home.worktree()) };
    let Some(number) = which.strip_prefix('v').and_then(|digits| digits.parse::<usize>().ok())
    else {
        return Ok(home.commit(which)?);
    };
    if home.commit(which).is_ok() {
        return Err(Error::usage(format!(
            "`{which}` is a version number and also a branch or tag"
        ))
        .hint(format!(
            "write refs/heads/{which} or refs/tags/{which} for the latter, and rename it"
        )));
    }
    let revision = history_revision(home, None)?;
    if home.is_shallow()? {
        return Err(Error::usage(
            "versions have no numbers in a shallow clone, whose beginning is not known",
        )
        .hint("`git fetch --unshallow` brings the rest; in GitHub Actions set `fetch-depth: 0`"));
    }
    let versions = crate::history::versions(home, &revision, std::slice::from_ref(&selector.name))?;
    let versions = versions.into_iter().next().unwrap_or_default();
    let newest = versions.first().and_then(|version| version.number).unwrap_or(0);
    match versions.iter().find(|version| version.number == Some(number)) {
        Some(version) if version.name != selector.name => Err(Error::usage(format!(
            "`{}` was called `{}` at {which}",
            selector.name, version.name
        ))
        .hint(format!("write {}@{}", version.name, version.commit.short_id()))),
        Some(version) => Ok(home.commit(&version.commit.id)?),
        None => Err(Error::new(
            super::error::Exit::Nothing,
            format!("`{}` has no version {which} in the history of {revision}", selector.name),
        )
        .hint(match newest {
            0 => "it has no version yet: commit it first".to_owned(),
            newest => format!("its newest is v{newest}; `pf log {}` shows all", selector.name),
        })),
    }
}

/// The revision on whose history versions count: as given, else `history.ref` of `pf.yaml`, else `HEAD`.
pub(crate) fn history_revision(home: &Home, given: Option<&str>) -> Result<String, Error> {
    use crate::project::Scope;
    if let Some(given) = given {
        return Ok(given.to_owned());
    }
    let project = Project::load_scope(&home.worktree(), Scope::Prompts(&[]))?;
    configured(&project)?;
    Ok(project.config.history.reference.unwrap_or_else(|| "HEAD".to_owned()))
}

/// Paths of the command line, which are relative to where it runs, as paths of the project; folders stand for their files.
pub(crate) fn expand(
    snapshot: &Snapshot,
    home: &Home,
    directory: &Path,
    given: &[PathBuf],
) -> Result<BTreeSet<RepoPath>, Error> {
    let mut paths = BTreeSet::new();
    for path in given {
        let inside = within(home.root(), directory, path)?;
        let files = snapshot.list(&inside)?;
        if files.is_empty() && snapshot.read(&inside)?.is_none() {
            return Err(Error::nothing(format!("there is no file `{}`", path.display())));
        }
        paths.extend(files);
        paths.insert(inside);
    }
    Ok(paths)
}

/// A path of the command line, which is relative to where it runs, as a path of the project.
pub(crate) fn within(root: &Path, directory: &Path, path: &Path) -> Result<RepoPath, Error> {
    let absolute = std::path::absolute(directory.join(path))
        .map_err(|error| Error::usage(format!("`{}` is no path: {error}", path.display())))?;
    let real = real(&absolute);
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

/// A path with the links on the way to it resolved, as far as it exists: they must not hide that it lies inside the root.
fn real(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => real(folder).join(name),
        _ => path.to_owned(),
    }
}

/// What stands on standard input, in the place of a file.
pub(crate) fn standard_input() -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    std::io::stdin().take(MAX_FILE_BYTES + 1).read_to_end(&mut text).map_err(|error| {
        Error::new(Exit::Provider, format!("cannot read standard input: {error}"))
    })?;
    if text.len() as u64 > MAX_FILE_BYTES {
        let most = MAX_FILE_BYTES >> 20;
        return Err(Error::usage(format!(
            "standard input is larger than the {most} MiB that pf reads"
        )));
    }
    Ok(text)
}
