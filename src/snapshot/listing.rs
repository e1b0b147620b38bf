//! What a folder holds, and what was left out of it.

use std::fmt;

use super::resolve::{Node, Place, resolve};
use super::{MAX_FILES, SnapshotError};
use crate::path::RepoPath;

/// The files below a folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// The files, sorted, relative to the root of the project.
    pub files: Vec<RepoPath>,
    /// What lies there too and is no file of the project, sorted by path.
    pub skipped: Vec<Skipped>,
}

/// Something that a listing leaves out although it is neither hidden nor ignored.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// Its path, with control characters and broken UTF-8 escaped.
    pub path: String,
    /// Why.
    pub reason: SkipReason,
}

/// Why a listing leaves something out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SkipReason {
    /// Its name is no UTF-8 or holds a backslash, a control character or a drive letter.
    Name,
    /// It is a link that leads out of the project, to nothing, or in a circle.
    Link,
    /// It is a link to a folder; its files are listed where they are.
    LinkedFolder,
    /// It is a repository of its own.
    Submodule,
    /// It is a pipe, socket or device.
    Special,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => {
                "its name is not portable; use UTF-8 without backslashes or control characters"
            }
            Self::Link => "it is a link that leads to no file of the project",
            Self::LinkedFolder => "it is a link to a folder; its files are listed where they are",
            Self::Submodule => "it is a repository of its own (a submodule)",
            Self::Special => "it is not a regular file",
        })
    }
}

/// A listing in the making: the rules that hold for every source.
pub(super) struct Lister<'a, L> {
    /// The folder that was asked for.
    under: &'a RepoPath,
    /// The folder that it leads to.
    at: RepoPath,
    look: L,
    listing: Listing,
}

impl<'a, L: FnMut(&RepoPath) -> Result<Node, SnapshotError>> Lister<'a, L> {
    /// Starts a listing of `under`. `Err` holds the answer when `under` is no folder: itself when it is a file, else nothing.
    pub(super) fn start(
        under: &'a RepoPath,
        mut look: L,
    ) -> Result<Result<Self, Listing>, SnapshotError> {
        Ok(match resolve(under, &mut look)? {
            Place::Folder(at) => Ok(Self { under, at, look, listing: Listing::default() }),
            Place::File(_) => Err(Listing { files: vec![under.clone()], skipped: Vec::new() }),
            Place::Missing | Place::Special => Err(Listing::default()),
        })
    }

    /// The folder to walk.
    pub(super) fn at(&self) -> &RepoPath {
        &self.at
    }

    /// Adds a file or link found below [`Lister::at`]; `link` says which.
    pub(super) fn add(&mut self, path: &RepoPath, link: bool) -> Result<(), SnapshotError> {
        if hidden_below(path, &self.at) {
            return Ok(());
        }
        if link {
            let reason = match resolve(path, &mut self.look) {
                Ok(Place::File(_)) => None,
                Ok(Place::Folder(_)) => Some(SkipReason::LinkedFolder),
                Ok(Place::Special) => Some(SkipReason::Special),
                Ok(Place::Missing)
                | Err(SnapshotError::LeavesProject { .. } | SnapshotError::LinkLoop { .. }) => {
                    Some(SkipReason::Link)
                }
                Err(error) => return Err(error),
            };
            if let Some(reason) = reason {
                self.skip(path.as_str().as_bytes(), reason);
                return Ok(());
            }
        }
        if self.listing.files.len() >= MAX_FILES {
            return Err(SnapshotError::TooManyFiles { under: self.under.clone() });
        }
        let path = match path.strip_prefix(&self.at) {
            Some(below) => self.under.join(&below),
            None => path.clone(),
        };
        self.listing.files.push(path);
        Ok(())
    }

    /// Notes what is left out.
    pub(super) fn skip(&mut self, path: &[u8], reason: SkipReason) {
        let path = String::from_utf8_lossy(path).escape_debug().to_string();
        self.listing.skipped.push(Skipped { path, reason });
    }

    /// The listing, in order.
    pub(super) fn finish(mut self) -> Listing {
        self.listing.files.sort_unstable();
        self.listing.skipped.sort_unstable();
        self.listing
    }
}

/// Whether a component of `path` below `folder` starts with a dot. The folder itself may: whoever names it wants it.
pub(super) fn hidden_below(path: &RepoPath, folder: &RepoPath) -> bool {
    let below = path.strip_prefix(folder);
    let below = below.as_ref().unwrap_or(path).as_str();
    below.starts_with('.') || below.contains("/.")
}
