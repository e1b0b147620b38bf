//! C153

use super::markdown::Fences;
use crate::diagnostic::Diagnostic;
use crate::lint::context::ProseContext;
use crate::lint::rule::{Check, rule};
use crate::span::Span;

rule! {
    /// A message indents some lines by tabs and others by blanks.
    ///
    /// ## Why is this bad?
    ///
    /// How far a tab reaches depends on who shows it, so nobody knows which items belong below which: neither the
    /// reviewer nor the model.
    ///
    /// ## What it does
    ///
    /// Blocks of code are left alone, and so are messages that use tabs throughout.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - role: user
    ///     content: "Rules:\n  - be brief\n\t- be kind"
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - role: user
    ///     content: "Rules:\n  - be brief\n  - be kind"
    /// ```
    MIXED_INDENTATION: "C153" "mixed-indentation" Info, Check::prose(check)
}

fn check(context: &ProseContext<'_>, findings: &mut Vec<Diagnostic>) {
    let text = context.text;
    if !text.contains('\t') {
        return;
    }
    let fences = Fences::of(text);
    let mut blanks = false;
    let mut tabs: Option<Span> = None;
    for (literal, piece) in context.literals() {
        let start = literal.span.start;
        // What follows a tag does not start a line.
        let first = (start == 0).then_some(0);
        for at in first.into_iter().chain(piece.match_indices('\n').map(|(at, _)| at + 1)) {
            let line = &piece[at..];
            let words = line.trim_start_matches([' ', '\t']);
            let indent = &line[..line.len() - words.len()];
            if words.is_empty() || words.starts_with('\n') || fences.contain(start + at) {
                continue;
            }
            blanks |= indent.contains(' ');
            if tabs.is_none() && indent.contains('\t') {
                tabs = Some(Span::new(start + at, start + at + indent.len()));
            }
        }
    }
    if let (true, Some(tabs)) = (blanks, tabs) {
        findings.push(
            MIXED_INDENTATION
                .at(
                    context.file,
                    context.place(tabs),
                    "a line indented by a tab in a text that indents by blanks",
                )
                .help("use blanks"),
        );
    }
}
