//! Where a command works: the project around the current folder, and the revision that a selector speaks of.

use std::path::PathBuf;

use super::args::Global;
use super::error::Error;
use crate::project::Project;
use crate::project::prompt::{Prompt, PromptName};
use crate::snapshot::{Home, Snapshot};

/// The folder that the command was started for.
pub fn directory(global: &Global) -> Result<PathBuf, Error> {
    let directory = global.directory.clone().unwrap_or_else(|| PathBuf::from("."));
    if !directory.is_dir() {
        return Err(Error::usage(format!("there is no folder `{}`", directory.display())));
    }
    Ok(directory)
}

/// The project around the folder that the command was started for.
pub fn home(global: &Global) -> Result<Home, Error> {
    Ok(Home::discover(&directory(global)?)?)
}

/// A prompt and, after the first `@`, which version of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Selector {
    /// The prompt.
    pub name: PromptName,
    /// A version number, a label or a revision.
    pub which: Option<String>,
}

impl Selector {
    /// Splits at the first `@`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (name, which) = match text.split_once('@') {
            Some((name, which)) => (name, Some(which)),
            None => (text, None),
        };
        if name.is_empty() || which == Some("") {
            return Err(Error::usage(format!("`{text}` is no selector"))
                .hint("write NAME or NAME@WHICH, such as support/triage@main~2"));
        }
        Ok(Self { name: PromptName(name.to_owned()), which: which.map(str::to_owned) })
    }
}

/// The prompt of a project, or why there is none.
pub fn prompt<'a>(project: &'a Project, name: &PromptName) -> Result<&'a Prompt, Error> {
    if let Some(prompt) = project.prompts.get(name) {
        return Ok(prompt);
    }
    if let Some(path) = project.unusable.get(name) {
        let findings =
            project.diagnostics.iter().filter(|d| d.file.path() == path).cloned().collect();
        return Err(Error::usage(format!("the prompt `{name}` cannot be used as it is")).findings(findings));
    }
    let error = Error::new(
        super::error::Exit::Nothing,
        format!("there is no prompt `{name}` in {}", project.snapshot.describe()),
    );
    Err(match project.closest_prompt(name.as_str()) {
        Some(similar) => error.hint(format!("did you mean `{similar}`?")),
        None => error.hint("`pf list` shows what there is"),
    })
}

/// Reads one prompt of a snapshot. When it is not there, all prompts are read for a suggestion.
pub fn load_prompt(snapshot: &Snapshot, name: &PromptName) -> Result<Project, Error> {
    use crate::project::Scope;
    let names = [name.clone()];
    let project = Project::load_scope(snapshot, Scope::Prompts(&names))?;
    match project.prompts.contains_key(name) || project.unusable.contains_key(name) {
        true => Ok(project),
        false => Ok(Project::load(snapshot)?),
    }
}
