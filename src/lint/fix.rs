//! Applying fixes, and proving them.
//!
//! A fix that says it is safe must leave every rendered byte as it is: the file says the same as before, or each of the prompt's
//! examples, and a made-up set of values, renders to the same messages. A fix that fails the proof is refused, and the rest goes on. Fixes that overlap wait for
//! the next round, until nothing is left to do.

use std::collections::{BTreeMap, BTreeSet};

use super::{Checked, Options, RuleSelection, check, proof};
use crate::diagnostic::{Diagnostic, Fix, RuleId};
use crate::document;
use crate::path::RepoPath;
use crate::project::Project;
use crate::snapshot::SnapshotError;

/// How often the project is checked again after fixes: those that touch each other take turns.
const MAX_ROUNDS: usize = 50;

/// Which fixes are applied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Apply {
    /// Those that cannot change a rendered byte.
    Safe,
    /// Those too that may change what the model sees.
    All,
}

/// What fixing came to.
#[derive(Debug)]
pub struct Fixed {
    /// The files that change.
    pub files: BTreeMap<RepoPath, Rewritten>,
    /// How many findings of each rule were mended.
    pub applied: BTreeMap<RuleId, usize>,
    /// Fixes that were not applied after all, in order.
    pub refused: Vec<Refused>,
    /// What is left to find.
    pub checked: Checked,
}

/// A file before and after.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rewritten {
    /// Its text, without a byte order mark and with LF.
    pub before: String,
    /// The same with the fixes.
    pub after: String,
}

/// A fix that was not applied.
#[derive(Clone, Debug)]
pub struct Refused {
    /// What it was to mend.
    pub finding: Diagnostic,
    /// Why it was refused.
    pub reason: String,
}

/// What tells a refused fix from others, whatever lines move.
type Key = (RepoPath, RuleId, String, Vec<String>);

/// Checks a project and mends what can be mended.
pub fn fix(
    project: &Project,
    options: Options<'_>,
    selection: &RuleSelection,
    apply: Apply,
) -> Result<Fixed, SnapshotError> {
    let mut files: BTreeMap<RepoPath, Rewritten> = BTreeMap::new();
    let mut applied: BTreeMap<RuleId, usize> = BTreeMap::new();
    let mut refused: BTreeMap<Key, Refused> = BTreeMap::new();
    let mut current: Option<Project> = None;
    let mut round = 0;
    loop {
        let project = current.as_ref().unwrap_or(project);
        let checked = check(project, options, selection)?;
        round += 1;
        let candidates = match round {
            MAX_ROUNDS.. => BTreeMap::new(),
            _ => candidates(&checked.findings, apply, &refused),
        };
        let mut changed = Vec::new();
        for (path, findings) in candidates {
            let Some(file) = findings.first().map(|finding| &finding.file) else { continue };
            let before = file.text();
            let mut accepted: Vec<&Diagnostic> = Vec::new();
            match attempt(project, path, before, &findings)? {
                Ok(()) => accepted.extend(&findings),
                // One of them is to blame: each has to stand alone.
                Err(_) if findings.len() > 1 => {
                    for finding in &findings {
                        let mut more = accepted.clone();
                        more.push(finding);
                        match attempt(project, path, before, &more)? {
                            Ok(()) => accepted = more,
                            Err(reason) => {
                                let finding = (*finding).clone();
                                refused.insert(key(&finding), Refused { finding, reason });
                            }
                        }
                    }
                }
                Err(reason) => {
                    let finding = findings[0].clone();
                    refused.insert(key(&finding), Refused { finding, reason });
                }
            }
            if accepted.is_empty() {
                continue;
            }
            let after = rewrite(before, &accepted);
            for finding in &accepted {
                *applied.entry(finding.code).or_default() += 1;
            }
            files
                .entry(path.clone())
                .or_insert_with(|| Rewritten { before: before.to_owned(), after: String::new() })
                .after
                .clone_from(&after);
            changed.push((path.clone(), after.into_bytes()));
        }
        if changed.is_empty() {
            files.retain(|_, file| file.before != file.after);
            let mut refused: Vec<Refused> = refused.into_values().collect();
            refused.sort_by(|a, b| a.finding.order(&b.finding));
            return Ok(Fixed { files, applied, refused, checked });
        }
        // What could not be done before may be possible now.
        refused.clear();
        let snapshot = project.snapshot.clone().with_files(changed)?;
        current = Some(Project::load(&snapshot)?);
    }
}

/// The fixes to try now, by file: none that was refused, and of those that overlap the first.
fn candidates<'a>(
    findings: &'a [Diagnostic],
    apply: Apply,
    refused: &BTreeMap<Key, Refused>,
) -> BTreeMap<&'a RepoPath, Vec<&'a Diagnostic>> {
    let mut by_file: BTreeMap<&RepoPath, Vec<&Diagnostic>> = BTreeMap::new();
    let mut taken: BTreeMap<&RepoPath, BTreeSet<document::Edit>> = BTreeMap::new();
    for finding in findings {
        let Some(fix) = &finding.fix else { continue };
        if (!fix.safe && apply == Apply::Safe)
            || fix.edits.is_empty()
            || refused.contains_key(&key(finding))
        {
            continue;
        }
        let path = finding.file.path();
        let taken = taken.entry(path).or_default();
        let meets = |(a, _): &document::Edit, (b, _): &document::Edit| {
            (a.start < b.end && b.start < a.end) || a.start == b.start
        };
        if fix.edits.iter().any(|edit| taken.iter().any(|other| meets(edit, other))) {
            continue;
        }
        taken.extend(fix.edits.iter().cloned());
        by_file.entry(path).or_default().push(finding);
    }
    by_file
}

fn key(finding: &Diagnostic) -> Key {
    let texts = finding.fix.iter().flat_map(|fix| fix.edits.iter().map(|(_, text)| text.clone()));
    (finding.file.path().clone(), finding.code, finding.message.clone(), texts.collect())
}

/// Whether the fixes may be applied together; otherwise why not.
fn attempt(
    project: &Project,
    path: &RepoPath,
    before: &str,
    findings: &[&Diagnostic],
) -> Result<Result<(), String>, SnapshotError> {
    let safe = findings.iter().all(|finding| finding.fix.as_ref().is_none_or(|fix| fix.safe));
    let after = rewrite(before, findings);
    proof::holds(
        project,
        path,
        after,
        if safe { proof::Claim::SameRenders } else { proof::Claim::Readable },
    )
}

fn rewrite(text: &str, findings: &[&Diagnostic]) -> String {
    let fixes = findings.iter().filter_map(|finding| finding.fix.as_ref());
    edited(text, fixes.flat_map(|fix: &Fix| fix.edits.iter().cloned()).collect())
}

/// A text with edits that do not overlap.
pub(super) fn edited(text: &str, mut edits: Vec<document::Edit>) -> String {
    edits.sort();
    let mut edited = String::with_capacity(text.len());
    let mut at = 0;
    for (span, with) in edits {
        edited.push_str(&text[at..span.start]);
        edited.push_str(&with);
        at = span.end;
    }
    edited.push_str(&text[at..]);
    edited
}
