//! Where files come from (stand-in).
use crate::path::RepoPath;
use std::collections::BTreeMap;
use std::sync::Arc;
#[derive(Clone, Debug)]
pub enum Snapshot { Memory(Arc<BTreeMap<RepoPath, Vec<u8>>>) }
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError { #[error("x")] X }
impl Snapshot {
    pub fn memory(files: impl IntoIterator<Item=(RepoPath, Vec<u8>)>) -> Self { Self::Memory(Arc::new(files.into_iter().collect())) }
    pub fn read(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, SnapshotError> { let Self::Memory(m) = self; Ok(m.get(path).cloned()) }
    pub fn list(&self, under: &RepoPath) -> Result<Vec<RepoPath>, SnapshotError> { let Self::Memory(m) = self; Ok(m.keys().filter(|p| p.starts_with(under)).cloned().collect()) }
}
