//! The shape of a file: a JSON Schema is checked against a document, and each violation points at its place.
//!
//! The schemas of pf's own files are made from the Rust types that the files are read into, so the two cannot differ.

mod quick;
pub mod strict;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, OnceLock, PoisonError, RwLock};

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::paths::LocationSegment;
use jsonschema::{Draft, ValidationError};
use schemars::JsonSchema;
use serde_json::{Map, Value};

use self::quick::Quick;
use crate::diagnostic::{Diagnostic, RuleId};
use crate::document::{Document, Node, NodeKind, Route, Segment};
use crate::span::Span;

/// The rule that a file has the shape that its schema gives it.
pub const WRONG_SHAPE: RuleId = RuleId("F003");

/// The schema of a file, ready to check documents.
#[derive(Debug)]
pub struct Schema {
    value: Value,
    quick: Quick,
    /// Built for the first document that may have something wrong: it says what.
    validator: OnceLock<jsonschema::Validator>,
}

impl Schema {
    /// The schema of a file that is read into `T`.
    pub fn of<T: JsonSchema>() -> Self {
        let value = schemars::schema_for!(T).to_value();
        let quick = Quick::of_ours(&value);
        Self { value, quick, validator: OnceLock::new() }
    }

    /// The schema itself.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// What in the document violates the schema, each at its place. An empty file is an empty mapping, so that the
    /// message is about what is missing.
    pub fn check(&self, document: &Document) -> Vec<Diagnostic> {
        if self.quick.fits(&document.root) == Some(true) {
            return Vec::new();
        }
        let json = match document.to_json() {
            Value::Null => Value::Object(Map::new()),
            json => json,
        };
        let validator = self.validator.get_or_init(|| {
            build(&self.value).expect("a schema that is generated from a type is valid")
        });
        if validator.is_valid(&json) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for error in validator.iter_errors(&json) {
            self.report(document, &error, &mut found);
        }
        found
    }

    fn report(
        &self,
        document: &Document,
        error: &ValidationError<'_>,
        found: &mut Vec<Diagnostic>,
    ) {
        let route = route_of(error);
        match error.kind() {
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
                match best_branch(context, &route) {
                    Some(branch) => {
                        for error in branch {
                            self.report(document, error, found);
                        }
                    }
                    None => {
                        let finding = plain(document, &route, alternatives(context, &route, error));
                        let options = options(context, &route);
                        let text = plain_text(error.instance());
                        found.push(finding.did_you_mean(&text, options.iter().map(String::as_str)));
                    }
                }
            }
            Kind::AdditionalProperties { unexpected } => {
                let known = self.siblings(error);
                for key in unexpected {
                    found.push(unknown_key(document, &route, key, &known));
                }
            }
            Kind::Required { property } => {
                let property = property.as_str().unwrap_or_default();
                let of = match route.segments().is_empty() {
                    true => String::new(),
                    false => format!(" in `{route}`"),
                };
                let span = opening(document, &route);
                found.push(Diagnostic::new(
                    WRONG_SHAPE,
                    &document.file,
                    span,
                    format!("the key `{property}` is missing{of}"),
                ));
            }
            Kind::Enum { options } => {
                let options: Vec<String> =
                    options.as_array().into_iter().flatten().map(plain_text).collect();
                let found_text = plain_text(error.instance());
                found.push(
                    plain(
                        document,
                        &route,
                        format!("`{}` is none of {}", excerpt(&found_text), list(&options)),
                    )
                    .did_you_mean_fix(
                        &found_text,
                        options.iter().map(String::as_str),
                        true,
                    ),
                );
            }
            _ => found.push(plain(document, &route, explain(error, &route))),
        }
    }

    /// Whether a file fits, as the quick decision says if it does, and as the validator says.
    #[cfg(test)]
    pub(crate) fn fits_both_ways(&self, node: &Node, json: &Value) -> (Option<bool>, bool) {
        let validator = build(&self.value).expect("the schemas of files are valid");
        (self.quick.fits(node), validator.is_valid(json))
    }

    /// The keys that the mapping of an `additionalProperties` error may have.
    fn siblings(&self, error: &ValidationError<'_>) -> Vec<String> {
        let pointer = error.schema_path().as_str();
        let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
        self.value
            .pointer(parent)
            .and_then(|schema| schema.get("properties"))
            .and_then(Value::as_object)
            .map(|properties| properties.keys().cloned().collect())
            .unwrap_or_default()
    }
}

