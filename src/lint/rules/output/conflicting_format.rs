//! O255

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;

use super::{after, before, texts};
use crate::diagnostic::{Diagnostic, excerpt};
use crate::document::Route;
use crate::lint::context::{PromptContext, ProseContext};
use crate::lint::rule::{Check, rule};
use crate::message::Role;
use crate::project::prompt::{Output, OutputFormat};
use crate::span::Span;

rule! {
    /// A prompt asks for JSON alone, and for something that has no place in it.
    ///
    /// ## Why is this bad?
    ///
    /// The model follows one instruction or the other, not always the same. The answers that follow the second cannot be
    /// read.
    ///
    /// ## What it does
    ///
    /// JSON alone is wanted by `output.format: json`, or where the text says so (`return only JSON`, `JSON and nothing
    /// else`). Against that stand another format for the whole answer (`respond in markdown`, `write your answer as plain
    /// text`), and an explanation (`explain your reasoning`) for which neither the schema nor the text has a key. What
    /// stands in a branch or loop, is negated, or belongs to a field is left alone; so are explanations where
    /// `output.extract` takes the JSON out of the answer.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/sort.yaml
    /// messages:
    ///   - role: system
    ///     content: |
    ///       Sort the ticket. Return only valid JSON.
    ///       Format your answer as a markdown table.
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/sort.yaml
    /// messages:
    ///   - role: system
    ///     content: |
    ///       Sort the ticket. Return only valid JSON.
    /// ```
    CONFLICTING_FORMAT: "O255" "conflicting-format" Warning, Check::prompt(check)
}

/// A text without any of these words wants nothing that is looked for here.
static JSON: LazyLock<AhoCorasick> = LazyLock::new(|| words(&["json"]));
static OTHERWISE: LazyLock<AhoCorasick> = LazyLock::new(|| {
    words(&[
        "markdown",
        "bullet",
        "plain text",
        "prose",
        "xml",
        "html",
        "yaml",
        "csv",
        "table",
        "reasoning",
        "thinking",
        "thought",
        "your work",
        "your steps",
        "your logic",
        "rationale",
    ])
});

fn words(words: &[&str]) -> AhoCorasick {
    AhoCorasick::builder().ascii_case_insensitive(true).build(words).expect("a few constant words")
}

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

static ONLY_JSON: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?ix)
        \b(?:respond|reply|answer|return|output|produce|emit|write|provide|give|generate)\b [^.!?\n]{0,30}?
            \b(?:only|just|nothing\ but|strictly|exclusively|solely)\b
            (?:[\s*]+(?:with|in|as|of|a|an|the|one|single|valid|raw|pure|strict|minified|well-formed|this|following))*
            [\s*]+json\b
        | \bjson(?:\s+(?:object|array|output|format|document))? ,? \s+
            (?:only\s*(?:[.!);:*\n]|$) | and\s+nothing\s+else\b | with\s+no\s+(?:other|additional|extra|surrounding)\s+text\b)
        | \b(?:format|output)\b\W{1,6}strict\s+json\b",
    )
});

static OTHER_FORMAT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?ix)
        \b(?:respond|reply|answer|write|format|present|return|output|provide|give)\b
            (?:\s+(?:your|the|all|it|this|entire|whole|final|complete|me|us|user|back))*
            (?:\s+(?:answers?|responses?|reply|replies|outputs?|results?|everything))?
            \s+(?:only\s+)?(?:in|as|with|using)
            \s+(?:a\s+|an\s+)?(?:valid\s+|clean\s+|well-formed\s+|simple\s+|short\s+)?
            (?P<format>markdown(?:\s+table)?|bullet\s+points?|bulleted\s+list|plain\s+text|prose|xml|html|yaml|csv|table)\b",
    )
});

static EXPLANATION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?ix)
        \b(?:explain|describe|justify|show|lay\ out|walk\s+(?:me|us|the\s+user)\s+through)
            \s+(?:all\s+(?:of\s+)?)?your
            \s+(?:reasoning|thinking|thought\s+process|chain\s+of\s+thought|work|steps|logic|rationale)\b
        | \bthink\s+(?:out\s+loud|aloud)\b",
    )
});

/// Words in a sentence that make it about something else than the whole answer, or about a case.
static ASIDE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?i)\b(?:not|never|no|don't|avoid|without|instead of|rather than|field|fields|key|keys|property|properties|value|values|string|inside|within|json|code block|if|when|unless|otherwise|silently|internally|yourself|then|before|example|input)\b|["`]|n't\b"#,
    )
});

