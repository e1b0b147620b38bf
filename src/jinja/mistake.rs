//! What was meant by a text that is no template: the parser says where it stopped, which is seldom where it went wrong.

use minijinja::machinery::{self, Token};

use super::{SyntaxProblem, syntax};
use crate::span::Span;

/// The same problem at the place where it went wrong, with what to do.
pub(super) fn explain(mut problem: SyntaxProblem, source: &str) -> SyntaxProblem {
    if problem.message.contains("end of comment") {
        let start = unclosed_comment(source).unwrap_or(source.len());
        problem.span = Span::new(start, (start + 2).min(source.len()));
        problem.message = String::from("`{#` begins a comment that is never closed");
        problem.help = Some(format!("close it with `#}}`; {RAW}"));
        return problem;
    }
    let ended = problem.message.contains("unexpected end of input");
    let place = if ended { source.len() } else { problem.span.start };
    let tags = Tags::of(source, place);
    match (tags.around, tags.blocks.last()) {
        (Some(start), _) => {
            if let Some((why, _)) = literal(source, start) {
                let opening = &source[start..start + 2];
                problem.span = Span::new(start, start + 2);
                problem.message =
                    format!("`{opening}` begins a tag, and what follows looks like {why}");
                problem.help = Some(RAW.to_owned());
            } else if ended {
                let opening = &source[start..start + 2];
                let closing = if opening == "{{" { "}}" } else { "%}" };
                problem.span = Span::new(start, start + 2);
                problem.message = format!("`{opening}` is never closed");
                problem.help = Some(format!("close it with `{closing}`; {RAW}"));
            } else {
                problem.help = help(&problem.message, source, start);
            }
        }
        (None, Some(block)) if ended => {
            problem.span = block.span;
            problem.message = format!("`{{% {} %}}` is never closed", block.word);
            problem.help = Some(format!("close it with `{{% end{} %}}`", block.word));
        }
        (None, _) => problem.help = help(&problem.message, source, problem.span.start),
    }
    problem
}

/// The bytes around a problem that look like text which was meant as it stands.
pub fn meant_literally(source: &str, problem: &SyntaxProblem) -> Option<Span> {
    let at_tag = source.get(problem.span.range()) == Some("{{");
    let (_, text) = at_tag.then(|| literal(source, problem.span.start)).flatten()?;
    Some(text)
}

const RAW: &str = "text that is no template goes between `{% raw %}` and `{% endraw %}`";

/// What the tokens say of a text up to a place.
struct Tags<'a> {
    /// The start of the tag around the place.
    around: Option<usize>,
    /// The blocks that are open there.
    blocks: Vec<Block<'a>>,
}

struct Block<'a> {
    word: &'a str,
    /// The tag that begins it.
    span: Span,
}

/// Statements that need an end.
const BLOCKS: [&str; 9] =
    ["if", "for", "with", "macro", "call", "filter", "block", "autoescape", "set"];

impl<'a> Tags<'a> {
    fn of(source: &'a str, place: usize) -> Self {
        let mut tags = Self { around: None, blocks: Vec::new() };
        let mut word = None;
        let mut assigns = false;
        for token in machinery::tokenize(source, false, syntax()) {
            let Ok((token, span)) = token else { break };
            let (start, end) = (span.start_offset as usize, span.end_offset as usize);
            match token {
                Token::VariableStart | Token::BlockStart => {
                    if start > place {
                        break;
                    }
                    tags.around = Some(start);
                    word = matches!(token, Token::BlockStart).then_some("");
                    assigns = false;
                }
                Token::Ident(name) if word == Some("") => word = Some(name),
                Token::Assign => assigns = true,
                Token::VariableEnd | Token::BlockEnd => {
                    let Some(start) = tags.around else { continue };
                    if end > place && place < source.len() {
                        break;
                    }
                    tags.around = None;
                    if let Some(word) = word.take() {
                        tags.block(word, Span::new(start, end), assigns);
                    }
                }
                _ => {}
            }
        }
        tags
    }

    fn block(&mut self, word: &'a str, span: Span, assigns: bool) {
        if word.starts_with("end") {
            self.blocks.pop();
        } else if BLOCKS.contains(&word) && !(word == "set" && assigns) {
            self.blocks.push(Block { word, span });
        }
    }
}

fn unclosed_comment(source: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let start = at + source.get(at..)?.find("{#")?;
        match source[start + 2..].find("#}") {
            Some(length) => at = start + 2 + length + 2,
            None => return Some(start),
        }
    }
}

/// What a tag that does not parse looks like, if it is text that was meant as it stands, and the bytes of that text.
fn literal(source: &str, start: usize) -> Option<(&'static str, Span)> {
    if !source[start..].starts_with("{{") {
        return None;
    }
    let inside = source[start + 2..].trim_start();
    let command = source[..start].trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let why = if is_key(inside) {
        "JSON"
    } else if inside.starts_with("}}") {
        "empty braces"
    } else if inside.starts_with("...") || inside.starts_with('…') {
        "a gap to be filled"
    } else if source[..start].ends_with(['^', '_'])
        || (command.len() < start && command.ends_with('\\'))
    {
        "LaTeX"
    } else {
        return None;
    };
    Some((why, Span::new(start, balanced(source, start).unwrap_or(start + 2))))
}

