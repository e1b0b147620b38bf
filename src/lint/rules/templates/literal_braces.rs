//! T207

use crate::diagnostic::Diagnostic;
use crate::lint::context::{PromptContext, TextContext};
use crate::lint::rule::{Check, rule};

use super::template_syntax::of_partial;

rule! {
    /// Double braces that are meant as text stand where a template reads them.
    ///
    /// ## Why is this bad?
    ///
    /// `{{` begins a tag, so the prompt cannot be rendered at all. Such braces come from JSON examples, from LaTeX, and
    /// from prompts written for Python's `str.format`, where `{{` means one brace.
    ///
    /// ## What it does
    ///
    /// It looks at what stands behind the braces of a tag that does not parse: the key of an object, nothing, three dots,
    /// or a LaTeX command before them. Everything else that does not parse is T201. The fix keeps the text as it stands;
    /// from `str.format` it is better to write single braces, which need nothing around them.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/sort.yaml
    /// variables: {ticket: string}
    /// messages:
    ///   - role: user
    ///     content: |
    ///       Answer with {{"label": "refund"}}.
    ///       {{ ticket }}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/sort.yaml
    /// variables: {ticket: string}
    /// messages:
    ///   - role: user
    ///     content: |
    ///       Answer with {"label": "refund"}.
    ///       {{ ticket }}
    /// ```
    LITERAL_BRACES: "T207" "literal-braces" Error fix Unsafe,
        Check::prompt(check).and_text(check_partial)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    context.report(&LITERAL_BRACES, findings);
}

/// The same for a partial that no prompt may include yet.
fn check_partial(context: &TextContext<'_>, findings: &mut Vec<Diagnostic>) {
    findings.extend(of_partial(context, &LITERAL_BRACES));
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::diagnostics;

    /// The files after the fixes of all findings of the rule.
    fn mended(path: &str, text: &str) -> String {
        let found = diagnostics("T207", &[(path, text)]);
        let mut text = text.to_owned();
        for finding in found.iter().rev() {
            for (span, with) in finding.fix.iter().flat_map(|fix| fix.edits.iter().rev()) {
                text.replace_range(span.range(), with);
            }
        }
        text
    }

    #[test]
    fn the_fix_puts_the_text_between_raw_tags() {
        assert_eq!(mended("prompts/p.md", "a {{'b': 1}} c"), "a {% raw %}{{'b': 1}}{% endraw %} c");
        assert_eq!(
            mended(
                "prompts/p.yaml",
                "messages:\n  - role: user\n    content: |\n      Say\n      {{\n        \"a\": 1\n      }}\n      now\n"
            ),
            "messages:\n  - role: user\n    content: |\n      Say\n      {% raw %}{{\n        \"a\": 1\n      }}{% endraw %}\n      now\n"
        );
    }
}
