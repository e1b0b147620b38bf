//! Files held in memory: tests, embedded examples, the buffers of an editor.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::listing::{Lister, Listing};
use super::resolve::Node;
use super::{Fingerprint, SnapshotError, too_large};
use crate::path::RepoPath;

/// Files held in memory.
#[derive(Clone)]
pub struct Memory {
    files: Arc<BTreeMap<RepoPath, Vec<u8>>>,
}

impl Memory {
    pub(super) fn new(files: impl IntoIterator<Item = (RepoPath, Vec<u8>)>) -> Self {
        Self { files: Arc::new(files.into_iter().collect()) }
    }

    pub(super) fn read(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, SnapshotError> {
        let Some(bytes) = self.files.get(path) else {
            return Ok(None);
        };
        too_large(path, bytes.len() as u64)?;
        Ok(Some(bytes.clone()))
    }

    pub(super) fn walk(&self, under: &RepoPath) -> Result<Listing, SnapshotError> {
        let mut lister = match Lister::start(under, |path| Ok(self.look(path)))? {
            Ok(lister) => lister,
            Err(listing) => return Ok(listing),
        };
        for path in self.files.keys().filter(|path| path.starts_with(under)) {
            lister.add(path, false)?;
        }
        Ok(lister.finish())
    }

    pub(super) fn fingerprint(
        &self,
        path: &RepoPath,
    ) -> Result<Option<Fingerprint>, SnapshotError> {
        let bytes = self.files.get(path);
        bytes.map(|bytes| Fingerprint::of_file(gix::hash::Kind::Sha1, bytes)).transpose()
    }

    pub(super) fn look(&self, path: &RepoPath) -> Node {
        if self.files.contains_key(path) {
            Node::File
        } else if has_below(&self.files, path) {
            Node::Folder
        } else {
            Node::Missing
        }
    }
}

/// Whether any key lies below `folder`.
pub(super) fn has_below<T>(files: &BTreeMap<RepoPath, T>, folder: &RepoPath) -> bool {
    // `a.b` and `a-b` stand between `a` and `a/b`, so the search starts at the first path that can lie below.
    let Ok(first) = RepoPath::new(&format!("{folder}/\u{20}")) else {
        return false;
    };
    files.range(first..).next().is_some_and(|(path, _)| path.starts_with(folder))
}
