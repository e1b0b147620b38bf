//! F007

use crate::diagnostic::Diagnostic;
use crate::lint::context::TextContext;
use crate::lint::rule::{Check, rule};
use crate::project::FileKind;
use crate::span::Span;

rule! {
    /// A file has a carriage return that ends no line.
    ///
    /// ## Why is this bad?
    ///
    /// YAML takes it for a line break, git and most editors do not: what looks like one line is two, and the text that the
    /// model gets is not the one that was reviewed.
    ///
    /// ## What it does
    ///
    /// Line ends of Windows, a carriage return and a line feed, are read as line feeds and are left alone.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - role: user
    ///     content: "Say hello.\u{d}      Be brief."
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - role: user
    ///     content: "Say hello. Be brief."
    /// ```
    CARRIAGE_RETURN: "F007" "carriage-return" Warning, Check::text(check)
}

fn check(context: &TextContext<'_>, findings: &mut Vec<Diagnostic>) {
    if *context.kind == FileKind::Dataset {
        return;
    }
    if let Some(at) = context.file.text().find('\r') {
        findings.push(
            CARRIAGE_RETURN
                .at(context.file, Span::new(at, at + 1), "a carriage return that ends no line")
                .help("write a line break"),
        );
    }
}
