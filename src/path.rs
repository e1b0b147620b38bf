//! Paths inside a project: relative, `/`-separated, never leaving the root.

use std::fmt;

use serde::Serialize;

/// A path relative to the root of a project.
///
/// Always uses `/`, has no leading or trailing `/`, no empty, `.` or `..` component and no control
/// character or backslash. The empty path is the root itself. Ordered bytewise, as git orders trees of files.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct RepoPath(String);

/// Why a text is no path inside a project.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It starts with `/` or with a drive letter.
    #[error("`{0}` is absolute; paths in a project are relative to its root")]
    Absolute(String),
    /// It climbs out of the root.
    #[error("`{0}` leaves the project; paths must stay inside its root")]
    Escapes(String),
    /// It has an empty component, a backslash or a control character.
    #[error("`{0}` is not a portable path; use `/` between plain names")]
    NotPortable(String),
}

impl RepoPath {
    /// The root of the project.
    pub fn root() -> Self {
        Self::default()
    }

    /// Normalises `text`: `./` is dropped and `a/../b` is resolved, as long as the result stays inside the root.
    pub fn new(text: &str) -> Result<Self, PathError> {
        let drive = text.len() >= 2 && text.as_bytes()[1] == b':';
        if text.starts_with('/') || drive {
            return Err(PathError::Absolute(text.to_owned()));
        }
        if text.contains('\\') || text.chars().any(char::is_control) {
            return Err(PathError::NotPortable(text.escape_debug().to_string()));
        }
        let mut parts: Vec<&str> = Vec::new();
        for part in text.trim_end_matches('/').split('/') {
            match part {
                "." => {}
                "" if text.is_empty() => {}
                "" => return Err(PathError::NotPortable(text.to_owned())),
                ".." => {
                    if parts.pop().is_none() {
                        return Err(PathError::Escapes(text.to_owned()));
                    }
                }
                part => parts.push(part),
            }
        }
        Ok(Self(parts.join("/")))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// `self/other`.
    pub fn join(&self, other: &Self) -> Self {
        match (self.is_root(), other.is_root()) {
            (true, _) => other.clone(),
            (_, true) => self.clone(),
            _ => Self(format!("{}/{}", self.0, other.0)),
        }
    }

    /// The last component; empty for the root.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// What follows the last dot of the file name.
    pub fn extension(&self) -> Option<&str> {
        self.file_name().rsplit_once('.').map(|(_, extension)| extension)
    }

    /// The path without its extension.
    pub fn without_extension(&self) -> &str {
        match self.extension() {
            Some(extension) => &self.0[..self.0.len() - extension.len() - 1],
            None => &self.0,
        }
    }

    /// The folder that holds it; the root's parent is the root.
    pub fn parent(&self) -> Self {
        Self(self.0.rsplit_once('/').map(|(folder, _)| folder.to_owned()).unwrap_or_default())
    }

    /// The path below `folder`, if it lies there.
    pub fn strip_prefix(&self, folder: &Self) -> Option<Self> {
        self.below(folder).map(|rest| Self(rest.to_owned()))
    }

    /// The path below `folder` as text, if it lies there.
    pub fn below(&self, folder: &Self) -> Option<&str> {
        if folder.is_root() {
            return Some(&self.0);
        }
        let rest = self.0.strip_prefix(&folder.0)?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
    }

    /// Whether it is `folder` or lies below it.
    pub fn starts_with(&self, folder: &Self) -> bool {
        self.below(folder).is_some()
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "." } else { &self.0 })
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::str::FromStr for RepoPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalises_what_stays_inside() {
        for (text, expected) in
            [("a/b", "a/b"), ("./a", "a"), ("a/../b", "b"), ("a/", "a"), ("", ""), (".", "")]
        {
            assert_eq!(RepoPath::new(text).unwrap().as_str(), expected, "{text:?}");
        }
    }

    #[test]
    fn refuses_what_leaves_or_is_not_portable() {
        for text in ["/etc/passwd", "C:/x", "../x", "a/../../b", "a//b", "a\\b", "a\nb"] {
            assert!(RepoPath::new(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn takes_paths_apart() {
        let path = RepoPath::new("prompts/support/triage.yaml").unwrap();
        assert_eq!(path.extension(), Some("yaml"));
        assert_eq!(path.without_extension(), "prompts/support/triage");
        assert_eq!(path.parent().as_str(), "prompts/support");
        let folder = RepoPath::new("prompts").unwrap();
        assert_eq!(path.strip_prefix(&folder).unwrap().as_str(), "support/triage.yaml");
        assert!(!RepoPath::new("prompts2/x").unwrap().starts_with(&folder));
    }
}
