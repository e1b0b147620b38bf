//! One way to write a pf YAML file: its keys in the order of the schema, its layout that of a YAML formatter, its texts
//! untouched.
//!
//! What a model reads stands in these files, so a formatter that errs changes behaviour. Three things keep it from that.
//! Texts written as blocks never meet the layout engine (`blocks`). Keys move only where their order means nothing
//! (`order`, `moves`). And what comes out is held against what went in (`proof`): the same values, the same
//! comments, for a prompt the same digests and the same messages. Where that fails, the file stays as it is.

mod blocks;
mod margin;
mod moves;
mod order;
mod proof;

use std::sync::{Arc, LazyLock};

use pretty_yaml::config::{FormatOptions, LanguageOptions, LayoutOptions, LineBreak, Quotes};

use crate::diagnostic::Diagnostic;
use crate::document::{self, Document, Node, NodeKind};
use crate::project::{self, FileKind};
use crate::span::SourceFile;

pub use self::proof::messages_stay;

/// A column that no line reaches: lines break where the author broke them.
const WIDTH: usize = 1 << 24;
/// How often a text may change until it is its own formatted text. The first time is usually enough; a comment between
/// the brackets of a flow collection may need a second.
const ROUNDS: usize = 4;

/// What kind of file is formatted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `pf.yaml`.
    Config,
    /// A prompt.
    Prompt,
    /// A suite.
    Suite,
}

impl Kind {
    /// The kind of a file of a project. Partials have none, since each of their bytes reaches the model; datasets have
    /// none, since they are data.
    pub fn of(kind: &FileKind) -> Option<Self> {
        match kind {
            FileKind::Config => Some(Self::Config),
            FileKind::Prompt(_) => Some(Self::Prompt),
            FileKind::Suite(_) => Some(Self::Suite),
            FileKind::Partial | FileKind::Dataset => None,
        }
    }

    fn shape(self) -> order::Shape<'static> {
        static CONFIG: LazyLock<order::Places> = LazyLock::new(|| places("config"));
        static PROMPT: LazyLock<order::Places> = LazyLock::new(|| places("prompt"));
        static SUITE: LazyLock<order::Places> = LazyLock::new(|| places("suite"));
        order::Shape::of(match self {
            Self::Config => &CONFIG,
            Self::Prompt => &PROMPT,
            Self::Suite => &SUITE,
        })
    }
}

fn places(name: &str) -> order::Places {
    let schemas = project::schemas();
    let (_, schema) =
        schemas.into_iter().find(|(known, _)| *known == name).expect("each kind has a schema");
    order::Places::of(schema.value())
}

/// A file with its formatted text.
#[derive(Clone, Debug)]
pub struct Formatted {
    before: Document,
    /// The formatted file, where it is another.
    after: Option<Document>,
}

impl Formatted {
    /// The formatted text, with LF at the end of each line.
    pub fn text(&self) -> &str {
        self.after.as_ref().unwrap_or(&self.before).file.text()
    }

    /// Whether the file was not formatted.
    pub fn is_changed(&self) -> bool {
        self.after.is_some()
    }
}

/// Why a file is left as it is.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refused {
    /// It cannot be read as YAML, or has a key twice.
    #[error("{}", first_message(.0))]
    Unreadable(Vec<Diagnostic>),
    /// It is YAML that the formatter does not write.
    #[error("{what} at line {line}, which the formatter does not write")]
    Unsupported {
        /// What stands there.
        what: &'static str,
        /// Where, counted from 1.
        line: usize,
    },
    /// The formatted text would not say the same.
    #[error("formatting it would change {0}")]
    Changed(String),
}

fn first_message(diagnostics: &[Diagnostic]) -> String {
    diagnostics
        .first()
        .map_or_else(String::new, |first| format!("{}: {}", first.start(), first.message))
}

