//! From what the user typed to a commit, and good answers when it names none.

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};
use gix::hash::Prefix;
use gix::objs::Kind;
use gix::revision::plumbing::Spec;
use gix::revision::spec::parse;
use gix::status::{Submodule, UntrackedFiles};

use super::SnapshotError;
use super::repo::Repo;
use crate::diagnostic::closest;

impl Repo {
    /// The commit that `rev` names, behind any tags.
    pub(super) fn commit_id(&self, rev: &str) -> Result<ObjectId, SnapshotError> {
        let handle = self.handle();
        let parsed = parse_revision(&handle, rev).or_else(|error| {
            with_long_id(&handle, rev).ok_or(error).and_then(|rev| parse_revision(&handle, &rev))
        });
        let id = match parsed {
            Ok(Spec::Include(id)) => id,
            Ok(_) => {
                return Err(SnapshotError::Range { rev: rev.to_owned() });
            }
            Err(error) => return Err(self.explain(&handle, rev, &error)),
        };
        let object = handle.find_object(id).map_err(Self::broken(&handle, id))?;
        let object = object.peel_tags_to_end().map_err(Self::broken(&handle, id))?;
        match object.kind {
            Kind::Commit => Ok(object.id),
            Kind::Tree => {
                Err(SnapshotError::NotACommit { rev: rev.to_owned(), kind: "folder (tree)" })
            }
            Kind::Blob => {
                Err(SnapshotError::NotACommit { rev: rev.to_owned(), kind: "file (blob)" })
            }
            Kind::Tag => {
                Err(SnapshotError::NotACommit { rev: rev.to_owned(), kind: "tag of tags" })
            }
        }
    }

    /// The best common ancestor of two commits.
    pub(super) fn merge_base(&self, a: &str, b: &str) -> Result<ObjectId, SnapshotError> {
        let (one, two) = (self.commit_id(a)?, self.commit_id(b)?);
        let handle = self.handle();
        let doing = format!("looking for the merge base of `{a}` and `{b}`");
        let bases = handle.merge_bases_many(one, &[two]).map_err(SnapshotError::git(doing))?;
        match bases.first() {
            Some(best) => Ok(best.detach()),
            None => Err(SnapshotError::NoCommonAncestor {
                a: a.to_owned(),
                b: b.to_owned(),
                shallow: self.is_shallow()?,
            }),
        }
    }

    /// The commit that is checked out; `None` before the first one.
    pub(super) fn head_id(&self) -> Result<Option<ObjectId>, SnapshotError> {
        let handle = self.handle();
        let head = handle.head().and_then(gix::Head::try_into_peeled_id);
        Ok(head.map_err(SnapshotError::git("reading HEAD"))?.map(gix::Id::detach))
    }

    /// Whether anything changed or is new in what `patterns` match; everywhere without patterns.
    pub(super) fn is_dirty(&self, patterns: Vec<BString>) -> Result<bool, SnapshotError> {
        let handle = self.handle();
        let failed = || SnapshotError::git("comparing the worktree with the current commit");
        let first = status(&handle)?.into_iter(patterns).map_err(failed())?.next();
        Ok(first.transpose().map_err(failed())?.is_some())
    }

    /// The paths, from the top of the work tree, where the disk differs from the index in what `patterns` match;
    /// everywhere without patterns. Files that are neither tracked nor ignored are among them.
    pub(super) fn changed_on_disk(
        &self,
        patterns: Vec<BString>,
    ) -> Result<Vec<BString>, SnapshotError> {
        let handle = self.handle();
        let failed = || SnapshotError::git("comparing the worktree with the index");
        // A rename would hide the path that is gone behind the one that is new.
        let status = status(&handle)?.index_worktree_rewrites(None);
        status
            .into_index_worktree_iter(patterns)
            .map_err(failed())?
            .map(|item| Ok(item.map_err(failed())?.rela_path().to_owned()))
            .collect()
    }

