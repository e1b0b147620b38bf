//! C151

use crate::diagnostic::{Diagnostic, Fix};
use crate::lint::context::ProseContext;
use crate::lint::rule::{Check, rule};
use crate::span::Span;

rule! {
    /// A line of a message ends in white space.
    ///
    /// ## Why is this bad?
    ///
    /// Nobody sees it in a review, and yet it goes to the model: it changes the tokens, and with them the answer and the
    /// key of the provider's cache. A blank at the very end of a message often makes answers worse, because the next
    /// word would have brought its own.
    ///
    /// ## What it does
    ///
    /// Two blanks at the end of a line with another one below it are a line break in Markdown and are left alone. The
    /// fix takes the white space away; it is unsafe because the model sees another text.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: "Say hello. "}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: "Say hello."}
    /// ```
    TRAILING_WHITE_SPACE: "C151" "trailing-white-space" Info fix Unsafe, Check::prose(check)
}

fn check(context: &ProseContext<'_>, findings: &mut Vec<Diagnostic>) {
    let mut found = Vec::new();
    for (literal, piece) in context.literals() {
        let start = literal.span.start;
        let ends = piece.match_indices('\n').map(|(at, _)| at);
        let last = (literal.span.end == context.text.len()).then_some(piece.len());
        for end in ends.chain(last) {
            let line = piece[..end].trim_end_matches([' ', '\t']);
            if line.len() < end && !breaks_the_line(line, &piece[line.len()..]) {
                found.push(Span::new(start + line.len(), start + end));
            }
        }
    }
    let Some(first) = found.first() else { return };
    let message = match found.len() {
        1 => "white space at the end of a line".to_owned(),
        many => format!("white space at the end of {many} lines; this is the first"),
    };
    let edits: Vec<_> = found.iter().filter_map(|span| context.replace(*span, "")).collect();
    let mut finding = TRAILING_WHITE_SPACE.at(context.file, context.place(*first), message);
    if !edits.is_empty() {
        finding.fix = Some(Fix { message: "take it away".to_owned(), edits, safe: false });
    }
    findings.push(finding);
}

/// Whether the white space between a line and what follows is a line break of Markdown.
fn breaks_the_line(line: &str, rest: &str) -> bool {
    let words = !line.is_empty() && !line.ends_with('\n');
    let below = rest.strip_prefix("  \n");
    words && below.is_some_and(|below| !below.trim_start_matches([' ', '\t']).starts_with('\n'))
}
