//! What of a prompt stands before and behind its variables: providers cache the beginning that requests share.

use std::sync::Arc;

use crate::document::Segment;
use crate::lint::context::PromptContext;
use crate::lint::tags::{TagKind, tags};
use crate::message::Role;
use crate::path::RepoPath;
use crate::project::prompt::Entry;
use crate::project::variable::Variable;
use crate::span::Span;
use crate::template::analysis::{Analysis, IncludeKind, IncludeUse};
use crate::template::closure::{Place, Template, TemplateKind};
use crate::template::{Closure, Partial};

/// The least that OpenAI and Anthropic cache, in tokens, and about as many bytes of English.
pub(super) const CACHED_TOKENS: usize = 1024;
pub(super) const CACHED_BYTES: usize = 4 * CACHED_TOKENS;

/// How deep partials are followed.
const DEEPEST: usize = 8;
/// Pieces that are looked at: partials that include one another twice double with each level.
const MOST_PIECES: usize = 10_000;

/// A piece of the conversation, in order.
pub(super) enum Piece<'a> {
    /// Text that is there for all values, in bytes.
    Fixed(usize),
    /// A variable that is printed.
    Print(&'a str, Printed<'a>),
    /// What is there only now and then: a branch, a loop, an inserted conversation.
    Maybe,
}

/// Where a variable is printed.
pub(super) struct Printed<'a> {
    source: Source<'a>,
    span: Span,
}

#[derive(Clone, Copy)]
enum Source<'a> {
    Own(&'a Template),
    Partial(&'a Partial),
}

impl Piece<'_> {
    /// The bytes that are there for all values.
    pub(super) fn fixed(&self) -> usize {
        match self {
            Self::Fixed(bytes) => *bytes,
            Self::Print(..) | Self::Maybe => 0,
        }
    }
}

impl Printed<'_> {
    /// The place in its file.
    pub(super) fn place(&self, closure: &Closure) -> Place {
        match self.source {
            Source::Own(template) => closure.place(&template.route, self.span),
            Source::Partial(partial) => Place { file: Arc::clone(&partial.file), span: self.span },
        }
    }
}

impl<'a> Source<'a> {
    fn text(self) -> &'a str {
        match self {
            Self::Own(template) => &template.text,
            Self::Partial(partial) => partial.text(),
        }
    }

    fn analysis(self) -> Option<&'a Analysis> {
        match self {
            Self::Own(template) => template.analysis.as_ref().ok(),
            Self::Partial(partial) => partial.analysis.as_ref().ok(),
        }
    }
}

/// The pieces of a prompt; none when it surely has fewer bytes of fixed text than `least`.
pub(super) fn pieces<'a>(context: &'a PromptContext<'_>, least: usize) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    if most_fixed(&context.closure) < least {
        return pieces;
    }
    let entries = &context.prompt.file.messages;
    let mut next = 0;
    for template in context.closure.templates.iter().filter(|t| t.kind == TemplateKind::Text) {
        let [_, Segment::Index(index), ..] = template.route.segments() else { continue };
        let Entry::Message(message) = &entries[*index] else { continue };
        let between = entries.get(next..*index).unwrap_or_default();
        if between.iter().any(|entry| matches!(entry, Entry::Insert(_))) {
            pieces.push(Piece::Maybe);
        }
        next = index + 1;
        let depth = usize::from(message.when.is_some());
        Walk { context, pieces: &mut pieces, depth }.source(Source::Own(template), 0);
    }
    pieces
}

/// The texts of all templates, a partial as often as partials are included at all.
fn most_fixed(closure: &Closure) -> usize {
    let partials = || closure.partials.values();
    let analyses = closure.templates.iter().map(|template| &template.analysis);
    let analyses = analyses.chain(partials().map(|partial| &partial.analysis));
    let includes: usize = analyses.flatten().map(|analysis| analysis.includes.len()).sum();
    let own: usize = closure.templates.iter().map(|template| template.text.len()).sum();
    own + partials().map(|partial| partial.text().len()).sum::<usize>() * includes
}

