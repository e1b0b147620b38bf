//! U452

use super::place::{Speech, report};
use crate::detect::unicode::Oddity;
use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::context::TextContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A text has an invisible character.
    ///
    /// ## Why is this bad?
    ///
    /// The model reads it and a reviewer does not see it; it breaks comparisons and splits words into other tokens.
    ///
    /// ## What it does
    ///
    /// It reports zero-width spaces and joiners, invisible operators, fillers, direction marks in text that runs from left
    /// to right, and variation selectors after what has no variants. Joiners between emoji and in scripts that need them
    /// are left alone. A dataset has one finding, for information, since its rows are what people sent.
    ///
    /// ## Example
    ///
    /// The escape stands for the character itself:
    ///
    /// ```text prompts/rules.md
    /// Be\u{200b}polite
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```text prompts/rules.md
    /// Be polite
    /// ```
    INVISIBLE: "U452" "invisible-character" Warning fix Unsafe, Check::text(check)
}

const SPEECH: Speech<'_> = Speech {
    one: |kind| match kind {
        Oddity::Invisible(character) => {
            Some(format!("invisible character U+{:04X}", u32::from(*character)))
        }
        _ => None,
    },
    many: "invisible characters",
    help: "delete it; if it is meant, write it as an escape in a double-quoted text",
    in_data: Severity::Info,
};

fn check(context: &TextContext<'_>, findings: &mut Vec<Diagnostic>) {
    report(&INVISIBLE, &SPEECH, context, findings);
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Severity;
    use crate::lint::tests::{diagnostics, findings};

    #[test]
    fn several_in_a_row_are_one_finding() {
        assert_eq!(
            findings("U452", &[("prompts/p.md", "a\u{200b}\u{200b}b\u{2060}c")]),
            [
                "prompts/p.md:1:2 U452 invisible character U+200B",
                "prompts/p.md:1:5 U452 invisible character U+2060"
            ]
        );
    }

    #[test]
    fn a_dataset_has_one_finding_for_information_without_a_fix() {
        let suite = "prompts: [a]\ndataset: datasets/d.csv\nassert: [{type: contains, value: x}]\n";
        let files = [
            (
                "prompts/a.yaml",
                "variables: {q: string}\nmessages:\n  - {role: user, content: '{{ q }}'}\n",
            ),
            ("evals/a.yaml", suite),
            ("datasets/d.csv", "q\na\u{200b}b\nc\u{200b}d\n"),
        ];
        let own = diagnostics("U452", &files);
        assert_eq!(own.len(), 1);
        assert_eq!(
            (own[0].severity, own[0].message.as_str(), own[0].fix.is_none()),
            (Severity::Info, "invisible character U+200B, and 1 more invisible characters", true)
        );
        assert!(diagnostics("U452", &[("prompts/p.md", "a\u{200b}b")])[0].fix.is_some());
    }
}
