//! Refuses texts whose syntax tree would be so deep that a recursive compiler runs out of stack.
//!
//! minijinja's parser bounds how deep parentheses and statements nest, but not how long a chain is: `1+1+1+…`,
//! `not not …` and `{% elif %}` after `{% elif %}` make trees as deep as they are long. The check reads tokens only,
//! keeps an upper bound of the depth, and does not recurse.

use minijinja::machinery::{self, Token};

use super::{SyntaxProblem, syntax};
use crate::span::Span;

/// How many operators, dots, calls and filters may depend on one another in one expression, and how many branches a
/// chain of `elif` may have.
pub const MAX_CHAIN: usize = 200;

/// What stands between an open bracket and its end.
#[derive(Default)]
struct Level {
    /// The deepest of the items before the last comma.
    items: usize,
    /// The depth of the operators before the current operand.
    chain: usize,
    /// The depth of the current operand: its attributes, calls and brackets.
    operand: usize,
    /// Signs and words that put all that follows one level deeper.
    prefixes: usize,
}

impl Level {
    fn depth(&self) -> usize {
        self.items.max(self.chain.max(self.operand) + self.prefixes)
    }

    fn operator(&mut self) {
        self.chain = self.chain.max(self.operand) + 1;
        self.operand = 0;
    }
}

/// Checks a template, or an expression.
pub fn check_shape(source: &str, expression: bool) -> Result<(), SyntaxProblem> {
    if is_short(source, expression) {
        return Ok(());
    }
    let mut levels = vec![Level::default()];
    // The prefixes of all open levels: the parser recurses for each.
    let mut prefixes = 0_usize;
    let mut branches: Vec<usize> = Vec::new();
    let mut elifs = 0_usize;
    let mut statement_starts = false;
    for token in machinery::tokenize(source, expression, syntax()) {
        // The parser says it better.
        let Ok((token, span)) = token else { return Ok(()) };
        if matches!(token, Token::VariableStart | Token::BlockStart) {
            levels = vec![Level::default()];
            prefixes = 0;
        }
        let nesting = levels.len();
        let Some(level) = levels.last_mut() else { return Ok(()) };
        match token {
            Token::BracketOpen | Token::ParenOpen | Token::BraceOpen => {
                levels.push(Level::default());
            }
            Token::BracketClose | Token::ParenClose | Token::BraceClose if nesting > 1 => {
                let depth = level.depth();
                prefixes -= level.prefixes;
                levels.pop();
                if let Some(outer) = levels.last_mut() {
                    outer.operand = outer.operand.max(depth) + 1;
                }
            }
            Token::Comma => {
                prefixes -= level.prefixes;
                *level = Level { items: level.depth(), ..Level::default() };
            }
            Token::Ident("if") if statement_starts => branches.push(0),
            Token::Ident("elif") if statement_starts => {
                if let Some(last) = branches.last_mut() {
                    *last += 1;
                    elifs += 1;
                }
                if elifs > MAX_CHAIN {
                    return Err(problem(
                        span,
                        format!("more than {MAX_CHAIN} `elif` branches"),
                        "look the text up in a map instead: `{{ texts[key] }}`",
                    ));
                }
            }
            Token::Ident("endif") if statement_starts => elifs -= branches.pop().unwrap_or(0),
            Token::Ident("not" | "if" | "else") | Token::Minus => {
                level.chain = level.chain.max(level.operand);
                level.operand = 0;
                level.prefixes += 1;
                prefixes += 1;
            }
            Token::Dot | Token::Pipe | Token::Ident("is") => level.operand += 1,
            Token::Ident("and" | "or" | "in")
            | Token::Plus
            | Token::Mul
            | Token::Div
            | Token::FloorDiv
            | Token::Pow
            | Token::Mod
            | Token::Tilde
            | Token::Colon
            | Token::Eq
            | Token::Ne
            | Token::Gt
            | Token::Gte
            | Token::Lt
            | Token::Lte => level.operator(),
            _ => {}
        }
        let depth = levels.last().map_or(0, Level::depth) + levels.len();
        if depth > MAX_CHAIN || prefixes > MAX_CHAIN {
            return Err(problem(
                span,
                format!("the expression chains more than {MAX_CHAIN} operators and calls"),
                "split it with `{% set %}`, or write the text outside of the expression",
            ));
        }
        statement_starts = matches!(token, Token::BlockStart);
    }
    Ok(())
}

/// Whether no tag has room for a chain that is too long: each part of one takes a byte. So most templates are spared a
/// second look at their tokens.
fn is_short(source: &str, expression: bool) -> bool {
    if expression {
        return source.len() < MAX_CHAIN;
    }
    let mut rest = source;
    while let Some(open) = rest.find('{') {
        rest = &rest[open + 1..];
        if rest.starts_with(['{', '%']) {
            match tag_length(rest.as_bytes()) {
                Some(length) if length < MAX_CHAIN => rest = &rest[length..],
                _ => return false,
            }
        }
    }
    source.matches("elif").count() < MAX_CHAIN
}

/// The bytes of a tag from the second one of its start to the first one of its end; `None` when that is hard to tell.
fn tag_length(tag: &[u8]) -> Option<usize> {
    let end = if tag[0] == b'{' { b"}}" } else { b"%}" };
    let mut quote = None;
    let mut bytes = tag.iter().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        match (quote, byte) {
            (Some(_), b'\\') => drop(bytes.next()),
            (Some(open), byte) if byte == open => quote = None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'{') => return None,
            (None, _) if tag[at..].starts_with(end) => return Some(at),
            (Some(_) | None, _) => {}
        }
    }
    None
}

fn problem(span: machinery::Span, message: String, help: &str) -> SyntaxProblem {
    SyntaxProblem {
        message,
        span: Span::new(span.start_offset as usize, span.end_offset as usize),
        help: Some(help.to_owned()),
    }
}
