//! From YAML events to the tree: duplicate keys, anchors and merge keys, and the limits.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError};

use super::key::Own;
use super::scalar::{Scalar, Style, resolve_plain};
use super::{Comment, Document, Entry, Key, Node, NodeKind, key, quick};
use crate::diagnostic::{Diagnostic, RuleId};
use crate::span::{SourceFile, Span};

/// The rule that a file must be YAML.
pub const INVALID_YAML: RuleId = RuleId("F001");
/// The rule that a mapping has each key once.
pub const DUPLICATE_KEY: RuleId = RuleId("F002");

/// The largest YAML file that is read, in bytes; larger data belongs into JSONL or CSV.
pub const MAX_BYTES: usize = 4 << 20;
/// How deep collections may nest.
const MAX_DEPTH: usize = 128;
/// How many nodes all aliases and merge keys of a file may stand for: a few kilobytes of aliases of aliases would
/// otherwise grow to gigabytes.
const MAX_ALIASED_NODES: usize = 10_000;

/// Parses a file. Without a document there is at least one diagnostic.
pub fn parse(file: &Arc<SourceFile>) -> (Option<Document>, Vec<Diagnostic>) {
    parse_quickly(file).unwrap_or_else(|| parse_fully(file))
}

/// A file of the simple kind, read in one pass; `None` when it is not of that kind.
pub(super) fn parse_quickly(file: &Arc<SourceFile>) -> Option<(Option<Document>, Vec<Diagnostic>)> {
    let mut builder = Builder::new(file);
    let simple = file.text().len() <= MAX_BYTES && quick::read(file.text(), &mut builder).is_ok();
    simple.then(|| builder.finish(true))
}

/// Any file, read by a full parser of YAML.
pub(super) fn parse_fully(file: &Arc<SourceFile>) -> (Option<Document>, Vec<Diagnostic>) {
    let mut builder = Builder::new(file);
    let complete = builder.run().map_err(|problem| builder.diagnostics.push(*problem)).is_ok();
    builder.finish(complete)
}

pub(super) type Step = Result<(), Box<Diagnostic>>;

/// The entries of a mapping in the making, each key once.
#[derive(Default)]
struct Entries {
    list: Vec<Entry>,
    /// Where each key stands in the list, when there are too many keys to look at all.
    places: HashMap<Key, usize>,
}

impl Entries {
    /// How many keys are looked at one by one.
    const FEW: usize = 16;

    /// Adds an entry, unless one with the same key is there: then that one is returned.
    fn add(&mut self, entry: Entry) -> Option<&Entry> {
        let found = match self.places.is_empty() {
            true => self.list.iter().position(|known| known.key == entry.key),
            false => self.places.get(&entry.key).copied(),
        };
        if let Some(place) = found {
            return self.list.get(place);
        }
        if self.list.len() == Self::FEW {
            let keys = self.list.iter().enumerate();
            self.places = keys.map(|(place, known)| (known.key.clone(), place)).collect();
        }
        if self.list.len() >= Self::FEW {
            self.places.insert(entry.key.clone(), self.list.len());
        }
        self.list.push(entry);
        None
    }
}

/// A collection whose end has not come yet.
struct Open {
    mapping: bool,
    start: usize,
    anchor: usize,
    /// Where its items begin.
    first: usize,
}

/// What an open collection holds: in a mapping, keys and values in turn.
enum Item {
    Node(Node),
    /// One of pf's own keys.
    Key(Own, Span),
}

impl Item {
    fn span(&self) -> Span {
        match self {
            Self::Node(node) => node.span,
            Self::Key(_, span) => *span,
        }
    }

    fn node(self) -> Node {
        match self {
            Self::Node(node) => node,
            // A mapping whose last key has no value does not end.
            Self::Key(_, span) => Node { span, kind: NodeKind::Null },
        }
    }
}

