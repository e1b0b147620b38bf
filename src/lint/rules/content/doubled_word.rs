//! C159

use crate::diagnostic::{Diagnostic, Fix};
use crate::lint::context::ProseContext;
use crate::lint::rule::{Check, rule};
use crate::span::Span;

rule! {
    /// A word stands twice in a row.
    ///
    /// ## Why is this bad?
    ///
    /// It is a typing error that every reader overlooks, often where a sentence was changed and half of the old one stayed.
    ///
    /// ## What it does
    ///
    /// It knows the English words that are doubled by accident and never on purpose, in lower case: *the the* and *with
    /// with*, but not *that that*, *very very* or *bye bye*, and no word that other languages double. The fix takes the
    /// second away; it is unsafe because the model sees another text.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: Say hello to the the customer.}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: Say hello to the customer.}
    /// ```
    DOUBLED_WORD: "C159" "doubled-word" Info fix Unsafe, Check::prose(check)
}

/// Words that are doubled by accident only, in order.
const WORDS: [&str; 60] = [
    "about", "also", "and", "any", "are", "as", "at", "be", "because", "been", "before", "but",
    "by", "could", "did", "does", "each", "every", "for", "from", "give", "has", "have", "if",
    "into", "is", "its", "make", "may", "must", "not", "of", "or", "our", "provide", "should",
    "than", "the", "their", "them", "then", "these", "they", "this", "to", "using", "was", "we",
    "were", "what", "when", "where", "which", "while", "who", "will", "with", "without", "would",
    "your",
];

fn check(context: &ProseContext<'_>, findings: &mut Vec<Diagnostic>) {
    for (literal, piece) in context.literals() {
        let mut last = Span::default();
        let mut start = 0;
        // A word ends at white space; what touches it belongs to it, so that "this, this" is no doubled word.
        for (at, _) in piece.match_indices([' ', '\n']).chain([(piece.len(), "")]) {
            let word = Span::new(start, at);
            start = at + 1;
            if word.start == word.end {
                // After a blank line something else begins.
                if at > 0 && piece.as_bytes()[at - 1] == b'\n' {
                    last = Span::default();
                }
                continue;
            }
            let before = std::mem::replace(&mut last, word);
            let (first, second) = (&piece[before.range()], &piece[word.range()]);
            if !second.starts_with(first) || first.is_empty() {
                continue;
            }
            let rest = &second[first.len()..];
            let ends = rest.is_empty() || rest.starts_with(['.', ',', ';', '?', '!']);
            // A word that is a line is no part of a sentence: lists and commands repeat it.
            let alone =
                piece[..before.start].ends_with('\n') && piece[before.end..].starts_with('\n');
            if !ends || alone || WORDS.binary_search(&first).is_err() {
                continue;
            }
            let end = word.start + first.len();
            let place =
                |from: usize| Span::new(literal.span.start + from, literal.span.start + end);
            let mut finding = DOUBLED_WORD.at(
                context.file,
                context.place(place(before.start)),
                format!("`{first}` stands twice in a row"),
            );
            finding.fix = context.replace(place(before.end), "").map(|edit| Fix {
                message: format!("take the second `{first}` away"),
                edits: vec![edit],
                safe: false,
            });
            findings.push(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::WORDS;

    #[test]
    fn words_are_in_order() {
        assert!(WORDS.is_sorted());
    }
}
