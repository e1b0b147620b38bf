//! The file in which GitHub and GitLab look up who reviews a change.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::path::RepoPath;
use crate::span::Span;

/// A file of code owners, read as GitHub does: the last line that matches decides.
pub(super) struct CodeOwners {
    lines: Vec<Line>,
    globs: GlobSet,
    /// The line of each glob.
    line_of: Vec<usize>,
}

/// A pattern and its owners.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Line {
    pub(super) span: Span,
    pub(super) owners: Vec<String>,
}

impl CodeOwners {
    /// Reads the text; lines whose patterns cannot be read are left out. None when there are too many globs.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (mut lines, mut line_of, mut globs) = (Vec::new(), Vec::new(), GlobSetBuilder::new());
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let start = at;
            at += line.len();
            let line = line.trim_end();
            // Sections of GitLab: `[Name]`, `^[Name][2] @owner`.
            if line.trim_start().starts_with(['#', '[', '^']) {
                continue;
            }
            let mut words = words(line);
            if words.is_empty() {
                continue;
            }
            let pattern = words.remove(0);
            for glob in globs_of(&pattern) {
                let glob = GlobBuilder::new(&glob).literal_separator(true).build();
                if let Ok(glob) = glob {
                    globs.add(glob);
                    line_of.push(lines.len());
                }
            }
            lines.push(Line { span: Span::new(start, start + line.len()), owners: words });
        }
        Some(Self { lines, globs: globs.build().ok()?, line_of })
    }

    /// The line that decides about a file.
    pub(super) fn of(&self, path: &RepoPath) -> Option<&Line> {
        let matches = self.globs.matches(path.as_str());
        let last = matches.into_iter().map(|glob| self.line_of[glob]).max()?;
        self.lines.get(last)
    }
}

/// The words of a line; `\ ` is a blank inside of a word, and what follows ` #` is a comment.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => word.extend(characters.next()),
            '#' if word.is_empty() => break,
            c if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The globs of a pattern as in `.gitignore`: one with a slash before its end starts at the root, and what names a
/// folder is about all that lies in it, but for one that ends in `/*`.
fn globs_of(pattern: &str) -> Vec<String> {
    let folder = pattern.ends_with('/');
    let body = pattern.trim_start_matches('/').trim_end_matches('/');
    if body.is_empty() {
        return vec!["**".to_owned()];
    }
    let anchored = pattern.trim_end_matches('/').contains('/');
    let base = if anchored { body.to_owned() } else { format!("**/{body}") };
    // Braces mean nothing in such patterns.
    let base = base.replace('{', "[{]").replace('}', "[}]");
    let below = format!("{base}/**");
    match (folder, base.ends_with("/*") && anchored) {
        (true, _) => vec![below],
        (false, true) => vec![base],
        (false, false) => vec![base, below],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(text: &str, path: &str) -> String {
        let path = RepoPath::new(path).unwrap();
        CodeOwners::parse(text).unwrap().of(&path).map_or("-".to_owned(), |l| l.owners.join(" "))
    }

    #[test]
    fn patterns_mean_what_they_mean_to_github() {
        for (pattern, yes, no) in [
            ("*", "a/b.yaml", None),
            ("*.yaml", "a/b.yaml", Some("a/b.yml")),
            ("/prompts/", "prompts/a/b.yaml", Some("x/prompts/a.yaml")),
            ("prompts/", "x/prompts/a.yaml", Some("prompts.yaml")),
            ("/prompts", "prompts/a.yaml", Some("x/prompts/a.yaml")),
            ("prompts/*", "prompts/a.yaml", Some("prompts/a/b.yaml")),
            ("prompts/a", "prompts/a/b.yaml", Some("x/prompts/a/b.yaml")),
            ("**/a/*.yaml", "x/y/a/b.yaml", Some("x/y/a/b/c.yaml")),
            ("prompts/my\\ file.yaml", "prompts/my file.yaml", Some("prompts/my")),
            ("/prompts/{a}.yaml", "prompts/{a}.yaml", Some("prompts/a.yaml")),
        ] {
            let text = format!("{pattern} @x");
            assert_eq!(owner(&text, yes), "@x", "{pattern} {yes}");
            if let Some(no) = no {
                assert_eq!(owner(&text, no), "-", "{pattern} {no}");
            }
        }
    }

    #[test]
    fn the_last_line_that_matches_decides() {
        let text = "# all\n* @a # everyone\n\n[Section]\n/prompts/ @b b@c.d\n/prompts/free.yaml\n";
        assert_eq!(owner(text, "x"), "@a");
        assert_eq!(owner(text, "prompts/x"), "@b b@c.d");
        assert_eq!(owner(text, "prompts/free.yaml"), "");
    }
}
