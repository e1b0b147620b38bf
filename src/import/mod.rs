//! Prompts that others keep elsewhere, brought in as files: what is written is proven to render as the original reads.
//!
//! A conversion is pure: it takes the text of the source and gives the texts of the new files ([`csv`]), which are then
//! read back, rendered and compared ([`mod@proof`]) before anyone writes them.

pub mod csv;
pub mod literal;
pub mod name;
pub mod placeholder;
pub mod proof;
pub mod yaml;

use indexmap::IndexMap;

use crate::message::Role;
use crate::project::prompt::PromptName;
use crate::span::Span;

pub use self::proof::prove;

/// A prompt to be written, with what it must say when it is read and rendered.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Its name.
    pub name: PromptName,
    /// Where it stands in the source.
    pub span: Span,
    /// The text of its file.
    pub yaml: String,
    /// What the file must be found to say.
    pub source: Source,
}

/// What the source says about one prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// What it is for.
    pub description: Option<String>,
    /// Whom to ask.
    pub owner: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Free data.
    pub metadata: IndexMap<String, String>,
    /// Each message: who speaks, and what must come out.
    pub messages: Vec<(Role, Expected)>,
    /// The inputs, in the order of their first use, each with its default.
    pub variables: IndexMap<String, Option<String>>,
    /// Texts for the inputs that have no default, for the proof.
    pub given: IndexMap<String, String>,
}

/// What must come out of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The render, with the defaults of all variables.
    Render(String),
    /// The template, as it stands in the source.
    Template(String),
}

/// Why a piece of the source makes no prompt, although nothing is wrong with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Skip {
    /// It has no text.
    Empty,
    /// It says the same as an earlier one, by its line.
    Repeats(usize),
}

impl std::fmt::Display for Skip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("has no text"),
            Self::Repeats(line) => write!(f, "repeats line {line}"),
        }
    }
}
