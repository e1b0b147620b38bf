//! The object database, shared between threads.
//!
//! A `gix` repository belongs to one thread at a time and warms up its caches as it is used. So a few of them
//! wait in a pool, and whoever reads takes one out for as long as the read lasts: no repository is opened twice,
//! no lock is held while an object is unpacked.

use std::collections::HashMap;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use gix::ObjectId;
use gix::objs::TreeRefIter;
use gix::objs::tree::EntryKind;

use super::listing::{Lister, SkipReason};
use super::resolve::{Node, child};
use super::{MAX_FILES, SnapshotError, too_large};
use crate::path::RepoPath;

/// Unpacked delta bases, per handle. Without one, walking the history takes half as long again.
const PACK_CACHE_BYTES: usize = 32 << 20;
/// Whole objects, per handle: trees are read again and again.
const OBJECT_CACHE_BYTES: usize = 8 << 20;
/// Remembered answers of [`Repo::lookup`]; beyond, all are forgotten and gathered anew.
const MAX_LOOKUPS: usize = 1 << 16;
/// The target of a link is a path; Linux allows 4,096 bytes.
const MAX_LINK_BYTES: u64 = 4096;

/// A repository that many threads read at once.
pub(super) struct Repo {
    shared: gix::ThreadSafeRepository,
    common_dir: PathBuf,
    handles: Mutex<Vec<gix::Repository>>,
    lookups: Mutex<Lookups>,
}

/// What lies at a path below a tree, by tree and path. Most commits leave most folders alone, so their
/// trees, and with them the answers, stay the same over long stretches of history.
#[derive(Default)]
struct Lookups {
    by_tree: HashMap<ObjectId, HashMap<Box<str>, Lookup>>,
    count: usize,
}

/// An entry of a tree or of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// File, executable, link, folder or submodule.
    pub(super) kind: EntryKind,
    /// The object that it names.
    pub(super) id: ObjectId,
}

/// Where a path below a tree leads when no link is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lookup {
    Missing,
    Found(Entry),
    /// A folder on the way is a link.
    ThroughLink,
}

/// A handle taken out of the pool; it goes back when dropped.
pub(super) struct Handle<'a> {
    repository: Option<gix::Repository>,
    pool: &'a Mutex<Vec<gix::Repository>>,
}

impl Deref for Handle<'_> {
    type Target = gix::Repository;

    fn deref(&self) -> &gix::Repository {
        self.repository.as_ref().expect("it is taken out by drop alone")
    }
}

impl Drop for Handle<'_> {
    fn drop(&mut self) {
        lock(self.pool).extend(self.repository.take());
    }
}

impl Repo {
    pub(super) fn new(shared: gix::ThreadSafeRepository) -> Self {
        let common_dir = shared.to_thread_local().common_dir().to_owned();
        // `.git/worktrees/x/../..` is a place, but no name that a user knows it by.
        let common_dir = gix::path::realpath(&common_dir).unwrap_or(common_dir);
        Self { shared, common_dir, handles: Mutex::default(), lookups: Mutex::default() }
    }