struct Walk<'w, 'a, 'c> {
    context: &'a PromptContext<'c>,
    pieces: &'w mut Vec<Piece<'a>>,
    /// Blocks around this point in which text is there only now and then.
    depth: usize,
}

impl<'a> Walk<'_, 'a, '_> {
    fn source(&mut self, source: Source<'a>, level: usize) {
        let Some(analysis) = source.analysis() else { return };
        if self.pieces.len() > MOST_PIECES {
            return;
        }
        let text = source.text();
        let mut literals = analysis.literals.iter().peekable();
        let mut variables = analysis.variables.iter().peekable();
        let mut includes = analysis.includes.iter().peekable();
        let mut fixed = |walk: &mut Self, until: usize| {
            while let Some(literal) = literals.next_if(|literal| literal.span.start < until) {
                if literal.certain && walk.depth == 0 {
                    walk.pieces.push(Piece::Fixed(literal.span.end - literal.span.start));
                }
            }
        };
        for tag in tags(text) {
            fixed(self, tag.span.start);
            while let Some(used) = variables.next_if(|used| used.span.start < tag.span.end) {
                if tag.kind == TagKind::Print {
                    let printed = Printed { source, span: used.span };
                    self.pieces.push(Piece::Print(&used.path[0], printed));
                }
            }
            while let Some(include) = includes.next_if(|used| used.span.start < tag.span.end) {
                if include.kind == IncludeKind::Include && level < DEEPEST {
                    self.include(include, level);
                }
            }
            match tag.word() {
                "if" | "for" | "macro" | "call" | "block" | "filter" | "with" => {
                    self.depth += 1;
                    self.pieces.push(Piece::Maybe);
                }
                "endif" | "endfor" | "endmacro" | "endcall" | "endblock" | "endfilter"
                | "endwith" => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        fixed(self, text.len());
    }

    fn include(&mut self, include: &IncludeUse, level: usize) {
        let key = include.name.as_deref().and_then(|name| RepoPath::new(name).ok());
        let partials = &self.context.closure.partials;
        if let Some(partial) = key.and_then(|key| partials.get(key.as_str())) {
            self.source(Source::Partial(partial), level + 1);
        }
    }
}

/// Names of moments: each request has its own.
const MOMENTS: [&str; 9] = [
    "now",
    "time",
    "timestamp",
    "current_time",
    "datetime",
    "request_id",
    "session_id",
    "uuid",
    "nonce",
];

/// Whether most requests give another value: the text of a stranger, something of the last user message, or a moment.
pub(super) fn volatile(context: &PromptContext<'_>, name: &str) -> bool {
    let Some(variable) = context.prompt.file.variables.get(name) else { return false };
    if few_values(variable) {
        return false;
    }
    variable.untrusted() || MOMENTS.contains(&name) || asked_with(context, name)
}

/// Whether it has a few values only, so that each has its own cached beginning.
pub(super) fn few_values(variable: &Variable) -> bool {
    variable.choices().is_some()
        || variable.keys().contains_key("const")
        || variable.type_name() == Some("boolean")
}

/// Whether the last message of the user prints it: what is asked anew with each request.
fn asked_with(context: &PromptContext<'_>, name: &str) -> bool {
    let entries = context.prompt.file.messages.iter().enumerate();
    let last = entries.rev().find_map(|(index, entry)| match entry {
        Entry::Message(message) if message.role == Role::User => Some(index),
        _ => None,
    });
    let Some(last) = last else { return false };
    context.closure.templates.iter().any(|template| {
        matches!(template.route.segments(), [_, Segment::Index(index), ..] if *index == last)
            && template.kind == TemplateKind::Text
            && template.analysis.iter().any(|a| a.variables.iter().any(|used| used.path[0] == name))
    })
}
