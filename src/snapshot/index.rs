//! What is staged: the files as the next commit will have them.

use std::collections::BTreeMap;
use std::sync::Arc;

use gix::bstr::ByteSlice;
use gix::index::entry::{Flags, Stage};
use gix::objs::tree::EntryKind;

use super::listing::{Lister, Listing, SkipReason};
use super::memory::has_below;
use super::repo::{Entry, Repo};
use super::resolve::{Node, Place, portable, resolve};
use super::{Fingerprint, SnapshotError};
use crate::path::RepoPath;

/// The files of the index, as they were when it was read.
#[derive(Clone)]
pub struct Index {
    inner: Arc<Inner>,
}

struct Inner {
    repo: Arc<Repo>,
    entries: BTreeMap<RepoPath, State>,
    /// Paths that are not portable.
    refused: Vec<Vec<u8>>,
}

/// One path of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Staged(Entry),
    /// Two or three versions wait to be merged.
    Conflicted,
}

impl Index {
    /// Reads the index, as far as it concerns the folder `prefix`.
    pub(super) fn open(repo: &Arc<Repo>, prefix: &RepoPath) -> Result<Self, SnapshotError> {
        let handle = repo.handle();
        let index = handle.index_or_empty().map_err(SnapshotError::git("reading the index"))?;
        let folder = if prefix.is_root() { String::new() } else { format!("{prefix}/") };
        let mut entries = BTreeMap::new();
        let mut refused = Vec::new();
        for entry in index.entries() {
            let Some(below) = entry.path(&index).strip_prefix(folder.as_bytes()) else {
                continue;
            };
            // Promised by `git add --intent-to-add`, not staged.
            if entry.flags.contains(Flags::INTENT_TO_ADD) {
                continue;
            }
            let Some(mode) = entry.mode.to_tree_entry_mode() else {
                continue;
            };
            let name = below.strip_suffix(b"/").unwrap_or(below).to_str().ok();
            let Some(path) = name.and_then(portable) else {
                refused.push(below.to_vec());
                continue;
            };
            if mode.is_tree() {
                // A sparse index holds whole folders outside the checkout as one entry.
                repo.visit(
                    entry.id,
                    &path,
                    |_| true,
                    |path, entry| {
                        entries.insert(path.clone(), State::Staged(entry));
                        Ok(())
                    },
                    |path| refused.push(path.to_vec()),
                )?;
            } else if entry.stage() == Stage::Unconflicted {
                entries.insert(path, State::Staged(Entry { kind: mode.kind(), id: entry.id }));
            } else {
                entries.insert(path, State::Conflicted);
            }
        }
        Ok(Self { inner: Arc::new(Inner { repo: Arc::clone(repo), entries, refused }) })
    }

    pub(super) fn read(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, SnapshotError> {
        match self.entry(path)? {
            Some(entry) => self.inner.repo.blob(path, entry.id).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn walk(&self, under: &RepoPath) -> Result<Listing, SnapshotError> {
        let mut lister = match Lister::start(under, |path| self.look(path))? {
            Ok(lister) => lister,
            Err(listing) => return Ok(listing),
        };
        let at = lister.at().clone();
        for (path, state) in self.inner.entries.iter().filter(|(path, _)| path.starts_with(&at)) {
            match state {
                State::Staged(Entry { kind: EntryKind::Commit, .. }) => {
                    lister.skip(path.as_str().as_bytes(), SkipReason::Submodule);
                }
                State::Staged(entry) => lister.add(path, entry.kind == EntryKind::Link)?,
                // Listed, so that reading it says that it must be merged first.
                State::Conflicted => lister.add(path, false)?,
            }
        }
        for path in &self.inner.refused {
            let below = at.is_root()
                || path
                    .strip_prefix(at.as_str().as_bytes())
                    .is_some_and(|rest| rest.starts_with(b"/"));
            if below {
                lister.skip(path, SkipReason::Name);
            }
        }
        Ok(lister.finish())
    }

    pub(super) fn fingerprint(
        &self,
        path: &RepoPath,
    ) -> Result<Option<Fingerprint>, SnapshotError> {
        Ok(self.entry(path)?.map(|entry| Fingerprint(entry.id)))
    }

    /// Paths whose content, mode or state differs from `before`, and those that are gone, sorted.
    pub(super) fn changed_since(&self, before: &BTreeMap<RepoPath, Entry>) -> Vec<RepoPath> {
        let is_submodule =
            |state: &State| matches!(state, State::Staged(Entry { kind: EntryKind::Commit, .. }));
        let changed = self.inner.entries.iter().filter(|(path, state)| match state {
            State::Conflicted => true,
            state if is_submodule(state) => false,
            State::Staged(entry) => before.get(path) != Some(entry),
        });
        let gone =
            before.keys().filter(|path| self.inner.entries.get(path).is_none_or(is_submodule));
        let mut paths: Vec<RepoPath> = changed.map(|(path, _)| path).chain(gone).cloned().collect();
        paths.sort_unstable();
        paths
    }

    /// Every path that git tracks, submodules aside.
    pub(super) fn tracked(&self) -> impl Iterator<Item = &RepoPath> {
        self.inner.entries.iter().filter_map(|(path, state)| match state {
            State::Staged(Entry { kind: EntryKind::Commit, .. }) => None,
            _ => Some(path),
        })
    }

    /// The file at a path, links followed.
    fn entry(&self, path: &RepoPath) -> Result<Option<Entry>, SnapshotError> {
        let Place::File(place) = resolve(path, |path| self.look(path))? else {
            return Ok(None);
        };
        match self.inner.entries.get(&place) {
            Some(State::Staged(entry)) => Ok(Some(*entry)),
            Some(State::Conflicted) => Err(SnapshotError::Conflict { path: place }),
            None => Ok(None),
        }
    }

    pub(super) fn hash(&self) -> gix::hash::Kind {
        self.inner.repo.hash()
    }

    pub(super) fn look(&self, path: &RepoPath) -> Result<Node, SnapshotError> {
        match self.inner.entries.get(path) {
            Some(State::Staged(entry)) => self.inner.repo.node(*entry),
            Some(State::Conflicted) => Ok(Node::File),
            None if has_below(&self.inner.entries, path) => Ok(Node::Folder),
            None => Ok(Node::Missing),
        }
    }
}
