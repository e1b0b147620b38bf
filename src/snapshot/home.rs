//! A project's place on disk and in git.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix::bstr::{BString, ByteSlice};
use gix::objs::tree::EntryKind;

use super::commit::{Commit, CommitInfo};
use super::discover::{Found, Git, Surroundings, find};
use super::first_parent::FirstParent;
use super::index::Index;
use super::renames::renames;
use super::repo::{Entry, Repo};
use super::resolve::portable;
use super::trust::check_owner;
use super::worktree::Worktree;
use super::{Snapshot, SnapshotError, notes};
use crate::path::RepoPath;

/// The file that marks the root of a project.
const MARKER: &str = "pf.yaml";

/// A project's place on disk and in git: opens snapshots of it. Cheap to clone.
#[derive(Clone)]
pub struct Home {
    root: PathBuf,
    prefix: RepoPath,
    git: Git,
}

impl Home {
    /// Finds the project that a folder belongs to.
    ///
    /// The root is the nearest ancestor that holds `pf.yaml`, looked for no higher than the top of the git work tree;
    /// else that top; without git, the folder itself. What git is told by `GIT_DIR`, `GIT_WORK_TREE` and
    /// `GIT_INDEX_FILE` holds here too, so a hook sees what git shows it. A repository or `pf.yaml` of another user
    /// is refused.
    pub fn discover(from: &Path) -> Result<Self, SnapshotError> {
        Self::discover_in(from, Surroundings::Process)
    }

    pub(super) fn discover_in(
        from: &Path,
        surroundings: Surroundings<'_>,
    ) -> Result<Self, SnapshotError> {
        let Found { from, git, top } = find(from, surroundings)?;
        if let (Git::Here(repo), None) = (&git, &top) {
            return Ok(Self { root: repo.git_dir(), prefix: RepoPath::root(), git });
        }
        let top = top.unwrap_or_else(|| from.clone());
        let within = from.ancestors().take_while(|folder| folder.starts_with(&top));
        let root = within.into_iter().find(|folder| folder.join(MARKER).is_file());
        if let Some(root) = root {
            check_owner(&root.join(MARKER), &top)?;
        }
        let root = root.unwrap_or(&top).to_owned();
        let below = root.strip_prefix(&top).unwrap_or(Path::new(""));
        let prefix = match below.to_str().map(|below| below.replace(std::path::MAIN_SEPARATOR, "/"))
        {
            Some(below) if below.is_empty() => RepoPath::root(),
            below => {
                below.as_deref().and_then(portable).ok_or_else(|| SnapshotError::NoSuchFolder {
                    path: root.clone(),
                    source: std::io::Error::other("its name is not portable UTF-8"),
                })?
            }
        };
        Ok(Self { root, prefix, git })
    }

    /// The root on disk: absolute, links resolved. The git directory of a bare repository.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the root lies below the top of the git work tree.
    pub fn prefix(&self) -> &RepoPath {
        &self.prefix
    }

    /// Whether there is a repository that can be read.
    pub fn has_git(&self) -> bool {
        matches!(self.git, Git::Here(_))
    }

    /// The git directory that all linked worktrees share.
    pub fn git_dir_common(&self) -> Option<&Path> {
        match &self.git {
            Git::Here(repo) => Some(repo.common_dir()),
            _ => None,
        }
    }

    /// The files on disk. Reading them in a bare repository says that there are none.
    pub fn worktree(&self) -> Snapshot {
        let (repo, bare) = match &self.git {
            Git::Here(repo) => (Some(Arc::clone(repo)), repo.is_bare().then(|| repo.git_dir())),
            _ => (None, None),
        };
        Snapshot::Worktree(Worktree::new(&self.root, &self.prefix, repo, bare))
    }

    /// What is staged, read now: later changes of the index do not show. Before the first commit too.
    pub fn index(&self) -> Result<Snapshot, SnapshotError> {
        self.read_index().map(Snapshot::Index)
    }

