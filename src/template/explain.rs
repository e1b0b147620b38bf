//! From an error of the engine to a finding at a place in the user's file.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use minijinja::{Error, ErrorKind};
use serde_json::Value;

use super::closure::Place;
use super::{RENDER_FAILED, SYNTAX_ERROR};
use crate::diagnostic::Diagnostic;
use crate::document::{Document, Route};
use crate::jinja::{self, Rewritten};
use crate::project::variable::Variable;
use crate::span::{SourceFile, Span};

/// How much of a message of the engine is repeated.
const MAX_MESSAGE: usize = 300;

/// What is needed to say where an error comes from and what was meant.
pub(super) struct Explainer {
    pub(super) document: Arc<Document>,
    pub(super) variables: IndexMap<String, Variable>,
    /// The templates by the names under which they are compiled.
    pub(super) sources: BTreeMap<String, Source>,
}

/// A template, before and after it was rewritten.
pub(super) struct Source {
    pub(super) place: SourcePlace,
    pub(super) text: String,
    pub(super) rewritten: Rewritten,
}

/// Where the text of a template stands.
pub(super) enum SourcePlace {
    /// In the prompt's file.
    Scalar(Route),
    /// In a file of its own.
    Partial(Arc<SourceFile>),
}

impl Explainer {
    /// A finding at a value of the prompt's file.
    pub(super) fn at(&self, route: &Route, message: String) -> Diagnostic {
        Diagnostic::new(RENDER_FAILED, &self.document.file, self.document.span(route), message)
    }

    /// A finding about a whole template.
    pub(super) fn whole(&self, template: &str, message: String) -> Diagnostic {
        let place = self.place(template, None);
        Diagnostic::new(RENDER_FAILED, &place.file, place.span, message)
    }

    /// The bytes of a file behind bytes of a template's text; without them, where the template starts.
    pub(super) fn place(&self, template: &str, span: Option<Span>) -> Place {
        let Some(source) = self.sources.get(template) else {
            return Place { file: Arc::clone(&self.document.file), span: Span::at(0) };
        };
        match &source.place {
            SourcePlace::Partial(file) => {
                Place { file: Arc::clone(file), span: span.unwrap_or_default() }
            }
            SourcePlace::Scalar(route) => Place {
                file: Arc::clone(&self.document.file),
                span: match span {
                    Some(span) => self.document.span_in_scalar(route, span),
                    None => self.document.span(route),
                },
            },
        }
    }

    /// Explains why rendering the template failed; `instead` replaces the engine's own words.
    pub(super) fn explain(
        &self,
        template: &str,
        error: &Error,
        instead: Option<String>,
    ) -> Diagnostic {
        // The engine wraps an error once for each include on the way to it.
        let mut way = vec![error];
        let mut next = std::error::Error::source(error);
        while let Some(inner) = next {
            if let Some(inner) = inner.downcast_ref::<Error>() {
                way.push(inner);
            }
            next = inner.source();
        }
        let (cause, outer) = way.split_last().expect("the way begins with the error itself");
        let (name, span) = self.origin(cause, template);
        let text = span
            .and_then(|span| self.sources.get(name)?.text.get(span.range()))
            .unwrap_or_default();
        let told = Told::new(cause, text);
        let span = span.map(|span| match &told.path {
            Some(path) => narrow(text, path)
                .map_or(span, |inner| Span::new(span.start + inner.start, span.start + inner.end)),
            None => span,
        });
        let place = self.place(name, span);
        let code =
            if cause.kind() == ErrorKind::SyntaxError { SYNTAX_ERROR } else { RENDER_FAILED };
        let message = instead.unwrap_or(told.message);
        let mut diagnostic = Diagnostic::new(code, &place.file, place.span, message);
        if let Some(path) = &told.path {
            diagnostic = self.suggest(diagnostic, path);
        }
        if let Some((name, known)) = told.unknown {
            diagnostic = diagnostic.did_you_mean(&name, known.iter().copied());
        }
        if let Some(help) = told.help {
            diagnostic = diagnostic.help(help);
        }
        for include in outer.iter().rev() {
            let (name, span) = self.origin(include, template);
            let place = self.place(name, span);
            diagnostic = diagnostic.related(&place.file, place.span, "included here");
        }
        diagnostic
    }

