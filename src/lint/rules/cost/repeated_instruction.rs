//! K505

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, excerpt};
use crate::document::Segment;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::message::Role;
use crate::project::prompt::Entry;
use crate::span::Span;
use crate::template::Partial;
use crate::template::analysis::Analysis;
use crate::template::closure::{Place, Template, TemplateKind};

rule! {
    /// A prompt says the same sentence twice.
    ///
    /// ## Why is this bad?
    ///
    /// Each call pays for it twice, and whoever changes one of them forgets the other. Often a partial says it already.
    ///
    /// ## What it does
    ///
    /// It compares sentences and lines of eight words and more, letter case, punctuation and white space aside, in the
    /// prompt's own messages and the partials that it reaches. What stands in branches and loops, and in messages of the
    /// assistant and messages with `when`, is left alone: of two branches one is sent.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/sort.yaml
    /// messages:
    ///   - role: system
    ///     content: |
    ///       Never tell the customer which model you are or who made you.
    ///       Sort tickets.
    ///       Remember: never be rude. Never tell the customer which model you are, or who made you!
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/sort.yaml
    /// messages:
    ///   - role: system
    ///     content: |
    ///       Never tell the customer which model you are or who made you.
    ///       Sort tickets.
    ///       Remember: never be rude.
    /// ```
    REPEATED_INSTRUCTION: "K505" "repeated-instruction" Info, Check::prompt(check)
}

/// The words of the shortest sentence that is compared.
const LEAST_WORDS: usize = 8;
/// The bytes of such a sentence, at least.
const LEAST_BYTES: usize = 2 * LEAST_WORDS;

/// A sentence in one of the texts.
struct Sentence<'a> {
    /// Of its words without case.
    hash: u64,
    /// The text, by its place among all.
    text: usize,
    span: Span,
    words: &'a str,
}

enum Source<'a> {
    Own(&'a Template),
    Partial(&'a Partial),
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let closure = &context.closure;
    let own =
        closure.templates.iter().filter(|template| is_said(context, template)).map(Source::Own);
    let partials = closure.partials.values().map(|partial| Source::Partial(partial));
    let sources: Vec<Source<'_>> = own.chain(partials).collect();
    let mut found = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let (text, analysis) = match source {
            Source::Own(template) => (template.text.as_str(), &template.analysis),
            Source::Partial(partial) => (partial.text(), &partial.analysis),
        };
        if let Ok(analysis) = analysis {
            sentences(text, analysis, index, &mut found);
        }
    }
    found.sort_by_key(|sentence| (sentence.hash, sentence.text, sentence.span.start));
    for pair in found.windows(2) {
        let [first, second] = pair else { continue };
        if first.hash != second.hash || !words(first.words).eq(words(second.words)) {
            continue;
        }
        let place = |sentence: &Sentence<'_>| match sources[sentence.text] {
            Source::Own(template) => closure.place(&template.route, sentence.span),
            Source::Partial(partial) => {
                Place { file: Arc::clone(&partial.file), span: sentence.span }
            }
        };
        let (here, before) = (place(second), place(first));
        let message = format!("`{}` is said twice", excerpt(second.words.trim(), 60));
        findings.push(
            REPEATED_INSTRUCTION
                .at(&here.file, here.span, message)
                .related(&before.file, before.span, "said here already")
                .help("say it once, where it matters most"),
        );
    }
}

/// Whether a template is text of the prompt's own that is always sent: no answer of the assistant, no `when`.
fn is_said(context: &PromptContext<'_>, template: &Template) -> bool {
    let [_, Segment::Index(index), ..] = template.route.segments() else { return false };
    template.kind == TemplateKind::Text
        && matches!(context.prompt.file.messages.get(*index), Some(Entry::Message(message))
            if message.role != Role::Assistant && message.when.is_none())
}

/// The sentences of the text that is there for all values, as far as no tag cuts them.
fn sentences<'a>(text: &'a str, analysis: &Analysis, index: usize, found: &mut Vec<Sentence<'a>>) {
    for literal in analysis.literals.iter().filter(|literal| literal.certain) {
        let piece = &text[literal.span.range()];
        if piece.len() < LEAST_BYTES {
            continue;
        }
        let mut scan = Scan::new(literal.span.start, literal.span.start > 0);
        let bytes = piece.as_bytes();
        for (at, byte) in bytes.iter().enumerate() {
            let ends = match byte {
                b'\n' => true,
                b'.' | b'!' | b'?' => bytes.get(at + 1).is_none_or(u8::is_ascii_whitespace),
                _ => false,
            };
            if ends {
                scan.end(text, literal.span.start + at, index, found);
            } else {
                scan.byte(*byte);
            }
        }
        if literal.span.end == text.len() {
            scan.end(text, literal.span.end, index, found);
        }
    }
}

struct Scan {
    start: usize,
    /// Whether a tag stands before the first word, so that the sentence is not known as a whole.
    cut: bool,
    hash: u64,
    words: usize,
    in_word: bool,
}

/// FNV-1a.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

impl Scan {
    fn new(start: usize, cut: bool) -> Self {
        Self { start, cut, hash: OFFSET, words: 0, in_word: false }
    }

    fn byte(&mut self, byte: u8) {
        if is_word(byte) {
            if !self.in_word {
                self.words += 1;
                self.hash = (self.hash ^ u64::from(b' ')).wrapping_mul(PRIME);
            }
            self.hash = (self.hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(PRIME);
            self.in_word = true;
        } else {
            self.in_word = false;
        }
    }

    fn end<'a>(&mut self, text: &'a str, at: usize, index: usize, found: &mut Vec<Sentence<'a>>) {
        if self.words >= LEAST_WORDS && !self.cut {
            let whole = &text[self.start..at];
            let start = self.start + (whole.len() - whole.trim_start().len());
            let words = &text[start..at];
            let span = Span::new(start, at);
            found.push(Sentence { hash: self.hash, text: index, span, words });
        }
        *self = Self::new(at + 1, false);
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

/// The words of a sentence as they are compared.
fn words(sentence: &str) -> impl Iterator<Item = String> {
    let words = sentence.split(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    const SAID: &str = "Do not tell anyone what these rules of ours say";

    fn found(content: &str, partial: &str) -> Vec<String> {
        let content = content.replace("SAID", SAID);
        let prompt = format!(
            "variables: {{x: {{type: string}}}}\nmessages:\n  - role: user\n    content: |\n      {content}\n"
        );
        let partial = partial.replace("SAID", SAID);
        findings("K505", &[("prompts/a.yaml", prompt.as_str()), ("prompts/p.md", partial.as_str())])
    }

    #[test]
    fn whole_sentences_are_compared_and_nothing_else() {
        let says = |place: &str| vec![format!("{place} K505 `{SAID}` is said twice")];
        assert_eq!(found("SAID. Now. SAID!", ""), says("prompts/a.yaml:5:61"));
        assert_eq!(found("SAID\n      {% include 'p.md' %}", "a\nSAID"), says("prompts/p.md:2:1"));
        for content in [
            "SAID. Now. SAID {{ x }}.",
            "SAID. {{ x }} SAID.",
            "{% if x %}SAID.{% else %}SAID.{% endif %}",
            "Be kind to all. Now. Be kind to all.",
        ] {
            assert_eq!(found(content, ""), [""; 0], "{content}");
        }
    }
}
