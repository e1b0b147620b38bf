//! YAML text to a tree that knows where each key and value stands.
//!
//! A file is parsed once. The schema, the typed definitions, the rules and the comparison all read the same
//! [`Document`], so each message can point at the line.

mod edit;
mod key;
mod parse;
mod quick;
mod read;
mod route;
mod scalar;

use std::sync::Arc;

use serde_json::{Map, Number, Value};

pub use self::edit::Edit;
#[cfg(test)]
pub(crate) use self::key::KEYS;
pub use self::key::Key;
pub use self::parse::{DUPLICATE_KEY, INVALID_YAML, MAX_BYTES, parse};
pub use self::route::{Route, Segment};
pub use self::scalar::{Scalar, Style};
use crate::diagnostic::Diagnostic;
use crate::span::{SourceFile, Span};

/// What is wrong with a file whose bad bytes were replaced; nothing with any other.
pub fn not_utf8(file: &Arc<SourceFile>) -> Option<Diagnostic> {
    let finding = |offset| {
        let message = "the file is not UTF-8 from here on";
        Diagnostic::new(INVALID_YAML, file, Span::at(offset), message).help("save it as UTF-8")
    };
    file.not_utf8().map(finding)
}

/// A parsed YAML file.
#[derive(Clone, Debug)]
pub struct Document {
    /// The file.
    pub file: Arc<SourceFile>,
    /// The tree.
    pub root: Node,
    /// All comments, in the order of the text.
    pub comments: Vec<Comment>,
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    /// The bytes of the value.
    pub span: Span,
    /// The value.
    pub kind: NodeKind,
}

/// A value of the YAML 1.2 core schema.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names are those of the YAML specification")]
pub enum NodeKind {
    Null,
    Bool(bool),
    Number(Number),
    String(Scalar),
    Sequence(Box<[Node]>),
    Mapping(Box<[Entry]>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key's text.
    pub key: Key,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// From `#` to the end of the line.
    pub span: Span,
    /// What follows `#`.
    pub text: String,
}

impl Document {
    /// The node at a route.
    pub fn node(&self, route: &Route) -> Option<&Node> {
        route.segments().iter().try_fold(&self.root, |node, segment| node.child(segment))
    }

    /// Where the value at a route stands; for a route that leads nowhere, the nearest value above it.
    pub fn span(&self, route: &Route) -> Span {
        let mut node = &self.root;
        for segment in route.segments() {
            match node.child(segment) {
                Some(child) => node = child,
                None => break,
            }
        }
        node.span
    }

    /// Where the key at the end of a route stands; the value's place when the route ends in an index.
    pub fn key_span(&self, route: &Route) -> Span {
        let Some((Segment::Key(key), parent)) = route.split_last() else {
            return self.span(route);
        };
        self.node(&parent)
            .and_then(|node| node.entry(key))
            .map_or_else(|| self.span(route), |entry| entry.key_span)
    }

    /// The text at a route.
    pub fn scalar(&self, route: &Route) -> Option<&Scalar> {
        match &self.node(route)?.kind {
            NodeKind::String(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The bytes of the file behind the bytes `range` of the text at a route: line- and column-exact in block scalars,
    /// folded and quoted ones included.
    pub fn span_in_scalar(&self, route: &Route, range: Span) -> Span {
        match self.node(route) {
            Some(Node { span, kind: NodeKind::String(scalar) }) => {
                scalar.locate(&self.file, *span, range)
            }
            _ => self.span(route),
        }
    }

    /// The edit that puts `with` in the place of the bytes `range` of the text at a route. `None` where the file does not
    /// hold these bytes as they are, or where it would need escapes for the new ones.
    pub fn replace_in_scalar(
        &self,
        route: &Route,
        range: Span,
        with: &str,
    ) -> Option<(Span, String)> {
        let scalar = self.scalar(route)?;
        let place = self.span_in_scalar(route, range);
        let as_written = self.file.slice(place) == scalar.text.get(range.range())?;
        (as_written && scalar.style.holds(with)).then(|| (place, with.to_owned()))
    }

    /// The whole file as JSON.
    pub fn to_json(&self) -> Value {
        self.root.to_json()
    }
}

impl Node {
    fn child(&self, segment: &Segment) -> Option<&Self> {
        match (&self.kind, segment) {
            (NodeKind::Mapping(_), Segment::Key(key)) => self.entry(key).map(|entry| &entry.value),
            (NodeKind::Sequence(items), Segment::Index(index)) => items.get(*index),
            _ => None,
        }
    }

    /// The entry of a mapping.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.kind {
            NodeKind::Mapping(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// The value as JSON, keys in the order of the text.
    pub fn to_json(&self) -> Value {
        match &self.kind {
            NodeKind::Null => Value::Null,
            NodeKind::Bool(truth) => Value::Bool(*truth),
            NodeKind::Number(number) => Value::Number(number.clone()),
            NodeKind::String(scalar) => Value::String(scalar.text.to_string()),
            NodeKind::Sequence(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            NodeKind::Mapping(entries) => Value::Object(
                entries
                    .iter()
                    .map(|entry| (entry.key.to_string(), entry.value.to_json()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }

    /// Calls `visit` with each text below this node and the route to it.
    pub fn for_each_scalar<'a>(&'a self, visit: &mut dyn FnMut(&Route, &'a Self, &'a Scalar)) {
        self.walk(&Route::root(), visit);
    }

    fn walk<'a>(&'a self, route: &Route, visit: &mut dyn FnMut(&Route, &'a Self, &'a Scalar)) {
        match &self.kind {
            NodeKind::String(scalar) => visit(route, self, scalar),
            NodeKind::Sequence(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.walk(&route.index(index), visit);
                }
            }
            NodeKind::Mapping(entries) => {
                for entry in entries {
                    entry.value.walk(&route.key(&*entry.key), visit);
                }
            }
            NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
