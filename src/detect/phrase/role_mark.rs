//! Marks that begin or end a message in the format of some model.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::span::Span;

/// What each mark has; most of them are whole marks, the others are looked at more closely.
const WORDS: [&str; 14] = [
    "<|",
    "<｜",
    "[INST]",
    "[/INST]",
    "<<SYS>>",
    "<</SYS>>",
    "<start_of_turn>",
    "<end_of_turn>",
    "### Human:",
    "### Assistant:",
    "### User:",
    "### System:",
    "\nHuman:",
    "\nAssistant:",
];

static MARKS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostFirst)
        .build(WORDS)
        .expect("a few constant words")
});

/// The marks of a text, in order: `<|im_start|>`, `[INST]`, `<<SYS>>`, `<start_of_turn>`, `### Assistant:` at the start
/// of a line, `Human:` after a blank line, and their like.
pub fn find(text: &str) -> impl Iterator<Item = Span> + '_ {
    MARKS.find_iter(text).filter_map(move |word| {
        let (start, end) = (word.start(), word.end());
        let starts_line = start == 0 || text.as_bytes()[start - 1] == b'\n';
        match WORDS[word.pattern().as_usize()] {
            "<|" => control_token(&text[end..], "|>").map(|length| Span::new(start, end + length)),
            "<｜" => {
                control_token(&text[end..], "｜>").map(|length| Span::new(start, end + length))
            }
            mark if mark.starts_with('#') => starts_line.then(|| Span::new(start, end)),
            // The word alone begins many lines of dialogues; Anthropic's old format has a blank line before it.
            mark if mark.starts_with('\n') => starts_line.then(|| Span::new(start + 1, end)),
            _ => Some(Span::new(start, end)),
        }
    })
}

/// The length of a name such as `im_start` with the closing mark, as in `<|im_start|>`.
fn control_token(rest: &str, close: &str) -> Option<usize> {
    let name = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '▁')))?;
    let fits = (2..=40).contains(&name) && rest.starts_with(|c: char| c.is_ascii_alphabetic());
    (fits && rest[name..].starts_with(close)).then_some(name + close.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        find(text).map(|span| &text[span.range()]).collect()
    }

    #[test]
    fn marks_of_chat_formats_are_found() {
        assert_eq!(
            found(
                "<|im_start|>system\nBe kind.<|im_end|><|eot_id|> [INST] <<SYS>> x <</SYS>>[/INST]<start_of_turn>"
            ),
            [
                "<|im_start|>",
                "<|im_end|>",
                "<|eot_id|>",
                "[INST]",
                "<<SYS>>",
                "<</SYS>>",
                "[/INST]",
                "<start_of_turn>"
            ]
        );
        assert_eq!(found("### Assistant: hi\n### Human: x"), ["### Assistant:", "### Human:"]);
        assert_eq!(found("a\n\nHuman: hi\n\nAssistant:"), ["Human:", "Assistant:"]);
        assert_eq!(
            found("<｜User｜>a<｜begin▁of▁sentence｜>"),
            ["<｜User｜>", "<｜begin▁of▁sentence｜>"]
        );
    }

    #[test]
    fn ordinary_text_has_none() {
        for text in [
            "a <| b |> c",
            "x <|y",
            "<||>",
            "<|1|>",
            "Human: hi\nAssistant: hello",
            "see ### User: x",
            "[INSTALL]",
            "#### Assistant:",
            "<|a very long thing that is no token|>",
            "fn f() <| g",
            "### Instructions\n",
            "The Human: a study",
        ] {
            assert_eq!(found(text), Vec::<&str>::new(), "{text}");
        }
    }
}
