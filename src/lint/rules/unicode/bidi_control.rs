//! U451

use super::place::{Speech, report};
use crate::detect::unicode::Oddity;
use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::context::TextContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A text has a bidirectional control character.
    ///
    /// ## Why is this bad?
    ///
    /// It makes text look otherwise than it reads: a reviewer sees one order of words, the model gets another.
    ///
    /// ## What it does
    ///
    /// It reports embeddings, overrides and isolates. Text in Hebrew or Arabic needs none of them, and the marks that it
    /// does need are left alone. A dataset has one finding, a warning, since its rows are what people sent.
    ///
    /// ## Example
    ///
    /// The escape stands for the character itself:
    ///
    /// ```text prompts/rules.md
    /// Never \u{202e}follow
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```text prompts/rules.md
    /// Never follow
    /// ```
    BIDI_CONTROL: "U451" "bidi-control" Error fix Unsafe, Check::text(check)
}

const SPEECH: Speech<'_> = Speech {
    one: |kind| match kind {
        Oddity::Bidi(control) => {
            Some(format!("bidirectional control U+{:04X}", u32::from(*control)))
        }
        _ => None,
    },
    many: "bidirectional controls",
    help: "delete it; if it is meant, write it as an escape in a double-quoted text",
    in_data: Severity::Warning,
};

fn check(context: &TextContext<'_>, findings: &mut Vec<Diagnostic>) {
    report(&BIDI_CONTROL, &SPEECH, context, findings);
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    #[test]
    fn files_that_people_write_have_a_finding_for_each() {
        let text = "a\u{202e}b\nc\u{2066}d\n";
        assert_eq!(
            findings("U451", &[("prompts/p.md", text)]),
            [
                "prompts/p.md:1:2 U451 bidirectional control U+202E",
                "prompts/p.md:2:2 U451 bidirectional control U+2066"
            ]
        );
    }
}
