//! Edits of a file that keep everything else as it is: comments, layout, the order of keys.
//!
//! An edit is a range of the file and the text that takes its place. Where a file is written in a way that no simple edit
//! fits, there is none: whoever asks goes without.

use super::{Document, Node, NodeKind, Route, Segment};
use crate::span::Span;

/// A range of a file, and the text that takes its place.
pub type Edit = (Span, String);

/// A key with its value, or an item of a list.
struct Child {
    /// From the key, or the first byte of the item, to the end of the value.
    span: Span,
}

impl Document {
    /// Removes an entry of a mapping or an item of a list with the line that it stands on; with the last one goes the
    /// collection. Comments above it stay.
    pub fn remove(&self, route: &Route) -> Option<Edit> {
        let (last, parent_route) = route.split_last()?;
        if !self.in_place(&parent_route) {
            return None;
        }
        let parent = self.node(&parent_route)?;
        let children = children(parent)?;
        let index = match (&parent.kind, last) {
            (NodeKind::Mapping(entries), Segment::Key(key)) => {
                entries.iter().position(|entry| entry.key == *key)?
            }
            (NodeKind::Sequence(_), Segment::Index(index)) => *index,
            _ => return None,
        };
        if children.len() == 1 {
            return self.remove(&parent_route);
        }
        let child = children.get(index)?;
        let span = match self.flow(parent) {
            true => match children.get(index + 1) {
                Some(next) => Span::new(child.span.start, next.span.start),
                None => Span::new(children[index - 1].span.end, child.span.end),
            },
            false => self.lines(parent, child, children.get(index + 1))?,
        };
        let text = self.file.slice(span);
        // A comment between two entries of a list on several lines belongs to nobody.
        let loses_a_comment = self.flow(parent) && text.contains('#') && text.contains('\n');
        (!loses_a_comment).then(|| (span, String::new()))
    }

    /// Adds a key with its value, written as YAML, behind the last of a mapping.
    pub fn insert(&self, mapping: &Route, key: &str, value: &str) -> Option<Edit> {
        let parent = self.node(mapping).filter(|_| self.in_place(mapping))?;
        let NodeKind::Mapping(_) = parent.kind else { return None };
        let children = children(parent)?;
        let Some(last) = children.last() else {
            let empty = self.file.slice(parent.span) == "{}";
            return empty.then(|| (parent.span, format!("{{{key}: {value}}}")));
        };
        if self.flow(parent) {
            return (!value.contains('\n'))
                .then(|| (Span::at(last.span.end), format!(", {key}: {value}")));
        }
        let column = self.file.position(children[0].span.start).column - 1;
        let end = self.line_end(last.span);
        let newline = if self.file.text()[..end].ends_with('\n') { "" } else { "\n" };
        let space = if value.starts_with('\n') { "" } else { " " };
        Some((Span::at(end), format!("{newline}{:column$}{key}:{space}{value}\n", "")))
    }

    /// Adds a key with its value, written as YAML, before another of the same mapping, and before the comments above it.
    pub fn insert_before(&self, entry: &Route, key: &str, value: &str) -> Option<Edit> {
        let start = self.key_span(entry).start;
        let (_, parent) = entry.split_last()?;
        if self.flow(self.node(&parent)?) || self.node(entry).is_none() {
            return None;
        }
        let indent = self.indent(start)?;
        let mut at = start - indent;
        while let Some(above) = self.file.text()[..at].strip_suffix('\n') {
            let line = above.rfind('\n').map_or(0, |newline| newline + 1);
            if !above[line..].trim_start().starts_with('#') {
                break;
            }
            at = line;
        }
        let space = if value.starts_with('\n') { "" } else { " " };
        Some((Span::at(at), format!("{:indent$}{key}:{space}{value}\n", "")))
    }

    /// Whether a value stands where its route leads, and not behind an alias.
    fn in_place(&self, route: &Route) -> bool {
        let mut node = &self.root;
        for segment in route.segments() {
            let Some(child) = node.child(segment) else { return false };
            let after = match segment {
                Segment::Key(key) => node.entry(key).map_or(0, |entry| entry.key_span.end),
                Segment::Index(_) => node.span.start,
            };
            if child.span.start < after || child.span.end > node.span.end {
                return false;
            }
            node = child;
        }
        true
    }

    fn flow(&self, collection: &Node) -> bool {
        self.file.slice(collection.span).starts_with(['{', '['])
    }

    /// The lines of an entry of a collection in block style.
    fn lines(&self, parent: &Node, child: &Child, next: Option<&Child>) -> Option<Span> {
        let text = self.file.text();
        let mut start = child.span.start;
        if matches!(parent.kind, NodeKind::Sequence(_)) {
            let before = text[..start].trim_end_matches([' ', '\n']);
            start = before.strip_suffix('-')?.len();
        }
        match self.indent(start) {
            Some(indent) => Some(Span::new(start - indent, self.line_end(child.span))),
            // The first key of a list's item stands behind the dash: the next one takes its place.
            None => next.map(|next| Span::new(start, next.span.start)),
        }
    }

    /// How many blanks stand before `offset` on its line; none when something else does.
    fn indent(&self, offset: usize) -> Option<usize> {
        let line = self.file.text()[..offset].rfind('\n').map_or(0, |at| at + 1);
        let before = &self.file.text()[line..offset];
        before.bytes().all(|byte| byte == b' ').then_some(before.len())
    }

