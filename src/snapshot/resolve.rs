//! Links, followed by one rule in the worktree, the index and every commit.
//!
//! Git stores a link as a small file that holds its target, and a checkout makes a real link of it. Both
//! must lead to the same file or to the same refusal, so neither the file system nor git follows them: this does.

use super::SnapshotError;
use crate::path::RepoPath;

/// As many as Linux follows.
const MAX_LINKS: usize = 40;

/// What lies at a path, its last component not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// Nothing that belongs to the project; the inside of a submodule is no part of it.
    Missing,
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A link, with its target as bytes.
    Link(Vec<u8>),
    /// A pipe, socket or device.
    Special,
}

/// Where a path leads when every link is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// To nothing.
    Missing,
    /// To a file at this path.
    File(RepoPath),
    /// To a folder at this path.
    Folder(RepoPath),
    /// To something that cannot be read.
    Special,
}

/// Follows every link on the way to `path`, asking `look` what lies at each step.
///
/// A link may not point to an absolute path nor climb above the root, whatever the target is called there.
pub(super) fn resolve(
    path: &RepoPath,
    mut look: impl FnMut(&RepoPath) -> Result<Node, SnapshotError>,
) -> Result<Place, SnapshotError> {
    let leaves = |target: &[u8]| SnapshotError::LeavesProject {
        path: path.clone(),
        target: String::from_utf8_lossy(target).escape_debug().to_string(),
    };
    let mut at = RepoPath::root();
    let mut pending = components(path.as_str());
    let mut links = 0;
    // The link whose target the pending names come from: the one to blame when they climb out.
    let mut followed: Vec<u8> = Vec::new();
    while let Some(name) = pending.pop() {
        if name == ".." {
            if at.is_root() {
                return Err(leaves(&followed));
            }
            at = at.parent();
            continue;
        }
        let Some(next) = child(&at, &name) else {
            return Ok(Place::Missing);
        };
        if is_git_dir(&name) {
            return Ok(Place::Missing);
        }
        match look(&next)? {
            Node::Special if pending.is_empty() => return Ok(Place::Special),
            Node::File if pending.is_empty() => return Ok(Place::File(next)),
            Node::Missing | Node::Special | Node::File => return Ok(Place::Missing),
            Node::Folder => at = next,
            Node::Link(target) => {
                links += 1;
                if links > MAX_LINKS {
                    return Err(SnapshotError::LinkLoop { path: path.clone() });
                }
                let text = relative(&target).ok_or_else(|| leaves(&target))?;
                pending.extend(components(text));
                followed = target;
            }
        }
    }
    Ok(Place::Folder(at))
}

/// The names of a path, last first; `.` says nothing.
fn components(path: &str) -> Vec<String> {
    path.split('/').rev().filter(|name| !matches!(*name, "" | ".")).map(str::to_owned).collect()
}

/// The target of a link as text, when it is a portable relative path.
fn relative(target: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(target).ok()?;
    let drive = text.as_bytes().get(1) == Some(&b':');
    let portable = !text.is_empty() && !text.starts_with('/') && !drive;
    (portable && !text.contains(['\\', '\0'])).then_some(text)
}

/// `text` as a path, when it is portable and already in its normal form.
pub(super) fn portable(text: &str) -> Option<RepoPath> {
    RepoPath::new(text).ok().filter(|path| path.as_str() == text && !path.is_root())
}

/// The entry `name` of a folder, when its path is portable.
pub(super) fn child(folder: &RepoPath, name: &str) -> Option<RepoPath> {
    if name.contains('/') {
        return None;
    }
    if folder.is_root() { portable(name) } else { portable(&format!("{folder}/{name}")) }
}

/// Git's own folder is no part of a project, however a file system spells it.
pub(super) fn is_git_dir(name: &str) -> bool {
    name.eq_ignore_ascii_case(".git")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    /// Resolves in a tree of `file`, `dir/` and `link -> target`.
    fn lead(tree: &[&str], to: &str) -> Result<Place, SnapshotError> {
        let nodes: BTreeMap<&str, Node> = tree
            .iter()
            .map(|line| match line.split_once(" -> ") {
                Some((name, target)) => (name, Node::Link(target.as_bytes().to_vec())),
                None => match line.strip_suffix('/') {
                    Some(name) => (name, Node::Folder),
                    None => (*line, Node::File),
                },
            })
            .collect();
        resolve(&path(to), |at| Ok(nodes.get(at.as_str()).cloned().unwrap_or(Node::Missing)))
    }

    #[test]
    fn follows_links_in_every_place_of_a_path() {
        let tree = ["a/", "a/f", "b -> a", "c -> b/f", "a/up -> ../a/./f", "d/", "d/e -> ../b"];
        for (to, expected) in [
            ("a/f", Place::File(path("a/f"))),
            ("b/f", Place::File(path("a/f"))),
            ("c", Place::File(path("a/f"))),
            ("b/up", Place::File(path("a/f"))),
            ("d/e/f", Place::File(path("a/f"))),
            ("d/e", Place::Folder(path("a"))),
            ("", Place::Folder(path(""))),
            ("a/f/x", Place::Missing),
            ("nothing", Place::Missing),
            ("a/.GIT", Place::Missing),
        ] {
            assert_eq!(lead(&tree, to).unwrap(), expected, "{to}");
        }
    }

    #[test]
    fn parents_are_those_of_the_place_and_not_of_the_text() {
        // `deep` stands at the root and leads two folders down, so `deep/..` is `x`.
        let tree =
            ["x/", "x/y/", "x/f", "deep -> x/y", "l -> deep/../f", "here -> .", "out -> here/../f"];
        assert_eq!(lead(&tree, "l").unwrap(), Place::File(path("x/f")));
        assert!(matches!(lead(&tree, "out"), Err(SnapshotError::LeavesProject { .. })));
    }

    #[test]
    fn refuses_links_that_leave_or_never_end() {
        let tree =
            ["a -> /etc/passwd", "b -> ../b", "d/", "d/c -> ../../c", "e -> C:/x", "f -> x\\y"];
        for to in ["a", "b", "d/c", "e", "f"] {
            assert!(matches!(lead(&tree, to), Err(SnapshotError::LeavesProject { .. })), "{to}");
        }
        assert!(matches!(lead(&["a -> b", "b -> a"], "a"), Err(SnapshotError::LinkLoop { .. })));
    }
}