/// The tree in the making.
pub(super) struct Builder<'a> {
    file: &'a Arc<SourceFile>,
    stack: Vec<Open>,
    /// The items of all open collections, those of the innermost last.
    items: Vec<Item>,
    root: Option<Node>,
    anchors: BTreeMap<usize, Node>,
    aliased: usize,
    pub(super) comments: Vec<Comment>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Builder<'a> {
    fn new(file: &'a Arc<SourceFile>) -> Self {
        Self {
            file,
            stack: Vec::new(),
            items: Vec::new(),
            root: None,
            anchors: BTreeMap::new(),
            aliased: 0,
            comments: Vec::new(),
            diagnostics: Vec::new(),
        }
    }

    fn finish(self, complete: bool) -> (Option<Document>, Vec<Diagnostic>) {
        let document = complete.then(|| Document {
            file: Arc::clone(self.file),
            root: self.root.unwrap_or(Node { span: Span::at(0), kind: NodeKind::Null }),
            comments: self.comments,
        });
        (document, self.diagnostics)
    }

    fn run(&mut self) -> Step {
        let text = self.file.text();
        if text.len() > MAX_BYTES {
            return Err(self.problem(
                Span::at(0),
                format!(
                    "the file has {} bytes, more than the {MAX_BYTES} that a YAML file may have",
                    text.len()
                ),
            ));
        }
        let options = granit_parser::options! {
            block_nesting_limit: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_buffered_comment_events: 4096,
            // Looking for comments costs a seventh of the time.
            emit_comments: text.contains('#'),
        };
        for next in Parser::new_from_str_with_options(text, options) {
            let (event, span) = next.map_err(|error| self.syntax_error(&error))?;
            let place = span.byte_range().map_or(Span::at(0), Span::from);
            self.event(event, place, span.indent)?;
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'_>, span: Span, indent: Option<usize>) -> Step {
        match event {
            Event::Scalar(text, style, 0, None) => {
                self.scalar(text, style.into(), span, indent.unwrap_or(0))
            }
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.map(|tag| tag.original());
                let plain = match tag.as_deref() {
                    None => style == ScalarStyle::Plain,
                    Some("!!str" | "!") => false,
                    Some("!!int" | "!!float" | "!!bool" | "!!null") => true,
                    Some(_) => return Err(self.unknown_tag(span)),
                };
                let kind = self.kind(text, plain, style.into(), span, indent.unwrap_or(0))?;
                self.add(Node { span, kind }, anchor);
                Ok(())
            }
            Event::MappingStart(_, _, tag) | Event::SequenceStart(_, _, tag)
                if tag.as_ref().is_some_and(|tag| !tag.is_yaml_core_schema()) =>
            {
                Err(self.unknown_tag(span))
            }
            Event::MappingStart(_, anchor, _) => self.open(true, span, anchor),
            Event::SequenceStart(_, anchor, _) => self.open(false, span, anchor),
            Event::MappingEnd | Event::SequenceEnd => self.close(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Comment(text, _) => {
                self.comments.push(Comment { span, text: text.into_owned() });
                Ok(())
            }
            Event::DocumentStart(..) if self.root.is_some() => {
                Err(self.problem(span, "a second document starts here; a file holds one".into()))
            }
            _ => Ok(()),
        }
    }

    /// A text without tag and anchor, a key or a value; `indent` is the width before the content of a block.
    pub(super) fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: Style,
        span: Span,
        indent: usize,
    ) -> Step {
        if let Some(key) = self.key_is_next().then(|| key::known(&text)).flatten() {
            self.items.push(Item::Key(key, span));
            return Ok(());
        }
        let kind = self.kind(text, style == Style::Plain, style, span, indent)?;
        self.add(Node { span, kind }, 0);
        Ok(())
    }

    /// What a text says: of a plain one, its letters may make a number of it.
    fn kind(
        &self,
        text: Cow<'_, str>,
        plain: bool,
        style: Style,
        span: Span,
        indent: usize,
    ) -> Result<NodeKind, Box<Diagnostic>> {
        // No line is longer than a file may be.
        let indent =
            if matches!(style, Style::Literal | Style::Folded) { indent as u32 } else { 0 };
        let resolved = match plain {
            true => resolve_plain(&text).map_err(|message| self.problem(span, message.into()))?,
            false => None,
        };
        Ok(resolved
            .unwrap_or_else(|| NodeKind::String(Scalar { text: text.into(), style, indent })))
    }

    pub(super) fn open(&mut self, mapping: bool, span: Span, anchor: usize) -> Step {
        if self.stack.len() >= MAX_DEPTH {
            return Err(self.too_deep(span));
        }
        self.stack.push(Open { mapping, start: span.start, anchor, first: self.items.len() });
        Ok(())
    }

    fn key_is_next(&self) -> bool {
        self.stack
            .last()
            .is_some_and(|open| open.mapping && (self.items.len() - open.first).is_multiple_of(2))
    }

    pub(super) fn close(&mut self, span: Span) -> Step {
        let Some(open) = self.stack.pop() else {
            return Ok(());
        };
        let last = match self.items.len() > open.first {
            true => self.items.last().map_or(open.start, |item| item.span().end),
            false => open.start,
        };
        // A block collection ends where its last value does; the event's own place is behind the blank lines.
        let flow = matches!(self.file.text().as_bytes().get(open.start), Some(b'[' | b'{'));
        let end = if flow { span.end } else { last };
        let kind = match open.mapping {
            true => NodeKind::Mapping(self.entries(open.first)?),
            false => NodeKind::Sequence(self.items.drain(open.first..).map(Item::node).collect()),
        };
        self.add(Node { span: Span::new(open.start, end), kind }, open.anchor);
        Ok(())
    }

    fn add(&mut self, node: Node, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.stack.is_empty() {
            true => self.root = Some(node),
            false => self.items.push(Item::Node(node)),
        }
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Step {
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            return Err(
                self.problem(span, "this alias stands inside the value that it names".into())
            );
        };
        self.spend(&node, span)?;
        if self.stack.len() + depth(&node) > MAX_DEPTH {
            return Err(self.too_deep(span));
        }
        self.add(node, 0);
        Ok(())
    }

    fn spend(&mut self, node: &Node, span: Span) -> Step {
        self.aliased += size(node);
        if self.aliased <= MAX_ALIASED_NODES {
            return Ok(());
        }
        Err(self.problem(
            span,
            format!("the aliases of this file stand for more than {MAX_ALIASED_NODES} values; write them out or drop some"),
        ))
    }

    /// Keys and values in turn to entries; merge keys are resolved, duplicates are findings.
    fn entries(&mut self, first: usize) -> Result<Box<[Entry]>, Box<Diagnostic>> {
        let mut all = std::mem::take(&mut self.items);
        let mut entries = Entries::default();
        entries.list.reserve_exact((all.len() - first) / 2);
        let mut merges: Vec<(Span, Node)> = Vec::new();
        let mut items = all.drain(first..);
        while let (Some(key), Some(value)) = (items.next(), items.next().map(Item::node)) {
            let key_span = key.span();
            let key = match key {
                Item::Key(key, _) => Key::from(key),
                Item::Node(_) if self.file.slice(key_span) == "<<" => {
                    merges.push((key_span, value));
                    continue;
                }
                Item::Node(key) => self.key(key)?,
            };
            if let Some(earlier) = entries.add(Entry { key, key_span, value }) {
                self.diagnostics.push(
                    Diagnostic::new(
                        DUPLICATE_KEY,
                        self.file,
                        key_span,
                        format!("the key `{}` stands here twice", earlier.key),
                    )
                    .related(self.file, earlier.key_span, "first here")
                    .help("keep one of them; most YAML readers silently keep the last"),
                );
            }
        }
        drop(items);
        self.items = all;
        for (key_span, value) in merges {
            self.merge(key_span, value, &mut entries)?;
        }
        Ok(entries.list.into_boxed_slice())
    }

    /// The keys of a `<<` value that the mapping does not have itself; of several, the first wins.
    fn merge(&mut self, key_span: Span, value: Node, entries: &mut Entries) -> Step {
        let sources = match value.kind {
            NodeKind::Sequence(items) => items,
            kind => Box::new([Node { span: value.span, kind }]),
        };
        for source in sources {
            self.spend(&source, key_span)?;
            let NodeKind::Mapping(merged) = source.kind else {
                return Err(self.problem(key_span, "`<<` merges mappings, and this is none".into()));
            };
            for entry in merged {
                entries.add(entry);
            }
        }
        Ok(())
    }

    fn key(&self, key: Node) -> Result<Key, Box<Diagnostic>> {
        match key.kind {
            NodeKind::String(scalar) => Ok(Key::from(scalar.text)),
            NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) => {
                Ok(Key::from(Box::from(self.file.slice(key.span))))
            }
            NodeKind::Sequence(_) | NodeKind::Mapping(_) => {
                let before = &self.file.text()[..key.span.start];
                let brace = before.trim_end_matches([' ', '{']).len();
                let opened = self.file.text()[brace..].trim_start();
                if opened.starts_with("{{") || opened.starts_with("{ {") {
                    return Err(self.unquoted_template(Span::new(
                        key.span.start.saturating_sub(1),
                        key.span.end,
                    )));
                }
                Err(self.problem(key.span, "a key is a text here, not a collection".into()))
            }
        }
    }

    fn unquoted_template(&self, span: Span) -> Box<Diagnostic> {
        let mut problem =
            self.problem(span, "`{{` opens a YAML mapping here, not a template".into());
        problem.help.push("quote the whole text, or write it as a block after `|`".into());
        problem
    }

    fn too_deep(&self, span: Span) -> Box<Diagnostic> {
        self.problem(span, format!("values nest deeper than {MAX_DEPTH} here"))
    }

    fn unknown_tag(&self, span: Span) -> Box<Diagnostic> {
        self.problem(
            span,
            "tags other than those of YAML's core schema mean nothing here; drop it".into(),
        )
    }

    fn problem(&self, span: Span, message: String) -> Box<Diagnostic> {
        Box::new(Diagnostic::new(INVALID_YAML, self.file, span, message))
    }

    fn syntax_error(&self, error: &ScanError) -> Box<Diagnostic> {
        let text = self.file.text();
        let mut at = error.marker().byte_offset().unwrap_or(0).min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let line = self.file.line(self.file.position(at).line).unwrap_or(Span::at(at));
        let before = &text[line.start..at.max(line.start)];
        if let Some(open) = self.file.slice(line).find("{{")
            && self.file.slice(line)[..open].trim_end().ends_with(':')
        {
            return self.unquoted_template(Span::new(line.start + open, line.end));
        }
        let tab = matches!(
            error.kind(),
            ErrorKind::TabInIndentation
                | ErrorKind::TabInBlockIndentation
                | ErrorKind::TabAtBlockScalarStart
                | ErrorKind::TabNotAllowed
                | ErrorKind::TabInPlainScalar
        ) || before.trim_start_matches(' ').starts_with('\t');
        let width = text[at..].chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8);
        let span = Span::new(at, at + width);
        if tab {
            // The parser may notice it only on a later line.
            let found = self.file.slice(line).find('\t').map(|at| line.start + at);
            let place = found.map_or(span, |start| Span::new(start, start + 1));
            let mut problem = self.problem(place, "a tab cannot indent YAML".into());
            problem.help.push("indent with spaces".into());
            return problem;
        }
        let mut problem =
            self.problem(span, format!("invalid YAML: {}", lower_first(&error.info())));
        if let Some(help) = advice(error.kind()) {
            problem.help.push(help.into());
        }
        problem
    }
}

