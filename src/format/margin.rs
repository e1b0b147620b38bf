//! Margins that the layout engine can read.
//!
//! Its parser keeps the columns of open collections in the bits of one word, and takes the first line of a file for its
//! margin. Where a line goes on with a text or holds a comment alone, its margin means nothing, so it is cut.

use super::Refused;
use crate::document::{Document, Node, NodeKind};

/// The columns that the parser can tell apart, with room for what stands behind a dash.
const COLUMNS: usize = 60;

/// The text of a document with no margin that is too wide, nor any before its first lines. The document must have no block
/// texts, see [`super::blocks`].
pub(super) fn narrow(document: &Document) -> Result<String, Refused> {
    let text = document.file.text();
    deep(document, &document.root)?;
    let mut narrow = String::with_capacity(text.len());
    let mut at_top = true;
    for line in text.split_inclusive('\n') {
        let rest = line.trim_start_matches([' ', '\t']);
        let wide = line.len() - rest.len() >= COLUMNS;
        at_top &= rest.starts_with(['#', '\n']);
        match (at_top, wide) {
            (true, _) => {}
            (false, true) => narrow.push_str(&" ".repeat(COLUMNS)),
            (false, false) => narrow.push_str(&line[..line.len() - rest.len()]),
        }
        narrow.push_str(rest);
    }
    Ok(narrow)
}

/// Refuses collections that begin where margins are cut.
fn deep(document: &Document, node: &Node) -> Result<(), Refused> {
    let text = document.file.text();
    if text[node.span.start..].starts_with(['{', '[']) {
        return Ok(());
    }
    let column = || node.span.start - text[..node.span.start].rfind('\n').map_or(0, |at| at + 1);
    match &node.kind {
        NodeKind::Mapping(_) | NodeKind::Sequence(_) if column() >= COLUMNS => {
            let line = document.file.position(node.span.start).line;
            let what = "values nest deeper than 60 columns";
            Err(Refused::Unsupported { what, line })
        }
        NodeKind::Mapping(entries) => {
            entries.iter().try_for_each(|entry| deep(document, &entry.value))
        }
        NodeKind::Sequence(items) => items.iter().try_for_each(|item| deep(document, item)),
        _ => Ok(()),
    }
}
