//! What rules look at: a prompt, a suite or a text, with what belongs to it.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use globset::GlobMatcher;
use serde_json::Value;

use crate::assertion::{Assertion, Problem, Syntax};
use crate::detect::unicode;
use crate::diagnostic::Diagnostic;
use crate::digest;
use crate::document::{Document, NodeKind, Route, Segment};
use crate::lint::copies::{Copies, Said};
use crate::lint::renders::{self, Renders};
use crate::lint::rule::Rule;
use crate::message::Role;
use crate::path::RepoPath;
use crate::project::cases::{self, Cases};
use crate::project::dataset::PlacedCase;
use crate::project::model::{self, ModelError, ResolvedModel};
use crate::project::prompt::{Entry, Prompt, PromptName};
use crate::project::suite::{DatasetChoice, Suite};
use crate::project::{FileKind, Project};
use crate::snapshot::SnapshotError;
use crate::span::{SourceFile, Span};
use crate::template::analysis::{Analysis, Literal};
use crate::template::closure::{TemplateKind, Use};
use crate::template::flow::{self, Flow};
use crate::template::types;
use crate::template::{Closure, Partial, Partials, Tree};

/// A prompt with all that it is made of.
pub struct PromptContext<'a> {
    /// The project it stands in.
    pub project: &'a Project,
    /// The prompt.
    pub prompt: &'a Prompt,
    /// Its templates and partials, analysed.
    pub closure: Closure,
    trees: Vec<Option<Tree<'a>>>,
    /// What is wrong with them.
    pub problems: Vec<Diagnostic>,
    /// The variables that they use.
    pub uses: Vec<Use>,
    assertions: OnceCell<Vec<PlacedAssertion<'a>>>,
    untrusted: OnceCell<Vec<Flow>>,
    model: OnceCell<Result<ResolvedModel, ModelError>>,
    renders: OnceCell<Option<Renders<'a>>>,
    always_renders: OnceCell<bool>,
    typed: OnceCell<Vec<Diagnostic>>,
}

impl<'a> PromptContext<'a> {
    /// Reads what the prompt includes.
    pub fn load(
        project: &'a Project,
        prompt: &'a Prompt,
        partials: &Partials<'_>,
    ) -> Result<Self, SnapshotError> {
        let (closure, trees) = partials.closure_with_trees(prompt)?;
        let problems = match closure.missing.is_empty() {
            true => closure.problems(&[]),
            false => {
                let folder = project.folder(&project.config.paths.prompts);
                let partials = project.all_partials()?;
                let below = partials.iter().filter_map(|path| path.below(&folder));
                closure.problems(&below.collect::<Vec<_>>())
            }
        };
        let uses = closure.uses(prompt);
        Ok(Self {
            project,
            prompt,
            closure,
            trees,
            problems,
            uses,
            assertions: OnceCell::new(),
            untrusted: OnceCell::new(),
            model: OnceCell::new(),
            renders: OnceCell::new(),
            always_renders: OnceCell::new(),
            typed: OnceCell::new(),
        })
    }

    /// The assertions of the prompt's output contract.
    pub fn assertions(&self) -> &[PlacedAssertion<'a>] {
        self.assertions.get_or_init(|| of_contract(self.prompt).collect())
    }