/// What to do about an error whose message does not say it.
fn advice(kind: &ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            "a text with `: ` in it must be quoted or written as a block after `|`"
        }
        ErrorKind::SimpleKeyExpected
        | ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::InvalidIndentation => {
            "check the indentation of this line and the one above, and that the key ends with `:`"
        }
        ErrorKind::UnknownAnchor => {
            "define it before with `&name`, or quote a text that starts with `*`"
        }
        ErrorKind::UnknownQuotedScalarEscape => {
            "write `\\\\` for a backslash, or use single quotes"
        }
        ErrorKind::UnclosedQuotedScalar => "close the quotation mark",
        _ => return None,
    })
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}

fn size(node: &Node) -> usize {
    1 + match &node.kind {
        NodeKind::Sequence(items) => items.iter().map(size).sum(),
        NodeKind::Mapping(entries) => entries.iter().map(|entry| size(&entry.value)).sum(),
        _ => 0,
    }
}

fn depth(node: &Node) -> usize {
    1 + match &node.kind {
        NodeKind::Sequence(items) => items.iter().map(depth).max().unwrap_or(0),
        NodeKind::Mapping(entries) => {
            entries.iter().map(|entry| depth(&entry.value)).max().unwrap_or(0)
        }
        _ => 0,
    }
}
