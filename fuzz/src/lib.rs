//! What must hold for any bytes: one function for each target.
//!
//! The fuzzer calls them with what it thinks up; the tests of the main crate include this file and call them with the
//! seeds, with every input that once broke something, and with random texts.

mod answer;
mod fix;
mod format;
mod quick;

use std::sync::Arc;

use indexmap::IndexMap;
use pf::diagnostic::Diagnostic;
use pf::document::{self, Document, Node, NodeKind, Route};
use pf::lint::{self, RuleSelection};
use pf::message::Message;
use pf::path::RepoPath;
use pf::project::Project;
use pf::project::dataset::{self, Format};
use pf::project::prompt::Prompt;
use pf::snapshot::Snapshot;
use pf::span::{SourceFile, Span};
use pf::template::values::Origin;
use pf::template::{self, analysis};
use serde_json::{Map, Value};

pub use self::answer::{answer, exchange};
pub use self::fix::fix;
pub use self::format::format;
pub use self::quick::quick;

/// What stands between the files of an input that holds several.
const BORDER: &[u8] = b"\n=====\n";

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).expect("a path of this file")
}

fn inside(file: &SourceFile, span: Span, what: &str) {
    let text = file.text();
    assert!(
        span.start <= span.end && text.get(span.range()).is_some(),
        "{what} at {span:?} of {} bytes: {:?}",
        text.len(),
        text
    );
    let _ = (file.position(span.start), file.position(span.end));
}

fn all_inside(findings: &[Diagnostic]) {
    for finding in findings {
        inside(&finding.file, finding.span, &finding.message);
        for label in &finding.related {
            inside(&label.file, label.span, &label.message);
        }
        for (span, _) in finding.fix.iter().flat_map(|fix| &fix.edits) {
            inside(&finding.file, *span, "a fix");
        }
    }
}

fn decode(name: &str, data: &[u8]) -> Arc<SourceFile> {
    SourceFile::decode(path(name), data.to_vec()).unwrap_or_else(|bad| bad.file)
}

/// YAML: every node, key, comment and finding lies inside the file, and so does every piece of every text.
pub fn document(data: &[u8]) {
    let file = decode("a.yaml", data);
    let (document, findings) = document::parse(&file);
    all_inside(&findings);
    assert!(document.is_some() || !findings.is_empty(), "nothing was read and nothing said");
    let Some(document) = document else { return };
    for comment in &document.comments {
        inside(&file, comment.span, "a comment");
    }
    nodes(&file, &document.root);
    let mut budget = 20_000_usize;
    document.root.for_each_scalar(&mut |route, _, scalar| {
        budget = budget.saturating_sub(scalar.text.len() * scalar.text.len() / 16 + 16);
        if budget > 0 {
            pieces(&document, route, &scalar.text);
        }
    });
    let _ = document.to_json();
}

fn nodes(file: &SourceFile, node: &Node) {
    inside(file, node.span, "a value");
    match &node.kind {
        NodeKind::Sequence(items) => items.iter().for_each(|item| nodes(file, item)),
        NodeKind::Mapping(entries) => {
            for entry in entries {
                inside(file, entry.key_span, "a key");
                nodes(file, &entry.value);
            }
        }
        _ => {}
    }
}

/// The place of each character, of what stands before it and of what follows.
fn pieces(document: &Document, route: &Route, text: &str) {
    for (at, character) in text.char_indices() {
        for range in
            [Span::new(at, at + character.len_utf8()), Span::new(0, at), Span::new(at, text.len())]
        {
            inside(&document.file, document.span_in_scalar(route, range), "a piece of a text");
        }
    }
}

