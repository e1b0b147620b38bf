//! U455

use crate::detect::unicode::Oddity;
use crate::diagnostic::Diagnostic;
use crate::lint::context::TextContext;
use crate::lint::rule::{Check, rule};
use crate::project::FileKind;

rule! {
    /// A word mixes letters of several scripts that look alike.
    ///
    /// ## Why is this bad?
    ///
    /// A Cyrillic `а` looks like a Latin one and is another character: the word is split into other tokens, a search does
    /// not find it, and a check for a forbidden word passes.
    ///
    /// ## What it does
    ///
    /// It looks at words that mix Latin with Cyrillic, Greek or Armenian letters, when all of the one kind look like
    /// letters of the other (UTS #39). Words in one script, formulas such as Δt and endings of foreign names in Russian are
    /// left alone, and so are datasets.
    ///
    /// ## Example
    ///
    /// The escape stands for the Cyrillic letter itself:
    ///
    /// ```text prompts/rules.md
    /// Never ask for a p\u{430}ssword.
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```text prompts/rules.md
    /// Never ask for a password.
    /// ```
    MIXED_SCRIPT: "U455" "mixed-script-word" Warning, Check::text(check)
}

fn check(context: &TextContext<'_>, findings: &mut Vec<Diagnostic>) {
    if *context.kind == FileKind::Dataset {
        return;
    }
    for odd in &context.unicode().odd {
        let Oddity::MixedScript(reads) = &odd.kind else { continue };
        let word = context.file.slice(odd.span);
        let strange = word.chars().zip(reads.chars()).find(|(is, seems)| is != seems);
        let Some((is, seems)) = strange else { continue };
        findings.push(
            MIXED_SCRIPT
                .at(
                    context.file,
                    odd.span,
                    format!("`{word}` mixes scripts: it reads as `{reads}`"),
                )
                .label(format!("U+{:04X} looks like `{seems}`", u32::from(is)))
                .help("write the word in the letters of one script"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    #[test]
    fn the_word_is_named_with_what_it_seems_to_be() {
        assert_eq!(
            findings("U455", &[("prompts/p.md", "Привет, pаypal и API")]),
            ["prompts/p.md:1:9 U455 `pаypal` mixes scripts: it reads as `paypal`"]
        );
    }
}
