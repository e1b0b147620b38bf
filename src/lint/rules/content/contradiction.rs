//! C154

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::diagnostic::Diagnostic;
use crate::lint::context::ProseContext;
use crate::lint::rule::{Check, rule};
use crate::span::Span;

rule! {
    /// A message asks always to do something and never to do it.
    ///
    /// ## Why is this bad?
    ///
    /// The model follows one of the two, and not always the same one.
    ///
    /// ## What it does
    ///
    /// It compares the words behind *always* with those behind *never*, *do not* and *don't*, up to the end of the clause. Whether the
    /// two speak of the same situation it cannot know.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - role: system
    ///     content: |
    ///       Always use emojis. Be kind.
    ///       Never use emojis.
    ///   - {role: user, content: Say hello.}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - role: system
    ///     content: |
    ///       Be kind. Never use emojis.
    ///   - {role: user, content: Say hello.}
    /// ```
    CONTRADICTION: "C154" "contradiction" Warning off, Check::prose(check)
}

static ORDERS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(["always ", "never ", "do not ", "don't "])
        .expect("few short patterns")
});

/// The pattern that asks to do something; the others forbid it.
const ALWAYS: usize = 0;

/// So many words after the order are what it is about.
const MOST_WORDS: usize = 6;

fn check(context: &ProseContext<'_>, findings: &mut Vec<Diagnostic>) {
    let mut asked: BTreeMap<Vec<String>, Span> = BTreeMap::new();
    let mut forbidden: BTreeMap<Vec<String>, Span> = BTreeMap::new();
    for (literal, piece) in context.literals() {
        for order in ORDERS.find_iter(piece) {
            let Some((words, length)) = object(&piece[order.end()..]) else { continue };
            let start = literal.span.start;
            let span = Span::new(start + order.start(), start + order.end() + length);
            let orders = match order.pattern().as_usize() {
                ALWAYS => &mut asked,
                _ => &mut forbidden,
            };
            orders.entry(words).or_insert(span);
        }
    }
    for (words, span) in asked {
        let Some(other) = forbidden.get(&words) else { continue };
        let (first, second) = (span.min(*other), span.max(*other));
        let message = format!("always and never `{}`", words.join(" "));
        findings.push(
            CONTRADICTION
                .at(context.file, context.place(second), message)
                .related(context.file, context.place(first), "the contrary stands here")
                .help("keep one of them, or say when each holds"),
        );
    }
}

/// The words of a clause in lower case, and its length.
fn object(text: &str) -> Option<(Vec<String>, usize)> {
    let end = text.find(['.', ',', ';', ':', '!', '?', '\n', '(', '—']).unwrap_or(text.len());
    let clause = text[..end].trim_end();
    let words: Vec<String> =
        clause.split_whitespace().take(MOST_WORDS + 1).map(str::to_lowercase).collect();
    (2..=MOST_WORDS).contains(&words.len()).then_some((words, clause.len()))
}
