//! The two readers of YAML see the same.

use pf::document::{self, Comment, Document, MAX_BYTES, Node, NodeKind};
use pf::span::{SourceFile, Span};

use super::{decode, path};

/// A comment that only the full parser reads: the line separator is nothing that the quick reader knows.
const COMMENT: &str = "#\u{2028}\n";

/// YAML below a comment that forbids the quick reader, and without it: the same tree, comments and findings, so many bytes
/// further down.
pub fn quick(data: &[u8]) {
    let file = decode("a.yaml", data);
    if file.text().len() + COMMENT.len() > MAX_BYTES {
        return;
    }
    let below = SourceFile::new(path("a.yaml"), format!("{COMMENT}{}", file.text()));
    let (quick, said) = document::parse(&file);
    let (full, full_said) = document::parse(&below);
    let wrong = |findings: &[pf::diagnostic::Diagnostic], by: usize| -> Vec<_> {
        findings
            .iter()
            .map(|finding| (finding.code, finding.message.clone(), moved(finding.span, by)))
            .collect()
    };
    assert_eq!(wrong(&said, COMMENT.len()), wrong(&full_said, 0), "{}", excerpt(&file));
    let (Some(quick), Some(full)) = (quick, full) else {
        assert!(!said.is_empty(), "one of the two could not read {}", excerpt(&file));
        return;
    };
    let tree = |document: &Document, by| {
        let mut lines = Vec::new();
        // The null that a file without any value is stands at its beginning.
        let root = &document.root;
        let nothing = matches!(root.kind, NodeKind::Null) && root.span == Span::at(0);
        show(&document.root, if nothing { 0 } else { by }, &mut lines);
        lines
    };
    let (quick_tree, full_tree) = (tree(&quick, COMMENT.len()), tree(&full, 0));
    for (one, other) in quick_tree.iter().zip(&full_tree) {
        assert_eq!(one, other, "{}", excerpt(&file));
    }
    assert_eq!(quick_tree.len(), full_tree.len(), "{}", excerpt(&file));
    let comments: Vec<Comment> = quick
        .comments
        .into_iter()
        .map(|comment| Comment { span: moved(comment.span, COMMENT.len()), ..comment })
        .collect();
    assert_eq!(comments, full.comments[1..], "{}", excerpt(&file));
}

fn excerpt(file: &SourceFile) -> String {
    format!("{:?}", file.text().chars().take(2000).collect::<String>())
}

fn moved(span: Span, by: usize) -> Span {
    Span::new(span.start + by, span.end + by)
}

/// One line for each value and key.
fn show(node: &Node, by: usize, lines: &mut Vec<String>) {
    let span = moved(node.span, by);
    match &node.kind {
        NodeKind::Sequence(items) => {
            lines.push(format!("{span:?} sequence of {}", items.len()));
            for item in items {
                show(item, by, lines);
            }
        }
        NodeKind::Mapping(entries) => {
            lines.push(format!("{span:?} mapping of {}", entries.len()));
            for entry in entries {
                lines.push(format!("{:?} {:?}", moved(entry.key_span, by), &*entry.key));
                show(&entry.value, by, lines);
            }
        }
        kind => lines.push(format!("{span:?} {kind:?}")),
    }
}
