//! Finding the repository that a folder belongs to.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix::ThreadSafeRepository;
use gix::discover::upwards;
use gix::open::Options;
use gix::sec::Trust;
use gix::sec::trust::{DefaultForLevel, Mapping};

use super::SnapshotError;
use super::repo::Repo;

/// What git there is around a folder.
#[derive(Clone)]
pub(super) enum Git {
    /// A repository.
    Here(Arc<Repo>),
    /// None.
    Nowhere,
    /// One that cannot be read, and why.
    Unsupported { git_dir: PathBuf, why: String },
}

/// What was found around a folder.
pub(super) struct Found {
    /// The folder itself, absolute and with links resolved.
    pub(super) from: PathBuf,
    /// Its repository.
    pub(super) git: Git,
    /// The top of the work tree, in the same form; `None` without git or without files.
    pub(super) top: Option<PathBuf>,
}

/// What may be read beside the folders themselves.
#[derive(Clone, Copy)]
pub(super) enum Surroundings<'a> {
    /// `GIT_DIR`, `GIT_INDEX_FILE` and the user's configuration, as git itself would.
    Process,
    /// Nothing: what a test must not depend on. The index may be a given one, as in a hook.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests must not depend on where they run"))]
    Isolated { index: Option<&'a Path> },
}

/// Looks for a repository in `from` and its parents.
pub(super) fn find(from: &Path, surroundings: Surroundings<'_>) -> Result<Found, SnapshotError> {
    let no_folder = |source| SnapshotError::NoSuchFolder { path: from.to_owned(), source };
    if !fs::metadata(from).map_err(no_folder)?.is_dir() {
        return Err(no_folder(std::io::ErrorKind::NotADirectory.into()));
    }
    let from = real(from).map_err(no_folder)?;
    let repository = match open(&from, surroundings) {
        Ok(repository) => repository,
        Err(error)
            if error.downcast_any_ref::<upwards::Error>().is_some() && error.is_not_found() =>
        {
            return Ok(Found { from, git: Git::Nowhere, top: None });
        }
        Err(error) if error.is_permission_denied() => return Err(foreign(&from)),
        Err(error) => return Err(SnapshotError::git("opening the git repository")(error)),
    };
    let git_dir = repository.git_dir().to_owned();
    let top = match repository.work_dir().map(real).transpose() {
        Ok(top) => top,
        Err(source) => {
            return Err(SnapshotError::Io { path: git_dir, source });
        }
    };
    let git = match (unsupported(&repository), &top) {
        (Some(why), _) => Git::Unsupported { git_dir, why },
        (None, Some(top)) if !from.starts_with(top) => {
            let why = format!(
                "has its files in `{}`; go there, or unset GIT_DIR and GIT_WORK_TREE",
                top.display()
            );
            return Ok(Found { from, git: Git::Unsupported { git_dir, why }, top: None });
        }
        (None, _) => Git::Here(Arc::new(Repo::new(repository))),
    };
    Ok(Found { from, git, top })
}

fn open(from: &Path, surroundings: Surroundings<'_>) -> gix::Result<ThreadSafeRepository> {
    match surroundings {
        Surroundings::Process => {
            let options = |level| Options::default_for_level(level).bail_if_untrusted(true);
            ThreadSafeRepository::discover_with_environment_overrides_opts(
                from,
                upwards::Options { match_ceiling_dir_or_error: false, ..Default::default() },
                Mapping { full: options(Trust::Full), reduced: options(Trust::Reduced) },
            )
        }
        Surroundings::Isolated { index } => {
            let index = index.map(|path| format!("gitoxide.core.indexFile={}", path.display()));
            let options =
                || Options::isolated().bail_if_untrusted(true).config_overrides(index.clone());
            ThreadSafeRepository::discover_opts(
                from,
                upwards::Options::default(),
                Mapping { full: options(), reduced: options() },
            )
        }
    }
}

/// The refusal to read a repository of another user, in the words of what git would say.
fn foreign(from: &Path) -> SnapshotError {
    let found = gix::discover::upwards(from)
        .map(|(path, _)| path.into_repository_and_work_tree_directories());
    let (path, allow) = match found {
        Ok((git_dir, Some(top))) => (git_dir, top),
        Ok((git_dir, None)) => (git_dir.clone(), git_dir),
        Err(_) => (from.to_owned(), from.to_owned()),
    };
    SnapshotError::ForeignOwner { path, allow: real(&allow).unwrap_or(allow) }
}

/// Why the branches of a repository cannot be read.
fn unsupported(repository: &ThreadSafeRepository) -> Option<String> {
    let repository = repository.to_thread_local();
    let storage = repository.config_snapshot().string("extensions.refStorage")?;
    (!storage.eq_ignore_ascii_case(b"files")).then(|| {
        format!("keeps its branches as `{storage}`, which is not supported; run `git refs migrate --ref-format=files`")
    })
}

/// The path with its links resolved.
fn real(path: &Path) -> std::io::Result<PathBuf> {
    gix::path::realpath(path).map_err(std::io::Error::other)
}