    /// The end of the last line of a value, its line break included.
    fn line_end(&self, span: Span) -> usize {
        let text = self.file.text();
        let last = text[..span.end].trim_end().len().max(span.start);
        text[last..].find('\n').map_or(text.len(), |at| last + at + 1)
    }
}

/// The entries or items of a collection; none when they stand elsewhere, behind an alias.
fn children(parent: &Node) -> Option<Vec<Child>> {
    let children: Vec<Child> = match &parent.kind {
        NodeKind::Mapping(entries) => entries
            .iter()
            .map(|entry| {
                let end = entry.value.span.end.max(entry.key_span.end);
                Child { span: Span::new(entry.key_span.start, end) }
            })
            .collect(),
        NodeKind::Sequence(items) => items.iter().map(|item| Child { span: item.span }).collect(),
        _ => return None,
    };
    let in_order = children.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start);
    let inside = children
        .iter()
        .all(|child| parent.span.start <= child.span.start && child.span.end <= parent.span.end);
    (in_order && inside).then_some(children)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::parse;
    use crate::path::RepoPath;
    use crate::span::SourceFile;

    fn document(text: &str) -> Document {
        let file = SourceFile::new(RepoPath::new("a.yaml").unwrap(), text);
        parse(&file).0.unwrap()
    }

    fn route(path: &str) -> Route {
        path.split('.')
            .map(|part| match part.parse() {
                Ok(index) => Segment::Index(index),
                Err(_) => Segment::Key(part.to_owned()),
            })
            .collect()
    }

    fn applied(text: &str, edit: Option<Edit>) -> String {
        let (span, with) = edit.unwrap();
        format!("{}{with}{}", &text[..span.start], &text[span.end..])
    }

    fn without(text: &str, path: &str) -> String {
        applied(text, document(text).remove(&route(path)))
    }

    #[test]
    fn removes_entries_and_items_with_their_lines() {
        let text = "a: 1 # one\n# about b\nb:\n  c: |\n    x\n\n    y\n  d: 2\n\ne: [1, 2, 3]\n";
        assert_eq!(without(text, "a"), text.replace("a: 1 # one\n", ""));
        assert_eq!(without(text, "b.c"), text.replace("  c: |\n    x\n\n    y\n", ""));
        assert_eq!(without(text, "b.d"), text.replace("  d: 2\n", ""));
        assert_eq!(without(text, "e.0"), text.replace("1, ", ""));
        assert_eq!(without(text, "e.2"), text.replace(", 3", ""));
        assert_eq!(without(text, "e"), text.replace("e: [1, 2, 3]\n", ""));
        let list = "l:\n  - a: 1\n    b: 2\n  - c: 3\n  -\n    d: 4\nm: 5\n";
        assert_eq!(without(list, "l.1"), list.replace("  - c: 3\n", ""));
        assert_eq!(without(list, "l.2"), list.replace("  -\n    d: 4\n", ""));
        assert_eq!(without(list, "l.0.a"), list.replace("a: 1\n    b", "b"));
        assert_eq!(without(list, "l.0.b"), list.replace("    b: 2\n", ""));
    }

    #[test]
    fn with_the_last_entry_goes_the_collection() {
        assert_eq!(without("v: {x: string}\nm: 1\n", "v.x"), "m: 1\n");
        assert_eq!(without("v:\n  x:\n    type: string\nm: 1\n", "v.x.type"), "m: 1\n");
        assert!(document("v: {x: 1}\n").remove(&route("v.x")).is_none());
    }

    #[test]
    fn what_stands_behind_an_alias_is_left_alone() {
        let text = "a: &x {p: 1, q: 2}\nb: *x\n";
        assert!(document(text).remove(&route("b.p")).is_none());
        assert_eq!(without(text, "a.p"), "a: &x {q: 2}\nb: *x\n");
    }

    #[test]
    fn adds_keys_in_the_style_of_the_mapping() {
        let add = |text: &str, path: &str, key: &str, value: &str| {
            let at = if path.is_empty() { Route::root() } else { route(path) };
            applied(text, document(text).insert(&at, key, value))
        };
        assert_eq!(
            add("v:\n  x: 1\nm: 2\n", "v", "y", "string"),
            "v:\n  x: 1\n  y: string\nm: 2\n"
        );
        assert_eq!(add("v: {x: 1}\n", "v", "y", "string"), "v: {x: 1, y: string}\n");
        assert_eq!(add("v: {}\n", "v", "y", "string"), "v: {y: string}\n");
        assert_eq!(add("a: 1", "", "b", "2"), "a: 1\nb: 2\n");
        assert_eq!(add("a: |\n  x\n\n\n", "", "b", "2"), "a: |\n  x\nb: 2\n\n\n");
    }

    #[test]
    fn adds_a_key_before_another_and_its_comments() {
        let text = "a: 1\n\n# about b\n# and more\nb: 2\n";
        let edit = document(text).insert_before(&route("b"), "v", "\n  x: string");
        assert_eq!(applied(text, edit), "a: 1\n\nv:\n  x: string\n# about b\n# and more\nb: 2\n");
    }
}