    /// What the prompt becomes with values that are at hand; none where its templates are broken.
    pub fn renders(&self) -> Option<&Renders<'a>> {
        self.renders
            .get_or_init(|| {
                self.problems.is_empty().then(|| Renders::new(self.prompt, &self.closure))
            })
            .as_ref()
    }

    /// Whether rendering succeeds with all values that the variables allow, as far as that can be seen without rendering.
    pub fn always_renders(&self) -> bool {
        *self.always_renders.get_or_init(|| renders::always_renders(self.prompt, &self.closure))
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

    /// Where values of variables with `trust: untrusted` are printed; nothing for a prompt that has none.
    pub fn untrusted(&self) -> &[Flow] {
        self.untrusted.get_or_init(|| {
            let variables = self.prompt.file.variables.iter();
            let untrusted: BTreeSet<&str> = variables
                .filter(|(_, variable)| variable.untrusted())
                .map(|(name, _)| name.as_str())
                .collect();
            match untrusted.is_empty() {
                true => Vec::new(),
                false => flow::flows(&self.closure, &self.trees, &untrusted),
            }
        })
    }

    /// Who speaks in the message that a template of the prompt belongs to.
    pub fn role(&self, route: &Route) -> Option<Role> {
        let [_, Segment::Index(index), ..] = route.segments() else { return None };
        match self.prompt.file.messages.get(*index) {
            Some(Entry::Message(message)) => Some(message.role),
            _ => None,
        }
    }

    /// What is wrong with the types in its templates: the findings of several rules, made together.
    pub fn typed(&self) -> &[Diagnostic] {
        self.typed.get_or_init(|| types::infer(self.prompt, &self.closure, &self.trees))
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
            Some(ProseContext {
                project: self.project,
                file: &self.prompt.document.file,
                role: self.role(&template.route),
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
    /// What changed, where only a change is looked at.
    pub change: Option<Change<'a>>,
    declared: BTreeSet<&'a str>,
    assertions: OnceCell<Vec<PlacedAssertion<'a>>>,
}

/// What a suite names, before a dataset is read.
pub struct SuiteNames<'a> {
    /// The suite.
    pub suite: &'a Suite,
    /// Its prompts of the same snapshot.
    pub prompts: Vec<&'a Prompt>,
    /// Its dataset files.
    pub datasets: Vec<RepoPath>,
}

impl<'a> SuiteNames<'a> {
    /// Looks up what a suite names.
    pub fn of(project: &'a Project, suite: &'a Suite) -> Result<Self, SnapshotError> {
        let (prompts, datasets) = (cases::prompts(project, suite), cases::files(project, suite)?);
        Ok(Self { suite, prompts, datasets })
    }

    /// Whether one of these files is a prompt or a dataset that it names. Those that it names may be gone.
    pub fn any_of(&self, project: &Project, paths: &BTreeSet<RepoPath>) -> bool {
        let prompts = self.prompts.iter().map(|prompt| &prompt.path);
        if prompts.chain(&self.datasets).any(|path| paths.contains(path)) {
            return true;
        }
        let prompts = Entries::new(self.suite.file.prompts.iter().map(String::as_str));
        let datasets = Entries::new(self.suite.file.datasets());
        paths.iter().any(|path| match project.kind(path) {
            Some(FileKind::Prompt(name)) => prompts.name(name.as_str()),
            _ => datasets.name(path.as_str()),
        })
    }
}

/// What a change touches.
#[derive(Clone, Copy)]
pub struct Change<'a> {
    /// The files that it changes.
    pub files: &'a BTreeSet<RepoPath>,
    /// The prompts that it changes, themselves or by a partial.
    pub prompts: &'a BTreeSet<&'a PromptName>,
}

/// An assertion that counts for cells of a suite, and where it is written.
pub struct PlacedAssertion<'a> {
    /// The file.
    pub document: &'a Arc<Document>,
    /// The way to it.
    pub route: Route,
    /// As it is written.
    pub syntax: &'a Syntax,
    /// Ready to score, or what is wrong with it.
    pub compiled: Result<Assertion, Vec<Problem>>,
    /// What it holds for.
    pub owner: Owner<'a>,
}

/// What an assertion holds for.
#[derive(Clone, Copy)]
pub enum Owner<'a> {
    /// All cells of the suite.
    Suite,
    /// The answers of a prompt, in every suite.
    Prompt(&'a Prompt),
    /// A case that is written in the suite, by its place there.
    Case(usize),
}

fn placed<'a>(
    document: &'a Arc<Document>,
    route: Route,
    list: &'a [Syntax],
    owner: Owner<'a>,
) -> impl Iterator<Item = PlacedAssertion<'a>> {
    list.iter().enumerate().map(move |(index, syntax)| PlacedAssertion {
        document,
        route: route.index(index),
        syntax,
        compiled: syntax.compile(),
        owner,
    })
}

fn of_contract(prompt: &Prompt) -> impl Iterator<Item = PlacedAssertion<'_>> {
    let list = prompt.file.output.as_ref().map_or(&[][..], |output| &output.assert);
    let route = Route::root().key("output").key("assert");
    placed(&prompt.document, route, list, Owner::Prompt(prompt))
}

impl PlacedAssertion<'_> {
    /// The assertion, where it is one.
    pub fn assertion(&self) -> Option<&Assertion> {
        self.compiled.as_ref().ok()
    }

    /// Where a key of it stands; where it is not written, the assertion's type.
    pub fn span_of(&self, key: &str) -> Span {
        let route = self.route.key(key);
        match self.document.node(&route) {
            Some(_) => self.document.span(&route),
            None => self.document.span(&self.route.key("type")),
        }
    }
}

impl<'a> SuiteContext<'a> {
    /// Reads the cases of the suite.
    pub fn load(project: &'a Project, suite: &'a Suite) -> Result<Self, SnapshotError> {
        let prompts = cases::prompts(project, suite);
        let declared = prompts
            .iter()
            .flat_map(|prompt| prompt.file.variables.keys().map(String::as_str))
            .collect();
        let cases = cases::load(project, suite)?;
        Ok(Self {
            project,
            suite,
            prompts,
            cases,
            change: None,
            declared,
            assertions: OnceCell::new(),
        })
    }

    /// The assertions of the suite, of its prompts' output contracts and of its cases, in this order.
    pub fn assertions(&self) -> &[PlacedAssertion<'a>] {
        self.assertions.get_or_init(|| {
            let suite = self.suite;
            let root = Route::root();
            let own = placed(&suite.document, root.key("assert"), &suite.file.assert, Owner::Suite);
            let mut all: Vec<PlacedAssertion<'a>> = own.collect();
            all.extend(self.prompts.iter().flat_map(|prompt| of_contract(prompt)));
            for (index, case) in suite.file.cases.iter().enumerate() {
                let route = root.key("cases").index(index).key("assert");
                all.extend(placed(&suite.document, route, &case.assert, Owner::Case(index)));
            }
            all
        })
    }