/// A JSON Schema of draft 2020-12 with formats, ready to check values.
#[derive(Debug)]
pub struct Validator {
    quick: Quick,
    /// The schema, until it is built.
    text: String,
    built: OnceLock<Result<jsonschema::Validator, String>>,
}

impl Validator {
    fn new(schema: &Value, text: String) -> Result<Self, String> {
        let quick = Quick::of(schema);
        let built = OnceLock::new();
        // Only a schema that is understood is known to be one.
        if !quick.is_complete() {
            let _ = built.set(Ok(build(schema)?));
        }
        Ok(Self { quick, text, built })
    }

    /// Whether a value satisfies it.
    pub fn is_valid(&self, value: &Value) -> bool {
        self.quick.fits(value) == Some(true)
            || self.built().as_ref().is_ok_and(|validator| validator.is_valid(value))
    }

    /// The first errors of a value in jsonschema's own words, each with the JSON pointer to its place.
    pub fn errors(&self, value: &Value, most: usize) -> Vec<(String, String)> {
        if self.quick.fits(value) == Some(true) {
            return Vec::new();
        }
        match self.built() {
            Ok(validator) => validator
                .iter_errors(value)
                .take(most)
                .map(|error| (error.instance_path().to_string(), error.to_string()))
                .collect(),
            Err(error) => vec![(String::new(), error.clone())],
        }
    }

    fn built(&self) -> &Result<jsonschema::Validator, String> {
        self.built.get_or_init(|| {
            let schema = serde_json::from_str(&self.text).map_err(|error| error.to_string())?;
            build(&schema)
        })
    }
}

/// How many compiled schemas are remembered; beyond, all are forgotten and gathered anew.
const MAX_COMPILED: usize = 1024;

/// Compiled schemas by their text. The variables of a library of prompts have few different schemas, several rules look
/// at each, and compiling one takes as long as checking hundreds of values.
static COMPILED: LazyLock<RwLock<HashMap<String, Arc<Validator>>>> = LazyLock::new(RwLock::default);

/// Compiles a JSON Schema for values: draft 2020-12 with formats, without any look-up outside the schema itself. Each
/// text of a schema is compiled once.
pub fn compile(schema: &Value) -> Result<Arc<Validator>, String> {
    let text = schema.to_string();
    let known = COMPILED.read().unwrap_or_else(PoisonError::into_inner).get(&text).cloned();
    if let Some(known) = known {
        return Ok(known);
    }
    let validator = Arc::new(Validator::new(schema, text.clone())?);
    let mut compiled = COMPILED.write().unwrap_or_else(PoisonError::into_inner);
    if compiled.len() >= MAX_COMPILED {
        compiled.clear();
    }
    compiled.insert(text, Arc::clone(&validator));
    Ok(validator)
}

fn build(schema: &Value) -> Result<jsonschema::Validator, String> {
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .offline()
        .should_validate_formats(true)
        .build(schema)
        .map_err(|error| excerpt(&error.to_string()))
}

/// What a value violates of a compiled schema, a sentence each, with the way to the place inside the value.
pub fn violations(validator: &Validator, value: &Value) -> Vec<(Route, String)> {
    if validator.is_valid(value) {
        return Vec::new();
    }
    let validator = match validator.built() {
        Ok(validator) => validator,
        Err(error) => return vec![(Route::root(), error.clone())],
    };
    validator
        .iter_errors(value)
        .flat_map(|error| {
            let route = route_of(&error);
            match error.kind() {
                Kind::AdditionalProperties { unexpected } => unexpected
                    .iter()
                    .map(|key| (route.key(key), format!("unknown key `{key}`")))
                    .collect(),
                Kind::Required { property } => {
                    let property = property.as_str().unwrap_or_default();
                    vec![(route, format!("the key `{property}` is missing"))]
                }
                Kind::Enum { options } => {
                    let options: Vec<String> =
                        options.as_array().into_iter().flatten().map(plain_text).collect();
                    let text = plain_text(error.instance());
                    vec![(route, format!("`{}` is none of {}", excerpt(&text), list(&options)))]
                }
                _ => {
                    let message = explain(&error, &route);
                    vec![(route, message)]
                }
            }
        })
        .collect()
}

