//! Everything that a prompt is made of: its own templates, and the partials that they reach.

mod uses;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::analysis::{Analysis, IncludeUse, Tree, analyze, read, read_expression};
use super::{CYCLIC_INCLUDE, DYNAMIC_INCLUDE, LITERAL_BRACES, MISSING_PARTIAL, SYNTAX_ERROR};
use crate::diagnostic::{Diagnostic, Fix};
use crate::document::{Document, Route};
use crate::jinja::{self, SyntaxProblem};
use crate::path::{PathError, RepoPath};
use crate::project::prompt::{ContentTemplate, Entry, PartTemplate, Prompt};
use crate::span::{SourceFile, Span};

/// A prompt's templates and all partials that they reach.
#[derive(Clone, Debug)]
pub struct Closure {
    /// The templates in the prompt's file, in its order.
    pub templates: Vec<Template>,
    /// The partials that were found, by their path below the prompts folder.
    pub partials: BTreeMap<String, Arc<Partial>>,
    /// Uses of templates that do not exist, those with `ignore missing` included.
    pub missing: Vec<MissingInclude>,
    /// Uses of templates whose name is not a string literal.
    pub dynamic: Vec<Place>,
    /// Partials that reach themselves.
    pub cycles: Vec<Cycle>,
    document: Arc<Document>,
}

/// A template in the prompt's file.
#[derive(Clone, Debug)]
pub struct Template {
    /// Where it stands.
    pub route: Route,
    /// Whether it is a text or an expression.
    pub kind: TemplateKind,
    /// Its text.
    pub text: String,
    /// What it uses, or why it is none.
    pub analysis: Result<Analysis, SyntaxProblem>,
}

/// What a string of a prompt is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TemplateKind {
    /// Text with tags: `content`, `text`, `image`.
    Text,
    /// An expression: `when`.
    Expression,
}

/// A file that templates include.
#[derive(Clone, Debug)]
pub struct Partial {
    /// The file.
    pub file: Arc<SourceFile>,
    /// What it uses, or why it is no template.
    pub analysis: Result<Analysis, SyntaxProblem>,
}

impl Partial {
    /// Analyses a file.
    pub fn new(file: Arc<SourceFile>) -> Self {
        let mut partial = Self { file, analysis: Ok(Analysis::default()) };
        partial.analysis = analyze(partial.text());
        partial
    }

    /// Why it is no template, if it is none.
    pub fn problem(&self) -> Option<Diagnostic> {
        let problem = self.analysis.as_ref().err()?;
        let place = Place { file: Arc::clone(&self.file), span: problem.span };
        let edit = |range, with: &str| Some((range, with.to_owned()));
        Some(no_template(problem, self.text(), &place, &edit))
    }

    /// What templates see of it: the text without one final newline.
    pub fn text(&self) -> &str {
        let text = self.file.text();
        text.strip_suffix('\n').unwrap_or(text)
    }
}

/// A place in a file.
#[derive(Clone, Debug)]
pub struct Place {
    /// The file.
    pub file: Arc<SourceFile>,
    /// The bytes.
    pub span: Span,
}

/// The use of a template that does not exist.
#[derive(Clone, Debug)]
pub struct MissingInclude {
    /// The name as written.
    pub name: String,
    /// Why the name is no path, if it is none.
    pub problem: Option<PathError>,
    /// Where it is used.
    pub place: Place,
    /// Whether that is allowed.
    pub ignored: bool,
}

/// A chain of partials that ends where it began.
#[derive(Clone, Debug)]
pub struct Cycle {
    /// The partials in order; the last includes the first.
    pub names: Vec<String>,
    /// Where each includes the next.
    pub places: Vec<Place>,
}

/// One use of a variable of the prompt, or of a name that nobody declares.
#[derive(Clone, Debug)]
pub struct Use {
    /// The variable, then attributes and constant subscripts.
    pub path: Vec<String>,
    /// Whether the template asks first whether it is there.
    pub guarded: bool,
    source: Source,
    span: Span,
}

/// A template of a prompt: one in its own file, by its place in [`Closure::templates`], or a partial. Only few of the
/// places in them are ever shown, so only those are looked up in the file.
#[derive(Clone, Debug)]
enum Source {
    Own(usize),
    Partial(Arc<SourceFile>),
}

/// The use of another template, and where it stands.
struct Pending {
    include: IncludeUse,
    source: Source,
}

/// Gives the partial at a path below the prompts folder.
type Read<'a> = dyn FnMut(&str) -> Option<Arc<Partial>> + 'a;

/// Collects a prompt's templates and what they reach.
pub fn closure(prompt: &Prompt, read: &mut Read<'_>) -> Closure {
    closure_with_trees(prompt, read).0
}

/// [`closure`], with the tree of each of [`Closure::templates`] that has one.
pub(super) fn closure_with_trees<'p>(
    prompt: &'p Prompt,
    read: &mut Read<'_>,
) -> (Closure, Vec<Option<Tree<'p>>>) {
    let (templates, trees) = templates(prompt).into_iter().unzip();
    (reached(prompt, templates, read), trees)
}

