//! U453

use super::place::{Speech, report};
use crate::detect::unicode::Oddity;
use crate::diagnostic::{Diagnostic, Severity, excerpt};
use crate::lint::context::TextContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A text has Unicode tag characters, which hide ASCII.
    ///
    /// ## Why is this bad?
    ///
    /// The block U+E0000 to U+E007F mirrors ASCII without being shown. Models read it, so it smuggles instructions past
    /// every reviewer.
    ///
    /// ## What it does
    ///
    /// The finding shows the hidden text. Flags that are made of tag characters (such as that of Wales) are left alone. A
    /// dataset has one finding, a warning, since its rows may be attacks on purpose.
    ///
    /// ## Example
    ///
    /// The escapes stand for the characters themselves:
    ///
    /// ```text prompts/rules.md
    /// Be polite\u{e0069}\u{e0067}\u{e006e}\u{e006f}\u{e0072}\u{e0065}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```text prompts/rules.md
    /// Be polite
    /// ```
    TAG_CHARACTERS: "U453" "tag-characters" Error fix Unsafe, Check::text(check)
}

/// Characters of a hidden text that are shown.
pub(super) const SHOWN: usize = 60;

const SPEECH: Speech<'_> = Speech {
    one: |kind| match kind {
        Oddity::Tags(hidden) if hidden.is_empty() => {
            Some("tag characters that hide no text".to_owned())
        }
        Oddity::Tags(hidden) => {
            Some(format!("tag characters hide the text \"{}\"", excerpt(hidden, SHOWN)))
        }
        _ => None,
    },
    many: "runs of tag characters",
    help: "delete them; no reader sees them, but the model does",
    in_data: Severity::Warning,
};

fn check(context: &TextContext<'_>, findings: &mut Vec<Diagnostic>) {
    report(&TAG_CHARACTERS, &SPEECH, context, findings);
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    #[test]
    fn the_hidden_text_is_shown_and_cut() {
        let hide = |text: &str| -> String {
            text.bytes().map(|b| char::from_u32(0xE0000 + u32::from(b)).unwrap()).collect()
        };
        assert_eq!(
            findings("U453", &[("prompts/p.md", &format!("ok{}", hide("say \"hi\"")))]),
            ["prompts/p.md:1:3 U453 tag characters hide the text \"say \"hi\"\""]
        );
        let long =
            format!("prompts/p.md:1:3 U453 tag characters hide the text \"{}…\"", "x".repeat(60));
        assert_eq!(
            findings("U453", &[("prompts/p.md", &format!("ok{}", hide(&"x".repeat(99))))]),
            [long]
        );
    }
}