    /// The commit that `rev` names in any way that git understands: a branch, a tag, `HEAD~3`, `main@{yesterday}`,
    /// a short id, `:/message`.
    pub fn commit(&self, rev: &str) -> Result<Snapshot, SnapshotError> {
        let repo = self.repo(&format!("revision `{rev}`"))?;
        let id = repo.commit_id(rev)?;
        Commit::open(repo, &self.prefix, id, Some(rev)).map(Snapshot::Commit)
    }

    /// The best common ancestor of two commits.
    pub fn merge_base(&self, a: &str, b: &str) -> Result<Snapshot, SnapshotError> {
        let repo = self.repo(&format!("the merge base of `{a}` and `{b}`"))?;
        let id = repo.merge_base(a, b)?;
        Commit::open(repo, &self.prefix, id, Some(&format!("{a}...{b}"))).map(Snapshot::Commit)
    }

    /// The commit that is checked out; `None` before the first one.
    pub fn head(&self) -> Result<Option<CommitInfo>, SnapshotError> {
        let repo = self.repo("the current commit")?;
        let Some(id) = repo.head_id()? else {
            return Ok(None);
        };
        Ok(Some(Commit::open(repo, &self.prefix, id, None)?.info().clone()))
    }

    /// Whether a tracked file was changed, staged or not, or a file is neither tracked nor ignored, in one of the
    /// files or folders `under`; anywhere in the project when `under` is empty.
    pub fn is_dirty(&self, under: &[RepoPath]) -> Result<bool, SnapshotError> {
        let repo = self.repo("the state of the worktree")?;
        if repo.is_bare() {
            return Err(SnapshotError::Bare { what: "the worktree", git_dir: repo.git_dir() });
        }
        repo.is_dirty(self.patterns(under))
    }

    /// Whether history was cut off when it was cloned.
    pub fn is_shallow(&self) -> Result<bool, SnapshotError> {
        self.repo("the history")?.is_shallow()
    }

    /// Paths in which the index differs from the current commit, sorted: new, changed, with merge conflicts, or gone.
    pub fn staged_paths(&self) -> Result<Vec<RepoPath>, SnapshotError> {
        let index = self.read_index()?;
        let repo = self.repo("the index")?;
        let head = match repo.head_id()? {
            Some(id) => self.entries(&Commit::open(repo, &self.prefix, id, None)?)?,
            None => BTreeMap::new(),
        };
        Ok(index.changed_since(&head))
    }

    /// Paths in which the worktree differs from a commit, sorted: changed, gone, or new and not ignored. What is
    /// staged counts only as far as it is on disk too.
    pub fn changed_paths(&self, since: &Snapshot) -> Result<Vec<RepoPath>, SnapshotError> {
        let Snapshot::Commit(commit) = since else {
            return Err(SnapshotError::NotACommit { rev: since.describe(), kind: "set of files" });
        };
        let index = self.read_index()?;
        let repo = self.repo("the state of the worktree")?;
        let mut paths = index.changed_since(&self.entries(commit)?);
        let below = |path: BString| portable(path.to_str().ok()?)?.strip_prefix(&self.prefix);
        paths.extend(repo.changed_on_disk(self.patterns(&[]))?.into_iter().filter_map(below));
        paths.sort_unstable();
        paths.dedup();
        let worktree = self.worktree();
        // A file may have been changed and changed back; one that cannot be read is for the reader to complain about.
        paths.retain(|path| match (since.fingerprint(path), worktree.fingerprint(path)) {
            (Ok(before), Ok(now)) => before != now,
            _ => true,
        });
        Ok(paths)
    }

