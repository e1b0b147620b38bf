//! Which suites a change touches: those whose file, cases or recordings it changes, and those whose prompts, partials, judges
//! or model profiles are another thing than before.

use std::collections::BTreeSet;

use crate::assertion::{Needs, Syntax};
use crate::digest::{self, Digest};
use crate::path::RepoPath;
use crate::project::prompt::{Prompt, PromptName};
use crate::project::suite::Suite;
use crate::project::{Project, cases, model};
use crate::snapshot::SnapshotError;
use crate::template;

/// The suites of `project` that differ from `base`, by name. `changed` are the files that differ.
pub fn touched(
    project: &Project,
    base: &Project,
    changed: &BTreeSet<RepoPath>,
) -> Result<BTreeSet<String>, SnapshotError> {
    let mut names = BTreeSet::new();
    for suite in project.suites.values() {
        if is_touched(project, base, changed, suite)? {
            names.insert(suite.name.clone());
        }
    }
    Ok(names)
}

fn is_touched(
    project: &Project,
    base: &Project,
    changed: &BTreeSet<RepoPath>,
    suite: &Suite,
) -> Result<bool, SnapshotError> {
    let recordings = RepoPath::new(&format!("{}.jsonl", suite.name)).ok();
    let recordings =
        recordings.map(|below| project.folder(&project.config.paths.recordings).join(&below));
    let own = std::iter::once(&suite.path).chain(&recordings);
    if own.chain(&cases::files(project, suite)?).any(|path| changed.contains(path)) {
        return Ok(true);
    }
    // A pinned version is the same whatever happens here.
    let entries = suite.file.prompts.iter().filter(|entry| !entry.contains('@'));
    let mut prompts: BTreeSet<&PromptName> = BTreeSet::new();
    for entry in entries {
        let found = cases::prompts_matching(project, entry).unwrap_or_default();
        prompts.extend(found.iter().map(|prompt| &prompt.name));
    }
    let given = suite.file.models.iter().map(|name| Some(name.as_str()));
    let models: Vec<Option<&str>> =
        if suite.file.models.is_empty() { vec![None] } else { given.collect() };
    for name in prompts {
        if differs(project, base, name, &models)? {
            return Ok(true);
        }
    }
    let of_prompts = project.prompts.values().filter_map(|prompt| prompt.file.output.as_ref());
    let assertions = suite.file.assert.iter().chain(of_prompts.flat_map(|output| &output.assert));
    for (name, models) in assertions.filter_map(judge) {
        let models: Vec<Option<&str>> = models.iter().map(|name| name.as_deref()).collect();
        if differs(project, base, &name, &models)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The prompt of a judge and its models, where an assertion has one of the project's own.
fn judge(syntax: &Syntax) -> Option<(PromptName, Vec<Option<String>>)> {
    let assertion = syntax.compile().ok()?;
    let Some(Needs::Judge { prompt, models, .. }) = assertion.needs() else { return None };
    let models = match models {
        [] => vec![None],
        models => models.iter().cloned().map(Some).collect(),
    };
    Some((PromptName(prompt.to_owned()), models))
}

/// Whether a prompt is another thing on one of the models, to models or to those who call it.
fn differs(
    project: &Project,
    base: &Project,
    name: &PromptName,
    models: &[Option<&str>],
) -> Result<bool, SnapshotError> {
    match (project.prompts.get(name), base.prompts.get(name)) {
        (Some(now), Some(before)) => {
            if digest::contract(now) != digest::contract(before) {
                return Ok(true);
            }
            for model in models {
                if content(project, now, *model)? != content(base, before, *model)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        (None, None) => Ok(false),
        _ => Ok(true),
    }
}

fn content(
    project: &Project,
    prompt: &Prompt,
    model: Option<&str>,
) -> Result<Digest, SnapshotError> {
    let closure = template::closure_of(project, prompt)?;
    let model = model::resolve(&project.config, prompt.file.model.as_ref(), model).ok();
    Ok(digest::content(prompt, &closure, model.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Snapshot;

    const FILES: [(&str, &str); 8] = [
        ("pf.yaml", "models: {m: {provider: echo, name: a}, j: {provider: echo, name: j}}\n"),
        (
            "prompts/p.yaml",
            "model: m\nmessages: [{role: user, content: '{% include \"tone.md\" %}'}]\n",
        ),
        ("prompts/q.yaml", "model: echo/q\nmessages: [{role: user, content: q}]\n"),
        ("prompts/tone.md", "Be kind.\n"),
        (
            "prompts/kind.yaml",
            "model: j\nvariables: {output: string}\nmessages: [{role: user, content: 'Kind? {{ output }}'}]\n",
        ),
        (
            "evals/a.yaml",
            "prompts: [p]\ndataset: datasets/a.csv\nassert: [{type: equals, value: x}]\n",
        ),
        ("evals/b.yaml", "prompts: [q]\ncases: [{id: x}]\nassert: [{type: judge, prompt: kind}]\n"),
        ("datasets/a.csv", "id\nx\n"),
    ];

    /// The suites that a change of one text touches.
    fn after(path: &str, from: &str, to: &str) -> Vec<String> {
        let load = |edited: bool| {
            let files = FILES.map(|(at, text)| {
                let text =
                    if edited && at == path { text.replace(from, to) } else { text.to_owned() };
                (RepoPath::new(at).unwrap(), text.into_bytes())
            });
            Project::load(&Snapshot::memory(files)).unwrap()
        };
        let changed = BTreeSet::from([RepoPath::new(path).unwrap()]);
        touched(&load(true), &load(false), &changed).unwrap().into_iter().collect()
    }

    #[test]
    fn a_change_touches_what_rests_on_it_and_nothing_else() {
        assert_eq!(after("evals/a.yaml", "x", "y"), ["a"]);
        assert_eq!(after("datasets/a.csv", "x", "y"), ["a"]);
        assert_eq!(after("prompts/tone.md", "kind", "brief"), ["a"]);
        assert_eq!(after("prompts/q.yaml", "content: q", "content: r"), ["b"]);
        assert_eq!(after("pf.yaml", "name: a", "name: b"), ["a"]);
        assert_eq!(after("prompts/kind.yaml", "Kind?", "Polite?"), ["b"]);
        assert_eq!(after("pf.yaml", "name: j", "name: k"), ["b"]);
    }

    #[test]
    fn what_models_do_not_see_touches_nothing() {
        assert_eq!(after("prompts/q.yaml", "model", "# A note.\nmodel"), [""; 0]);
        assert_eq!(after("pf.yaml", "models", "# A note.\nmodels"), [""; 0]);
    }
}
