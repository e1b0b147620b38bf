//! `pf lint`: what was found, for people and for the tools that read it. One file per form.
//!
//! Every form is a whole and valid document when nothing was found too. What a file says cannot act in any of them: not
//! on a terminal, not as a command to a CI, not as markup.

pub mod concise;
pub mod github;
pub mod gitlab;
pub mod human;
pub mod junit;
pub mod sarif;
pub mod statistics;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, RuleId};
use crate::digest;
use crate::lint::rule::Rule;
use crate::lint::rules::RULES;
use crate::path::RepoPath;
use crate::report::foreign::line;

/// The outcome of a check, to be shown.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// What was found, in order.
    pub findings: &'a [Diagnostic],
    /// The files that were checked.
    pub files: &'a BTreeSet<RepoPath>,
    /// Where the root of the project lies below the top of the repository: code hosts count paths from that top.
    pub prefix: &'a RepoPath,
}

impl Report<'_> {
    /// A path of the project as a code host knows it.
    fn hosted(&self, path: &RepoPath) -> RepoPath {
        self.prefix.join(path)
    }

    /// For each finding a name that it keeps when lines above it come and go: what a code host recognises it by.
    ///
    /// It covers the rule, the file, the line's text and the marked text; equal ones are numbered from the top.
    fn fingerprints(&self) -> Vec<String> {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        self.findings
            .iter()
            .map(|finding| {
                let file = &finding.file;
                let line = file.line(finding.start().line).map_or("", |line| file.slice(line));
                let path = self.hosted(file.path());
                let marked = file.slice(finding.span);
                let what = [finding.code.0, path.as_str(), line.trim(), marked].join("\0");
                let what = digest::sha256(what.as_bytes()).to_string();
                let nth = seen.entry(what.clone()).or_default();
                *nth += 1;
                match *nth {
                    1 => what,
                    nth => digest::sha256(format!("{what}\0{nth}").as_bytes()).to_string(),
                }
            })
            .collect()
    }
}

/// The rule with this code.
pub(super) fn rule(code: RuleId) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.code == code)
}

/// Whether `--fix` mends a finding without being told to take a risk.
fn is_safely_fixable(finding: &Diagnostic) -> bool {
    finding.fix.as_ref().is_some_and(|fix| fix.safe)
}

/// The message, and on a line each the advice; what they quote makes no lines of its own.
fn message_and_help(finding: &Diagnostic) -> String {
    let mut text = line(&finding.message).into_owned();
    for help in &finding.help {
        text += "\nhelp: ";
        text += &line(help);
    }
    text
}