/// A key of the answer that an explanation may go into.
static PLACE_FOR_REASONS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        "(?i)reason|explanation|explain|thought|thinking|rationale|steps|analysis|justif|chain|scratch|why|comment|notes",
    )
});

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let prompt = context.prompt;
    let output = prompt.file.output.as_ref();
    let by_contract = output.is_some_and(|output| output.format == OutputFormat::Json);
    if !by_contract && !instructions(context).any(|text| JSON.is_match(text.text)) {
        return;
    }
    if !instructions(context).any(|text| OTHERWISE.is_match(text.text)) {
        return;
    }
    let said: Option<(ProseContext<'_>, Span)> = instructions(context).find_map(|text| {
        let place = find(&text, &ONLY_JSON).next().map(|(span, _)| span)?;
        Some((text, place))
    });
    if !by_contract && said.is_none() {
        return;
    }
    let explains = may_not_explain(context, output);
    for text in instructions(context) {
        let formats = find(&text, &OTHER_FORMAT);
        let explanations = find(&text, &EXPLANATION).filter(|_| explains);
        for (span, sentence) in formats.chain(explanations) {
            if ASIDE.is_match(sentence) {
                continue;
            }
            let phrase = excerpt(&text.text[span.range()], 60);
            let message = format!("`{phrase}` contradicts an answer that is JSON alone");
            let finding = CONFLICTING_FORMAT.at(text.file, text.place(span), message);
            let finding = match &said {
                Some((other, place)) => {
                    finding.related(other.file, other.place(*place), "JSON alone is wanted here")
                }
                None => {
                    let document = &prompt.document;
                    let format = document.span(&Route::root().key("output").key("format"));
                    finding.related(&document.file, format, "JSON alone is wanted here")
                }
            };
            findings.push(
                finding.help("keep one of the two; what is to be explained needs a key of its own"),
            );
            return;
        }
    }
}

/// The texts that tell the model what to do.
fn instructions<'a>(context: &'a PromptContext<'_>) -> impl Iterator<Item = ProseContext<'a>> {
    texts(context).filter(|text| !matches!(text.role, Some(Role::Assistant | Role::Tool)))
}

/// Where a pattern matches what is printed in any case, each with its sentence.
fn find<'a>(
    text: &ProseContext<'a>,
    pattern: &'static Regex,
) -> impl Iterator<Item = (Span, &'a str)> + use<'a> {
    let whole = text.text;
    let certain: Vec<Span> =
        text.literals().filter(|(literal, _)| literal.certain).map(|(l, _)| l.span).collect();
    certain.into_iter().flat_map(move |span| {
        let literal = &whole[span.range()];
        pattern.find_iter(literal).map(move |found| {
            let place = Span::new(span.start + found.start(), span.start + found.end());
            (place, sentence(literal, found.start(), found.end()))
        })
    })
}

/// The sentence around bytes of a text.
fn sentence(text: &str, start: usize, end: usize) -> &str {
    let ends = ['.', '!', '?', '\n', ';'];
    let before = before(text, start);
    let after = after(text, end);
    let from = before.rfind(ends).map_or(start - before.len(), |at| start - before.len() + at + 1);
    let to = end + after.find(ends).unwrap_or(after.len());
    &text[from..to]
}

/// Whether nothing in the answer is a place for an explanation.
fn may_not_explain(context: &PromptContext<'_>, output: Option<&Output>) -> bool {
    if output.is_some_and(|output| !output.extract.is_empty()) {
        return false;
    }
    let names = |text: &str| PLACE_FOR_REASONS.is_match(text);
    if let Some(schema) = output.and_then(|output| output.schema.as_ref()) {
        // Any key of it, however deep: `{"steps": [{"why": …}]}`.
        return !names(&serde_json::Value::Object(schema.clone()).to_string());
    }
    // Any key may be right where nothing says which there are.
    if output.is_some_and(|output| output.format == OutputFormat::Json) {
        return false;
    }
    let quoted = |text: &str| text.split('"').skip(1).step_by(2).any(names);
    let ticked = |text: &str| text.split('`').skip(1).step_by(2).any(names);
    !texts(context).any(|text| quoted(text.text) || ticked(text.text))
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    fn of(content: &str, output: &str) -> Vec<String> {
        let indented = content.replace('\n', "\n      ");
        let prompt =
            format!("messages:\n  - role: system\n    content: |\n      {indented}\n{output}\n");
        findings("O255", &[("prompts/a.yaml", prompt.as_str())])
    }

    #[test]
    fn what_cannot_both_be_done_is_found() {
        assert_eq!(
            of("Reply with JSON and nothing else.\nExplain your reasoning.", ""),
            [
                "prompts/a.yaml:5:7 O255 `Explain your reasoning` contradicts an answer that is JSON alone"
            ]
        );
        assert_eq!(
            of("Sort it. Write your answer as bullet points.", "output: {format: json}"),
            [
                "prompts/a.yaml:4:16 O255 `Write your answer as bullet points` contradicts an answer that is JSON alone"
            ]
        );
        let closed = "output: {format: json, schema: {type: object, properties: {label: {}}}}";
        assert_eq!(of("Show your work.", closed).len(), 1);
    }

    #[test]
    fn what_goes_together_is_left_alone() {
        for (content, output) in [
            ("Return only JSON.\nDo not respond in markdown.", ""),
            ("Return only JSON with the key `reasoning`.\nExplain your reasoning.", ""),
            ("Return only JSON.\nIf you cannot, respond in plain text.", ""),
            ("Return only JSON.\nExplain your reasoning silently.", ""),
            ("Use only the data in the JSON below.\nRespond in markdown.", ""),
            (
                "You get JSON. Return only the fields that matter.\nWrite your answer as a table.",
                "",
            ),
            ("Respond in markdown.", ""),
            ("Explain your reasoning.", "output: {format: json}"),
            ("Explain your reasoning.", "output: {format: json, extract: [json]}"),
            (
                "Explain your reasoning.",
                "output: {format: json, schema: {type: object, properties: {rationale: {}}}}",
            ),
            ("{% if x is defined %}Return only JSON.{% else %}Respond in markdown.{% endif %}", ""),
        ] {
            assert_eq!(of(content, output), [""; 0], "{content}");
        }
    }
}