/// Follows the templates of a prompt.
fn reached(prompt: &Prompt, templates: Vec<Template>, read: &mut Read<'_>) -> Closure {
    let mut closure = Closure {
        templates,
        partials: BTreeMap::new(),
        missing: Vec::new(),
        dynamic: Vec::new(),
        cycles: Vec::new(),
        document: Arc::clone(&prompt.document),
    };
    let mut absent = BTreeSet::new();
    let mut pending: Vec<Pending> = Vec::new();
    for (index, template) in closure.templates.iter().enumerate() {
        let includes = template.analysis.iter().flat_map(|analysis| &analysis.includes);
        pending.extend(
            includes
                .map(|include| Pending { include: include.clone(), source: Source::Own(index) }),
        );
    }
    pending.reverse();
    while let Some(Pending { include, source }) = pending.pop() {
        let Some(name) = include.name else {
            closure.dynamic.push(closure.place_in(&source, include.span));
            continue;
        };
        let (key, problem) = match normalise(&name) {
            Ok(key) => (key, None),
            Err(problem) => (name.clone(), Some(problem)),
        };
        if closure.partials.contains_key(&key) {
            continue;
        }
        let found = match problem {
            None if !absent.contains(&key) => read(&key),
            _ => None,
        };
        let Some(partial) = found else {
            absent.insert(key);
            let place = closure.place_in(&source, include.span);
            let ignored = include.ignore_missing;
            closure.missing.push(MissingInclude { name, problem, place, ignored });
            continue;
        };
        let start = pending.len();
        for include in partial.analysis.iter().flat_map(|analysis| &analysis.includes) {
            let source = Source::Partial(Arc::clone(&partial.file));
            pending.push(Pending { include: include.clone(), source });
        }
        pending[start..].reverse();
        closure.partials.insert(key, partial);
    }
    closure.cycles = closure.find_cycles();
    closure
}

/// Puts a text in the place of bytes of a template; `None` where the file cannot hold it.
type Edit<'a> = dyn Fn(Span, &str) -> Option<(Span, String)> + 'a;

/// A finding about a text that is no template.
fn no_template(problem: &SyntaxProblem, text: &str, place: &Place, edit: &Edit<'_>) -> Diagnostic {
    let literal = jinja::meant_literally(text, problem);
    let code = if literal.is_some() { LITERAL_BRACES } else { SYNTAX_ERROR };
    let mut finding = Diagnostic::new(code, &place.file, place.span, problem.message.clone());
    let wrapped = literal.and_then(|Span { start, end }| {
        // The braces at both ends are replaced with what stands beside them: a place between characters may be lost
        // where YAML folds lines.
        let first = edit(Span::new(start, start + 1), "{% raw %}{")?;
        let last = Span::new(end - 1, end);
        let closed = format!("{}{{% endraw %}}", text.get(last.range())?);
        Some(vec![first, edit(last, &closed)?])
    });
    match wrapped {
        Some(edits) => {
            let message = "put it between `{% raw %}` and `{% endraw %}`".to_owned();
            finding.fix(Fix { message, edits, safe: false })
        }
        None => {
            finding.help.extend(problem.help.clone());
            finding
        }
    }
}

/// The key of a partial: its path below the prompts folder.
pub(super) fn normalise(name: &str) -> Result<String, PathError> {
    RepoPath::new(name).map(|path| path.as_str().to_owned())
}

/// The templates of a prompt, each with the way to it and its tree.
fn templates(prompt: &Prompt) -> Vec<(Template, Option<Tree<'_>>)> {
    let mut templates = Vec::new();
    let mut add = |route: Route, kind: TemplateKind, text| {
        let (analysis, tree) = match kind {
            TemplateKind::Text => read(text),
            TemplateKind::Expression => read_expression(text),
        }
        .map_or_else(|problem| (Err(problem), None), |(analysis, tree)| (Ok(analysis), Some(tree)));
        templates.push((Template { route, kind, text: text.to_owned(), analysis }, tree));
    };
    for (index, entry) in prompt.file.messages.iter().enumerate() {
        let Entry::Message(message) = entry else { continue };
        let route = Route::root().key("messages").index(index);
        if let Some(when) = &message.when {
            add(route.key("when"), TemplateKind::Expression, when);
        }
        let route = route.key("content");
        match &message.content {
            ContentTemplate::Text(text) => add(route, TemplateKind::Text, text),
            ContentTemplate::Parts(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    let (key, text) = match part {
                        PartTemplate::Text(text) => ("text", text),
                        PartTemplate::Image(text) => ("image", text),
                    };
                    add(route.index(index).key(key), TemplateKind::Text, text);
                }
            }
        }
    }
    templates
}

impl Closure {
    /// The prompt's file.
    pub fn file(&self) -> &Arc<SourceFile> {
        &self.document.file
    }