/// A finding for a key that the schema does not know.
fn unknown_key(document: &Document, route: &Route, key: &str, known: &[String]) -> Diagnostic {
    let within = match route.segments().is_empty() {
        true => String::new(),
        false => format!(" in `{route}`"),
    };
    let span = document.key_span(&route.key(key));
    let finding =
        Diagnostic::new(WRONG_SHAPE, &document.file, span, format!("unknown key `{key}`{within}"));
    match crate::diagnostic::closest(key, known.iter().map(String::as_str)) {
        // What is there already was not misspelt.
        Some(best) if document.node(&route.key(best)).is_some() => {
            finding.help(format!("did you mean `{best}`? It is there already"))
        }
        Some(best) => finding.did_you_mean_fix(key, [best], true),
        None if known.is_empty() => finding,
        None => finding.help(format!("known keys: {}", known.join(", "))),
    }
}

fn plain(document: &Document, route: &Route, message: String) -> Diagnostic {
    let span = match document.node(route) {
        Some(Node { kind: NodeKind::Mapping(_) | NodeKind::Sequence(_), .. }) => {
            opening(document, route)
        }
        _ => document.span(route),
    };
    Diagnostic::new(WRONG_SHAPE, &document.file, span, message)
}

/// A short place for a collection: its key, else its first key or item, else its first character.
fn opening(document: &Document, route: &Route) -> Span {
    if let Some((Segment::Key(_), _)) = route.split_last() {
        return document.key_span(route);
    }
    match document.node(route) {
        Some(Node { kind: NodeKind::Mapping(entries), span }) => {
            entries.first().map_or(Span::at(span.start), |entry| entry.key_span)
        }
        Some(node) => {
            let line = document.file.line(document.file.position(node.span.start).line);
            let end = line.map_or(node.span.end, |line| line.end.min(node.span.end));
            Span::new(node.span.start, end)
        }
        None => document.span(route),
    }
}

/// Of several alternatives, the one that the author meant: the value's own type fits and the keys that it must have are
/// there. `None` when no alternative even has the right type.
fn best_branch<'a>(
    context: &'a [Vec<ValidationError<'static>>],
    route: &Route,
) -> Option<&'a [ValidationError<'static>]> {
    let here =
        |error: &ValidationError<'_>| route_of(error).segments().len() <= route.segments().len();
    context
        .iter()
        .filter(|errors| {
            !errors.iter().any(|error| {
                here(error)
                    && matches!(
                        error.kind(),
                        Kind::Type { .. } | Kind::Enum { .. } | Kind::Constant { .. }
                    )
            })
        })
        .min_by_key(|errors| {
            let missing = errors
                .iter()
                .filter(|error| here(error) && matches!(error.kind(), Kind::Required { .. }))
                .count();
            (missing, errors.len())
        })
        .map(Vec::as_slice)
}