    fn explain(&self, handle: &gix::Repository, rev: &str, error: &gix::Error) -> SnapshotError {
        let rev = rev.to_owned();
        if let Some(parse::Error::AmbiguousPrefix { candidates, .. }) =
            error.iter_errors().find_map(|error| error.downcast_ref::<parse::Error>())
        {
            let candidates = candidates.iter().map(|(id, info)| format!("{id} ({info})")).collect();
            return SnapshotError::AmbiguousRevision { rev, candidates };
        }
        let shallow = self.is_shallow().unwrap_or(false);
        let (base, step) =
            rev.split_at(rev.find(['~', '^', ':']).or_else(|| rev.find("@{")).unwrap_or(rev.len()));
        let branch = if matches!(base, "" | "@") { "HEAD" } else { base };
        let head = handle.head().ok().filter(gix::Head::is_unborn);
        let unborn =
            head.and_then(|head| head.referent_name().map(|name| name.shorten().to_string()));
        if unborn.is_some_and(|name| branch == "HEAD" || branch == name) {
            return SnapshotError::NoCommits { rev };
        }
        if !step.is_empty() && parse_revision(handle, branch).is_ok() {
            let (base, step) = (branch.to_owned(), step.to_owned());
            return SnapshotError::NoSuchStep { rev, base, step, shallow };
        }
        let suggestion = suggest(handle, base);
        SnapshotError::UnknownRevision { rev, suggestion, shallow }
    }
}

/// A comparison of the worktree with the index that looks at every file and into no submodule.
fn status(
    handle: &gix::Repository,
) -> Result<gix::status::Platform<'_, gix::progress::Discard>, SnapshotError> {
    let failed = || SnapshotError::git("comparing the worktree with the index");
    // `status.showUntrackedFiles=no` would turn the walk off for good, so it is turned on first.
    let walk = handle.dirwalk_options().map_err(failed())?;
    let status = handle.status(gix::progress::Discard).map_err(failed())?;
    Ok(status
        .index_worktree_options_mut(|options| options.dirwalk_options = Some(walk))
        .untracked_files(UntrackedFiles::Files)
        .index_worktree_submodules(None::<Submodule>))
}

fn parse_revision(handle: &gix::Repository, rev: &str) -> gix::Result<Spec> {
    // Only a commit can be meant: that decides between a commit and a file whose ids start alike.
    let options = parse::Options {
        object_kind_hint: Some(parse::ObjectKindHint::Committish),
        ..Default::default()
    };
    gix::revision::Spec::from_bstr(rev.as_bytes().as_bstr(), handle, options)
        .map(gix::revision::Spec::detach)
}

/// `rev` with the short id that it starts with written out, in a SHA-256 repository.
///
/// `gix` takes every short id for one of SHA-1 and finds nothing.
fn with_long_id(handle: &gix::Repository, rev: &str) -> Option<String> {
    let kind = handle.object_hash();
    let digits = rev.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rev.len());
    if kind == gix::hash::Kind::Sha1 || digits < Prefix::MIN_HEX_LEN || digits >= kind.len_in_hex()
    {
        return None;
    }
    let (short, step) = rev.split_at(digits);
    let padded = format!("{short:0<width$}", width = kind.len_in_hex());
    let prefix = Prefix::new(&ObjectId::from_hex(padded.as_bytes()).ok()?, digits).ok()?;
    let id = handle.objects.lookup_prefix(prefix, None).ok()??.ok()?;
    Some(format!("{id}{step}"))
}

/// A branch or tag that resembles `name`; `origin/name` above all, which is all that many a CI checkout has.
fn suggest(handle: &gix::Repository, name: &str) -> Option<String> {
    let platform = handle.references().ok()?;
    let names: Vec<String> =
        [platform.local_branches(), platform.remote_branches(), platform.tags()]
            .into_iter()
            .flatten()
            .flatten()
            .flatten()
            .map(|reference| reference.name().shorten().to_string())
            .collect();
    let remote = format!("/{name}");
    let same = names.iter().find(|candidate| !name.is_empty() && candidate.ends_with(&remote));
    same.map(String::as_str)
        .or_else(|| closest(name, names.iter().map(String::as_str)))
        .map(str::to_owned)
}
