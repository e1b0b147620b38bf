//! Findings that the author of a file accepts, and says why.
//!
//! `# pf: ignore[V102] reason` at the end of a line covers what starts on that line, with all that belongs to it; on a line of its own it
//! covers what starts on the next one. `# pf: ignore-file[V102] reason` covers the file. In a template the same stands in
//! a Jinja comment, `{# pf: ignore[C155] reason #}`, and covers its line, or the next one when it stands alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use super::rule::Rule;
use super::rules::{BAD_SUPPRESSION, RULES, UNEXPLAINED_SUPPRESSION, UNUSED_SUPPRESSION};
use crate::diagnostic::{Diagnostic, Fix, closest};
use crate::document::{self, Document, Node, NodeKind};
use crate::path::RepoPath;
use crate::project::{self, FileKind, Project};
use crate::snapshot::SnapshotError;
use crate::span::{SourceFile, Span};

/// A comment that accepts findings.
#[derive(Debug)]
pub(super) struct Suppression {
    file: Arc<SourceFile>,
    /// The whole comment, with its signs.
    comment: Span,
    /// Codes or their beginnings, and where they stand.
    codes: Vec<(String, Span)>,
    explained: bool,
    covers: Span,
    /// What is wrong with it; it then accepts nothing.
    problem: Option<(Span, String)>,
    used: BTreeSet<usize>,
}

/// What every such comment has; few files do, so this is looked for first.
const MARK: &str = "pf:";

/// The suppressions of these files.
pub(super) fn read<'a>(
    project: &Project,
    files: impl IntoIterator<Item = &'a RepoPath>,
) -> Result<Vec<Suppression>, SnapshotError> {
    let files: Vec<&RepoPath> = files.into_iter().collect();
    let found: Vec<Vec<Suppression>> = files
        .into_par_iter()
        .map(|path| {
            // Datasets have no such comments, and may be too large to be read for them.
            let Some(kind) = project.kind(path).filter(|kind| *kind != FileKind::Dataset) else {
                return Ok(Vec::new());
            };
            let file = match project.source(path) {
                Ok(Some(file)) => file,
                Ok(None) => return Ok(Vec::new()),
                // That it cannot be read is a finding of its own.
                Err(error) => return project::unreadable(error).map(|_| Vec::new()),
            };
            if !file.text().contains(MARK) {
                return Ok(Vec::new());
            }
            Ok(match kind {
                FileKind::Partial => in_template(&file, Span::new(0, file.text().len())),
                FileKind::Config | FileKind::Prompt(_) | FileKind::Suite(_) | FileKind::Dataset => {
                    // Without a document there are no comments, and the file has worse problems.
                    document::parse(&file).0.map(|parsed| in_document(&parsed)).unwrap_or_default()
                }
            })
        })
        // Of several errors the first in the order of the files, whichever thread met one first.
        .collect::<Vec<_>>()
        .into_iter()
        .collect::<Result<_, SnapshotError>>()?;
    Ok(found.into_iter().flatten().collect())
}

/// Drops the findings that are accepted, and remembers which suppressions were needed.
pub(super) fn apply(suppressions: &mut [Suppression], findings: &mut Vec<Diagnostic>) {
    if suppressions.is_empty() {
        return;
    }
    findings.retain(|finding| {
        let mut accepted = false;
        for suppression in suppressions.iter_mut() {
            accepted |= suppression.accepts(finding);
        }
        !accepted
    });
}

/// What is wrong with the suppressions themselves. `complete` says of a rule whether all of its findings were looked for.
pub(super) fn problems(
    suppressions: &[Suppression],
    complete: impl Fn(&Rule) -> bool,
) -> Vec<Diagnostic> {
    suppressions.iter().flat_map(|suppression| suppression.problems(&complete)).collect()
}

impl Suppression {
    fn accepts(&mut self, finding: &Diagnostic) -> bool {
        let start = finding.span.start;
        if self.problem.is_some()
            || start < self.covers.start
            || start > self.covers.end
            || self.file.path() != finding.file.path()
        {
            return false;
        }
        let fits = |(code, _): &(String, Span)| finding.code.0.starts_with(code.as_str());
        match self.codes.iter().position(fits) {
            Some(index) => {
                self.used.insert(index);
                true
            }
            None => false,
        }
    }