    /// The files of a commit, links as they are, submodules left out.
    fn entries(&self, commit: &Commit) -> Result<BTreeMap<RepoPath, Entry>, SnapshotError> {
        let mut entries = BTreeMap::new();
        if let Some(tree) = commit.folder(&RepoPath::root())? {
            let add = |path: &RepoPath, entry: Entry| {
                if entry.kind != EntryKind::Commit {
                    entries.insert(path.clone(), entry);
                }
                Ok(())
            };
            self.repo("the commit")?.visit(tree, &RepoPath::root(), |_| true, add, |_| {})?;
        }
        Ok(entries)
    }

    /// Git's patterns for some paths of the project; everything in it when there are none.
    fn patterns(&self, under: &[RepoPath]) -> Vec<BString> {
        let root = [RepoPath::root()];
        let under = if under.is_empty() { &root[..] } else { under };
        if under.iter().any(|path| self.prefix.join(path).is_root()) {
            return Vec::new();
        }
        let pattern = |path| format!(":(top,literal){}", self.prefix.join(path)).into();
        under.iter().map(pattern).collect()
    }

    /// The commits from `rev` back to the first, newest first, along first parents.
    ///
    /// A shallow clone ends it early; ask [`Home::is_shallow`].
    pub fn first_parent_history(&self, rev: &str) -> Result<FirstParent, SnapshotError> {
        let repo = self.repo(&format!("the history of `{rev}`"))?;
        FirstParent::new(repo, &self.prefix, repo.commit_id(rev)?)
    }

    /// Files that `to` has under another name than `from`, as `(old, new)`, sorted by the new name: equal, or at
    /// least half of their lines alike, as `git diff --find-renames` decides. Both must be commits.
    pub fn renames(
        &self,
        from: &Snapshot,
        to: &Snapshot,
    ) -> Result<Vec<(RepoPath, RepoPath)>, SnapshotError> {
        let repo = self.repo("renames")?;
        let (Snapshot::Commit(from), Snapshot::Commit(to)) = (from, to) else {
            let other = if from.commit().is_none() { from } else { to };
            return Err(SnapshotError::NotACommit { rev: other.describe(), kind: "set of files" });
        };
        renames(repo, from, to)
    }

    /// The notes of a ref such as `refs/notes/pf`: lines, by the full id of the commit that they stand beside.
    pub fn notes(&self, reference: &str) -> Result<BTreeMap<String, Vec<String>>, SnapshotError> {
        notes::read(self.repo("the notes")?, reference)
    }

    /// Changes the lines beside a commit, given by its full id, whatever other processes write meanwhile. They are kept
    /// sorted and each once; a note without lines is removed. Neither worktree nor index is touched.
    pub fn edit_notes(
        &self,
        reference: &str,
        commit: &str,
        message: &str,
        edit: impl Fn(&mut BTreeSet<String>),
    ) -> Result<(), SnapshotError> {
        notes::edit(self.repo("the notes")?, reference, commit, message, edit)
    }

    /// Whether git knows in whose name notes are written: what [`Home::edit_notes`] would find out too late.
    pub fn check_notes_identity(&self, reference: &str) -> Result<(), SnapshotError> {
        notes::check_identity(self.repo("the notes")?, reference)
    }

    fn read_index(&self) -> Result<Index, SnapshotError> {
        let repo = self.repo("the index")?;
        if repo.is_bare() {
            return Err(SnapshotError::Bare { what: "the index", git_dir: repo.git_dir() });
        }
        Index::open(repo, &self.prefix)
    }

    /// The repository, or why `what` cannot be had.
    fn repo(&self, what: &str) -> Result<&Arc<Repo>, SnapshotError> {
        match &self.git {
            Git::Here(repo) => Ok(repo),
            Git::Nowhere => {
                Err(SnapshotError::NotInGit { what: what.to_owned(), root: self.root.clone() })
            }
            Git::Unsupported { git_dir, why } => Err(SnapshotError::Unsupported {
                what: what.to_owned(),
                git_dir: git_dir.clone(),
                why: why.clone(),
            }),
        }
    }
}

impl fmt::Debug for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Home")
            .field("root", &self.root)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