    /// The bytes of the prompt's file behind bytes of one of its templates.
    pub fn place(&self, route: &Route, span: Span) -> Place {
        Place {
            file: Arc::clone(&self.document.file),
            span: self.document.span_in_scalar(route, span),
        }
    }

    /// Where a variable is used.
    pub fn place_of(&self, used: &Use) -> Place {
        self.place_in(&used.source, used.span)
    }

    fn place_in(&self, source: &Source, span: Span) -> Place {
        match source {
            Source::Own(index) => self.place(&self.templates[*index].route, span),
            Source::Partial(file) => Place { file: Arc::clone(file), span },
        }
    }

    /// What is wrong with the templates and what they include, where it can be seen without rendering them. `known`
    /// are the files that exist, for suggestions.
    pub fn problems(&self, known: &[&str]) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let mut not_utf8 = Vec::new();
        for template in &self.templates {
            if let Err(problem) = &template.analysis {
                let route = &template.route;
                let edit = |range, with: &str| self.document.replace_in_scalar(route, range, with);
                let place = self.place(route, problem.span);
                found.push(no_template(problem, &template.text, &place, &edit));
            }
        }
        for partial in self.partials.values() {
            not_utf8.extend(crate::document::not_utf8(&partial.file));
            found.extend(partial.problem());
        }
        found.extend(not_utf8);
        for missing in self.missing.iter().filter(|missing| !missing.ignored) {
            let place = &missing.place;
            let message = match &missing.problem {
                Some(problem) => problem.to_string(),
                None => format!("`{}` does not exist below the prompts folder", missing.name),
            };
            let diagnostic = Diagnostic::new(MISSING_PARTIAL, &place.file, place.span, message);
            found.push(diagnostic.did_you_mean_fix(&missing.name, known.iter().copied(), true));
        }
        for place in &self.dynamic {
            found.push(
                Diagnostic::new(
                    DYNAMIC_INCLUDE,
                    &place.file,
                    place.span,
                    "the name of an included file is not a string literal",
                )
                .help("write the name in quotes, and choose with `{% if %}`: what a prompt is made of must be known without rendering it"),
            );
        }
        for cycle in &self.cycles {
            let Some((last, before)) = cycle.places.split_last() else { continue };
            let message = format!("`{}` includes itself: {}", cycle.names[0], {
                let mut names = cycle.names.clone();
                names.push(cycle.names[0].clone());
                names.join(" → ")
            });
            let mut diagnostic = Diagnostic::new(CYCLIC_INCLUDE, &last.file, last.span, message);
            for (place, name) in before.iter().zip(&cycle.names[1..]) {
                diagnostic = diagnostic.related(
                    &place.file,
                    place.span,
                    format!("`{name}` is included here"),
                );
            }
            found.push(diagnostic);
        }
        found
    }

    /// The edges from a partial to those that exist, in the order of its text.
    fn edges<'a>(&'a self, partial: &'a Partial) -> impl Iterator<Item = (String, Span)> + 'a {
        let includes = partial.analysis.iter().flat_map(|analysis| &analysis.includes);
        includes.filter_map(|include| {
            let key = normalise(include.name.as_deref()?).ok()?;
            self.partials.contains_key(&key).then_some((key, include.span))
        })
    }

    /// One cycle for each include that closes one, found by a depth-first walk without recursion.
    fn find_cycles(&self) -> Vec<Cycle> {
        let mut cycles = Vec::new();
        let mut done: BTreeSet<&str> = BTreeSet::new();
        for start in self.partials.keys() {
            if done.contains(start.as_str()) {
                continue;
            }
            // The partials on the way, each with its edges, the next one to follow, and where it was left.
            let mut way: Vec<OnTheWay<'_>> = Vec::new();
            way.push((start, self.edges(&self.partials[start]).collect(), 0));
            while let Some((name, edges, next)) = way.last_mut() {
                let Some((target, _)) = edges.get(*next) else {
                    done.insert(*name);
                    way.pop();
                    continue;
                };
                *next += 1;
                let Some((target, partial)) = self.partials.get_key_value(target) else { continue };
                if let Some(begin) = way.iter().position(|(name, ..)| name == target) {
                    let part = &way[begin..];
                    if cycles.len() == MAX_CYCLES {
                        return cycles;
                    }
                    let place = |(name, edges, next): &OnTheWay<'_>| Place {
                        file: Arc::clone(&self.partials[*name].file),
                        span: edges[next - 1].1,
                    };
                    cycles.push(Cycle {
                        names: part.iter().map(|(name, ..)| (*name).to_owned()).collect(),
                        places: part.iter().map(place).collect(),
                    });
                } else if !done.contains(target.as_str()) {
                    way.push((target, self.edges(partial).collect(), 0));
                }
            }
        }
        cycles
    }
}

/// A partial, the partials that it uses and where, and which of them comes next.
type OnTheWay<'a> = (&'a str, Vec<(String, Span)>, usize);

/// How many cycles are said of one prompt.
const MAX_CYCLES: usize = 20;
