//! Texts written as blocks, taken out before the layout is made and put back after it.
//!
//! A block (`|` or `>`) is where prompts have their texts: its lines, its blank lines and the spaces at its ends are
//! what the model reads. So each is replaced by a word, and its lines come back with another indentation and nothing
//! else changed.

use super::Refused;
use crate::document::{Document, Node, NodeKind, Scalar, Style};

/// A text without its blocks.
pub(super) struct Hidden {
    /// The text, with a word for each block.
    pub(super) text: String,
    word: String,
    blocks: Vec<Block>,
}

/// A block.
struct Block {
    style: char,
    chomping: &'static str,
    /// Its lines without their indentation.
    lines: Vec<String>,
}

/// Takes the blocks out.
pub(super) fn hide(document: &Document) -> Result<Hidden, Refused> {
    let source = document.file.text();
    let mut word = "pf_text_".to_owned();
    while source.contains(&word) {
        word.push('_');
    }
    let mut found = Vec::new();
    collect(&document.root, &mut found);
    found.sort_by_key(|(node, _)| node.span);
    // An alias stands for the block itself, which is there once.
    found.dedup_by_key(|(node, _)| node.span);
    let mut hidden = Hidden { text: String::with_capacity(source.len()), word, blocks: Vec::new() };
    let mut at = 0;
    for (node, scalar) in found {
        let line = || document.file.position(node.span.start).line;
        let unsupported = || Refused::Unsupported { what: "there is a block text", line: line() };
        let place = Place::find(document, node, scalar).ok_or_else(unsupported)?;
        let before = source.get(at..place.header).ok_or_else(unsupported)?;
        hidden.text.push_str(before);
        hidden.text.push_str(&format!("{}{}_", hidden.word, hidden.blocks.len()));
        hidden.text.push_str(&source[place.after_header..place.body]);
        at = place.end;
        hidden.blocks.push(place.block);
    }
    hidden.text.push_str(&source[at..]);
    Ok(hidden)
}

fn collect<'a>(node: &'a Node, found: &mut Vec<(&'a Node, &'a Scalar)>) {
    match &node.kind {
        NodeKind::String(scalar) => {
            let block = matches!(scalar.style, Style::Literal | Style::Folded);
            // One that holds nothing has no lines that could go wrong.
            if block && !scalar.text.is_empty() {
                found.push((node, scalar));
            }
        }
        NodeKind::Sequence(items) => {
            for item in items {
                collect(item, found);
            }
        }
        NodeKind::Mapping(entries) => {
            for entry in entries {
                collect(&entry.value, found);
            }
        }
        _ => {}
    }
}

/// Where the parts of a block stand, as bytes of the source.
struct Place {
    /// The `|` or `>`.
    header: usize,
    /// Behind the indicators, before a comment.
    after_header: usize,
    /// The first line of the text.
    body: usize,
    /// Behind its last line.
    end: usize,
    block: Block,
}

impl Place {
    fn find(document: &Document, node: &Node, scalar: &Scalar) -> Option<Self> {
        let source = document.file.text();
        let line_start = |at: usize| source[..at].rfind('\n').map_or(0, |found| found + 1);
        // The span starts at the first line that holds something; blank ones before it belong to the text as well.
        let mut body = line_start(node.span.start);
        while body > 0 {
            let above = line_start(body - 1);
            if source[above..body].trim_matches([' ', '\n']).is_empty() {
                body = above;
            } else {
                break;
            }
        }
        let header_line = line_start(body.checked_sub(1)?);
        let comment = document
            .comments
            .iter()
            .find(|comment| (header_line..body).contains(&comment.span.start));
        let line =
            source[header_line..comment.map_or(body, |comment| comment.span.start)].trim_end();
        let indicators =
            line.trim_end_matches(['+', '-', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
        let style = indicators.chars().next_back().filter(|style| ['|', '>'].contains(style))?;
        let header = header_line + indicators.len() - 1;
        let chomping = match &line[indicators.len()..] {
            signs if signs.contains('+') => "+",
            signs if signs.contains('-') => "-",
            _ => "",
        };
        let indent = indent(scalar, &source[body..])?;
        let (lines, length) = lines(&source[body..], indent, chomping == "+");
        let after_header = header_line + line.len();
        Some(Self {
            header,
            after_header,
            body,
            end: body + length,
            block: Block { style, chomping, lines },
        })
    }
}

/// The columns before each line of a text that begins here.
fn indent(scalar: &Scalar, body: &str) -> Option<usize> {
    let holds_something = |line: &&str| line.contains(|character| character != ' ');
    let spaces = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let written = spaces(body.lines().find(holds_something)?);
    let meant = spaces(scalar.text.lines().find(holds_something)?);
    written.checked_sub(meant).filter(|indent| *indent > 0)
}

/// The lines of a text that begins here, and how many bytes they take. Blank lines at its end separate it from what
/// follows, unless they are kept.
fn lines(body: &str, indent: usize, keep: bool) -> (Vec<String>, usize) {
    let mut lines = Vec::new();
    let mut at = 0;
    let mut end = (0, 0);
    for line in body.split_inclusive('\n') {
        at += line.len();
        let line = line.trim_end_matches('\n');
        let blank = line.len() <= indent && line.bytes().all(|byte| byte == b' ');
        if !blank && line.as_bytes().iter().take(indent).any(|byte| *byte != b' ') {
            break;
        }
        lines.push(line.get(indent..).unwrap_or_default().to_owned());
        if !blank || keep {
            end = (lines.len(), at);
        }
    }
    lines.truncate(end.0);
    (lines, end.1)
}

impl Block {
    /// `|`, with how deep the text is indented where its first lines do not tell.
    fn header(&self) -> String {
        let first = self.lines.iter().position(|line| line.contains(|character| character != ' '));
        let upto = first.map_or(self.lines.len(), |first| first + 1);
        let told = self.lines[..upto].iter().all(|line| !line.starts_with(' '));
        format!("{}{}{}", self.style, if told { "" } else { "2" }, self.chomping)
    }
}

impl Hidden {
    /// Puts the blocks back.
    pub(super) fn show(&self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len() * 2);
        // A blank line below a block that keeps its blank lines would be one more of them.
        let mut keeps = false;
        for line in text.split_inclusive('\n') {
            let Some((at, block, rest)) = self.block_in(line) else {
                keeps &= line == "\n";
                if !keeps {
                    shown.push_str(line);
                }
                continue;
            };
            keeps = block.chomping == "+";
            shown.push_str(&line[..at]);
            shown.push_str(&block.header());
            shown.push_str(rest.trim_end_matches('\n'));
            shown.push('\n');
            let margin = " ".repeat(margin(&line[..at]));
            for line in &block.lines {
                if !line.is_empty() {
                    shown.push_str(&margin);
                    shown.push_str(line);
                }
                shown.push('\n');
            }
        }
        shown
    }

    fn block_in<'a>(&self, line: &'a str) -> Option<(usize, &Block, &'a str)> {
        let at = line.find(&self.word)?;
        let (number, rest) = line[at + self.word.len()..].split_once('_')?;
        Some((at, self.blocks.get(number.parse::<usize>().ok()?)?, rest))
    }
}

/// The columns before the lines of a block whose header stands behind `before`: two more than the map or the list that
/// it is an entry of.
fn margin(before: &str) -> usize {
    let mut entry = before.trim_start_matches(' ');
    while let Some(rest) = entry.strip_prefix("- ") {
        entry = rest;
    }
    let column = before.len() - entry.len();
    let only_properties = entry.split_whitespace().all(|word| word.starts_with(['&', '!']));
    if only_properties { column } else { column + 2 }
}