    /// A handle for this thread.
    pub(super) fn handle(&self) -> Handle<'_> {
        let waiting = lock(&self.handles).pop();
        let repository = waiting.unwrap_or_else(|| {
            let mut fresh = self.shared.to_thread_local();
            fresh.object_cache_size_if_unset(OBJECT_CACHE_BYTES);
            fresh.objects.set_pack_cache(|| {
                Box::new(gix::odb::pack::cache::lru::MemoryCappedHashmap::new(PACK_CACHE_BYTES))
            });
            fresh
        });
        Handle { repository: Some(repository), pool: &self.handles }
    }

    /// SHA-1 or SHA-256.
    pub(super) fn hash(&self) -> gix::hash::Kind {
        self.handle().object_hash()
    }

    /// The repository's own folder, shown in errors.
    pub(super) fn git_dir(&self) -> PathBuf {
        self.shared.git_dir().to_owned()
    }

    /// Whether history was cut off when it was cloned.
    pub(super) fn is_shallow(&self) -> Result<bool, SnapshotError> {
        self.handle().is_shallow().map_err(SnapshotError::git("reading the shallow boundary"))
    }

    /// The git directory that all linked worktrees share.
    pub(super) fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// Whether there are no files beside the repository.
    pub(super) fn is_bare(&self) -> bool {
        self.shared.work_dir().is_none()
    }

    /// The commits whose parents were left out of a shallow clone, sorted.
    pub(super) fn shallow_boundary(&self) -> Result<Vec<ObjectId>, SnapshotError> {
        let boundary = self.handle().shallow_commits();
        let boundary = boundary.map_err(SnapshotError::git("reading the shallow boundary"))?;
        let mut ids: Vec<ObjectId> =
            boundary.map(|ids| ids.iter().copied().collect()).unwrap_or_default();
        ids.sort_unstable();
        Ok(ids)
    }

    /// An error for an object that must exist and could not be read.
    pub(super) fn broken(
        handle: &gix::Repository,
        id: ObjectId,
    ) -> impl FnOnce(gix::Error) -> SnapshotError {
        move |error| {
            if error.is_not_found() {
                SnapshotError::MissingObject { id: id.to_string(), partial: is_partial(handle) }
            } else {
                SnapshotError::git(format!("reading object {id}"))(error)
            }
        }
    }

    /// The content of a file.
    pub(super) fn blob(&self, path: &RepoPath, id: ObjectId) -> Result<Vec<u8>, SnapshotError> {
        let handle = self.handle();
        let header = handle.find_header(id).map_err(Self::broken(&handle, id))?;
        too_large(path, header.size())?;
        let mut blob = handle.find_blob(id).map_err(Self::broken(&handle, id))?;
        Ok(blob.take_data())
    }

    /// What stands at an entry, in the words of [`super::resolve`].
    pub(super) fn node(&self, entry: Entry) -> Result<Node, SnapshotError> {
        Ok(match entry.kind {
            EntryKind::Tree => Node::Folder,
            EntryKind::Blob | EntryKind::BlobExecutable => Node::File,
            EntryKind::Commit => Node::Missing,
            EntryKind::Link => {
                let handle = self.handle();
                let broken = |error| Self::broken(&handle, entry.id)(error);
                if handle.find_header(entry.id).map_err(broken)?.size() > MAX_LINK_BYTES {
                    return Ok(Node::Missing);
                }
                Node::Link(handle.find_blob(entry.id).map_err(broken)?.take_data())
            }
        })
    }

    /// What lies at `path` below the tree `root`, following no link.
    pub(super) fn lookup(&self, root: ObjectId, path: &str) -> Result<Lookup, SnapshotError> {
        if path.is_empty() {
            return Ok(Lookup::Found(Entry { kind: EntryKind::Tree, id: root }));
        }
        let handle = self.handle();
        let (mut tree, mut rest) = (root, path);
        // The first tree is a commit's own and differs from commit to commit: only those below are remembered.
        let mut asked: Option<(ObjectId, &str)> = None;
        let answer = loop {
            let (name, below) = rest.split_once('/').unwrap_or((rest, ""));
            match (find_in_tree(&handle, tree, name)?, below.is_empty()) {
                (Some(entry), true) => break Lookup::Found(entry),
                (Some(Entry { kind: EntryKind::Link, .. }), false) => break Lookup::ThroughLink,
                (Some(Entry { kind: EntryKind::Tree, id }), false) => (tree, rest) = (id, below),
                (None, _) | (Some(_), false) => break Lookup::Missing,
            }
            if asked.is_none() {
                asked = Some((tree, rest));
                if let Some(known) = lock(&self.lookups).get(tree, rest) {
                    return Ok(known);
                }
            }
        };
        if let Some((tree, rest)) = asked {
            lock(&self.lookups).put(tree, rest, answer);
        }
        Ok(answer)
    }

    /// Shows `visit` every entry below `tree` that is no folder, with its path below `folder`; names that are not
    /// portable go to `refused`. `enter` says which folders to go into.
    pub(super) fn visit(
        &self,
        tree: ObjectId,
        folder: &RepoPath,
        mut enter: impl FnMut(&RepoPath) -> bool,
        mut visit: impl FnMut(&RepoPath, Entry) -> Result<(), SnapshotError>,
        mut refused: impl FnMut(&[u8]),
    ) -> Result<(), SnapshotError> {
        let handle = self.handle();
        let (top, mut seen) = (folder, 0_usize);
        let mut waiting = vec![(tree, folder.clone())];
        while let Some((id, folder)) = waiting.pop() {
            let tree = handle.find_tree(id).map_err(Self::broken(&handle, id))?;
            for entry in TreeRefIter::from_bytes(&tree.data, handle.object_hash()) {
                let entry = entry.map_err(|error| bad_tree(id, error))?;
                // Also those that nobody wants to see: a few small trees can hold billions of them.
                seen += 1;
                if seen > MAX_FILES {
                    return Err(SnapshotError::TooManyFiles { under: top.clone() });
                }
                let name = std::str::from_utf8(entry.filename).ok();
                let Some(path) = name.and_then(|name| child(&folder, name)) else {
                    let mut path = folder.as_str().as_bytes().to_vec();
                    if !path.is_empty() {
                        path.push(b'/');
                    }
                    path.extend_from_slice(entry.filename);
                    refused(&path);
                    continue;
                };
                if entry.mode.is_tree() {
                    if enter(&path) {
                        waiting.push((entry.oid.to_owned(), path));
                    }
                } else {
                    visit(&path, Entry { kind: entry.mode.kind(), id: entry.oid.to_owned() })?;
                }
            }
        }
        Ok(())
    }

    /// Adds everything below `tree` to a listing.
    pub(super) fn list<L: FnMut(&RepoPath) -> Result<Node, SnapshotError>>(
        &self,
        tree: ObjectId,
        lister: &mut Lister<'_, L>,
    ) -> Result<(), SnapshotError> {
        let at = lister.at().clone();
        let mut refused: Vec<Vec<u8>> = Vec::new();
        let mut modules: Vec<RepoPath> = Vec::new();
        self.visit(
            tree,
            &at,
            |folder| !folder.file_name().starts_with('.'),
            |path, entry| {
                if entry.kind == EntryKind::Commit {
                    modules.push(path.clone());
                    return Ok(());
                }
                lister.add(path, entry.kind == EntryKind::Link)
            },
            |path| refused.push(path.to_vec()),
        )?;
        for path in refused {
            lister.skip(&path, SkipReason::Name);
        }
        for path in modules {
            lister.skip(path.as_str().as_bytes(), SkipReason::Submodule);
        }
        Ok(())
    }
}