/// The words that the alternatives list for a place.
fn options(context: &[Vec<ValidationError<'static>>], route: &Route) -> Vec<String> {
    let here = context.iter().flatten().filter(|error| route_of(error) == *route);
    here.filter_map(|error| match error.kind() {
        Kind::Enum { options } => options.as_array(),
        _ => None,
    })
    .flatten()
    .map(plain_text)
    .collect()
}

/// A sentence for a value that has the type of no alternative.
fn alternatives(
    context: &[Vec<ValidationError<'static>>],
    route: &Route,
    error: &ValidationError<'_>,
) -> String {
    let mut wanted: Vec<String> = Vec::new();
    let options = options(context, route);
    for error in context.iter().flatten().filter(|error| route_of(error) == *route) {
        if let Kind::Type { kind } = error.kind() {
            wanted.extend(type_names(kind));
        }
    }
    wanted.retain(|name| name != "null");
    wanted.dedup();
    let what = route_name(route);
    if error.instance().is_string() && !options.is_empty() {
        let text = plain_text(error.instance());
        return format!("`{}` is none of {}", excerpt(&text), list(&options));
    }
    if wanted.is_empty() {
        return format!("{what} has none of the shapes that it may have");
    }
    format!("{what} must be {}, not {}", either(&wanted), type_of(error.instance()))
}

fn explain(error: &ValidationError<'_>, route: &Route) -> String {
    let what = route_name(route);
    let value = error.instance();
    match error.kind() {
        Kind::Type { kind } => {
            let mut wanted = type_names(kind);
            wanted.retain(|name| name != "null");
            format!("{what} must be {}, not {}", either(&wanted), type_of(value))
        }
        Kind::Constant { expected_value } => format!("{what} must be {expected_value}"),
        Kind::Minimum { limit } => format!("{what} is {value}, less than {limit}"),
        Kind::Maximum { limit } => format!("{what} is {value}, more than {limit}"),
        Kind::ExclusiveMinimum { limit } => {
            format!("{what} is {value}, which must be more than {limit}")
        }
        Kind::ExclusiveMaximum { limit } => {
            format!("{what} is {value}, which must be less than {limit}")
        }
        Kind::MinLength { limit } => format!("{what} is shorter than {limit} characters"),
        Kind::MaxLength { limit } => format!("{what} is longer than {limit} characters"),
        Kind::MinItems { limit } => format!("{what} has fewer than {limit} items"),
        Kind::MaxItems { limit } => format!("{what} has more than {limit} items"),
        Kind::UniqueItems => format!("{what} has an item twice"),
        Kind::Pattern { pattern } => {
            format!("`{}` does not match the pattern `{pattern}`", excerpt(&plain_text(value)))
        }
        Kind::Format { format } => {
            format!("`{}` is no valid {format}", excerpt(&plain_text(value)))
        }
        _ => excerpt(&error.to_string()),
    }
}

fn route_name(route: &Route) -> String {
    match route.segments().is_empty() {
        true => "the value".to_owned(),
        false => format!("`{route}`"),
    }
}

fn type_names(kind: &TypeKind) -> Vec<String> {
    match kind {
        TypeKind::Single(name) => vec![name.to_string()],
        TypeKind::Multiple(names) => names.iter().map(|name| name.to_string()).collect(),
    }
}

/// `a string`, `a string or a list`.
fn either(names: &[String]) -> String {
    let named: Vec<&str> = names.iter().map(|name| article(name)).collect();
    named.join(" or ")
}

fn article(type_name: &str) -> &str {
    match type_name {
        "object" => "a map",
        "array" => "a list",
        "string" => "a text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        other => other,
    }
}

/// The type of a value, with its article.
pub fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a number",
        Value::Number(_) => "a whole number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

fn plain_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

fn list(options: &[String]) -> String {
    const SHOWN: usize = 12;
    if options.len() > 2 * SHOWN {
        return format!("the {} words that it may be", options.len());
    }
    let mut text =
        options.iter().take(SHOWN).map(|o| format!("`{o}`")).collect::<Vec<_>>().join(", ");
    if options.len() > SHOWN {
        text += &format!(" and {} more", options.len() - SHOWN);
    }
    text
}

/// Enough of a text that comes from a file to recognise it.
fn excerpt(text: &str) -> String {
    crate::diagnostic::excerpt(text, 120)
}

fn route_of(error: &ValidationError<'_>) -> Route {
    error
        .instance_path()
        .into_iter()
        .map(|segment| match segment {
            LocationSegment::Property(key) => Segment::Key(key.into_owned()),
            LocationSegment::Index(index) => Segment::Index(index),
        })
        .collect()
}

/// A schema with a title and a place on the web, as it is published for editors.
pub fn published(value: &Value, name: &str) -> Value {
    let mut schema = Map::new();
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("$id".into(), format!("{name}.schema.json").into());
    for (key, value) in value.as_object().into_iter().flatten() {
        if key != "$schema" {
            schema.insert(key.clone(), value.clone());
        }
    }
    Value::Object(schema)
}
