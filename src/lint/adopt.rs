//! Accepting today's findings, so that a repository with a past can be held to the rules from now on.
//!
//! Each finding gets a suppression as close to it as a comment can stand: above the entry of a YAML file, behind the line
//! of a partial. What has no place for comments, such as a dataset, is accepted by path in `pf.yaml`.

use std::collections::{BTreeMap, BTreeSet};

use super::fix::{Refused, Rewritten, edited};
use super::{Options, RuleSelection, check, proof};
use crate::diagnostic::{Diagnostic, RuleId};
use crate::document::{self, Document, Edit, Node, NodeKind, Route};
use crate::path::RepoPath;
use crate::project::{CONFIG_FILE, FileKind, Project};
use crate::snapshot::SnapshotError;
use crate::span::{SourceFile, Span};

/// What accepting came to.
#[derive(Debug)]
pub struct Adopted {
    /// The files that change; one that is not there yet has nothing before.
    pub files: BTreeMap<RepoPath, Rewritten>,
    /// How many findings of each rule are accepted.
    pub accepted: BTreeMap<RuleId, usize>,
    /// Findings that no comment can accept.
    pub refused: Vec<Refused>,
}

/// The codes to write at each place of a file.
type Places = BTreeMap<usize, BTreeSet<RuleId>>;

/// Accepts all findings, with one reason for all.
pub fn adopt(
    project: &Project,
    options: Options<'_>,
    selection: &RuleSelection,
    reason: &str,
) -> Result<Adopted, SnapshotError> {
    let found = check(project, options, selection)?.findings;
    let mut adopted =
        Adopted { files: BTreeMap::new(), accepted: BTreeMap::new(), refused: Vec::new() };
    let mut by_path: BTreeMap<RepoPath, BTreeSet<RuleId>> = BTreeMap::new();
    let (broken, found): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|finding| finding.code.0.starts_with("R69"));
    for finding in broken {
        let reason = "a suppression cannot accept what is wrong with another".to_owned();
        adopted.refused.push(Refused { finding, reason });
    }
    for findings in found.chunk_by(|a, b| a.file.path() == b.file.path()) {
        let Some(first) = findings.first() else { continue };
        let (file, path) = (&first.file, first.file.path());
        let edits = match project.kind(path) {
            Some(FileKind::Partial) => in_template(file, findings, reason),
            Some(FileKind::Config | FileKind::Prompt(_) | FileKind::Suite(_)) => {
                match document::parse(file).0 {
                    Some(document) => in_document(&document, findings, reason),
                    None => Vec::new(),
                }
            }
            Some(FileKind::Dataset) | None => Vec::new(),
        };
        let after = edited(file.text(), edits.clone());
        let written = match edits.is_empty() {
            true => Err(String::new()),
            false => proof::holds(project, path, after.clone(), proof::Claim::Comment)?,
        };
        match written {
            Ok(()) => {
                let before = file.text().to_owned();
                adopted.files.insert(path.clone(), Rewritten { before, after });
            }
            Err(_) => {
                by_path.entry(path.clone()).or_default().extend(findings.iter().map(|f| f.code));
            }
        }
        for finding in findings {
            *adopted.accepted.entry(finding.code).or_default() += 1;
        }
    }
    if !by_path.is_empty()
        && let Err(reason) = in_config(project, &by_path, reason, &mut adopted)
    {
        for finding in found.iter().filter(|finding| by_path.contains_key(finding.file.path())) {
            if let Some(count) = adopted.accepted.get_mut(&finding.code) {
                *count -= 1;
            }
            adopted.refused.push(Refused { finding: finding.clone(), reason: reason.clone() });
        }
        adopted.accepted.retain(|_, count| *count > 0);
    }
    Ok(adopted)
}

