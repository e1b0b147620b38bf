//! T206

use crate::diagnostic::{Diagnostic, Fix};
use crate::lint::context::ProseContext;
use crate::lint::rule::{Check, rule};
use crate::lint::tags::{Tag, TagKind, tags};
use crate::span::Span;

rule! {
    /// Tags on lines of their own leave blank lines in what the model reads.
    ///
    /// ## Why is this bad?
    ///
    /// A list that a loop prints is torn into paragraphs, and a branch that is not taken leaves a hole. The template looks
    /// as if it did neither.
    ///
    /// ## What it does
    ///
    /// It looks for lines with nothing but a tag that prints nothing (`if`, `for`, `set`, comments) and has no `-`, and
    /// speaks once for each text. The fix writes `{%-`, which takes away the line break before the tag; where a blank
    /// line stands before the tag it would take that too, so there is no fix for such a line. It is off by default: most
    /// templates are written so, and most models do not mind.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   names: {type: array, items: {type: string}}
    /// messages:
    ///   - role: user
    ///     content: |
    ///       Greet these people:
    ///       {% for name in names %}
    ///       - {{ name }}
    ///       {% endfor %}
    ///       Be brief.
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   names: {type: array, items: {type: string}}
    /// messages:
    ///   - role: user
    ///     content: |
    ///       Greet these people:
    ///       {%- for name in names %}
    ///       - {{ name }}
    ///       {%- endfor %}
    ///       Be brief.
    /// ```
    STRAY_BLANK_LINES: "T206" "stray-blank-lines" Info fix Unsafe off, Check::prose(check)
}

fn check(context: &ProseContext<'_>, findings: &mut Vec<Diagnostic>) {
    let text = context.text;
    if !text.contains('\n') || !(text.contains("{%") || text.contains("{#")) {
        return;
    }
    let mut lines: Vec<Tag<'_>> = Vec::new();
    let mut macros = 0_usize;
    for tag in tags(text) {
        match tag.word() {
            // Blanks in a macro are those of its callers' making.
            "macro" => macros += 1,
            "endmacro" => macros = macros.saturating_sub(1),
            _ => {}
        }
        if macros == 0 && leaves_a_line(text, &tag) {
            lines.push(tag);
        }
    }
    let Some(first) = lines.first() else { return };
    let edits: Vec<(Span, String)> = lines
        .iter()
        .filter(|tag| follows_text(text, tag.span.start))
        .filter_map(|tag| {
            let opening = Span::new(tag.span.start, tag.span.start + 2);
            context.replace(opening, &format!("{}-", &text[opening.range()]))
        })
        .collect();
    let message = match lines.len() {
        1 => "the line of this tag stays as a blank line".to_owned(),
        count => format!("the lines of this tag and {} more stay as blank lines", count - 1),
    };
    let mut finding = STRAY_BLANK_LINES.at(context.file, context.place(first.span), message).help(
        "write `{%-` to take away the line break before the tag, or `-%}` for the one behind it",
    );
    if !edits.is_empty() {
        let message = "take away the line breaks before the tags with `{%-`".to_owned();
        finding = finding.fix(Fix { message, edits, safe: false });
    }
    findings.push(finding);
}

/// Whether a tag prints nothing, stands alone on its line, and nothing beside it takes the line away.
fn leaves_a_line(text: &str, tag: &Tag<'_>) -> bool {
    let silent = match tag.kind {
        TagKind::Comment => true,
        TagKind::Print => false,
        TagKind::Block => !matches!(
            tag.word(),
            "include" | "call" | "block" | "endblock" | "raw" | "endraw" | "extends"
        ),
    };
    if !silent || tag.trims_before || tag.trims_after {
        return false;
    }
    let before = text[..tag.span.start].trim_end_matches([' ', '\t']);
    let after = text[tag.span.end..].trim_start_matches([' ', '\t']);
    let alone = (before.is_empty() || before.ends_with('\n')) && after.starts_with('\n');
    let taken = before.trim_end().ends_with("-%}")
        || before.trim_end().ends_with("-}}")
        || before.trim_end().ends_with("-#}")
        || ["{%-", "{{-", "{#-"].iter().any(|tag| after.trim_start().starts_with(tag));
    // At the end of the text only the last line break is left.
    alone && !taken && !after.trim().is_empty()
}

/// Whether the line before the one of a place has text, or another tag.
fn follows_text(text: &str, at: usize) -> bool {
    let before = text[..at].trim_end_matches([' ', '\t']);
    let Some(before) = before.strip_suffix('\n') else { return false };
    !before.trim_end_matches([' ', '\t']).ends_with('\n') && !before.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    fn found(content: &str) -> Vec<String> {
        findings(
            "T206",
            &[
                ("prompts/a.md", content),
                ("prompts/b.yaml", "messages: [{role: user, content: '{% include \"a.md\" %}'}]\n"),
            ],
        )
    }

    #[test]
    fn lines_that_vanish_or_print_are_left_alone() {
        assert_eq!(
            found("a\n{% if x %}\nb\n{% endif %}\nc\n"),
            ["prompts/a.md:2:1 T206 the lines of this tag and 1 more stay as blank lines"]
        );
        assert_eq!(
            found("a\n  {# note #}\nb\n"),
            ["prompts/a.md:2:3 T206 the line of this tag stays as a blank line"]
        );
        for content in [
            "a\n{%- if x %}\nb\n{%- endif %}\nc\n",
            "a\n{% if x -%}\nb\n{% endif -%}\nc\n",
            "a\n{% if x %}b{% endif %}\nc\n",
            "a\n{{ x }}\nb\n",
            "a\n{% include 'c.md' %}\nb\n",
            "a\n{% set x = 1 %}",
            "{% macro m() %}\nb\n{% endmacro -%}\na\n",
        ] {
            assert_eq!(found(content), [""; 0], "{content}");
        }
    }
}