/// Formats a file. The formatted text says the same as that of `file` and is its own formatted text.
pub fn format(file: &Arc<SourceFile>, kind: Kind) -> Result<Formatted, Refused> {
    let shape = kind.shape();
    let before = read(file)?;
    let mut known = None;
    let mut text = once(&before, shape, &mut known)?;
    if text == file.text() {
        return Ok(Formatted { before, after: None });
    }
    for _ in 0..ROUNDS {
        let after = reread(file, &text)?;
        proof::same(&before, &after, shape)?;
        let again = once(&after, shape, &mut known)?;
        if again == text {
            return Ok(Formatted { before, after: Some(after) });
        }
        text = again;
    }
    Err(Refused::Changed("its layout each time anew".into()))
}

/// A text and its layout: to lay out a text is most of the work, and often the second time it is the same text.
struct LaidOut {
    text: String,
    layout: String,
}

fn once(
    document: &Document,
    shape: order::Shape<'_>,
    known: &mut Option<LaidOut>,
) -> Result<String, Refused> {
    explicit_key(document, &document.root)?;
    if document.file.text().trim().is_empty() {
        return Ok(document.file.text().to_owned());
    }
    let hidden = blocks::hide(document)?;
    let flat;
    let flat = match hidden.text == document.file.text() {
        true => document,
        false => {
            flat = reread(&document.file, &hidden.text)?;
            &flat
        }
    };
    let narrow = margin::narrow(flat)?;
    let narrowed;
    let flat = match narrow == flat.file.text() {
        true => flat,
        false => {
            narrowed = reread(&document.file, &narrow)?;
            &narrowed
        }
    };
    let text = moves::arrange(flat, shape);
    if let Some(known) = known.as_ref().filter(|known| known.text == text) {
        return Ok(hidden.show(&known.layout));
    }
    let layout = pretty_yaml::format_text(&text, &options()).map_err(|error| {
        let at = text.get(..error.offset()).map_or(0, |before| before.matches('\n').count());
        let wrong = text.lines().nth(at).unwrap_or_default().trim();
        // Lines were moved; the text of this one tells where it was.
        let line = document.file.text().lines().position(|line| line.trim() == wrong);
        Refused::Unsupported { what: "there is a notation", line: line.unwrap_or_default() + 1 }
    })?;
    let shown = hidden.show(&layout);
    *known = Some(LaidOut { text, layout });
    Ok(shown)
}

/// Everything that would change a line break inside a text or the shape of a collection is off.
fn options() -> FormatOptions {
    FormatOptions {
        layout: LayoutOptions { print_width: WIDTH, indent_width: 2, line_break: LineBreak::Lf },
        language: LanguageOptions {
            quotes: Quotes::PreferDouble,
            trailing_comma: false,
            brace_spacing: false,
            bracket_spacing: false,
            indent_block_sequence_in_map: true,
            trim_trailing_whitespaces: false,
            // No comment can hold a NUL: there is no directive to leave something unformatted.
            ignore_comment_directive: "\0".into(),
            ..LanguageOptions::default()
        },
    }
}

fn read(file: &Arc<SourceFile>) -> Result<Document, Refused> {
    if let Some(bad) = document::not_utf8(file) {
        return Err(Refused::Unreadable(vec![bad]));
    }
    match document::parse(file) {
        (Some(document), findings) if findings.is_empty() => Ok(document),
        (_, findings) => Err(Refused::Unreadable(findings)),
    }
}

/// Reads a text that was made from a good file; that it does not read is a fault of ours.
fn reread(file: &SourceFile, text: &str) -> Result<Document, Refused> {
    let copy = SourceFile::new(file.path().clone(), text);
    read(&copy).map_err(|_| Refused::Changed("it into something that is no YAML".into()))
}

/// A key after `?` may be a text of many lines, for which there is no place in this layout.
fn explicit_key(document: &Document, node: &Node) -> Result<(), Refused> {
    match &node.kind {
        NodeKind::Sequence(items) => items.iter().try_for_each(|item| explicit_key(document, item)),
        NodeKind::Mapping(entries) => {
            let text = document.file.text();
            let block = !text[node.span.start..].starts_with('{');
            for entry in entries {
                let rest = text[entry.key_span.end..].trim_start_matches(['"', '\'', ' ', '\t']);
                if block && !rest.starts_with(':') {
                    let line = document.file.position(entry.key_span.start).line;
                    return Err(Refused::Unsupported { what: "there is a key after `?`", line });
                }
                explicit_key(document, &entry.value)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
