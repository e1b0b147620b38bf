//! The files of one commit, and what it says about itself.

use std::sync::{Arc, OnceLock};

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::objs::CommitRef;
use gix::objs::tree::EntryKind;
use jiff::Timestamp;

use super::listing::{Lister, Listing};
use super::repo::{Entry, Lookup, Repo};
use super::resolve::{Node, Place, resolve};
use super::{Fingerprint, SnapshotError};
use crate::path::RepoPath;

/// The files of a commit, read from git without touching the worktree.
#[derive(Clone)]
pub struct Commit {
    inner: Arc<Inner>,
}

struct Inner {
    repo: Arc<Repo>,
    prefix: RepoPath,
    id: ObjectId,
    tree: ObjectId,
    first_parent: Option<ObjectId>,
    /// Read when it is first asked for, where tree and parent are known without it.
    info: OnceLock<CommitInfo>,
    asked: Option<String>,
}

/// What a commit says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitInfo {
    /// The full id, in hexadecimal.
    pub id: String,
    /// The author's name.
    pub author: String,
    /// The author's address.
    pub email: String,
    /// When the author wrote it; the epoch when the commit gives no readable date.
    pub date: Timestamp,
    /// The first paragraph of the message, on one line.
    pub summary: String,
    /// How many parents it has: 0 for a first commit, 2 and more for a merge.
    pub parents: usize,
}

impl CommitInfo {
    /// All that is left of a damaged commit.
    fn unreadable(id: ObjectId) -> Self {
        Self {
            id: id.to_string(),
            author: String::new(),
            email: String::new(),
            date: Timestamp::UNIX_EPOCH,
            summary: String::new(),
            parents: 0,
        }
    }

    /// The first seven digits of the id.
    pub fn short_id(&self) -> &str {
        self.id.get(..7).unwrap_or(&self.id)
    }
}

impl Commit {
    /// Reads the commit `id`; `asked` is how the user called it.
    pub(super) fn open(
        repo: &Arc<Repo>,
        prefix: &RepoPath,
        id: ObjectId,
        asked: Option<&str>,
    ) -> Result<Self, SnapshotError> {
        let handle = repo.handle();
        let object = handle.find_commit(id).map_err(Repo::broken(&handle, id))?;
        let commit = CommitRef::from_bytes(&object.data, handle.object_hash())
            .map_err(|error| SnapshotError::git(format!("reading commit {id}"))(error))?;
        let inner = Inner {
            repo: Arc::clone(repo),
            prefix: prefix.clone(),
            id,
            tree: commit.tree(),
            first_parent: commit.parents().next(),
            info: info(id, &commit).into(),
            asked: asked.map(str::to_owned),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// A commit whose tree and first parent are known; the object itself is not read.
    pub(super) fn known(
        repo: &Arc<Repo>,
        prefix: &RepoPath,
        id: ObjectId,
        tree: ObjectId,
        first_parent: Option<ObjectId>,
    ) -> Self {
        let inner = Inner {
            repo: Arc::clone(repo),
            prefix: prefix.clone(),
            id,
            tree,
            first_parent,
            info: OnceLock::new(),
            asked: None,
        };
        Self { inner: Arc::new(inner) }
    }

    /// What the commit says about itself.
    pub fn info(&self) -> &CommitInfo {
        self.inner.info.get_or_init(|| {
            let handle = self.inner.repo.handle();
            let object = handle.find_commit(self.inner.id).ok();
            let commit = object
                .as_ref()
                .and_then(|object| CommitRef::from_bytes(&object.data, handle.object_hash()).ok());
            match commit {
                Some(commit) => info(self.inner.id, &commit),
                None => CommitInfo::unreadable(self.inner.id),
            }
        })
    }

    pub(super) fn first_parent(&self) -> Option<ObjectId> {
        self.inner.first_parent
    }

    pub(super) fn describe(&self) -> String {
        let info = self.info();
        let short = info.short_id();
        match &self.inner.asked {
            Some(asked) if !info.id.starts_with(asked.as_str()) => {
                format!("commit {short} ({asked})")
            }
            _ => format!("commit {short}"),
        }
    }

    pub(super) fn read(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, SnapshotError> {
        match self.entry(path)? {
            Some(entry) if entry.kind != EntryKind::Tree => {
                self.inner.repo.blob(path, entry.id).map(Some)
            }
            _ => Ok(None),
        }
    }

    pub(super) fn walk(&self, under: &RepoPath) -> Result<Listing, SnapshotError> {
        let mut lister = match Lister::start(under, |path| self.look(path))? {
            Ok(lister) => lister,
            Err(listing) => return Ok(listing),
        };
        if let Some(tree) = self.folder(lister.at())? {
            self.inner.repo.list(tree, &mut lister)?;
        }
        Ok(lister.finish())
    }

    pub(super) fn fingerprint(
        &self,
        path: &RepoPath,
    ) -> Result<Option<Fingerprint>, SnapshotError> {
        Ok(self.entry(path)?.map(|entry| Fingerprint(entry.id)))
    }

    /// The tree of a folder, which must not lie behind a link.
    pub(super) fn folder(&self, path: &RepoPath) -> Result<Option<ObjectId>, SnapshotError> {
        Ok(match self.lookup(path)? {
            Lookup::Found(Entry { kind: EntryKind::Tree, id }) => Some(id),
            _ => None,
        })
    }

    /// The file or folder at a path, links followed.
    fn entry(&self, path: &RepoPath) -> Result<Option<Entry>, SnapshotError> {
        match self.lookup(path)? {
            Lookup::Missing | Lookup::Found(Entry { kind: EntryKind::Commit, .. }) => Ok(None),
            Lookup::Found(entry) if entry.kind != EntryKind::Link => Ok(Some(entry)),
            Lookup::Found(_) | Lookup::ThroughLink => {
                match resolve(path, |path| self.look(path))? {
                    Place::File(path) | Place::Folder(path) => match self.lookup(&path)? {
                        Lookup::Found(entry) => Ok(Some(entry)),
                        Lookup::Missing | Lookup::ThroughLink => Ok(None),
                    },
                    Place::Missing | Place::Special => Ok(None),
                }
            }
        }
    }

    pub(super) fn hash(&self) -> gix::hash::Kind {
        self.inner.repo.hash()
    }

    pub(super) fn look(&self, path: &RepoPath) -> Result<Node, SnapshotError> {
        match self.lookup(path)? {
            Lookup::Found(entry) => self.inner.repo.node(entry),
            Lookup::Missing | Lookup::ThroughLink => Ok(Node::Missing),
        }
    }

    fn lookup(&self, path: &RepoPath) -> Result<Lookup, SnapshotError> {
        self.inner.repo.lookup(self.inner.tree, self.inner.prefix.join(path).as_str())
    }
}

/// A commit with a damaged author or date still has files: what cannot be read is left empty.
fn info(id: ObjectId, commit: &CommitRef<'_>) -> CommitInfo {
    let author = commit.author().ok();
    let seconds = author.and_then(|author| author.time().ok()).map_or(0, |time| time.seconds);
    let text = |bytes: &gix::bstr::BStr| bytes.to_str_lossy().into_owned();
    CommitInfo {
        id: id.to_string(),
        author: author.map(|author| text(author.name)).unwrap_or_default(),
        email: author.map(|author| text(author.email)).unwrap_or_default(),
        date: Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH),
        summary: text(commit.message().summary().as_ref()),
        parents: commit.parents.len(),
    }
}