    fn problems(&self, complete: &impl Fn(&Rule) -> bool) -> Vec<Diagnostic> {
        if let Some((span, message)) = &self.problem {
            let finding = BAD_SUPPRESSION.at(&self.file, *span, message.clone());
            return vec![
                finding.help("write `pf: ignore[CODE] reason`; `pf rule` lists the codes"),
            ];
        }
        let unused: Vec<usize> = (0..self.codes.len())
            .filter(|index| !self.used.contains(index))
            .filter(|index| {
                let code = self.codes[*index].0.as_str();
                RULES.iter().filter(|rule| rule.code.0.starts_with(code)).all(|rule| complete(rule))
            })
            .collect();
        let mut problems = Vec::new();
        if let Some(first) = unused.first() {
            let names: Vec<String> =
                unused.iter().map(|index| format!("`{}`", self.codes[*index].0)).collect();
            let message = format!("nothing here is a finding of {} any more", names.join(", "));
            let finding = UNUSED_SUPPRESSION.at(&self.file, self.codes[*first].1, message);
            problems.push(finding.fix(Fix {
                message: "remove it".to_owned(),
                edits: vec![self.without(&unused)],
                safe: true,
            }));
        }
        if !self.explained && unused.len() < self.codes.len() {
            let finding = UNEXPLAINED_SUPPRESSION
                .at(&self.file, self.comment, "the suppression does not say why")
                .help("write the reason behind the codes, for whoever reads this next year");
            problems.push(finding.fix(Fix {
                message: "remove it, so that the finding shows again".to_owned(),
                edits: vec![self.without(&(0..self.codes.len()).collect::<Vec<_>>())],
                safe: false,
            }));
        }
        problems
    }

    /// The edit that takes codes away, or the whole comment with the last of them.
    fn without(&self, unused: &[usize]) -> document::Edit {
        let text = self.file.text();
        if unused.len() < self.codes.len() {
            let kept: Vec<&str> = (0..self.codes.len())
                .filter(|index| !unused.contains(index))
                .map(|index| self.codes[index].0.as_str())
                .collect();
            let (first, last) = (self.codes[0].1, self.codes[self.codes.len() - 1].1);
            return (Span::new(first.start, last.end), kept.join(", "));
        }
        let mut span = self.comment;
        if text[span.range()].starts_with('#') {
            let before = text[..span.start].trim_end_matches([' ', '\t']);
            let alone = before.is_empty() || before.ends_with('\n');
            span.start = before.len();
            if alone && text[span.end..].starts_with('\n') {
                span.end += 1;
            }
        }
        (span, String::new())
    }
}

fn in_document(document: &Document) -> Vec<Suppression> {
    let file = &document.file;
    let mut found = Vec::new();
    for comment in &document.comments {
        let Some(directive) = Directive::parse(&comment.text) else { continue };
        // The text stands behind the `#`.
        let covers = match directive.whole_file {
            true => Span::new(0, file.text().len()),
            false => covered_by(document, comment.span),
        };
        found.push(directive.placed(file, comment.span, comment.span.start + 1, covers));
    }
    document.root.for_each_scalar(&mut |_, node, scalar| {
        if scalar.text.contains(MARK) {
            found.extend(in_template(file, node.span));
        }
    });
    found
}

/// The suppressions in Jinja comments between these bytes of a file.
fn in_template(file: &Arc<SourceFile>, within: Span) -> Vec<Suppression> {
    let text = file.text();
    let mut found = Vec::new();
    let mut from = within.start;
    while let Some(open) = text[from..within.end].find("{#").map(|at| from + at) {
        let Some(close) = text[open..within.end].find("#}").map(|at| open + at) else { break };
        from = close + 2;
        let inside = Span::new(open + 2, close);
        let Some(directive) = Directive::parse(&text[inside.range()]) else { continue };
        let comment = Span::new(open, from);
        let covers = match directive.whole_file {
            true => within,
            false => {
                let line = file.position(open).line;
                let own = file.line(line).unwrap_or(comment);
                let alone = text[own.start.max(within.start)..open].trim().is_empty()
                    && text[from..own.end.max(from)].trim().is_empty();
                match alone {
                    true => file.line(line + 1).unwrap_or(own),
                    false => own,
                }
            }
        };
        found.push(directive.placed(file, comment, inside.start, covers));
    }
    found
}

