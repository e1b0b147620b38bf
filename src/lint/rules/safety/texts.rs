//! Texts of a prompt's file that stand outside its messages and that the model reads all the same.

use crate::document::{Node, NodeKind, Scalar};
use crate::lint::context::PromptContext;
use crate::span::Span;

/// A text in a YAML file.
pub(super) struct Text<'a> {
    /// What it says.
    pub(super) says: &'a str,
    node: &'a Node,
    scalar: &'a Scalar,
}

impl Text<'_> {
    /// The bytes of the prompt's file behind bytes of the text.
    pub(super) fn place(&self, context: &PromptContext<'_>, range: Span) -> Span {
        self.scalar.locate(&context.prompt.document.file, self.node.span, range)
    }
}

/// Calls `visit` with each text of the few-shot examples: their inputs, if wanted, and their outputs.
pub(super) fn of_examples<'a>(
    context: &PromptContext<'a>,
    with_inputs: bool,
    visit: &mut dyn FnMut(&Text<'a>),
) {
    if context.prompt.file.examples.is_empty() {
        return;
    }
    let Some(examples) = entry(context, "examples") else { return };
    let NodeKind::Sequence(examples) = &examples.kind else { return };
    for example in examples {
        for key in ["variables", "output"] {
            if let Some(entry) = example.entry(key)
                && (with_inputs || key == "output")
            {
                walk(&entry.value, visit);
            }
        }
    }
}

/// Calls `visit` with each text of the tools: names, descriptions, and those in the schemas of their arguments.
pub(super) fn of_tools<'a>(context: &PromptContext<'a>, visit: &mut dyn FnMut(&Text<'a>)) {
    if context.prompt.file.tools.is_empty() {
        return;
    }
    if let Some(tools) = entry(context, "tools") {
        walk(tools, visit);
    }
}

fn entry<'a>(context: &PromptContext<'a>, key: &str) -> Option<&'a Node> {
    context.prompt.document.root.entry(key).map(|entry| &entry.value)
}

/// The reader of YAML bounds how deep values nest.
fn walk<'a>(node: &'a Node, visit: &mut dyn FnMut(&Text<'a>)) {
    match &node.kind {
        NodeKind::String(scalar) => visit(&Text { says: &scalar.text, node, scalar }),
        NodeKind::Sequence(items) => items.iter().for_each(|item| walk(item, visit)),
        NodeKind::Mapping(entries) => entries.iter().for_each(|entry| walk(&entry.value, visit)),
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) => {}
    }
}