    /// The template in which an error arose, and the bytes of its text.
    fn origin<'a>(&self, error: &'a Error, template: &'a str) -> (&'a str, Option<Span>) {
        let name = error.name().unwrap_or(template);
        let source = self.sources.get(name);
        let span = source.and_then(|source| source.rewritten.origin(&error.range()?));
        (name, span)
    }

    /// Adds the declared variable or property that an undefined path most likely meant.
    fn suggest(&self, diagnostic: Diagnostic, path: &[String]) -> Diagnostic {
        let Some(variable) = self.variables.get(&path[0]) else {
            let names = self.variables.keys().map(String::as_str);
            let before = diagnostic.help.len();
            let diagnostic = diagnostic.did_you_mean(&path[0], names);
            return match diagnostic.help.len() == before {
                true => diagnostic.help(format!("declare `{}` under `variables`", path[0])),
                false => diagnostic,
            };
        };
        let mut properties = variable.keys().get("properties").and_then(Value::as_object);
        for step in &path[1..] {
            let Some(known) = properties else { break };
            match known.get(step) {
                Some(property) => {
                    properties = property.get("properties").and_then(Value::as_object);
                }
                None => return diagnostic.did_you_mean(step, known.keys().map(String::as_str)),
            }
        }
        diagnostic.help("test it with `is defined`, or give it a `default`")
    }
}

/// What an error says.
struct Told {
    message: String,
    /// The undefined variable with its attributes, if that is what it is about.
    path: Option<Vec<String>>,
    /// An unknown name, and the known ones.
    unknown: Option<(String, &'static [&'static str])>,
    help: Option<&'static str>,
}

impl Told {
    fn new(error: &Error, text: &str) -> Self {
        let detail = error.detail().unwrap_or_default();
        let mut told = Self { message: String::new(), path: None, unknown: None, help: None };
        if let Some(name) = undefined_name(detail) {
            told.message = format!("`{name}` is undefined");
            told.path = Some(steps(name));
            return told;
        }
        let unknown = |prefix: &str| {
            detail.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(" is unknown"))
        };
        told.message = match error.kind() {
            ErrorKind::UndefinedError => match text {
                "" => "a value is undefined".to_owned(),
                text => format!("a value in `{}` is undefined", one_line(text)),
            },
            ErrorKind::OutOfFuel => {
                told.help = Some("loop over less, or prepare the data before it is rendered");
                format!("the template takes too many steps (more than {})", jinja::FUEL)
            }
            ErrorKind::UnknownFilter => match unknown("filter ") {
                Some(name) => {
                    told.unknown = Some((name.to_owned(), &jinja::FILTERS));
                    format!("the filter `{name}` does not exist")
                }
                None => "a filter that is named by a text does not exist".to_owned(),
            },
            ErrorKind::UnknownTest => match unknown("test ") {
                Some(name) => {
                    told.unknown = Some((name.to_owned(), &jinja::TESTS));
                    format!("the test `{name}` does not exist")
                }
                None => "a test that is named by a text does not exist".to_owned(),
            },
            ErrorKind::UnknownFunction => match unknown("") {
                Some(name) => {
                    told.unknown = Some((name.to_owned(), &jinja::FUNCTIONS));
                    format!("the function `{name}` does not exist")
                }
                None => detail.to_owned(),
            },
            ErrorKind::UnknownMethod => {
                if let Some((_, name)) = detail.rsplit_once(' ') {
                    told.unknown = Some((name.to_owned(), &jinja::METHODS));
                }
                detail.to_owned()
            }
            _ if detail.contains("recursion limit exceeded") => {
                told.help = Some(
                    "a macro that calls itself must come to an end, and includes may be about twenty deep",
                );
                "includes, macros and loops nest too deeply".to_owned()
            }
            kind if detail.is_empty() => kind.to_string(),
            _ => match detail.strip_prefix("the value is none") {
                Some(rest) if !text.is_empty() => format!("`{}` is none{rest}", one_line(text)),
                _ => detail.to_owned(),
            },
        };
        if told.message.chars().count() > MAX_MESSAGE {
            told.message = told.message.chars().take(MAX_MESSAGE).chain(['…']).collect();
        }
        told
    }
}

fn one_line(text: &str) -> String {
    let text: Vec<&str> = text.split_whitespace().collect();
    let text = text.join(" ");
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The name in minijinja's "`user.name` is undefined".
fn undefined_name(detail: &str) -> Option<&str> {
    let (before, _) = detail.split_once("` is undefined")?;
    let (_, name) = before.rsplit_once('`')?;
    (!name.is_empty() && !name.contains("(...)")).then_some(name)
}

/// `user.tags[0]["x"]` as steps.
fn steps(path: &str) -> Vec<String> {
    path.split(['.', '['])
        .map(|step| step.trim_end_matches(']').trim_matches(['"', '\'']).to_owned())
        .collect()
}

/// Where in `text` the path stands, as a whole word.
fn narrow(text: &str, path: &[String]) -> Option<Span> {
    let wanted = path.join(".");
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    text.match_indices(&wanted).find_map(|(start, found)| {
        let end = start + found.len();
        let alone = !text[..start].ends_with(word) && !text[end..].starts_with(word);
        alone.then(|| Span::new(start, end))
    })
}