/// A template, and after the border the values of its variables as a JSON object.
pub fn template(data: &[u8]) {
    let mut files = split(data);
    let source = String::from_utf8_lossy(files.next().unwrap_or_default()).into_owned();
    let values: Map<String, Value> =
        files.next().and_then(|json| serde_json::from_slice(json).ok()).unwrap_or_default();
    let problem = |span: Span| {
        assert!(source.get(span.range()).is_some(), "a place at {span:?} of {source:?}");
    };
    let used = analysis::analyze(&source);
    match &used {
        Ok(used) => {
            used.variables.iter().for_each(|used| problem(used.span));
            used.includes.iter().for_each(|used| problem(used.span));
            for used in used.filters.iter().chain(&used.tests).chain(&used.functions) {
                problem(used.span);
            }
        }
        Err(wrong) => problem(wrong.span),
    }
    match analysis::analyze_expression(&source) {
        Ok(used) => used.variables.iter().for_each(|used| problem(used.span)),
        Err(wrong) => problem(wrong.span),
    }
    let mut names: Vec<String> = values.keys().cloned().collect();
    names.extend(used.iter().flat_map(|used| &used.variables).map(|used| used.path[0].clone()));
    names.sort();
    names.dedup();
    let variables: Map<String, Value> = names
        .iter()
        .map(|name| {
            let default =
                values.get(name).cloned().unwrap_or_else(|| Value::String("v".to_owned()));
            (name.clone(), serde_json::json!({ "default": default }))
        })
        .collect();
    let prompt = serde_json::json!({
        "variables": variables,
        "messages": [{"role": "user", "content": source}],
    });
    let files = [(path("prompts/p.yaml"), prompt.to_string().into_bytes())];
    let project = Project::load(&Snapshot::memory(files)).expect("memory is always readable");
    all_inside(&project.diagnostics);
    for prompt in project.prompts.values() {
        let closure = template::closure_of(&project, prompt).expect("memory is always readable");
        match template::render::render(prompt, &closure, &Map::new(), Origin::Typed) {
            Ok(messages) => assert!(messages.len() <= 1, "one message became {}", messages.len()),
            Err(findings) => all_inside(&findings),
        }
        if let Ok(tracer) = template::Tracer::new(prompt, &closure)
            && let Ok(values) = template::values::bind(prompt, &Map::new(), Origin::Typed)
            && let Err(findings) = tracer.trace(&values)
        {
            all_inside(&findings);
        }
    }
}

/// The same bytes as a dataset in each format.
pub fn dataset(data: &[u8]) {
    for (name, format) in [
        ("a.csv", Format::Csv),
        ("a.jsonl", Format::Jsonl),
        ("a.json", Format::Json),
        ("a.yaml", Format::Yaml),
    ] {
        let file = decode(name, data);
        let textual = format == Format::Csv;
        let mut wrong = Vec::new();
        let findings = dataset::for_each_row(&file, format, &mut |row| {
            inside(&file, row.span, "a row");
            wrong
                .extend(dataset::case(&file, row, textual, &IndexMap::new()).err().map(|bad| *bad));
        });
        all_inside(&findings);
        all_inside(&wrong);
    }
}

/// A prompt, a partial, a suite, a dataset and a `pf.yaml`, with the border between them.
pub fn lint(data: &[u8]) {
    let project = project_of(data);
    let checked = lint::check(&project, lint::Options::default(), &RuleSelection::default())
        .expect("memory is always readable");
    all_inside(&checked.findings);
}

fn project_of(data: &[u8]) -> Project {
    let names = ["prompts/p.yaml", "prompts/part.md", "evals/s.yaml", "datasets/d.csv", "pf.yaml"];
    let files: Vec<(RepoPath, Vec<u8>)> =
        names.iter().zip(split(data)).map(|(name, text)| (path(name), text.to_vec())).collect();
    load(&Snapshot::memory(files))
}

fn load(snapshot: &Snapshot) -> Project {
    Project::load(snapshot).expect("memory is always readable")
}

/// What a prompt renders to with each of its examples and with nothing, where it accepts that.
fn renders(project: &Project, prompt: &Prompt) -> Vec<Option<Vec<Message>>> {
    let closure = template::closure_of(project, prompt).expect("memory is always readable");
    let examples = prompt.file.examples.iter().map(|example| example.variables.clone());
    examples
        .chain([Map::new()])
        .map(|values| template::render::render(prompt, &closure, &values, Origin::Typed).ok())
        .collect()
}

fn split(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(data);
    std::iter::from_fn(move || {
        let text = rest?;
        let border = text.windows(BORDER.len()).position(|window| window == BORDER);
        rest = border.map(|at| &text[at + BORDER.len()..]);
        Some(border.map_or(text, |at| &text[..at]))
    })
}
