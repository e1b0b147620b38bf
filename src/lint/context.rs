//! What rules look at: a prompt, a suite or a text, with what belongs to it.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use globset::GlobMatcher;
use serde_json::{Map, Value};

use crate::diagnostic::Diagnostic;
use crate::digest;
use crate::document::{Document, Route, Segment};
use crate::lint::rule::Rule;
use crate::message::Role;
use crate::path::RepoPath;
use crate::project::cases::{self, Cases};
use crate::project::dataset::PlacedCase;
use crate::project::model::{self, ModelError, ResolvedModel};
use crate::project::prompt::{Entry, Prompt};
use crate::project::suite::Suite;
use crate::project::{FileKind, Project};
use crate::snapshot::SnapshotError;
use crate::span::{SourceFile, Span};
use crate::template::analysis::{Analysis, Literal};
use crate::template::closure::{TemplateKind, Use};
use crate::template::types;
use crate::template::{Closure, Partial, Partials};

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
    model: OnceCell<Result<ResolvedModel, ModelError>>,
    typed: OnceCell<Vec<Diagnostic>>,
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
        let (model, typed) = (OnceCell::new(), OnceCell::new());
        Ok(Self { project, prompt, closure, problems, uses, model, typed })
    }

    /// The prompt's file and those of its partials.
    pub fn files(&self) -> impl Iterator<Item = &Arc<SourceFile>> {
        let partials = self.closure.partials.values().map(|partial| &partial.file);
        std::iter::once(&self.prompt.document.file).chain(partials)
    }

    /// The model that the prompt asks when nobody names another.
    pub fn model(&self) -> Result<&ResolvedModel, &ModelError> {
        self.model
            .get_or_init(|| {
                model::resolve(&self.project.config, self.prompt.file.model.as_ref(), None)
            })
            .as_ref()
    }

    /// What is wrong with the types in its templates: the findings of several rules, made together.
    pub fn typed(&self) -> &[Diagnostic] {
        self.typed.get_or_init(|| types::infer(self.prompt, &self.closure))
    }

    /// Hands over what following the types found for a rule, with the rule's severity.
    pub fn report_typed(&self, rule: &Rule, findings: &mut Vec<Diagnostic>) {
        let own = self.typed().iter().filter(|finding| finding.code == rule.code);
        findings.extend(own.cloned().map(|finding| finding.severity(rule.severity)));
    }

    /// The texts in the prompt's own file that the model reads, those with broken templates left out.
    pub fn prose(&self) -> impl Iterator<Item = ProseContext<'_>> {
        let texts = self.closure.templates.iter().filter(|template| {
            let segments = template.route.segments();
            template.kind == TemplateKind::Text
                && segments.last() != Some(&Segment::Key("image".to_owned()))
        });
        texts.filter_map(|template| {
            let analysis = template.analysis.as_ref().ok()?;
            let role = match template.route.segments() {
                [_, Segment::Index(index), ..] => match self.prompt.file.messages.get(*index) {
                    Some(Entry::Message(message)) => Some(message.role),
                    _ => None,
                },
                _ => None,
            };
            Some(ProseContext {
                project: self.project,
                file: &self.prompt.document.file,
                role,
                text: &template.text,
                analysis,
                source: Source::Scalar(self.prompt, &template.route),
            })
        })
    }

    /// Files that it includes and that are not there.
    pub fn missing(&self) -> impl Iterator<Item = RepoPath> {
        let folder = self.project.folder(&self.project.config.paths.prompts);
        let missing = self.closure.missing.iter();
        missing.filter_map(move |include| Some(folder.join(&RepoPath::new(&include.name).ok()?)))
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

    /// Whether it uses, or names, one of these files: a prompt or a dataset. Those that it names may be gone.
    pub fn depends_on(&self, paths: &BTreeSet<RepoPath>) -> bool {
        let prompts = self.prompts.iter().map(|prompt| &prompt.path);
        if prompts.chain(&self.cases.files).any(|path| paths.contains(path)) {
            return true;
        }
        let prompts = Entries::new(self.suite.file.prompts.iter().map(String::as_str));
        let datasets = Entries::new(self.suite.file.datasets());
        paths.iter().any(|path| match self.project.kind(path) {
            Some(FileKind::Prompt(name)) => prompts.name(name.as_str()),
            _ => datasets.name(path.as_str()),
        })
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

/// Names and globs as a suite lists them.
struct Entries<'a> {
    names: BTreeSet<&'a str>,
    globs: Vec<GlobMatcher>,
}

impl<'a> Entries<'a> {
    fn new(entries: impl Iterator<Item = &'a str>) -> Self {
        let (globs, names): (Vec<_>, Vec<_>) = entries.partition(|text| cases::is_glob(text));
        let globs = globs.into_iter().filter_map(|glob| cases::glob(glob).ok()).collect();
        Self { names: names.into_iter().collect(), globs }
    }

    fn name(&self, text: &str) -> bool {
        self.names.contains(text) || self.globs.iter().any(|glob| glob.is_match(text))
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

/// A text that the model reads: the template of a message or of one of its parts, or a partial. Partials are looked at
/// once, whoever includes them.
pub struct ProseContext<'a> {
    /// The project it stands in.
    pub project: &'a Project,
    /// The file it stands in.
    pub file: &'a Arc<SourceFile>,
    /// Who speaks; unknown in a partial.
    pub role: Option<Role>,
    /// The template.
    pub text: &'a str,
    /// What the template uses.
    pub analysis: &'a Analysis,
    source: Source<'a>,
}

enum Source<'a> {
    Scalar(&'a Prompt, &'a Route),
    File,
}

impl<'a> ProseContext<'a> {
    /// The text of a partial.
    pub fn of_partial(project: &'a Project, partial: &'a Partial, analysis: &'a Analysis) -> Self {
        Self {
            project,
            file: &partial.file,
            role: None,
            text: partial.text(),
            analysis,
            source: Source::File,
        }
    }

    /// The prompt it stands in; none for a partial.
    pub fn prompt(&self) -> Option<&'a Prompt> {
        match self.source {
            Source::Scalar(prompt, _) => Some(prompt),
            Source::File => None,
        }
    }

    /// The pieces of the text outside of tags, in their order.
    pub fn literals(&self) -> impl Iterator<Item = (Literal, &'a str)> {
        let text = self.text;
        self.analysis.literals.iter().map(move |literal| (*literal, &text[literal.span.range()]))
    }

    /// The bytes of the file behind bytes of the text.
    pub fn place(&self, range: Span) -> Span {
        match self.source {
            Source::Scalar(prompt, route) => prompt.document.span_in_scalar(route, range),
            Source::File => range,
        }
    }

    /// The edit that puts `with` in the place of bytes of the text; none where the file would need escapes for it.
    pub fn replace(&self, range: Span, with: &str) -> Option<(Span, String)> {
        match self.source {
            Source::Scalar(prompt, route) => prompt.document.replace_in_scalar(route, range, with),
            Source::File => Some((range, with.to_owned())),
        }
    }

    /// The parsed file; none for a partial.
    pub fn document(&self) -> Option<&'a Arc<Document>> {
        self.prompt().map(|prompt| &prompt.document)
    }
}

/// What rules about the whole project know of a prompt.
pub struct PromptFacts<'a> {
    /// The prompt.
    pub prompt: &'a Prompt,
    /// The partials that it reaches, by their path below the prompts folder.
    pub partials: Vec<String>,
}

impl<'a> PromptFacts<'a> {
    /// Takes what is needed later, and nothing more: there may be very many prompts.
    pub fn of(context: &PromptContext<'a>) -> Self {
        Self {
            prompt: context.prompt,
            partials: context.closure.partials.keys().cloned().collect(),
        }
    }
}

/// The project as a whole.
pub struct ProjectContext<'a> {
    /// The project.
    pub project: &'a Project,
    /// All prompts, by name.
    pub prompts: &'a [PromptFacts<'a>],
    /// All suites, by name.
    pub suites: &'a [SuiteContext<'a>],
}