/// What a comment in YAML covers: what starts on its line, or on the next line with content when it stands alone.
fn covered_by(document: &Document, comment: Span) -> Span {
    let file = &document.file;
    let mut line = file.position(comment.start).line;
    let own = file.line(line).unwrap_or(comment);
    if file.text()[own.start..comment.start].trim().is_empty() {
        loop {
            line += 1;
            let Some(next) = file.line(line) else { return comment };
            let text = file.slice(next).trim();
            if !text.is_empty() && !text.starts_with('#') {
                break;
            }
        }
    }
    let place = file.line(line).unwrap_or(own);
    let end = last_byte(&document.root, place);
    Span::new(place.start, end.unwrap_or(place.end).max(place.end))
}

/// The end of the outermost entries and items that start on a line.
fn last_byte(node: &Node, line: Span) -> Option<usize> {
    let starts = |at: usize| line.start <= at && at <= line.end;
    match &node.kind {
        NodeKind::Mapping(entries) => entries
            .iter()
            .filter_map(|entry| match starts(entry.key_span.start) {
                true => Some(entry.value.span.end),
                false => last_byte(&entry.value, line),
            })
            .max(),
        NodeKind::Sequence(items) => items
            .iter()
            .filter_map(|item| match starts(item.span.start) {
                true => Some(item.span.end),
                false => last_byte(item, line),
            })
            .max(),
        _ => None,
    }
}

/// What a comment says.
struct Directive {
    whole_file: bool,
    /// Codes, and where they stand in the comment's text.
    codes: Vec<(String, Span)>,
    explained: bool,
    problem: Option<(Span, String)>,
}

impl Directive {
    /// Reads the text of a comment; `None` when it speaks of something else.
    fn parse(text: &str) -> Option<Self> {
        let start = text.len() - text.trim_start_matches(['-', ' ', '\t']).len();
        let rest = text[start..].strip_prefix("pf:")?;
        let word_start = text.len() - rest.trim_start().len();
        let rest = &text[word_start..];
        let word_end = word_start
            + rest.find(|c: char| !(c.is_ascii_alphabetic() || c == '-')).unwrap_or(rest.len());
        let word = &text[word_start..word_end];
        if !word.starts_with("ignor") {
            return None;
        }
        let broken = |span: Span, message: String| {
            Some(Self {
                whole_file: false,
                codes: Vec::new(),
                explained: false,
                problem: Some((span, message)),
            })
        };
        if !matches!(word, "ignore" | "ignore-file") {
            return broken(Span::new(word_start, word_end), format!("`pf: {word}` means nothing"));
        }
        let list = text[word_end..].strip_prefix('[').and_then(|list| list.split_once(']'));
        let Some((list, reason)) = list else {
            let message = format!("`pf: {word}` does not say which rules");
            return broken(Span::new(word_start, word_end), message);
        };
        let mut codes = Vec::new();
        let mut at = word_end + 1;
        for part in list.split(',') {
            let lead = part.len() - part.trim_start().len();
            let code = part.trim();
            let span = Span::new(at + lead, at + lead + code.len());
            at += part.len() + 1;
            if code.is_empty() || !RULES.iter().any(|rule| rule.code.0.starts_with(code)) {
                let known = RULES.iter().flat_map(|rule| [rule.code.0, rule.name]);
                let similar = match RULES.iter().find(|rule| rule.name == code) {
                    Some(rule) => Some(rule.code.0),
                    None => closest(code, known),
                };
                let hint = similar.map(|name| format!("; did you mean `{name}`?"));
                let message = format!(
                    "`{code}` is the beginning of no rule's code{}",
                    hint.unwrap_or_default()
                );
                return broken(span, message);
            }
            codes.push((code.to_owned(), span));
        }
        let reason =
            reason.trim_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '-' | '—'));
        Some(Self {
            whole_file: word == "ignore-file",
            codes,
            explained: reason.chars().any(char::is_alphanumeric),
            problem: None,
        })
    }

    /// The same in a file, where the text of the comment begins at `offset`.
    fn placed(
        self,
        file: &Arc<SourceFile>,
        comment: Span,
        offset: usize,
        covers: Span,
    ) -> Suppression {
        let shift = |span: Span| Span::new(span.start + offset, span.end + offset);
        Suppression {
            file: Arc::clone(file),
            comment,
            codes: self.codes.into_iter().map(|(code, span)| (code, shift(span))).collect(),
            explained: self.explained,
            covers,
            problem: self.problem.map(|(span, message)| (shift(span), message)),
            used: BTreeSet::new(),
        }
    }
}
