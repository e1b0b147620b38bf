//! Notes of git: lines beside commits, in a ref of their own, which neither change a commit nor touch the worktree.
//!
//! The notes of one commit are a set of lines, sorted and each once, which is what git's merge strategy `cat_sort_uniq` makes
//! of two sides. So writers never lose each other's lines, on one machine or on two.

use std::collections::{BTreeMap, BTreeSet};

use gix::ObjectId;
use gix::note::plumbing::State;
use gix::objs::TreeRefIter;
use gix::refs::Target;
use gix::refs::transaction::PreviousValue;

use super::SnapshotError;
use super::repo::Repo;

/// How often a write begins anew because another process wrote meanwhile.
const ATTEMPTS: u32 = 20;

/// The largest note that is read; a larger one was not written by pf.
const MAX_NOTE_BYTES: u64 = 4 << 20;

/// The notes that a ref holds: lines by the commit that they stand beside, in hexadecimal. Empty when there is no such ref.
pub(super) fn read(
    repo: &Repo,
    reference: &str,
) -> Result<BTreeMap<String, Vec<String>>, SnapshotError> {
    let handle = repo.handle();
    let found = handle.try_find_reference(reference);
    let Some(mut found) = found.map_err(SnapshotError::git(format!("reading {reference}")))? else {
        return Ok(BTreeMap::new());
    };
    let tree = found.peel_to_tree().map_err(SnapshotError::git(format!("reading {reference}")))?;
    let mut notes = BTreeMap::new();
    // Git spreads many notes over folders: the id is the path without its slashes.
    let mut waiting = vec![(tree.id, String::new())];
    while let Some((id, above)) = waiting.pop() {
        let tree = handle.find_tree(id).map_err(Repo::broken(&handle, id))?;
        for entry in TreeRefIter::from_bytes(&tree.data, handle.object_hash()) {
            let entry = entry.map_err(SnapshotError::git(format!("reading {reference}")))?;
            let Ok(name) = std::str::from_utf8(entry.filename) else { continue };
            let name = format!("{above}{name}");
            if entry.mode.is_tree() && name.len() < handle.object_hash().len_in_hex() {
                waiting.push((entry.oid.to_owned(), name));
            } else if entry.mode.is_blob()
                && let Ok(commit) = ObjectId::from_hex(name.as_bytes())
                && let Some(lines) = lines(&handle, entry.oid.to_owned())?
            {
                notes.insert(commit.to_string(), lines);
            }
        }
    }
    Ok(notes)
}

fn lines(handle: &gix::Repository, id: ObjectId) -> Result<Option<Vec<String>>, SnapshotError> {
    let header = handle.find_header(id).map_err(Repo::broken(handle, id))?;
    if header.size() > MAX_NOTE_BYTES {
        return Ok(None);
    }
    let blob = handle.find_blob(id).map_err(Repo::broken(handle, id))?;
    Ok(std::str::from_utf8(&blob.data).ok().map(|text| text.lines().map(str::to_owned).collect()))
}

/// Whether git knows in whose name notes are written.
pub(super) fn check_identity(repo: &Repo, reference: &str) -> Result<(), SnapshotError> {
    match repo.handle().committer() {
        Some(_) => Ok(()),
        None => {
            Err(SnapshotError::NoIdentity { what: format!("writing the notes in {reference}") })
        }
    }
}

/// Changes the lines beside one commit: `edit` sees those that are there. An empty set removes the note.
pub(super) fn edit(
    repo: &Repo,
    reference: &str,
    commit: &str,
    message: &str,
    edit: impl Fn(&mut BTreeSet<String>),
) -> Result<(), SnapshotError> {
    check_identity(repo, reference)?;
    let handle = repo.handle();
    let doing = || format!("writing the notes in {reference}");
    let id = ObjectId::from_hex(commit.as_bytes()).map_err(|_| SnapshotError::NotACommit {
        rev: commit.to_owned(),
        kind: "commit's full id",
    })?;
    let mut attempt = 0;
    loop {
        attempt += 1;
        match edit_once(&handle, reference, id, message, &edit) {
            Ok(()) => return Ok(()),
            // The ref moved between reading and writing.
            Err(_) if attempt < ATTEMPTS => {
                std::thread::sleep(std::time::Duration::from_millis(u64::from(attempt)));
            }
            Err(error) => return Err(SnapshotError::git(doing())(error)),
        }
    }
}

/// Reads, edits and writes; fails where the ref is another one by then than the one that was read.
fn edit_once(
    handle: &gix::Repository,
    reference: &str,
    commit: ObjectId,
    message: &str,
    edit: &impl Fn(&mut BTreeSet<String>),
) -> gix::Result<()> {
    let found = handle.try_find_reference(reference)?;
    let parent = found.map(|mut found| found.peel_to_commit()).transpose()?;
    let tree = match &parent {
        Some(parent) => parent.tree_id()?.detach(),
        None => ObjectId::empty_tree(handle.object_hash()),
    };
    let mut notes = State::new(tree, handle)?;
    let before = match notes.get(&commit, handle)? {
        Some(blob) => String::from_utf8_lossy(&handle.find_blob(blob)?.data).into_owned(),
        None => String::new(),
    };
    let mut lines: BTreeSet<String> =
        before.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    edit(&mut lines);
    let after: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
    if after == before {
        return Ok(());
    }
    let edited = match after.is_empty() {
        true => notes.remove(commit, handle)?,
        false => notes.replace(commit, handle.write_blob(&after)?.detach(), handle)?,
    };
    let (expected, parents) = match &parent {
        Some(parent) => {
            (PreviousValue::MustExistAndMatch(Target::Object(parent.id)), vec![parent.id])
        }
        None => (PreviousValue::MustNotExist, Vec::new()),
    };
    let written = handle.new_commit(message, edited.tree, parents)?;
    handle.reference(reference, written.id, expected, format!("notes: {message}"))?;
    Ok(())
}
