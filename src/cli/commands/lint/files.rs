//! Which files are checked: where they are read, and which of them were asked for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::cli::error::Error;
use crate::cli::place;
use crate::path::RepoPath;
use crate::snapshot::{Home, Snapshot};

/// The arguments about files.
#[derive(Debug, clap::Args)]
pub(super) struct FileArgs {
    /// Files or folders, with what depends on them; the whole project when absent. `-` is standard input
    paths: Vec<PathBuf>,
    /// Check what is staged: the files that differ from HEAD, as they stand in the index
    #[arg(long, conflicts_with_all = ["at", "paths"])]
    staged: bool,
    /// Check the files of the worktree that differ from REV, or with `REV...` from where HEAD left REV
    #[arg(long, value_name = "REV", conflicts_with_all = ["at", "paths", "staged"])]
    changed: Option<String>,
    /// Check a revision instead of the worktree
    #[arg(long, value_name = "REV")]
    at: Option<String>,
    /// Check the text on standard input as if it stood in FILE, which need not exist
    #[arg(long, value_name = "FILE", conflicts_with_all = ["at", "staged", "changed"])]
    stdin_filename: Option<PathBuf>,
    /// With paths, --staged or --changed: also the rules about the project as a whole
    #[arg(long)]
    whole: bool,
}

/// Which files of a project are checked.
pub(super) enum Choice {
    /// All.
    All,
    /// Those that the user named.
    Named(BTreeSet<RepoPath>),
    /// Those that differ, and from what.
    Changed(BTreeSet<RepoPath>, String),
}

impl Choice {
    /// The paths, where not all are meant.
    pub(super) fn paths(&self) -> Option<&BTreeSet<RepoPath>> {
        match self {
            Self::All => None,
            Self::Named(paths) | Self::Changed(paths, _) => Some(paths),
        }
    }

    /// The files of a change, where one is meant.
    pub(super) fn change(&self) -> Option<&BTreeSet<RepoPath>> {
        match self {
            Self::Changed(paths, _) => Some(paths),
            Self::All | Self::Named(_) => None,
        }
    }
}

impl FileArgs {
    /// Whether the rules about the project as a whole run although files were selected.
    pub(super) fn whole(&self) -> bool {
        self.whole
    }

    /// Where the files are read.
    pub(super) fn snapshot(&self, home: &Home, directory: &Path) -> Result<Snapshot, Error> {
        match (&self.at, self.staged) {
            (Some(revision), _) => Ok(home.commit(revision)?),
            (None, true) => Ok(home.index()?),
            (None, false) => match self.stdin_file(home, directory)? {
                Some(path) => Ok(home.worktree().with_files([(path, place::standard_input()?)])?),
                None => Ok(home.worktree()),
            },
        }
    }

    /// Which of them are checked.
    pub(super) fn choice(
        &self,
        snapshot: &Snapshot,
        home: &Home,
        directory: &Path,
    ) -> Result<Choice, Error> {
        if self.staged {
            let paths = home.staged_paths()?.into_iter().collect();
            return Ok(Choice::Changed(paths, "HEAD".to_owned()));
        }
        if let Some(revision) = &self.changed {
            let base = place::base(home, revision)?;
            let paths = home.changed_paths(&base)?.into_iter().collect();
            return Ok(Choice::Changed(paths, base.describe()));
        }
        if let Some(path) = self.stdin_file(home, directory)? {
            return Ok(Choice::Named(BTreeSet::from([path])));
        }
        if self.paths.is_empty() {
            return Ok(Choice::All);
        }
        let paths = place::expand(snapshot, home, directory, &self.paths)?;
        Ok(Choice::Named(paths))
    }

    /// The file that standard input stands for.
    pub(super) fn stdin_file(
        &self,
        home: &Home,
        directory: &Path,
    ) -> Result<Option<RepoPath>, Error> {
        let dash = |path: &PathBuf| path.as_os_str() == "-";
        match &self.stdin_filename {
            Some(_) if !self.paths.iter().all(dash) => {
                Err(Error::usage("--stdin-filename goes with no other file than `-`"))
            }
            Some(path) => place::within(home.root(), directory, path).map(Some),
            None if self.paths.iter().any(dash) => Err(Error::usage(
                "`-` needs to know which file the text is of",
            )
            .hint("add --stdin-filename, such as --stdin-filename prompts/support/triage.yaml")),
            None => Ok(None),
        }
    }
}
