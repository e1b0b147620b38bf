//! The walk over commits.

use std::iter::FusedIterator;
use std::sync::Arc;

use gix::ObjectId;

use super::commit::Commit;
use super::repo::Repo;
use super::{Snapshot, SnapshotError};
use crate::path::RepoPath;

/// Commits along first parents, newest first. An error ends the walk.
///
/// A step reads one commit and no tree, and not even that where git has written a commit-graph. To find where a file changed, compare its [`Snapshot::fingerprint`] from step to step,
/// that of its folder first: both are remembered per tree, so a step that leaves the folder alone costs one tree.
pub struct FirstParent {
    repo: Arc<Repo>,
    prefix: RepoPath,
    next: Option<ObjectId>,
    /// Commits whose parents were left out of a shallow clone, sorted.
    boundary: Vec<ObjectId>,
    /// Trees and parents of commits, as `git gc` and `git maintenance` note them down.
    graph: Option<gix::commitgraph::Graph>,
}

impl FirstParent {
    pub(super) fn new(
        repo: &Arc<Repo>,
        prefix: &RepoPath,
        start: ObjectId,
    ) -> Result<Self, SnapshotError> {
        let (repo, prefix) = (Arc::clone(repo), prefix.clone());
        let boundary = repo.shallow_boundary()?;
        // It says nothing true of a shallow clone; where it cannot be read, the commits can.
        let graph = boundary.is_empty().then(|| repo.handle().commit_graph_if_enabled());
        let graph = graph.and_then(|graph| graph.ok().flatten());
        Ok(Self { repo, prefix, next: Some(start), boundary, graph })
    }

    fn known(&self, id: ObjectId) -> Option<Commit> {
        let graph = self.graph.as_ref()?;
        let commit = graph.commit_by_id(id)?;
        let parent = commit.parent1().ok()?.map(|parent| graph.id_at(parent).to_owned());
        let tree = commit.root_tree_id().to_owned();
        Some(Commit::known(&self.repo, &self.prefix, id, tree, parent))
    }
}

impl Iterator for FirstParent {
    type Item = Result<Snapshot, SnapshotError>;

    fn next(&mut self) -> Option<Self::Item> {
        let id = self.next.take()?;
        let commit = match self.known(id) {
            Some(commit) => Ok(commit),
            None => Commit::open(&self.repo, &self.prefix, id, None),
        };
        if let Ok(commit) = &commit
            && self.boundary.binary_search(&id).is_err()
        {
            self.next = commit.first_parent();
        }
        Some(commit.map(Snapshot::Commit))
    }
}

impl FusedIterator for FirstParent {}
