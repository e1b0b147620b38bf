//! F006

use crate::diagnostic::Diagnostic;
use crate::document::{Document, Node, NodeKind};
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::span::Span;

rule! {
    /// A message takes its text from another place of the file by a YAML alias.
    ///
    /// ## Why is this bad?
    ///
    /// Whoever changes the text at its anchor changes the other message too, and the change does not show where it
    /// happens: neither in a review nor in `pf log`. Other prompts cannot use it either.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: system, content: &manners "Be kind, be brief."}
    ///   - {role: user, content: Say hello.}
    ///   - {role: user, content: *manners}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```text prompts/manners.md
    /// Be kind, be brief.
    /// ```
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: system, content: '{% include "manners.md" %}'}
    ///   - {role: user, content: Say hello.}
    ///   - {role: user, content: '{% include "manners.md" %}'}
    /// ```
    SHARED_MESSAGE: "F006" "shared-message" Info, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let document = &context.prompt.document;
    // Without an alias there is no `*` in front of a word.
    if !document.file.text().contains('*') {
        return;
    }
    if let Some(messages) = document.root.entry("messages") {
        walk(document, &messages.value, messages.key_span, findings);
    }
}

/// Looks for values that stand before the place that they belong to: an alias always leads back. `key` is the nearest key
/// above.
fn walk(document: &Document, node: &Node, key: Span, findings: &mut Vec<Diagnostic>) {
    let mut child = |value: &Node, after: usize, key: Span| {
        let own = value.span.start >= after;
        if own {
            walk(document, value, key, findings);
        } else {
            findings.push(
                SHARED_MESSAGE
                    .at(&document.file, key, "what belongs here stands elsewhere in the file")
                    .related(&document.file, value.span, "it stands here")
                    .help("make it a partial, and include it in both places"),
            );
        }
        own
    };
    match &node.kind {
        NodeKind::Sequence(items) => {
            let mut after = key.end;
            for item in items {
                if child(item, after, key) {
                    after = item.span.start + 1;
                }
            }
        }
        NodeKind::Mapping(entries) => {
            for entry in entries {
                // A value that is not there has no place of its own.
                if !matches!(entry.value.kind, NodeKind::Null) {
                    child(&entry.value, entry.key_span.end, entry.key_span);
                }
            }
        }
        _ => {}
    }
}
