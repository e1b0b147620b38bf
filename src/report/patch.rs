//! What changed in a file, as `diff -u` and `git apply` know it.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use similar::TextDiff;

use crate::path::RepoPath;
use crate::report::foreign::escape;

// The colours of git.
const HEADER: Style = Style::new().bold();
const HUNK: Style = AnsiColor::Cyan.on_default();
const REMOVED: Style = AnsiColor::Red.on_default();
const ADDED: Style = AnsiColor::Green.on_default();

/// The changes of a file with three lines around them.
pub fn of(path: &RepoPath, before: &str, after: &str) -> String {
    let path = escape(path.as_str());
    let (old, new) = (format!("a/{path}"), format!("b/{path}"));
    let old = if before.is_empty() { "/dev/null" } else { &old };
    TextDiff::from_lines(before, after).unified_diff().header(old, &new).to_string()
}

/// Writes the changes of a file in colours, with whatever could act on a terminal escaped.
pub fn write_for_people(out: &mut dyn Write, patch: &str) -> io::Result<()> {
    let mut in_hunks = false;
    for line in patch.lines() {
        in_hunks |= line.starts_with('@');
        let style = match line.as_bytes().first() {
            _ if !in_hunks => HEADER,
            Some(b'@') => HUNK,
            Some(b'-') => REMOVED,
            Some(b'+') => ADDED,
            _ => Style::new(),
        };
        writeln!(out, "{style}{}{style:#}", escape(line))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_see_colours_and_nothing_that_acts() {
        let path = RepoPath::new("prompts/a.md").unwrap();
        let patch = of(&path, "-- a\nb\n", "++ a\u{1b}[31m\nb\n");
        assert_eq!(
            patch,
            "--- a/prompts/a.md\n+++ b/prompts/a.md\n@@ -1,2 +1,2 @@\n--- a\n+++ a\u{1b}[31m\n b\n"
        );
        let mut shown = Vec::new();
        write_for_people(&mut shown, &patch).unwrap();
        let bold = "\u{1b}[1m";
        let [red, green, cyan] = [31, 32, 36].map(|colour| format!("\u{1b}[{colour}m"));
        let end = "\u{1b}[0m\n";
        assert_eq!(
            String::from_utf8(shown).unwrap(),
            format!(
                "{bold}--- a/prompts/a.md{end}{bold}+++ b/prompts/a.md{end}{cyan}@@ -1,2 +1,2 @@{end}{red}--- a{end}{green}+++ a\\u{{1b}}[31m{end} b\n"
            )
        );
    }

    #[test]
    fn a_file_that_is_new_comes_from_nowhere() {
        let path = RepoPath::new("pf.yaml").unwrap();
        assert_eq!(of(&path, "", "a\n"), "--- /dev/null\n+++ b/pf.yaml\n@@ -0,0 +1 @@\n+a\n");
    }
}
