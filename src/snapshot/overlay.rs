//! A snapshot with some files as a program holds them: the text on standard input, the unsaved buffers of an editor.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::listing::{Listing, hidden_below};
use super::memory::has_below;
use super::resolve::{Node, Place, resolve};
use super::{Fingerprint, Snapshot, SnapshotError, too_large};
use crate::path::RepoPath;

/// The files of another snapshot, some of them replaced or added.
#[derive(Clone)]
pub struct Overlay {
    below: Arc<Snapshot>,
    /// Under the paths that links lead to.
    files: Arc<BTreeMap<RepoPath, Vec<u8>>>,
}

impl Overlay {
    pub(super) fn new(
        below: Snapshot,
        files: impl IntoIterator<Item = (RepoPath, Vec<u8>)>,
    ) -> Result<Self, SnapshotError> {
        let mut replaced = BTreeMap::new();
        for (path, bytes) in files {
            too_large(&path, bytes.len() as u64)?;
            // Whoever saves a link writes the file that it leads to.
            let path = match resolve(&path, |path| below.look(path))? {
                Place::File(file) => file,
                _ => path,
            };
            replaced.insert(path, bytes);
        }
        Ok(Self { below: Arc::new(below), files: Arc::new(replaced) })
    }

    pub(super) fn read(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, SnapshotError> {
        match self.replaced(path)? {
            Some(bytes) => Ok(Some(bytes.clone())),
            None => self.below.read(path),
        }
    }

    pub(super) fn walk(&self, under: &RepoPath) -> Result<Listing, SnapshotError> {
        let at = match resolve(under, |path| self.look(path))? {
            Place::File(_) => {
                return Ok(Listing { files: vec![under.clone()], skipped: Vec::new() });
            }
            Place::Folder(at) => at,
            Place::Missing | Place::Special => return Ok(Listing::default()),
        };
        let mut listing = self.below.walk(under)?;
        let added = self.files.keys().filter(|path| !hidden_below(path, &at));
        listing.files.extend(added.filter_map(|path| Some(under.join(&path.strip_prefix(&at)?))));
        listing.files.sort_unstable();
        listing.files.dedup();
        Ok(listing)
    }

    pub(super) fn keeps(&self, path: &RepoPath) -> Result<bool, SnapshotError> {
        Ok(self.files.contains_key(path) || self.below.keeps(path)?)
    }

    pub(super) fn fingerprint(
        &self,
        path: &RepoPath,
    ) -> Result<Option<Fingerprint>, SnapshotError> {
        match self.replaced(path)? {
            Some(bytes) => Fingerprint::of_file(self.below.hash(), bytes).map(Some),
            // A folder's own would say nothing of what is replaced below it.
            None if has_below(&self.files, path) => Ok(None),
            None => self.below.fingerprint(path),
        }
    }

    pub(super) fn describe(&self) -> String {
        format!("{} with unsaved changes", self.below.describe())
    }

    pub(super) fn hash(&self) -> gix::hash::Kind {
        self.below.hash()
    }

    pub(super) fn look(&self, path: &RepoPath) -> Result<Node, SnapshotError> {
        if self.files.contains_key(path) {
            return Ok(Node::File);
        }
        match self.below.look(path)? {
            Node::Missing if has_below(&self.files, path) => Ok(Node::Folder),
            node => Ok(node),
        }
    }

    /// The text in place of the file that a path leads to.
    fn replaced(&self, path: &RepoPath) -> Result<Option<&Vec<u8>>, SnapshotError> {
        match resolve(path, |path| self.look(path))? {
            Place::File(file) => Ok(self.files.get(&file)),
            _ => Ok(None),
        }
    }
}
