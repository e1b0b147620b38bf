//! What can go wrong between a path or a revision and the bytes behind it, and what to do about it.

use std::path::PathBuf;

use crate::path::RepoPath;

/// An error of git or of the file system below, kept as the cause.
pub(super) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why files could not be read.
///
/// [`SnapshotError::is_input`] parts what the user can mend in the command or the project from what the machine did.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The folder to start from does not exist.
    #[error("`{}` is not a folder that can be opened; name an existing one", .path.display())]
    NoSuchFolder {
        /// As given.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Git was needed and there is none.
    #[error("{what} cannot be read: `{}` is not in a git repository; run `git init` there", .root.display())]
    NotInGit {
        /// What was asked for, such as "the index".
        what: String,
        /// The root of the project.
        root: PathBuf,
    },
    /// There is a repository of a kind that cannot be read.
    #[error(
        "{what} cannot be read: the repository at `{}` {why}",
        .git_dir.display()
    )]
    Unsupported {
        /// What was asked for.
        what: String,
        /// The repository.
        git_dir: PathBuf,
        /// What is not supported and how to change it.
        why: String,
    },
    /// A repository without files checked out.
    #[error(
        "{what} does not exist: `{}` is a bare repository; name a revision, or run this in a clone with a worktree",
        .git_dir.display()
    )]
    Bare {
        /// "the worktree" or "the index".
        what: &'static str,
        /// The repository.
        git_dir: PathBuf,
    },
    /// The repository or `pf.yaml` belongs to someone else.
    #[error(
        "`{}` is owned by another user, so what it says is not trusted; to trust it, run `git config --global --add safe.directory '{}'`",
        .path.display(), .allow.display()
    )]
    ForeignOwner {
        /// What is owned by another user.
        path: PathBuf,
        /// The folder to declare safe.
        allow: PathBuf,
    },
    /// The branch has no commit.
    #[error(
        "`{rev}` names no commit: there is none yet on this branch; make one with `git commit`"
    )]
    NoCommits {
        /// As typed.
        rev: String,
    },
    /// Nothing is called so.
    #[error("`{rev}` is not a known revision{}", hint(.suggestion.as_deref(), *.shallow))]
    UnknownRevision {
        /// As typed.
        rev: String,
        /// A branch or tag that resembles it.
        suggestion: Option<String>,
        /// Whether it may lie beyond the end of a shallow clone.
        shallow: bool,
    },
    /// The name is known, but what follows it leads nowhere: `HEAD~99`, `main@{9}`, `v1:nothing`.
    #[error("`{rev}` leads nowhere: `{base}` exists, but there is nothing at `{step}` from it{}", hint(None, *.shallow))]
    NoSuchStep {
        /// As typed.
        rev: String,
        /// The part that is known.
        base: String,
        /// The rest.
        step: String,
        /// Whether it may lie beyond the end of a shallow clone.
        shallow: bool,
    },
    /// A short id that several objects share.
    #[error("`{rev}` is ambiguous, give more digits; it could be {}", .candidates.join(", "))]
    AmbiguousRevision {
        /// As typed.
        rev: String,
        /// What it could mean.
        candidates: Vec<String>,
    },
    /// A revision that is a file or a folder.
    #[error("`{rev}` is a {kind}, not a commit; name the commit alone, such as `HEAD`")]
    NotACommit {
        /// As typed.
        rev: String,
        /// "folder (tree)" or "file (blob)".
        kind: &'static str,
    },
    /// Several commits where one was needed.
    #[error("`{rev}` names a range; name one commit")]
    Range {
        /// As typed.
        rev: String,
    },
    /// Two histories that never met.
    #[error("`{a}` and `{b}` have no common ancestor{}", hint(None, *.shallow))]
    NoCommonAncestor {
        /// One side.
        a: String,
        /// The other side.
        b: String,
        /// Whether the ancestor may lie beyond the end of a shallow clone.
        shallow: bool,
    },
    /// An object that git knows of and does not have.
    #[error("object {id} is missing from the repository; {}", missing(*.partial, .id))]
    MissingObject {
        /// Its id, in hexadecimal.
        id: String,
        /// Whether this is a partial clone.
        partial: bool,
    },
    /// Something is to be committed and git does not know by whom.
    #[error(
        "{what} needs a name and an address: `git config user.name` and `git config user.email` set them"
    )]
    NoIdentity {
        /// What was being done.
        what: String,
    },
    /// The file has not been merged yet.
    #[error("`{path}` has merge conflicts; resolve them and run `git add {path}`")]
    Conflict {
        /// The file.
        path: RepoPath,
    },
    /// A link that leads out of the project.
    #[error(
        "`{path}` is a link to `{target}`, outside the project; links must stay inside its root"
    )]
    LeavesProject {
        /// The path that was asked for.
        path: RepoPath,
        /// Where a link on the way points to.
        target: String,
    },
    /// Links that lead to each other.
    #[error("`{path}` leads through too many links; point it at the file itself")]
    LinkLoop {
        /// The path that was asked for.
        path: RepoPath,
    },
    /// A pipe, socket or device.
    #[error("`{path}` is not a regular file; replace it by one")]
    NotAFile {
        /// The path.
        path: RepoPath,
    },
    /// More than [`MAX_FILE_BYTES`](super::MAX_FILE_BYTES).
    #[error(
        "`{path}` is too large: {bytes} bytes, and at most {} are read; keep such data elsewhere",
        super::MAX_FILE_BYTES
    )]
    TooLarge {
        /// The file.
        path: RepoPath,
        /// Its size.
        bytes: u64,
    },
    /// More than [`MAX_FILES`](super::MAX_FILES).
    #[error(
        "`{under}` holds more than {} files and folders; name a folder below it",
        super::MAX_FILES
    )]
    TooManyFiles {
        /// The folder.
        under: RepoPath,
    },
    /// The file system refused.
    #[error("`{}` cannot be read", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Git data that cannot be read.
    #[error(
        "{doing} failed; `git status` and `git fsck` show whether git itself can read the repository"
    )]
    Git {
        /// What was being done, such as "reading the index".
        doing: String,
        /// What went wrong below.
        source: Cause,
    },
}