fn codes(codes: &BTreeSet<RuleId>) -> String {
    codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A comment above the innermost entry or item that each finding lies in.
fn in_document(document: &Document, findings: &[Diagnostic], reason: &str) -> Vec<Edit> {
    let file = &document.file;
    let mut places = Places::new();
    for finding in findings {
        let start = innermost(&document.root, finding.span.start).unwrap_or(0);
        let line = file.line(file.position(start).line).map_or(0, |line| line.start);
        places.entry(line).or_default().insert(finding.code);
    }
    let comment = |(line, found): (usize, BTreeSet<RuleId>)| {
        let text = &file.text()[line..];
        let indent = text.len() - text.trim_start_matches(' ').len();
        let comment = format!("{:indent$}# pf: ignore[{}] {reason}\n", "", codes(&found));
        (Span::at(line), comment)
    };
    places.into_iter().map(comment).collect()
}

/// Where the innermost entry or item starts that holds a byte.
fn innermost(node: &Node, offset: usize) -> Option<usize> {
    let holds = |start: usize, end: usize| start <= offset && offset <= end;
    match &node.kind {
        NodeKind::Mapping(entries) => entries
            .iter()
            .filter(|entry| {
                holds(entry.key_span.start, entry.value.span.end.max(entry.key_span.end))
            })
            .map(|entry| innermost(&entry.value, offset).unwrap_or(entry.key_span.start))
            .next_back(),
        NodeKind::Sequence(items) => items
            .iter()
            .filter(|item| holds(item.span.start, item.span.end))
            .map(|item| innermost(item, offset).unwrap_or(item.span.start))
            .next_back(),
        _ => None,
    }
}

/// A comment at the end of each line: it prints nothing there.
fn in_template(file: &SourceFile, findings: &[Diagnostic], reason: &str) -> Vec<Edit> {
    let mut places = Places::new();
    for finding in findings {
        let line = file.position(finding.span.start).line;
        let end = file.line(line).map_or(file.text().len(), |line| line.end);
        places.entry(end).or_default().insert(finding.code);
    }
    let comment = |(end, found): (usize, BTreeSet<RuleId>)| {
        (Span::at(end), format!("{{# pf: ignore[{}] {reason} #}}", codes(&found)))
    };
    places.into_iter().map(comment).collect()
}

/// Entries of `lint.per_path` in `pf.yaml`.
fn in_config(
    project: &Project,
    by_path: &BTreeMap<RepoPath, BTreeSet<RuleId>>,
    reason: &str,
    adopted: &mut Adopted,
) -> Result<(), String> {
    let path = RepoPath::new(CONFIG_FILE).expect("a plain name");
    if by_path.contains_key(&path) {
        return Err("a comment cannot accept it, and neither can pf.yaml while it is broken".into());
    }
    let before = match (adopted.files.get(&path), &project.config_document) {
        (Some(file), _) => file.after.clone(),
        (None, Some(document)) => document.file.text().to_owned(),
        (None, None) => String::new(),
    };
    let mut text = before.clone();
    for (path, found) in by_path {
        // The path stands in a glob: its own signs are not meant as such.
        let pattern: String = path
            .as_str()
            .chars()
            .flat_map(|c| match c {
                '*' | '?' | '[' | '{' => vec!['[', c, ']'],
                c => vec![c],
            })
            .collect();
        let pattern = serde_json::Value::String(pattern).to_string();
        text = with_pattern(&text, &pattern, &format!("[{}]", codes(found)), reason)
            .ok_or("pf.yaml is written in a way that no entry can be added to `lint.per_path`")?;
    }
    let first = match (adopted.files.remove(&path), &project.config_document) {
        (Some(file), _) => file.before,
        (None, Some(document)) => document.file.text().to_owned(),
        (None, None) => String::new(),
    };
    adopted.files.insert(path, Rewritten { before: first, after: text });
    Ok(())
}

/// The text of `pf.yaml` with one more entry of `lint.per_path`.
fn with_pattern(text: &str, pattern: &str, codes: &str, reason: &str) -> Option<String> {
    let file = SourceFile::new(RepoPath::new(CONFIG_FILE).ok()?, text);
    let document = document::parse(&file).0?;
    let lint = Route::root().key("lint");
    let per_path = lint.key("per_path");
    let known = per_path.key(serde_json::from_str::<String>(pattern).ok()?);
    let edit = if let Some(Node { kind: NodeKind::Sequence(_), span }) = document.node(&known) {
        let old = file.slice(*span).strip_suffix(']')?;
        let empty = old.trim_end().ends_with('[');
        let more = codes.trim_matches(['[', ']']);
        (*span, format!("{old}{}{more}]", if empty { "" } else { ", " }))
    } else if document.node(&per_path).is_some() {
        document.insert(&per_path, pattern, codes)?
    } else if document.node(&lint).is_some() {
        document.insert(&lint, "per_path", &format!("{{{pattern}: {codes}}}"))?
    } else if matches!(document.root.kind, NodeKind::Null) {
        let end = text.len();
        let newline = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        (
            Span::at(end),
            format!("{newline}lint:\n  per_path:\n    # {reason}\n    {pattern}: {codes}\n"),
        )
    } else {
        let value = format!("\n  per_path:\n    # {reason}\n    {pattern}: {codes}");
        document.insert(&Route::root(), "lint", &value)?
    };
    Some(edited(text, vec![edit]))
}
