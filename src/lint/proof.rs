//! That a changed file still says the same, or at least still says something.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::renders::{Fill, sample};

use crate::document;
use crate::message::Message;
use crate::path::RepoPath;
use crate::project::prompt::{Prompt, PromptName};
use crate::project::{FileKind, Project, Scope};
use crate::snapshot::SnapshotError;
use crate::span::SourceFile;
use crate::template::{Binder, Closure, Origin, Partials, Renderer};

/// What must hold of a change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Claim {
    /// No rendered byte changes.
    SameRenders,
    /// No byte changes of what can be rendered; a comment was added, so that nothing can be wrong with the rest.
    Comment,
    /// The file can be read and has the right shape.
    Readable,
}

/// Whether the claim holds when a file has another text; otherwise why not.
pub(super) fn holds(
    project: &Project,
    path: &RepoPath,
    after: String,
    claim: Claim,
) -> Result<Result<(), String>, SnapshotError> {
    let Some(kind) = project.kind(path) else { return Ok(Err("it is no file of pf".to_owned())) };
    let file = SourceFile::new(path.clone(), after.as_str());
    let same = match kind {
        FileKind::Dataset => return Ok(Err("datasets are not changed".to_owned())),
        FileKind::Partial => false,
        FileKind::Config | FileKind::Prompt(_) | FileKind::Suite(_) => {
            let (Some(new), problems) = document::parse(&file) else {
                return Ok(Err("the file could not be read any more".to_owned()));
            };
            if !problems.is_empty() {
                return Ok(Err("the file would have new problems".to_owned()));
            }
            let old = project.source(path)?.and_then(|old| document::parse(&old).0);
            // Compared as text: the order of keys may matter.
            let text = |document: &document::Document| document.to_json().to_string();
            old.is_some_and(|old| text(&old) == text(&new))
        }
    };
    if same {
        return Ok(Ok(()));
    }
    let snapshot = project.snapshot.clone().with_files([(path.clone(), after.into_bytes())])?;
    match kind {
        FileKind::Prompt(name) => prompts(project, &snapshot, &[name], claim),
        FileKind::Partial if claim != Claim::Readable => {
            prompts(project, &snapshot, &users(project, path)?, claim)
        }
        FileKind::Config | FileKind::Suite(_) if claim != Claim::Readable => {
            Ok(Err("the file would say something else".to_owned()))
        }
        _ => Ok(Ok(())),
    }
}

/// The prompts that a partial is part of.
fn users(project: &Project, path: &RepoPath) -> Result<Vec<PromptName>, SnapshotError> {
    let folder = project.folder(&project.config.paths.prompts);
    let Some(name) = path.strip_prefix(&folder) else { return Ok(Vec::new()) };
    let partials = Partials::of(project);
    let mut users = Vec::new();
    for prompt in project.prompts.values() {
        if partials.closure(prompt)?.partials.contains_key(name.as_str()) {
            users.push(prompt.name.clone());
        }
    }
    Ok(users)
}

fn prompts(
    before: &Project,
    snapshot: &crate::snapshot::Snapshot,
    names: &[PromptName],
    claim: Claim,
) -> Result<Result<(), String>, SnapshotError> {
    let after = Project::load_scope(snapshot, Scope::Prompts(names))?;
    for name in names {
        let old = before.prompts.get(name);
        let Some(new) = after.prompts.get(name) else {
            if old.is_none() {
                continue;
            }
            return Ok(Err(format!("the prompt `{name}` could not be used any more")));
        };
        let (Some(old), Claim::SameRenders | Claim::Comment) = (old, claim) else { continue };
        let inputs = inputs(old);
        let renders_in = |project: &Project, prompt: &Prompt| {
            let closure = Partials::of(project).closure(prompt)?;
            Ok::<_, SnapshotError>(renders(prompt, &closure, &inputs))
        };
        let (Some(old), new) = (renders_in(before, old)?, renders_in(&after, new)?) else {
            // What could not be rendered has no bytes that could change.
            continue;
        };
        if old.is_empty() && claim == Claim::SameRenders {
            return Ok(Err(format!("`{name}` has no example to prove it with")));
        }
        let new = new.unwrap_or_default();
        if old
            .iter()
            .any(|(input, messages)| messages.is_some() && new.get(input) != Some(messages))
        {
            return Ok(Err(format!("it would change what `{name}` renders")));
        }
    }
    Ok(Ok(()))
}

/// Sets of values to render a prompt with: its examples, and made-up ones.
pub(crate) fn inputs(prompt: &Prompt) -> Vec<Map<String, Value>> {
    let examples = prompt.file.examples.iter().map(|example| example.variables.clone());
    let made_up = |fill: Fill| {
        let variables = prompt.file.variables.iter().filter_map(|(name, variable)| {
            Some((name.clone(), sample(&variable.json_schema(), fill)?.value))
        });
        variables.collect()
    };
    let fills = [Fill::Smallest, Fill::Modest, Fill::Full].into_iter();
    examples.chain([Map::new()]).chain(fills.map(made_up)).collect()
}

/// What a prompt renders to, if it does, by the number of the input.
pub(crate) type Renders = BTreeMap<usize, Option<Vec<Message>>>;

/// What a prompt renders to, by the number of each input that it accepts; `None` when it cannot be rendered at all.
pub(crate) fn renders(
    prompt: &Prompt,
    closure: &Closure,
    inputs: &[Map<String, Value>],
) -> Option<Renders> {
    let renderer = Renderer::new(prompt, closure).ok()?;
    let binder = Binder::new(prompt);
    let mut renders = BTreeMap::new();
    for (index, input) in inputs.iter().enumerate() {
        if let Ok(values) = binder.bind(input, Origin::Typed) {
            renders.insert(index, renderer.render(&values).ok());
        }
    }
    Some(renders)
}