    /// The case that stands in the suite at this place of `cases`.
    pub fn inline(&self, index: usize) -> Option<PlacedCase> {
        let first = self.cases.cases.len().checked_sub(self.suite.file.cases.len())?;
        self.cases.cases.get(first + index)
    }

    /// Whether the suite also names prompts of other versions, of which nothing is known here.
    pub fn names_other_versions(&self) -> bool {
        self.suite.file.prompts.iter().any(|entry| entry.contains('@'))
    }

    /// How many cases run: all, or as many as `sample` says.
    pub fn size(&self) -> usize {
        let all = self.cases.cases.len();
        match &self.suite.file.dataset {
            Some(DatasetChoice::Full(map)) => map.sample.map_or(all, |sample| sample.min(all)),
            _ => all,
        }
    }

    /// The variables that the suite's prompts declare.
    pub fn declared(&self) -> &BTreeSet<&'a str> {
        &self.declared
    }

    /// Each case with its identity.
    pub fn identified(&self) -> impl Iterator<Item = (String, PlacedCase)> {
        self.cases.cases.iter().map(|placed| (self.identity(&placed), placed))
    }

    /// What a case is known by.
    pub fn identity(&self, placed: &PlacedCase) -> String {
        digest::case_id(&placed.case, |name| self.declares(name))
    }

    /// Whether the prompts declare a variable; any where no prompt declares one.
    fn declares(&self, name: &str) -> bool {
        self.declared.is_empty() || self.declared.contains(name)
    }

    /// The variables of a case that the prompts declare; all where no prompt declares any.
    pub fn inputs<'c>(
        &'c self,
        placed: &'c PlacedCase,
    ) -> impl Iterator<Item = (&'c str, &'c Value)> {
        let given = placed.case.variables.iter();
        given.filter(|(name, _)| self.declares(name)).map(|(name, value)| (name.as_str(), value))
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
    unicode: OnceCell<unicode::Scan>,
}

impl<'a> TextContext<'a> {
    /// The text of a file of the project.
    pub fn new(project: &'a Project, file: &'a Arc<SourceFile>, kind: &'a FileKind) -> Self {
        Self { project, file, kind, unicode: OnceCell::new() }
    }

    /// The parsed file, where it is one that was understood.
    pub fn document(&self) -> Option<&'a Arc<Document>> {
        match self.kind {
            FileKind::Config => self.project.config_document.as_ref(),
            FileKind::Prompt(name) => self.project.prompts.get(name).map(|p| &p.document),
            FileKind::Suite(name) => self.project.suites.get(name).map(|suite| &suite.document),
            FileKind::Partial | FileKind::Dataset => None,
        }
    }

    /// Whether bytes lie in a comment of a YAML file, which no model sees.
    pub fn in_comment(&self, span: Span) -> bool {
        self.document().is_some_and(|document| {
            let comments = &document.comments;
            let after = comments.partition_point(|comment| comment.span.start <= span.start);
            after > 0 && span.end <= comments[after - 1].span.end
        })
    }

    /// The key at the top of a YAML file below which a byte lies, if it lies in a value.
    pub fn top_key(&self, offset: usize) -> Option<&'a str> {
        let document = self.document()?;
        let NodeKind::Mapping(entries) = &document.root.kind else { return None };
        let after = entries.partition_point(|entry| entry.key_span.start <= offset);
        let entry = entries.get(after.checked_sub(1)?)?;
        (entry.key_span.end <= offset && !self.in_comment(Span::at(offset))).then_some(&*entry.key)
    }

    /// Odd characters and words of the text, looked for once.
    pub fn unicode(&self) -> &unicode::Scan {
        self.unicode.get_or_init(|| unicode::scan(self.file.text()))
    }
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
    /// Whether these are all: no template is broken, and no name of a partial is computed.
    pub includes_are_known: bool,
    /// What its messages say, where rules look for copies.
    pub said: Option<Said>,
}

impl<'a> PromptFacts<'a> {
    /// Takes what is needed later, and nothing more: there may be very many prompts.
    pub fn of(context: &PromptContext<'a>) -> Self {
        let closure = &context.closure;
        let own = closure.templates.iter().map(|template| &template.analysis);
        let mut all = own.chain(closure.partials.values().map(|partial| &partial.analysis));
        Self {
            prompt: context.prompt,
            partials: closure.partials.keys().cloned().collect(),
            includes_are_known: closure.dynamic.is_empty() && all.all(Result::is_ok),
            said: None,
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
    /// Which prompts are copies of others.
    pub(super) copies: OnceCell<Copies>,
}

impl ProjectContext<'_> {
    /// Which prompts are copies of others, by their place in `prompts`.
    pub fn copies(&self) -> &Copies {
        self.copies.get_or_init(|| Copies::among(self.prompts))
    }
}