impl SnapshotError {
    /// Whether a different command or project would not fail (exit code 2); otherwise the machine or the repository is
    /// at fault (exit code 4).
    pub fn is_input(&self) -> bool {
        !matches!(self, Self::Io { .. } | Self::Git { .. } | Self::MissingObject { .. })
    }

    /// The file at fault, where a single one is: everything else can be read.
    pub fn file(&self) -> Option<&RepoPath> {
        match self {
            Self::Conflict { path }
            | Self::LeavesProject { path, .. }
            | Self::LinkLoop { path }
            | Self::NotAFile { path }
            | Self::TooLarge { path, .. } => Some(path),
            _ => None,
        }
    }

    /// Wraps an error of git.
    pub(super) fn git(doing: impl Into<String>) -> impl FnOnce(gix::Error) -> Self {
        let doing = doing.into();
        |source| Self::Git { doing, source: Box::new(source) }
    }
}

fn hint(suggestion: Option<&str>, shallow: bool) -> String {
    match (suggestion, shallow) {
        (Some(name), _) => format!("; did you mean `{name}`?"),
        (None, true) => {
            "; this is a shallow clone, `git fetch --unshallow` brings the rest of its history"
                .to_owned()
        }
        (None, false) => "; `git log --oneline --all` and `git tag` show what there is".to_owned(),
    }
}

fn missing(partial: bool, id: &str) -> String {
    if partial {
        format!(
            "this is a partial clone: `git cat-file -e {id}` fetches it, `git fetch --refetch --no-filter` everything"
        )
    } else {
        "`git fsck` shows what else is; fetch or clone it again".to_owned()
    }
}
