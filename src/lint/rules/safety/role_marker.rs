//! S406

use std::sync::Arc;

use super::texts;
use crate::detect::phrase::role_mark;
use crate::diagnostic::Diagnostic;
use crate::lint::context::{PromptContext, ProseContext};
use crate::lint::rule::{Check, rule};
use crate::span::{SourceFile, Span};

rule! {
    /// A text has the mark by which some model tells messages apart.
    ///
    /// ## Why is this bad?
    ///
    /// `<|im_start|>`, `[INST]` or `<start_of_turn>` end a message and begin another one where a provider does not
    /// escape them, and read as odd characters where it does. A prompt that was written for one model's raw format does
    /// harm with another, and a text that was pasted from a transcript speaks with a voice that it should not have.
    /// Messages have roles in `messages`, and examples stand in `examples`.
    ///
    /// ## What it does
    ///
    /// It looks at messages, partials and few-shot examples, outside of tags. `Human:` and `Assistant:` count only at the
    /// start of a line after a blank line, the old format of Anthropic. Datasets are left alone.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - role: user
    ///     content: |
    ///       <|im_start|>system
    ///       Be kind.
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: system, content: Be kind.}
    /// ```
    ROLE_MARKER: "S406" "role-marker-in-text" Warning, Check::prose(in_prose).and_prompt(in_examples)
}

fn in_prose(context: &ProseContext<'_>, findings: &mut Vec<Diagnostic>) {
    let text = context.text;
    for mark in role_mark::find(text) {
        let outside = context.literals().any(|(literal, _)| literal.span.contains(mark.start));
        if outside {
            findings.push(found(context.file, context.place(mark), &text[mark.range()]));
        }
    }
}

fn in_examples(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    texts::of_examples(context, true, &mut |text| {
        for mark in role_mark::find(text.says) {
            let place = text.place(context, mark);
            findings.push(found(&context.prompt.document.file, place, &text.says[mark.range()]));
        }
    });
}

fn found(file: &Arc<SourceFile>, span: Span, mark: &str) -> Diagnostic {
    ROLE_MARKER
        .at(file, span, format!("`{mark}` marks the border of a message in some model's own format"))
        .help("give each message an entry of its own in `messages`, with its role; examples stand in `examples`")
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    #[test]
    fn marks_are_found_in_messages_partials_and_examples_but_not_in_tags() {
        assert_eq!(
            findings(
                "S406",
                &[
                    (
                        "prompts/a.yaml",
                        "messages:\n  - examples: {}\n  - {role: user, content: 'x [INST] {# [INST] #}{% include \"p.md\" %}'}\nexamples:\n  - {variables: {}, output: 'ok<|im_end|>'}\n"
                    ),
                    ("prompts/p.md", "one\n\nHuman: hi\n"),
                ]
            ),
            [
                "prompts/a.yaml:3:30 S406 `[INST]` marks the border of a message in some model's own format",
                "prompts/a.yaml:5:32 S406 `<|im_end|>` marks the border of a message in some model's own format",
                "prompts/p.md:3:1 S406 `Human:` marks the border of a message in some model's own format",
            ]
        );
    }
}
