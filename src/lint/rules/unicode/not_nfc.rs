//! U456

use super::place::fix;
use crate::detect::unicode;
use crate::diagnostic::Diagnostic;
use crate::lint::context::TextContext;
use crate::lint::rule::{Check, rule};
use crate::project::FileKind;

rule! {
    /// A text is not in Normalization Form C.
    ///
    /// ## Why is this bad?
    ///
    /// `é` can be one character or an `e` with a combining accent. They look the same and are other tokens to a model, so
    /// texts that look equal are not, and an assertion that compares them fails. Some systems and editors write the longer
    /// form unasked.
    ///
    /// ## What it does
    ///
    /// One finding for a file, at the first such word. Datasets are left alone: rows are what people sent.
    ///
    /// ## Example
    ///
    /// The escape stands for the combining accent itself:
    ///
    /// ```text prompts/rules.md
    /// Meet at the cafe\u{301}.
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```text prompts/rules.md
    /// Meet at the caf\u{e9}.
    /// ```
    NOT_NFC: "U456" "not-nfc" Info fix Unsafe, Check::text(check)
}

fn check(context: &TextContext<'_>, findings: &mut Vec<Diagnostic>) {
    if *context.kind == FileKind::Dataset || !context.unicode().may_be_decomposed {
        return;
    }
    let edits: Vec<_> = unicode::not_nfc(context.file.text()).collect();
    let Some((first, _)) = edits.first().cloned() else { return };
    let message = match edits.len() {
        1 => "this word is not in Normalization Form C".to_owned(),
        count => {
            format!("this word and {} more are not in Normalization Form C", count - 1)
        }
    };
    findings.push(
        NOT_NFC
            .at(context.file, first, message)
            .help("write each letter with its accent as one character")
            .fix(fix(context, "compose the letters and their accents", edits)),
    );
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::diagnostics;

    #[test]
    fn one_finding_mends_the_whole_file() {
        let found = diagnostics("U456", &[("prompts/p.md", "cafe\u{301} ok\nnai\u{308}ve\n")]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].message, "this word and 1 more are not in Normalization Form C");
        let edits = &found[0].fix.as_ref().unwrap().edits;
        let composed: Vec<&str> = edits.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(composed, ["café", "naïve"]);
    }
}
