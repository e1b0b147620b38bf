//! C152

use super::markdown::Fences;
use crate::diagnostic::{Diagnostic, Fix};
use crate::lint::context::ProseContext;
use crate::lint::rule::{Check, rule};
use crate::span::Span;

rule! {
    /// A message has several blank lines in a row.
    ///
    /// ## Why is this bad?
    ///
    /// They say no more than one, cost tokens, and mostly remain where something was cut out.
    ///
    /// ## What it does
    ///
    /// Blocks of code are left alone. The fix leaves one blank line; it is unsafe because the model sees another text.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - role: user
    ///     content: |
    ///       Say hello.
    ///
    ///
    ///       Be brief.
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - role: user
    ///     content: |
    ///       Say hello.
    ///
    ///       Be brief.
    /// ```
    BLANK_LINES: "C152" "blank-lines" Info fix Unsafe, Check::prose(check)
}

fn check(context: &ProseContext<'_>, findings: &mut Vec<Diagnostic>) {
    let mut fences: Option<Fences> = None;
    for (literal, piece) in context.literals() {
        let mut from = 0;
        while let Some(at) = piece[from..].find("\n\n\n") {
            let start = from + at;
            let lines = piece[start..].len() - piece[start..].trim_start_matches('\n').len();
            from = start + lines;
            // One blank line is what two line breaks make.
            let extra = Span::new(literal.span.start + start + 2, literal.span.start + from);
            let fences = fences.get_or_insert_with(|| Fences::of(context.text));
            if fences.contain(extra.start) {
                continue;
            }
            let message = format!("{} blank lines in a row", lines - 1);
            let mut finding = BLANK_LINES.at(context.file, context.place(extra), message);
            finding.fix = context.replace(extra, "").map(|edit| Fix {
                message: "leave one of them".to_owned(),
                edits: vec![edit],
                safe: false,
            });
            findings.push(finding);
        }
    }
}
