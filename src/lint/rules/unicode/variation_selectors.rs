//! U454

use super::place::{Speech, report};
use super::tag_characters::SHOWN;
use crate::detect::unicode::Oddity;
use crate::diagnostic::{Diagnostic, Severity, excerpt};
use crate::lint::context::TextContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A text has variation selectors in a row, which hide bytes.
    ///
    /// ## Why is this bad?
    ///
    /// There are 256 variation selectors, one for each byte, and none of them is shown. A run of them after any character
    /// carries a hidden text past every reviewer; models can be told to read it.
    ///
    /// ## What it does
    ///
    /// The finding shows the bytes as text. One selector after an emoji, a symbol or a Han character is left alone. A
    /// dataset has one finding, a warning, since its rows may be attacks on purpose.
    ///
    /// ## Example
    ///
    /// The escapes stand for the characters themselves:
    ///
    /// ```text prompts/rules.md
    /// Be polite 😊\u{e0158}\u{e0159}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```text prompts/rules.md
    /// Be polite 😊
    /// ```
    VARIATION_SELECTORS: "U454" "variation-selectors" Error fix Unsafe, Check::text(check)
}

const SPEECH: Speech<'_> = Speech {
    one: |kind| match kind {
        Oddity::Selectors(bytes) => Some(format!(
            "variation selectors hide {} bytes: \"{}\"",
            bytes.len(),
            excerpt(&String::from_utf8_lossy(bytes), SHOWN)
        )),
        _ => None,
    },
    many: "runs of variation selectors",
    help: "delete them; no reader sees them, but the model does",
    in_data: Severity::Warning,
};

fn check(context: &TextContext<'_>, findings: &mut Vec<Diagnostic>) {
    report(&VARIATION_SELECTORS, &SPEECH, context, findings);
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    #[test]
    fn the_hidden_bytes_are_shown_as_text_and_emoji_are_left_alone() {
        assert_eq!(
            findings("U454", &[("prompts/p.md", "a ❤\u{fe0f} b\u{e0158}\u{e0159}\u{fe0a} c")]),
            ["prompts/p.md:1:7 U454 variation selectors hide 3 bytes: \"hi\\n\""]
        );
    }
}
