//! U457

use std::collections::BTreeMap;

use super::place::{fix, takes_blanks};
use crate::detect::unicode::Oddity;
use crate::diagnostic::Diagnostic;
use crate::lint::context::TextContext;
use crate::lint::rule::{Check, rule};
use crate::project::FileKind;
use crate::span::Span;

rule! {
    /// A text has a space or a line break that is not the usual one.
    ///
    /// ## Why is this bad?
    ///
    /// Spaces that do not break, soft hyphens, line separators and byte order marks come along when text is pasted from
    /// web pages and word processors. They look like what they are not, are other tokens to a model, and break
    /// comparisons and splits of lines.
    ///
    /// ## What it does
    ///
    /// One finding for each such character in a file, at its first place. Spaces that French typography, numbers and units
    /// ask for, wide spaces between Han and kana, and smart quotes and dashes are left alone, and so are datasets.
    ///
    /// ## Example
    ///
    /// The escape stands for the no-break space itself:
    ///
    /// ```text prompts/rules.md
    /// Be\u{a0}polite.
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```text prompts/rules.md
    /// Be polite.
    /// ```
    ODD_SPACE: "U457" "odd-space" Info fix Unsafe, Check::text(check)
}

fn check(context: &TextContext<'_>, findings: &mut Vec<Diagnostic>) {
    if *context.kind == FileKind::Dataset {
        return;
    }
    let mut places: BTreeMap<char, Vec<Span>> = BTreeMap::new();
    for odd in &context.unicode().odd {
        if let Oddity::Space(space) = odd.kind {
            places.entry(space).or_default().push(odd.span);
        }
    }
    for (space, spans) in places {
        let (name, with) = name_and_replacement(space);
        let count = match spans.len() {
            1 => String::new(),
            count => format!(", {count} times in this file"),
        };
        let mut finding = ODD_SPACE
            .at(context.file, spans[0], format!("{name} (U+{:04X}){count}", u32::from(space)))
            .help(match with {
                "" => "delete it",
                "\n" => "use a line feed",
                _ => "use a plain space",
            });
        let deletes = with.is_empty();
        // In YAML a line feed needs the indentation of its text.
        let possible = with != "\n" || *context.kind == FileKind::Partial;
        if possible && (deletes || spans.iter().all(|span| takes_blanks(context, *span))) {
            let edits = spans.iter().map(|span| (*span, with.to_owned())).collect();
            let message = if deletes { "delete them" } else { "write the usual character" };
            finding = finding.fix(fix(context, message, edits));
        }
        findings.push(finding);
    }
}

/// What a character is called, and what stands in its place.
fn name_and_replacement(space: char) -> (&'static str, &'static str) {
    match space {
        '\r' => ("carriage return without a line feed", "\n"),
        '\u{85}' => ("next line", "\n"),
        '\u{2028}' => ("line separator", "\n"),
        '\u{2029}' => ("paragraph separator", "\n"),
        '\u{ad}' => ("soft hyphen", ""),
        '\u{feff}' => ("byte order mark inside the text", ""),
        '\u{a0}' => ("no-break space", " "),
        '\u{202f}' => ("narrow no-break space", " "),
        '\u{3000}' => ("ideographic space", " "),
        _ => ("unusual space", " "),
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{diagnostics, findings};

    #[test]
    fn each_character_has_one_finding_with_its_count() {
        assert_eq!(
            findings("U457", &[("prompts/p.md", "a\u{a0}b\u{a0}c\u{2028}d")]),
            [
                "prompts/p.md:1:2 U457 no-break space (U+00A0), 2 times in this file",
                "prompts/p.md:1:6 U457 line separator (U+2028)"
            ]
        );
    }

    #[test]
    fn blanks_are_not_put_where_yaml_would_read_them() {
        let fixable = |content: &str| {
            let text = format!("messages:\n  - role: user\n    content: {content}\n");
            let found = diagnostics("U457", &[("prompts/a.yaml", &text)]);
            found.iter().filter(|d| d.code.0 == "U457").map(|d| d.fix.is_some()).collect::<Vec<_>>()
        };
        assert_eq!(fixable("\"a:\u{a0}b\""), [true]);
        assert_eq!(fixable("a:\u{a0}b"), [false]);
        assert_eq!(fixable("\"a\u{2028}b\""), [false]);
        assert_eq!(fixable("a\u{ad}b"), [true]);
    }
}
