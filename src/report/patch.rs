//! What changed in a file, as `diff -u` and `git apply` know it.

use std::io::{self, Write};

use similar::TextDiff;

use crate::path::RepoPath;
use crate::report::foreign::escape;

/// Writes the changes of a file with three lines around them.
pub fn write(out: &mut dyn Write, path: &RepoPath, before: &str, after: &str) -> io::Result<()> {
    let path = escape(path.as_str());
    let diff = TextDiff::from_lines(before, after);
    let (old, new) = (format!("a/{path}"), format!("b/{path}"));
    let old = if before.is_empty() { "/dev/null" } else { &old };
    write!(out, "{}", diff.unified_diff().header(old, &new))
}
