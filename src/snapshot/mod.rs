//! Where files come from: the worktree, the index, a commit, memory, or one of these with some files replaced.
//!
//! A prompt is the same thing wherever it lies, so everything above reads files through a [`Snapshot`] and never
//! asks which kind it is. Comparing two versions is loading twice and comparing. A [`Home`] is the
//! project's place on disk and in git; it opens snapshots and walks over commits.
//!
//! This is the only module that reads the user's files, and the only one that knows how git is read: no type of
//! `gix`, which changes its interface about monthly, is visible outside.
//!
//! The rules are the same for every source:
//! - Paths are relative to the root of the project. In a commit the root is the same sub-folder as on disk.
//! - Listings leave out names that start with a dot, unless they were asked for by name.
//! - Links are followed while they stay inside the root; see [`SnapshotError::LeavesProject`].
//! - Submodules are repositories of their own and no part of the project.
//! - Bytes are given as they are stored: whoever wants LF makes it so.

use std::fmt;

use self::listing::hidden_below;
use self::resolve::{Node, Place, resolve};
use crate::path::RepoPath;

mod commit;
mod discover;
mod error;
mod first_parent;
mod home;
mod index;
mod listing;
mod memory;
mod notes;
mod overlay;
mod renames;
mod repo;
mod resolve;
mod revision;
mod trust;
mod worktree;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use commit::{Commit, CommitInfo};
pub use error::SnapshotError;
pub use first_parent::FirstParent;
pub use home::Home;
pub use index::Index;
pub use listing::{Listing, SkipReason, Skipped};
pub use memory::Memory;
pub use overlay::Overlay;
pub use worktree::Worktree;

/// The largest file that is read: 64 MiB.
pub const MAX_FILE_BYTES: u64 = 64 << 20;

/// The most files and folders that one listing looks at. A tree of git can be made to unfold into billions.
pub const MAX_FILES: usize = 1_000_000;

/// The files of a project at one moment. Cheap to clone, and read by many threads at once.
#[derive(Clone)]
pub enum Snapshot {
    /// As they are on disk.
    Worktree(Worktree),
    /// As they are staged.
    Index(Index),
    /// As they were committed.
    Commit(Commit),
    /// As a program gave them.
    Memory(Memory),
    /// As another snapshot has them, some of them replaced by a program.
    Overlay(Overlay),
}

impl Snapshot {
    /// Files given as bytes. A later file with the same path replaces the earlier one.
    pub fn memory(files: impl IntoIterator<Item = (RepoPath, Vec<u8>)>) -> Self {
        Self::Memory(Memory::new(files))
    }

    /// The same snapshot with these files in place of its own, or beside them.
    pub fn with_files(
        self,
        files: impl IntoIterator<Item = (RepoPath, Vec<u8>)>,
    ) -> Result<Self, SnapshotError> {
        Overlay::new(self, files).map(Self::Overlay)
    }

