//! Files that moved between two commits.

use gix::diff::{Options, Rewrites};
use gix::object::tree::diff::ChangeDetached;

use super::SnapshotError;
use super::commit::Commit;
use super::repo::Repo;
use super::resolve::portable;
use crate::path::RepoPath;

/// Files that `to` has under another name than `from`, as `(old, new)`, sorted by the new name.
pub(super) fn renames(
    repo: &Repo,
    from: &Commit,
    to: &Commit,
) -> Result<Vec<(RepoPath, RepoPath)>, SnapshotError> {
    let root = RepoPath::root();
    let (Some(old), Some(new)) = (from.folder(&root)?, to.folder(&root)?) else {
        return Ok(Vec::new());
    };
    if old == new {
        return Ok(Vec::new());
    }
    let handle = repo.handle();
    let old = handle.find_tree(old).map_err(Repo::broken(&handle, old))?;
    let new = handle.find_tree(new).map_err(Repo::broken(&handle, new))?;
    let options = Options::default().with_rewrites(Some(Rewrites::default()));
    let changes = handle
        .diff_tree_to_tree(Some(&old), Some(&new), options)
        .map_err(SnapshotError::git("comparing two commits"))?;
    let mut renames: Vec<(RepoPath, RepoPath)> = changes.iter().filter_map(renamed).collect();
    renames.sort_unstable_by(|a, b| a.1.cmp(&b.1));
    Ok(renames)
}

/// Old and new name, when the change is a file that moved.
fn renamed(change: &ChangeDetached) -> Option<(RepoPath, RepoPath)> {
    match change {
        ChangeDetached::Rewrite { source_location, location, entry_mode, copy: false, .. }
            if entry_mode.is_blob() =>
        {
            let path = |location: &[u8]| portable(std::str::from_utf8(location).ok()?);
            Some((path(source_location)?, path(location)?))
        }
        _ => None,
    }
}
