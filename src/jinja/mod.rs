//! The template engine, set up once: strict, without escaping, without files or environment, with limits.
//!
//! minijinja bounds the number of instructions and how deep templates nest, but not memory or the time that one
//! instruction takes: a dozen doublings of a text fill the machine. The modules below close that gap in three steps:
//! `shape` refuses texts that would overflow the stack of a recursive compiler, `builtins` replaces each filter,
//! test, function and method by one that weighs its arguments first, and `rewrite` writes a template anew with the
//! operators `~`, `+`, `*`, comparisons, literals and slices guarded in the same way. All of them draw on one
//! `budget` for each render.

mod budget;
mod builtins;
mod mistake;
mod names;
mod rewrite;
mod shape;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::ValueKind;
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value,
};

pub use self::budget::{MAX_TEXT, MAX_WORK};
pub use self::mistake::meant_literally;
pub use self::names::{FILTERS, FUNCTIONS, METHODS, TESTS};
pub use self::rewrite::{
    Branch, BranchKind, Delimiters, Mark, MarkKind, Notes, Rewritten, Sink, rewrite,
    rewrite_condition, rewrite_expression,
};
pub(crate) use self::rewrite::{expression_span, span_of};
pub use self::shape::{MAX_CHAIN, check_shape};
use crate::span::Span;

/// Instructions that one render may use; loops over a few thousand rows stay far below.
pub const FUEL: u64 = 2_000_000;

/// How deep includes (10 each), macro calls (4 each), loops and `with` blocks (1 each) may nest in one another.
const RECURSION_LIMIT: usize = 200;

/// Why a text is no template: the first place at which it goes wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyntaxProblem {
    /// What is wrong, a lower-case fragment.
    pub message: String,
    /// The bytes of the text.
    pub span: Span,
    /// What to do, where there is something to say.
    pub help: Option<String>,
}

/// An environment in which undefined names are errors, `none` does not print and booleans print in lower case.
///
/// Its filters, tests, functions and methods are bounded in time and memory; for operators, rewrite the source with
/// [`rewrite_expression()`], [`rewrite_condition()`] or [`rewrite()`] before it is compiled.
pub fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_debug(true);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_syntax(syntax());
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(RECURSION_LIMIT);
    environment.set_formatter(print);
    builtins::install(&mut environment);
    rewrite::install(&mut environment);
    environment
}

/// Jinja's own delimiters; the trailing newline of a text is kept, since the model sees it.
pub fn syntax() -> SyntaxConfig {
    SyntaxConfig::builder()
        .keep_trailing_newline(true)
        .build()
        .expect("the default delimiters do not clash")
}

/// Where the expression stands inside a text that is exactly one `{{ … }}`, whose value keeps its type.
pub fn lone_expression(source: &str) -> Option<std::ops::Range<usize>> {
    use minijinja::machinery::{Token, tokenize};
    let tokens: Vec<_> = tokenize(source, false, syntax()).collect::<Result<_, _>>().ok()?;
    let starts = tokens.iter().filter(|(token, _)| matches!(token, Token::VariableStart)).count();
    match &tokens[..] {
        [(Token::VariableStart, start), inner @ .., (Token::VariableEnd, end)] if starts == 1 => {
            let outside =
                |token: &Token<'_>| matches!(token, Token::TemplateData(_) | Token::BlockStart);
            let place = start.end_offset as usize..end.start_offset as usize;
            let is_one = inner.iter().all(|(token, _)| !outside(token));
            (is_one && source.get(place.clone()).is_some()).then_some(place)
        }
        _ => None,
    }
}

/// Parses with the delimiters of [`syntax`]; the caller has looked at the shape.
pub(crate) fn parse(source: &str) -> Result<minijinja::machinery::ast::Stmt<'_>, SyntaxProblem> {
    check_shape(source, false)?;
    minijinja::machinery::parse(source, "", syntax())
        .map_err(|error| mistake::explain(syntax_problem(&error, source), source))
}

/// Parses an expression; the caller has looked at the shape.
pub(crate) fn parse_expression(
    source: &str,
) -> Result<minijinja::machinery::ast::Expr<'_>, SyntaxProblem> {
    check_shape(source, true)?;
    minijinja::machinery::parse_expr(source).map_err(|error| syntax_problem(&error, source))
}

/// Finds what cannot be compiled although it parses to `tree`.
pub(crate) fn check(
    tree: &minijinja::machinery::ast::Stmt<'_>,
    source: &str,
) -> Result<(), SyntaxProblem> {
    let delimiters = Delimiters::absent_from(&[source]);
    let new = rewrite::rewrite_tree(tree, source, &delimiters, None)?;
    if new.nests_little() {
        return Ok(());
    }
    match minijinja::machinery::parse(&new.text, "", delimiters.syntax()) {
        Ok(_) => Ok(()),
        Err(error) => {
            let place = error.range().and_then(|range| new.origin(&range));
            Err(SyntaxProblem {
                message: error.detail().unwrap_or("the template nests too deeply").to_owned(),
                span: place.unwrap_or_default(),
                help: Some("split the expression with `{% set %}`".to_owned()),
            })
        }
    }
}

fn syntax_problem(error: &Error, source: &str) -> SyntaxProblem {
    let message = match error.detail() {
        Some(detail) => detail.to_owned(),
        None => error.kind().to_string(),
    };
    // The parser marks one byte of what it does not know, also where the character has several.
    let range = error.range().unwrap_or(source.len()..source.len());
    let span =
        Span::new(source.floor_char_boundary(range.start), source.ceil_char_boundary(range.end));
    SyntaxProblem { message, span, help: None }
}

/// Prints a value into the output, after weighing it.
fn print(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    if let Some(mark) = value.downcast_object_ref::<rewrite::Marked>() {
        mark.note(state);
        return Ok(());
    }
    match value.kind() {
        ValueKind::None => Err(Error::new(
            ErrorKind::InvalidOperation,
            "the value is none, which does not print; test it with `if`, or write `| default(\"…\", true)`",
        )),
        ValueKind::Bool => {
            out.write_str(if value.is_true() { "true" } else { "false" }).map_err(Error::from)
        }
        _ => {
            budget::charge_text(state, value)?;
            minijinja::escape_formatter(out, state, value)
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
