//! C155

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::markdown::{Fences, line_around, without_marker};
use crate::diagnostic::{Diagnostic, excerpt};
use crate::lint::context::ProseContext;
use crate::lint::rule::{Check, rule};
use crate::message::Role;
use crate::span::Span;

rule! {
    /// A message has a gap that nobody filled.
    ///
    /// ## Why is this bad?
    ///
    /// The model reads `[your company]` as it stands: it makes something up, or repeats the gap in its answer.
    ///
    /// ## What it does
    ///
    /// It looks for `TODO:`, `FIXME:`, `TBD` and `XXX:` where a line starts, the filler text lorem ipsum, and words in brackets that
    /// speak to the author: `[your name]`, `[insert the address here]`, `<your company>`. Where the line, or the message,
    /// speaks about placeholders, templates or formats they belong to the answer and are left alone, as is what stands in
    /// quotes, in code, on a line of its own, or in a message of the assistant.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: system, content: "You answer the customers of [your company] in a friendly tone."}
    ///   - {role: user, content: Say hello.}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {company: string}
    /// messages:
    ///   - {role: system, content: "You answer the customers of {{ company }} in a friendly tone."}
    ///   - {role: user, content: Say hello.}
    /// ```
    PLACEHOLDER: "C155" "placeholder" Warning, Check::prose(check)
}

/// How placeholders begin. The first four must be in capitals.
static BEGINNINGS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build([
            "todo",
            "fixme",
            "tbd",
            "xxx",
            "lorem ipsum dolor",
            "[your ",
            "<your ",
            "[insert ",
            "<insert ",
            "[add your ",
            "[enter your ",
            "[fill in",
            "<fill in",
        ])
        .expect("few short patterns")
});

const MARKS: usize = 4;
const FILLER: usize = 4;

/// A placeholder is no longer than this many bytes.
const LONGEST: usize = 80;

/// Words of a line that speaks about placeholders instead of having one.
const ABOUT: [&str; 20] = [
    "avoid",
    "bracket",
    "brackets",
    "don't",
    "e",
    "example",
    "examples",
    "format",
    "formatted",
    "instead",
    "leave",
    "like",
    "mark",
    "never",
    "not",
    "placeholder",
    "placeholders",
    "replace",
    "such",
    "template",
];

/// Words before a placeholder that belongs to the answer.
const BEFORE: [&str; 7] = ["add", "include", "insert", "put", "say", "use", "write"];

/// Bytes of the longest line that is read: longer ones are data, and each find looks at its whole line.
const LONGEST_LINE: usize = 8192;

fn check(context: &ProseContext<'_>, findings: &mut Vec<Diagnostic>) {
    let mut fences: Option<Fences> = None;
    let text = context.text;
    let mut line = Span::at(0);
    for (literal, piece) in context.literals() {
        for found in BEGINNINGS.find_iter(piece) {
            let at = literal.span.start + found.start();
            if at >= line.end {
                line = line_around(text, at);
            }
            if line.end - line.start > LONGEST_LINE {
                continue;
            }
            let place = match found.pattern().as_usize() {
                pattern if pattern < MARKS => mark(&text[line.range()], at - line.start),
                pattern => {
                    let own = &text[line.range()];
                    gap(context, own, at - line.start, pattern == FILLER)
                }
            };
            let Some(length) = place else { continue };
            let fences = fences.get_or_insert_with(|| Fences::of(text));
            if fences.contain(at) {
                continue;
            }
            let span = Span::new(at, at + length);
            let words = excerpt(&text[span.range()], 60);
            findings.push(
                PLACEHOLDER
                    .at(
                        context.file,
                        context.place(span),
                        format!("`{words}` is a gap that nobody filled"),
                    )
                    .help("write what belongs there, or make it a variable"),
            );
        }
    }
}

/// The length of a mark such as `TODO:` that starts a line.
fn mark(line: &str, at: usize) -> Option<usize> {
    let before =
        without_marker(&line[..at]).trim_start_matches(['/', '#', '*', '<', '!', '-', ' ']);
    let rest = &line[at..];
    let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
    let word = &rest[..end];
    if !before.is_empty() || !["TODO", "FIXME", "TBD", "XXX"].contains(&word) {
        return None;
    }
    let after = rest[end..].trim_end();
    let alone = after.is_empty() && word == "TBD";
    let said = after.strip_prefix(':').map(str::trim_start).or_else(|| after.strip_prefix('('));
    // What follows a heading of the answer's form is a form as well.
    let words = said.is_some_and(|said| said.starts_with(|c: char| c.is_alphabetic()));
    (alone || words).then_some(end)
}

/// The length of a gap in a sentence.
fn gap(context: &ProseContext<'_>, line: &str, at: usize, filler: bool) -> Option<usize> {
    let (before, rest) = line.split_at(at);
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|c: char| !c.is_alphabetic() && c != '\'');
        words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
    };
    let about = words(line).iter().any(|word| ABOUT.contains(&word.as_str()))
        || words(before).last().is_some_and(|word| BEFORE.contains(&word.as_str()));
    if context.role == Some(Role::Assistant)
        || before.ends_with(['"', '\'', '`', '“', '‘', '«', '(', ':'])
        || before.trim_end().ends_with(':')
        || before.matches('`').count() % 2 == 1
    {
        return None;
    }
    if filler {
        return (!about).then_some("lorem ipsum".len());
    }
    let close = if rest.starts_with('[') { ']' } else { '>' };
    let end = rest.find(close).filter(|end| *end < LONGEST)? + 1;
    let inside = &rest[1..end - 1];
    let lower = inside.to_lowercase();
    if lower.starts_with("insert") && !lower.contains(" your ") && !lower.ends_with(" here") {
        return None;
    }
    let after = &rest[end..];
    let sentence = format!("{before}{after}").split_whitespace().count() >= 3;
    let link = after.starts_with(['(', '[', '"', '`']) || inside.contains(['[', '<', '{', '=']);
    let whole = context.text.to_lowercase();
    let spoken_of = ["placeholder", "bracket", "template"].iter().any(|word| whole.contains(word));
    (sentence && !link && !about && !spoken_of).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_start_lines_and_are_followed_by_words() {
        assert_eq!(mark("TODO: say what happens on refunds", 0), Some(4));
        assert_eq!(mark("- FIXME(ann): too long", 2), Some(5));
        assert_eq!(mark("<!-- TODO: shorten -->", 5), Some(4));
        assert_eq!(mark("TBD", 0), Some(3));
        for other in [
            "TODO: {{ items }}",
            "TODO: <items>",
            "TODO list of the user",
            "TODOS: find them",
            "Todo: buy milk",
        ] {
            assert_eq!(mark(other, 0), None, "{other}");
        }
        assert_eq!(mark("Look for TODO: comments", 9), None);
    }
}
