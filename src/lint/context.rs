//! What rules look at: a prompt, a suite or a text, with what belongs to it.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::diagnostic::Diagnostic;
use crate::digest;
use crate::lint::rule::Rule;
use crate::project::cases::{self, Cases};
use crate::project::dataset::PlacedCase;
use crate::project::prompt::Prompt;
use crate::project::suite::Suite;
use crate::project::{FileKind, Project};
use crate::snapshot::SnapshotError;
use crate::span::SourceFile;
use crate::template::closure::Use;
use crate::template::{Closure, Partials};

/// A prompt with all that it is made of.
pub struct PromptContext<'a> {
    /// The project it stands in.
    pub project: &'a Project,
    /// The prompt.
    pub prompt: &'a Prompt,
    /// Its templates and partials, analysed.
    pub closure: Closure,
    /// What is wrong with them.
    pub problems: Vec<Diagnostic>,
    /// The variables that they use.
    pub uses: Vec<Use>,
}

impl<'a> PromptContext<'a> {
    /// Reads what the prompt includes.
    pub fn load(
        project: &'a Project,
        prompt: &'a Prompt,
        partials: &Partials<'_>,
    ) -> Result<Self, SnapshotError> {
        let closure = partials.closure(prompt)?;
        let folder = project.folder(&project.config.paths.prompts);
        let known: Vec<&str> =
            project.partials.iter().filter_map(|path| path.below(&folder)).collect();
        let problems = closure.problems(&known);
        let uses = closure.uses(prompt);
        Ok(Self { project, prompt, closure, problems, uses })
    }

    /// The prompt's file and those of its partials.
    pub fn files(&self) -> impl Iterator<Item = &Arc<SourceFile>> {
        let partials = self.closure.partials.values().map(|partial| &partial.file);
        std::iter::once(&self.prompt.document.file).chain(partials)
    }

    /// Hands over what the analysis found for a rule, with the rule's severity.
    pub fn report(&self, rule: &Rule, findings: &mut Vec<Diagnostic>) {
        let own = self.problems.iter().filter(|problem| problem.code == rule.code);
        findings.extend(own.cloned().map(|problem| problem.severity(rule.severity)));
    }
}

/// A suite with its prompts and cases.
pub struct SuiteContext<'a> {
    /// The project it stands in.
    pub project: &'a Project,
    /// The suite.
    pub suite: &'a Suite,
    /// Its prompts of the same snapshot.
    pub prompts: Vec<&'a Prompt>,
    /// Its cases.
    pub cases: Cases,
    declared: BTreeSet<&'a str>,
}

impl<'a> SuiteContext<'a> {
    /// Reads the cases of the suite.
    pub fn load(project: &'a Project, suite: &'a Suite) -> Result<Self, SnapshotError> {
        let prompts = cases::prompts(project, suite);
        let declared = prompts
            .iter()
            .flat_map(|prompt| prompt.file.variables.keys().map(String::as_str))
            .collect();
        Ok(Self { project, suite, prompts, cases: cases::load(project, suite)?, declared })
    }

    /// The variables that the suite's prompts declare.
    pub fn declared(&self) -> &BTreeSet<&'a str> {
        &self.declared
    }

    /// Each case with its identity: its id, else the hash of the variables that the prompts declare.
    pub fn identified(&self) -> impl Iterator<Item = (String, &PlacedCase)> {
        self.cases.cases.iter().map(|placed| {
            let id = match &placed.case.id {
                Some(id) => id.clone(),
                None => {
                    let declared: Map<String, Value> = placed
                        .case
                        .variables
                        .iter()
                        .filter(|(name, _)| {
                            self.declared.is_empty() || self.declared.contains(name.as_str())
                        })
                        .map(|(name, value)| (name.clone(), value.clone()))
                        .collect();
                    digest::sha256(digest::canonical_json(&Value::Object(declared)).as_bytes())
                        .short()
                }
            };
            (id, placed)
        })
    }
}

/// The text of a file.
pub struct TextContext<'a> {
    /// The project it stands in.
    pub project: &'a Project,
    /// The file.
    pub file: &'a Arc<SourceFile>,
    /// What the file is.
    pub kind: &'a FileKind,
}