/// The entry called `name` in a tree.
fn find_in_tree(
    handle: &gix::Repository,
    tree: ObjectId,
    name: &str,
) -> Result<Option<Entry>, SnapshotError> {
    let object = handle.find_tree(tree).map_err(Repo::broken(handle, tree))?;
    for entry in TreeRefIter::from_bytes(&object.data, handle.object_hash()) {
        let entry = entry.map_err(|error| bad_tree(tree, error))?;
        if entry.filename == name {
            return Ok(Some(Entry { kind: entry.mode.kind(), id: entry.oid.to_owned() }));
        }
    }
    Ok(None)
}

impl Lookups {
    fn get(&self, tree: ObjectId, rest: &str) -> Option<Lookup> {
        self.by_tree.get(&tree)?.get(rest).copied()
    }

    fn put(&mut self, tree: ObjectId, rest: &str, lookup: Lookup) {
        if self.count >= MAX_LOOKUPS {
            *self = Self::default();
        }
        self.by_tree.entry(tree).or_default().insert(rest.into(), lookup);
        self.count += 1;
    }
}

fn bad_tree(id: ObjectId, error: gix::Error) -> SnapshotError {
    SnapshotError::git(format!("reading tree {id}"))(error)
}

/// Whether some objects were left on the server on purpose.
fn is_partial(handle: &gix::Repository) -> bool {
    let config = handle.config_snapshot();
    config.string("extensions.partialClone").is_some()
        || handle.remote_names().iter().any(|name| {
            let name: &gix::bstr::BStr = name.as_ref();
            config.boolean(&format!("remote.{name}.promisor")) == Some(true)
        })
}

/// What these locks guard stays true when a thread panics while holding one.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
