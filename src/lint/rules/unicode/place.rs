//! What the rules of this family share: where in its file an odd character stands, and so what a change of it may break.

use crate::detect::unicode::{Odd, Oddity};
use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::document::Style;
use crate::lint::context::TextContext;
use crate::lint::rule::Rule;
use crate::project::FileKind;
use crate::span::Span;

/// Whether a blank or a line break may be put at a place: between the marks of YAML it could begin something else.
pub(super) fn takes_blanks(context: &TextContext<'_>, span: Span) -> bool {
    let Some(document) = context.document() else {
        return matches!(context.kind, FileKind::Partial | FileKind::Dataset);
    };
    let mut takes = context.in_comment(span);
    if !takes {
        document.root.for_each_scalar(&mut |_, node, scalar| {
            let inside = node.span.start < span.start && span.end < node.span.end;
            takes |= inside && scalar.style != Style::Plain;
        });
    }
    takes
}

/// A change of the text behind a finding: safe in comments alone.
pub(super) fn fix(context: &TextContext<'_>, message: &str, edits: Vec<(Span, String)>) -> Fix {
    let safe = edits.iter().all(|(span, _)| context.in_comment(*span));
    Fix { message: message.to_owned(), edits, safe }
}

/// How a rule speaks of the odd characters that are its own.
pub(super) struct Speech<'a> {
    /// The message about one finding; `None` where it is no concern of the rule.
    pub(super) one: fn(&Oddity) -> Option<String>,
    /// What all of them are, for files of data.
    pub(super) many: &'a str,
    /// What to do.
    pub(super) help: &'a str,
    /// How bad it is in a file of data, whose rows are what people sent.
    pub(super) in_data: Severity,
}

/// Reports what the rule speaks of, to be deleted: one by one, but once for a file of data, which is as it came.
pub(super) fn report(
    rule: &Rule,
    speech: &Speech<'_>,
    context: &TextContext<'_>,
    findings: &mut Vec<Diagnostic>,
) {
    let own = || {
        let odd = context.unicode().odd.iter();
        odd.filter_map(|odd| Some((odd, (speech.one)(&odd.kind)?)))
    };
    if *context.kind == FileKind::Dataset {
        let count = own().count();
        let Some((first, message)) = own().next() else { return };
        let message = match count {
            1 => message,
            count => format!("{message}, and {} more {}", count - 1, speech.many),
        };
        findings.push(rule.at(context.file, first.span, message).severity(speech.in_data).help(
            "rows are sent as they are; if it is meant, ignore this rule for the file in pf.yaml",
        ));
        return;
    }
    for (Odd { span, .. }, message) in own() {
        findings.push(rule.at(context.file, *span, message).help(speech.help).fix(fix(
            context,
            "delete the hidden characters",
            vec![(*span, String::new())],
        )));
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::diagnostics;

    #[test]
    fn only_changes_of_comments_are_safe() {
        let text = "# a\u{200b}b\nmessages:\n  - {role: user, content: \"c\u{200b}d\"}\n";
        let safe: Vec<bool> = diagnostics("U", &[("prompts/a.yaml", text)])
            .into_iter()
            .filter_map(|finding| Some(finding.fix?.safe))
            .collect();
        assert_eq!(safe, [true, false]);
    }
}
