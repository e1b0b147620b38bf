//! Where each piece of a rendered message comes from.
//!
//! A marked render is the same render: the marks note offsets while the output is written and print nothing, so the
//! pieces always make up the message, byte for byte. A macro, a `call`, a `filter` or a captured block counts as one
//! piece, at the place that printed its result.

use serde::Serialize;

use super::closure::Closure;
use super::render::{Made, MadeFrom, Noted, Printed, Renderer};
use super::values::Values;
use crate::diagnostic::Diagnostic;
use crate::jinja::MarkKind;
use crate::message::{Content, Message, Part};
use crate::path::RepoPath;
use crate::project::prompt::Prompt;
use crate::span::Span;

/// A rendered message with its pieces.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TracedMessage {
    /// The message.
    pub message: Message,
    /// The pieces of its text, or of each of its parts, in order.
    pub parts: Vec<Vec<Piece>>,
}

/// A piece of a rendered text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// Its text.
    pub text: String,
    /// Where it comes from.
    pub source: PieceSource,
}

/// Where a piece comes from. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum PieceSource {
    /// Text of the prompt's own file.
    Literal {
        /// The file.
        file: RepoPath,
        /// The line of its first character that is no white space.
        line: usize,
    },
    /// Text of an included file.
    Partial {
        /// The file.
        file: RepoPath,
        /// The line of its first character that is no white space.
        line: usize,
    },
    /// What an expression printed.
    Variable {
        /// The expression.
        expression: String,
        /// The file in which it stands.
        file: RepoPath,
        /// Its line.
        line: usize,
    },
    /// A few-shot example.
    Example {
        /// Its place in `examples`, from 0.
        index: usize,
    },
    /// A message that was inserted.
    Inserted {
        /// The variable.
        variable: String,
        /// Its place in the variable, from 0.
        index: usize,
    },
}

/// A prompt, compiled to say where each piece comes from.
pub struct Tracer(Renderer);

impl Tracer {
    /// Compiles a prompt.
    pub fn new(prompt: &Prompt, closure: &Closure) -> Result<Self, Vec<Diagnostic>> {
        Renderer::build(prompt, closure, Some(Noted::Pieces)).map(Self)
    }

    /// Renders the messages with their pieces.
    pub fn trace(&self, values: &Values) -> Result<Vec<TracedMessage>, Vec<Diagnostic>> {
        let made = self.0.make(values)?;
        Ok(made.into_iter().map(|made| self.traced(made)).collect())
    }

    fn traced(&self, made: Made) -> TracedMessage {
        let Made { message, from } = made;
        let whole = |source: PieceSource| {
            let piece = |text: &String| vec![Piece { text: text.clone(), source: source.clone() }];
            match &message.content {
                Content::Text(text) => vec![piece(text)],
                Content::Parts(parts) => parts
                    .iter()
                    .map(|part| {
                        let (Part::Text(text) | Part::Image(text)) = part;
                        piece(text)
                    })
                    .collect(),
            }
        };
        let parts = match from {
            MadeFrom::Templates(printed) => {
                printed.iter().map(|printed| self.pieces(printed)).collect()
            }
            MadeFrom::Example(index) => whole(PieceSource::Example { index }),
            MadeFrom::Inserted { variable, index } => {
                whole(PieceSource::Inserted { variable, index })
            }
        };
        TracedMessage { message, parts }
    }

    fn pieces(&self, printed: &Printed) -> Vec<Piece> {
        let text = &printed.text;
        let ends = printed.starts.iter().skip(1).map(|(_, start)| *start).chain([text.len()]);
        let mut pieces = Vec::new();
        for ((mark, start), end) in printed.starts.iter().zip(ends) {
            if *start < end {
                let text = text[*start..end].to_owned();
                pieces.push(Piece { text, source: self.source(*mark, &printed.template) });
            }
        }
        pieces
    }

    fn source(&self, mark: usize, template: &str) -> PieceSource {
        let (name, mark) = &self.0.marks[mark];
        let explainer = &self.0.explainer;
        let text = explainer.sources.get(name).map_or("", |source| &source.text);
        let slice = text.get(mark.span.range()).unwrap_or_default();
        let blank = slice.len() - slice.trim_start().len();
        let start = if blank < slice.len() { mark.span.start + blank } else { mark.span.start };
        let place = explainer.place(name, Some(Span::at(start)));
        let file = place.file.path().clone();
        let line = place.file.position(place.span.start).line;
        match mark.kind {
            MarkKind::Expression => {
                PieceSource::Variable { expression: slice.trim().to_owned(), file, line }
            }
            MarkKind::Literal if name == template => PieceSource::Literal { file, line },
            MarkKind::Literal => PieceSource::Partial { file, line },
        }
    }
}
