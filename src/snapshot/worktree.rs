//! The files on disk, as git would see them.

use std::collections::HashSet;
use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ignore::{DirEntry, WalkBuilder};

use super::index::Index;
use super::listing::{Lister, Listing, SkipReason, hidden_below};
use super::repo::Repo;
use super::resolve::{Node, Place, is_git_dir, portable, resolve};
use super::{Fingerprint, MAX_FILE_BYTES, SnapshotError, too_large};
use crate::path::RepoPath;

/// The files on disk below the root of a project.
///
/// It remembers which folders it went through: whoever lives longer than one command takes a new one now and then.
#[derive(Clone)]
pub struct Worktree {
    inner: Arc<Inner>,
}

/// Folders that a walk met and did not go into, and why.
type Refused = Arc<Mutex<Vec<(String, SkipReason)>>>;

struct Inner {
    /// Absolute, with links resolved.
    root: PathBuf,
    prefix: RepoPath,
    repo: Option<Arc<Repo>>,
    /// The git directory, when there are no files beside it.
    bare: Option<PathBuf>,
    /// Folders found to be neither links nor submodules. Looking again for each of their files would
    /// double the time that reading a project takes.
    folders: RwLock<HashSet<String>>,
}

impl Worktree {
    pub(super) fn new(
        root: &Path,
        prefix: &RepoPath,
        repo: Option<Arc<Repo>>,
        bare: Option<PathBuf>,
    ) -> Self {
        let inner = Inner {
            root: root.to_owned(),
            prefix: prefix.clone(),
            repo,
            bare,
            folders: RwLock::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// A file with its place on disk and its length.
    fn open(&self, path: &RepoPath) -> Result<Option<(File, PathBuf, u64)>, SnapshotError> {
        self.check_present()?;
        let place = match self.place(path)? {
            Place::File(place) => self.on_disk(&place),
            Place::Special => return Err(SnapshotError::NotAFile { path: path.clone() }),
            Place::Missing | Place::Folder(_) => return Ok(None),
        };
        let failed = |source| SnapshotError::Io { path: place.clone(), source };
        let file = match File::open(&place) {
            Err(error) if is_absent(&error) => return Ok(None),
            opened => opened.map_err(failed)?,
        };
        let bytes = file.metadata().map_err(failed)?.len();
        Ok(Some((file, place, bytes)))
    }

    pub(super) fn open_large(
        &self,
        path: &RepoPath,
        least: u64,
    ) -> Result<Option<File>, SnapshotError> {
        Ok(self.open(path)?.filter(|(_, _, bytes)| *bytes >= least).map(|(file, ..)| file))
    }

    pub(super) fn read(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, SnapshotError> {
        let Some((file, place, bytes)) = self.open(path)? else { return Ok(None) };
        let failed = |source| SnapshotError::Io { path: place.clone(), source };
        too_large(path, bytes)?;
        let mut content = Vec::with_capacity(bytes as usize);
        // It may grow while it is read.
        file.take(MAX_FILE_BYTES + 1).read_to_end(&mut content).map_err(failed)?;
        too_large(path, content.len() as u64)?;
        Ok(Some(content))
    }

    pub(super) fn fingerprint(
        &self,
        path: &RepoPath,
    ) -> Result<Option<Fingerprint>, SnapshotError> {
        let hash = self.hash();
        self.read(path)?.map(|bytes| Fingerprint::of_file(hash, &bytes)).transpose()
    }

    pub(super) fn hash(&self) -> gix::hash::Kind {
        self.inner.repo.as_ref().map_or(gix::hash::Kind::Sha1, |repo| repo.hash())
    }

    /// Files that git tracks or would offer to add.
    pub(super) fn walk(&self, under: &RepoPath) -> Result<Listing, SnapshotError> {
        self.check_present()?;
        let mut lister = match Lister::start(under, |path| self.look(path))? {
            Ok(lister) => lister,
            Err(listing) => return Ok(listing),
        };
        let at = lister.at().clone();
        let refused = Refused::default();
        for entry in self.walker(at.clone(), &refused) {
            let entry = entry.map_err(|error| self.walk_failed(&at, error))?;
            let Some(kind) = entry.file_type().filter(|kind| !kind.is_dir()) else {
                continue;
            };
            match relative(&self.inner.root, entry.path()) {
                Ok(path) if kind.is_file() || kind.is_symlink() => {
                    lister.add(&path, kind.is_symlink())?;
                }
                Ok(path) => lister.skip(path.as_str().as_bytes(), SkipReason::Special),
                Err(shown) => lister.skip(shown.as_bytes(), SkipReason::Name),
            }
        }
        for (path, reason) in refused.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            lister.skip(path.as_bytes(), reason);
        }
        let mut listing = lister.finish();
        self.add_tracked(under, &at, &mut listing)?;
        Ok(listing)
    }

    /// Whether git tracks a file or would offer to add it.
    pub(super) fn keeps(&self, path: &RepoPath) -> Result<bool, SnapshotError> {
        for entry in self.walker(path.clone(), &Refused::default()) {
            let entry = entry.map_err(|error| self.walk_failed(path, error))?;
            if relative(&self.inner.root, entry.path()).is_ok_and(|found| found == *path) {
                return Ok(true);
            }
        }
        let Some(repo) = &self.inner.repo else { return Ok(false) };
        let index = Index::open(repo, &self.inner.prefix.join(&path.parent()))?;
        Ok(index.tracked().any(|below| below.as_str() == path.file_name()))
    }

    /// Ignore rules say nothing about files that git tracks already: `git add --force` wins, here as there.
    fn add_tracked(
        &self,
        under: &RepoPath,
        at: &RepoPath,
        listing: &mut Listing,
    ) -> Result<(), SnapshotError> {
        let Some(repo) = &self.inner.repo else {
            return Ok(());
        };
        let index = Index::open(repo, &self.inner.prefix.join(at))?;
        let mut forced = Vec::new();
        for below in index.tracked().filter(|path| !hidden_below(path, &RepoPath::root())) {
            let shown = under.join(below);
            let listed = listing.files.binary_search(&shown).is_ok();
            if !listed && matches!(self.place(&at.join(below)), Ok(Place::File(_))) {
                forced.push(shown);
            }
        }
        if !forced.is_empty() {
            listing.files.append(&mut forced);
            listing.files.sort_unstable();
        }
        Ok(())
    }

    /// Walks from the root, so that the ignore files on the way count, but only into `at`. Folders that are left out
    /// for another reason than a rule go to `refused`.
    fn walker(&self, at: RepoPath, refused: &Refused) -> ignore::Walk {
        let root = self.inner.root.clone();
        let refused = Arc::clone(refused);
        let refuse = move |path: String, reason| {
            refused.lock().unwrap_or_else(PoisonError::into_inner).push((path, reason));
            false
        };
        let filter = move |entry: &DirEntry| {
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            let path = match relative(&root, entry.path()) {
                Ok(path) => path,
                Err(shown) => {
                    let parent = entry.path().parent().and_then(|path| relative(&root, path).ok());
                    return match parent.is_some_and(|parent| parent.starts_with(&at)) {
                        true if is_folder => refuse(shown, SkipReason::Name),
                        below => below,
                    };
                }
            };
            if at.starts_with(&path) {
                return true;
            }
            if !path.starts_with(&at) || path.file_name().starts_with('.') {
                return false;
            }
            if is_folder && entry.path().join(".git").symlink_metadata().is_ok() {
                return refuse(path.to_string(), SkipReason::Submodule);
            }
            true
        };
        WalkBuilder::new(&self.inner.root)
            .hidden(false)
            .ignore(false)
            .parents(self.inner.repo.is_some())
            .require_git(false)
            .follow_links(false)
            .filter_entry(filter)
            .build()
    }

    fn walk_failed(&self, at: &RepoPath, error: ignore::Error) -> SnapshotError {
        let text = error.to_string();
        let source = error.into_io_error().unwrap_or_else(|| std::io::Error::other(text));
        SnapshotError::Io { path: self.on_disk(at), source }
    }

    /// Where a path leads.
    fn place(&self, path: &RepoPath) -> Result<Place, SnapshotError> {
        let folder = path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
        let known = |folders: &RwLock<HashSet<String>>| {
            folders.read().unwrap_or_else(PoisonError::into_inner).contains(folder)
        };
        if known(&self.inner.folders)
            && !is_git_dir(path.file_name())
            && self.look(path)? == Node::File
        {
            return Ok(Place::File(path.clone()));
        }
        let place = resolve(path, |path| self.look(path))?;
        if let Place::File(place) = &place
            && place == path
        {
            let mut folders = self.inner.folders.write().unwrap_or_else(PoisonError::into_inner);
            folders.insert(folder.to_owned());
        }
        Ok(place)
    }

    fn check_present(&self) -> Result<(), SnapshotError> {
        match &self.inner.bare {
            Some(git_dir) => {
                Err(SnapshotError::Bare { what: "the worktree", git_dir: git_dir.clone() })
            }
            None => Ok(()),
        }
    }

    pub(super) fn look(&self, path: &RepoPath) -> Result<Node, SnapshotError> {
        let place = self.on_disk(path);
        let failed = |source| SnapshotError::Io { path: place.clone(), source };
        match fs::symlink_metadata(&place) {
            Err(error) if is_absent(&error) => Ok(Node::Missing),
            Err(error) => Err(failed(error)),
            Ok(found) if found.is_symlink() => Ok(Node::Link(link_target(&place).map_err(failed)?)),
            Ok(found) => Ok(node(&place, &found)),
        }
    }

    fn on_disk(&self, path: &RepoPath) -> PathBuf {
        if path.is_root() { self.inner.root.clone() } else { self.inner.root.join(path.as_str()) }
    }
}

fn node(place: &Path, found: &Metadata) -> Node {
    if found.is_file() {
        Node::File
    } else if !found.is_dir() {
        Node::Special
    } else if place.join(".git").symlink_metadata().is_ok() {
        Node::Missing
    } else {
        Node::Folder
    }
}

/// The target of a link with `/` between names, as git stores it.
fn link_target(place: &Path) -> std::io::Result<Vec<u8>> {
    let target = fs::read_link(place)?.into_os_string();
    let text = target.into_encoded_bytes();
    Ok(if cfg!(windows) {
        text.into_iter().map(|byte| if byte == b'\\' { b'/' } else { byte }).collect()
    } else {
        text
    })
}

/// `path` below `root`, or how to show it when it is not portable.
fn relative(root: &Path, path: &Path) -> Result<RepoPath, String> {
    let below = path.strip_prefix(root).unwrap_or(path);
    if below.as_os_str().is_empty() {
        return Ok(RepoPath::root());
    }
    let shown = || below.to_string_lossy().into_owned();
    let text = below.to_str().ok_or_else(shown)?;
    let found = if cfg!(windows) { portable(&text.replace('\\', "/")) } else { portable(text) };
    found.ok_or_else(shown)
}

/// Nothing there, also when a file stands where a folder would have to, or the name is too long for any file.
fn is_absent(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename
    )
}