    /// The bytes of a file; `None` when there is no file of that name, which a folder is not.
    ///
    /// Reads what is asked for: ignored and hidden files too. Never reads more than [`MAX_FILE_BYTES`].
    pub fn read(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, SnapshotError> {
        match self {
            Self::Worktree(files) => files.read(path),
            Self::Index(files) => files.read(path),
            Self::Commit(files) => files.read(path),
            Self::Memory(files) => files.read(path),
            Self::Overlay(files) => files.read(path),
        }
    }

    /// All files below a folder, however deep, sorted; paths are relative to the root of the project.
    ///
    /// `under` itself when it is a file, nothing when it does not exist.
    pub fn list(&self, under: &RepoPath) -> Result<Vec<RepoPath>, SnapshotError> {
        Ok(self.walk(under)?.files)
    }

    /// What [`Snapshot::list`] lists, and what it had to leave out.
    pub fn walk(&self, under: &RepoPath) -> Result<Listing, SnapshotError> {
        match self {
            Self::Worktree(files) => files.walk(under),
            Self::Index(files) => files.walk(under),
            Self::Commit(files) => files.walk(under),
            Self::Memory(files) => files.walk(under),
            Self::Overlay(files) => files.walk(under),
        }
    }

    /// Whether [`Snapshot::walk`] of a folder lists a file, found without walking through it.
    pub fn lists(&self, folder: &RepoPath, path: &RepoPath) -> Result<bool, SnapshotError> {
        let Place::Folder(at) = resolve(folder, |path| self.look(path))? else { return Ok(false) };
        let Some(below) = path.strip_prefix(folder).filter(|below| !below.is_root()) else {
            return Ok(false);
        };
        let path = at.join(&below);
        if hidden_below(&path, &at) {
            return Ok(false);
        }
        let mut above = path.parent();
        while above != at {
            if self.look(&above)? != Node::Folder {
                return Ok(false);
            }
            above = above.parent();
        }
        let is_file = match self.look(&path)? {
            Node::File => true,
            Node::Link(_) => matches!(resolve(&path, |path| self.look(path)), Ok(Place::File(_))),
            _ => false,
        };
        Ok(is_file && self.keeps(&path)?)
    }

    /// Whether no rule hides a file from listings.
    fn keeps(&self, path: &RepoPath) -> Result<bool, SnapshotError> {
        match self {
            Self::Worktree(files) => files.keeps(path),
            Self::Overlay(files) => files.keeps(path),
            Self::Index(_) | Self::Commit(_) | Self::Memory(_) => Ok(true),
        }
    }

    /// What tells one content from another without reading it, where that is possible.
    ///
    /// For a file, of every source: the id that git gives its bytes, so fingerprints of different snapshots of one
    /// repository can be compared. In a commit also for a folder: equal fingerprints mean that everything below is equal,
    /// though not what links in it lead to elsewhere. `None` when there is no such file.
    /// In the index and in a commit this reads no file.
    pub fn fingerprint(&self, path: &RepoPath) -> Result<Option<Fingerprint>, SnapshotError> {
        match self {
            Self::Worktree(files) => files.fingerprint(path),
            Self::Index(files) => files.fingerprint(path),
            Self::Commit(files) => files.fingerprint(path),
            Self::Memory(files) => files.fingerprint(path),
            Self::Overlay(files) => files.fingerprint(path),
        }
    }

    /// What it is, in words: "the worktree", "the index", "commit 1a2b3c4 (main~3)", "memory".
    pub fn describe(&self) -> String {
        match self {
            Self::Worktree(_) => "the worktree".to_owned(),
            Self::Index(_) => "the index".to_owned(),
            Self::Commit(commit) => commit.describe(),
            Self::Memory(_) => "memory".to_owned(),
            Self::Overlay(files) => files.describe(),
        }
    }

    /// The commit that it was read from.
    pub fn commit(&self) -> Option<&CommitInfo> {
        match self {
            Self::Commit(commit) => Some(commit.info()),
            _ => None,
        }
    }

    /// What lies at a path, links not followed.
    fn look(&self, path: &RepoPath) -> Result<Node, SnapshotError> {
        match self {
            Self::Worktree(files) => files.look(path),
            Self::Index(files) => files.look(path),
            Self::Commit(files) => files.look(path),
            Self::Memory(files) => Ok(files.look(path)),
            Self::Overlay(files) => files.look(path),
        }
    }

    /// How fingerprints are made: SHA-1 or SHA-256.
    fn hash(&self) -> gix::hash::Kind {
        match self {
            Self::Worktree(files) => files.hash(),
            Self::Index(files) => files.hash(),
            Self::Commit(files) => files.hash(),
            Self::Memory(_) => gix::hash::Kind::Sha1,
            Self::Overlay(files) => files.hash(),
        }
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot({})", self.describe())
    }
}

/// The identity of a file's bytes or of a folder's content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(gix::ObjectId);

impl Fingerprint {
    /// The id that git gives to a file with these bytes.
    ///
    /// Fails on bytes that were made to collide under SHA-1.
    fn of_file(hash: gix::hash::Kind, bytes: &[u8]) -> Result<Self, SnapshotError> {
        gix::objs::compute_hash(hash, gix::objs::Kind::Blob, bytes)
            .map(Self)
            .map_err(SnapshotError::git("hashing a file"))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({})", self.0)
    }
}

/// Refuses what is larger than [`MAX_FILE_BYTES`].
fn too_large(path: &RepoPath, bytes: u64) -> Result<(), SnapshotError> {
    if bytes > MAX_FILE_BYTES {
        return Err(SnapshotError::TooLarge { path: path.clone(), bytes });
    }
    Ok(())
}