/// Whether a text begins with the key of an object: a word or a quoted text, then a colon.
fn is_key(text: &str) -> bool {
    let after = match text.chars().next() {
        Some(quote @ ('"' | '\'')) => text[1..].split_once(quote).map(|(_, after)| after),
        Some(c) if c.is_alphabetic() || c == '_' => {
            Some(text.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'))
        }
        _ => None,
    };
    after.is_some_and(|after| after.trim_start().starts_with(':'))
}

/// One past the brace that closes the one at `start`.
fn balanced(source: &str, start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in source.bytes().enumerate().skip(start) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

/// What to do about a tag that does not parse.
fn help(message: &str, source: &str, start: usize) -> Option<String> {
    let tag = source.get(start..).unwrap_or_default();
    let Some(inside) = tag.strip_prefix("{{") else {
        return message.contains("unknown statement").then(|| RAW.to_owned());
    };
    let inside = inside.trim_start();
    let content = inside.split("}}").next().unwrap_or_default().trim();
    if inside.starts_with(['#', '/', '^', '>', '!']) {
        return Some(
            "this is Handlebars or Mustache; templates are Jinja: `{% if x %}…{% endif %}`, `{% for x in list %}…{% endfor %}`"
                .to_owned(),
        );
    }
    if let Some(name) = content.strip_prefix('{')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
    {
        return Some(format!("write `{{{{ {name} }}}}`: nothing is escaped"));
    }
    let words = content.split_whitespace().count();
    let prose = content.chars().all(|c| c.is_alphabetic() || c == ' ' || c == '\'');
    if words > 1 && prose && (8..80).contains(&content.len()) {
        return Some(format!("a variable has a name without blanks; {RAW}"));
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::jinja::parse;

    fn said(source: &str) -> String {
        let problem = parse(source).unwrap_err();
        let literal = super::meant_literally(source, &problem)
            .map(|span| format!(" <{}>", &source[span.range()]));
        format!(
            "{} at `{}`{}",
            problem.message,
            &source[problem.span.range()],
            literal.unwrap_or_default()
        )
    }

    #[test]
    fn the_mark_is_where_it_went_wrong() {
        for (source, expected) in [
            ("a {% if x %}b", "`{% if %}` is never closed at `{% if x %}`"),
            (
                "{% for a in b %}{% if x %}{% set y = 1 %}{% endif %} text\n",
                "`{% for %}` is never closed at `{% for a in b %}`",
            ),
            ("{% set x %}b", "`{% set %}` is never closed at `{% set x %}`"),
            ("{% if x %}{% else %}", "`{% if %}` is never closed at `{% if x %}`"),
            ("a {{ b", "`{{` is never closed at `{{`"),
            ("{{ a }} b {% if c", "`{%` is never closed at `{%`"),
            ("{# a #} {# b", "`{#` begins a comment that is never closed at `{#`"),
            ("{{ a b }}", "unexpected identifier, expected end of variable block at `b`"),
        ] {
            assert_eq!(said(source), expected, "{source}");
        }
    }

    #[test]
    fn what_was_meant_as_it_stands_is_said_to_be() {
        let looks = |like: &str, text: &str| {
            format!("`{{{{` begins a tag, and what follows looks like {like} at `{{{{` <{text}>")
        };
        for (source, expected) in [
            ("Answer {{\"label\": \"x\"}}.", looks("JSON", "{{\"label\": \"x\"}}")),
            ("{{ a }} {{\n  label: {\"x\": 1} }} b", looks("JSON", "{{\n  label: {\"x\": 1} }}")),
            ("Return {{}}", looks("empty braces", "{{}}")),
            ("\\frac{{a*}}{{b}}", looks("LaTeX", "{{a*}}")),
            ("x^{{2n}}", looks("LaTeX", "{{2n}}")),
            ("{{\"a\": {{\"b\": 1}}}}", looks("JSON", "{{\"a\": {{\"b\": 1}}}}")),
            ("{{ ... }}", looks("a gap to be filled", "{{ ... }}")),
            ("{{ 'a': 1", looks("JSON", "{{")),
        ] {
            assert_eq!(said(source), expected, "{source}");
        }
    }

    #[test]
    fn other_dialects_are_known() {
        let help = |source: &str| parse(source).unwrap_err().help.unwrap_or_default();
        assert!(help("{{#if x}}a{{/if}}").starts_with("this is Handlebars"));
        assert_eq!(help("{{{name}}}"), "write `{{ name }}`: nothing is escaped");
        assert!(help("{{insert your topic}}").starts_with("a variable has a name without blanks"));
        assert!(help("{{code here}}").starts_with("a variable has a name without blanks"));
        assert_eq!(help("{{ a b }}"), "");
    }
}
