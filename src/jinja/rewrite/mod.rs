//! Writes a template anew so that every operation which can grow is charged to the budget before it runs.
//!
//! The new text means the same and prints the same bytes; it differs in three ways.
//! - Operands of `~`, `+`, `*`, `==`, `in` and their like, lists and maps that are built, and slices pass through a
//!   filter that weighs them. Texts between tags are charged where a loop, macro or block begins.
//! - Its delimiters are control characters that occur in no text of the prompt, so text can stand as it is.
//! - With [`Notes`], a statement before each piece of output notes where the piece comes from, or one in each branch
//!   that it is taken.
//!
//! A map from the new text to the old one translates the places of errors.

mod expression;
mod guards;
mod statement;

use std::fmt::Write as _;
use std::ops::Range;

use minijinja::machinery::ast;
use minijinja::syntax::SyntaxConfig;

pub use self::guards::Sink;
pub(super) use self::guards::{Marked, install};
use super::{SyntaxProblem, parse, parse_expression};
use crate::span::Span;

/// What delimiters start with.
const DELIMITER: char = '\u{1}';

/// Delimiters that occur in no text of a prompt.
#[derive(Clone, Debug)]
pub struct Delimiters {
    prefix: String,
}

impl Delimiters {
    /// The first ones that none of `texts` contains.
    pub fn absent_from(texts: &[&str]) -> Self {
        let mut number = 0_u32;
        loop {
            let prefix = format!("{DELIMITER}{number}");
            if !texts.iter().any(|text| text.contains(&prefix)) {
                return Self { prefix };
            }
            number += 1;
        }
    }

    /// As minijinja wants them.
    pub fn syntax(&self) -> SyntaxConfig {
        let name = |letter: char| format!("{}{letter}", self.prefix);
        SyntaxConfig::builder()
            .keep_trailing_newline(true)
            .block_delimiters(name('b'), name('e'))
            .variable_delimiters(name('v'), name('w'))
            .comment_delimiters(name('c'), name('d'))
            .build()
            .expect("the delimiters differ in their last letter")
    }
}

/// A template, written anew.
#[derive(Clone, Debug, Default)]
pub struct Rewritten {
    /// The new text.
    pub text: String,
    /// Which bytes of the new text stand for which of the old one; inner ones before outer ones.
    places: Vec<(Range<usize>, Span)>,
}

impl Rewritten {
    /// The bytes of the old text behind bytes of the new one: the smallest known piece around them.
    pub fn origin(&self, range: &Range<usize>) -> Option<Span> {
        let around = |place: &&(Range<usize>, Span)| {
            place.0.start <= range.start && range.end <= place.0.end
        };
        self.places
            .iter()
            .filter(around)
            .min_by_key(|(new, _)| new.end - new.start)
            .map(|(_, old)| *old)
    }

    /// Whether the new text has too few tags, brackets and alternatives to nest deeper than half of what the parser
    /// allows, so that it need not be asked.
    pub(super) fn nests_little(&self) -> bool {
        const LIMIT: usize = 75;
        let text = self.text.as_bytes();
        #[expect(
            clippy::naive_bytecount,
            reason = "few bytes, and the compiler counts many at a time"
        )]
        let count = |wanted: u8| text.iter().filter(|byte| **byte == wanted).count();
        let brackets = count(b'(') + count(b'[') + count(b'{');
        let delimiters = count(DELIMITER as u8);
        // The parser counts the expression in brackets and the operand that they are. A tag has two delimiters, and a
        // statement that holds others two tags.
        2 * brackets + delimiters / 4 + self.text.matches("else").count() < LIMIT
    }
}

/// What a piece of output is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MarkKind {
    /// Text between tags.
    Literal,
    /// What an expression, a `call` or a `filter` block printed.
    Expression,
}

/// Where a piece of output comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mark {
    /// What it is.
    pub kind: MarkKind,
    /// Its bytes in the text of the template; of an expression those between the tags.
    pub span: Span,
}

/// One way that a template may take.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum BranchKind {
    /// The condition of an `if`, `elif` or `when` holds.
    Holds,
    /// It does not, nor does any before it: the `else`, also where none is written.
    Fails,
    /// A loop runs.
    Runs,
    /// It has nothing to run over: its `else`, also where none is written.
    Empty,
}

/// A branch of a template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Branch {
    /// Which way it goes.
    pub kind: BranchKind,
    /// The bytes of the condition, or of what a loop runs over.
    pub span: Span,
}

/// What a template notes while it renders, without a byte of its output. What is noted is added to the list and numbered
/// from a number on.
#[derive(Debug)]
pub enum Notes<'m> {
    /// Where each piece of output begins.
    Pieces(usize, &'m mut Vec<Mark>),
    /// Which branches are taken.
    Branches(usize, &'m mut Vec<Branch>),
}

/// Rewrites a template.
pub fn rewrite(
    source: &str,
    delimiters: &Delimiters,
    notes: Option<Notes<'_>>,
) -> Result<Rewritten, SyntaxProblem> {
    rewrite_tree(&parse(source)?, source, delimiters, notes)
}

/// [`rewrite`] of a template that is parsed already.
pub(super) fn rewrite_tree(
    tree: &ast::Stmt<'_>,
    source: &str,
    delimiters: &Delimiters,
    notes: Option<Notes<'_>>,
) -> Result<Rewritten, SyntaxProblem> {
    let mut writer = Writer::new(source, delimiters, notes);
    if let ast::Stmt::Template(template) = tree {
        writer.body(&template.children)?;
    }
    Ok(writer.out)
}

/// Rewrites an expression.
pub fn rewrite_expression(source: &str) -> Result<Rewritten, SyntaxProblem> {
    let tree = parse_expression(source)?;
    let none = Delimiters { prefix: String::new() };
    let mut writer = Writer::new(source, &none, None);
    writer.expression(&tree, expression::ANY)?;
    Ok(writer.out)
}

/// Rewrites an expression into a template that prints `1` when it is true.
pub fn rewrite_condition(
    source: &str,
    delimiters: &Delimiters,
    notes: Option<Notes<'_>>,
) -> Result<Rewritten, SyntaxProblem> {
    let tree = parse_expression(source)?;
    let mut writer = Writer::new(source, delimiters, notes);
    writer.tag(|w| {
        w.put("if ");
        w.expression(&tree, expression::OR)
    })?;
    writer.branch(BranchKind::Holds, &tree);
    writer.put("1");
    if writer.notes_branches() {
        writer.statement("else");
        writer.branch(BranchKind::Fails, &tree);
    }
    writer.statement("endif");
    Ok(writer.out)
}

struct Writer<'a, 'm> {
    source: &'a str,
    delimiters: &'a Delimiters,
    notes: Option<Notes<'m>>,
    out: Rewritten,
    /// Whether `break` and `continue` may stand here: minijinja jumps without tidying up `with` frames and captures.
    jump: Jump,
    /// Whether this is the top of the template.
    top: bool,
}

/// Where a `break` would lead.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Jump {
    /// The parser refuses it.
    Nowhere,
    /// To the loop, directly.
    Loop,
    /// Through a block that must be left properly.
    Through(&'static str),
}

impl<'a, 'm> Writer<'a, 'm> {
    fn new(source: &'a str, delimiters: &'a Delimiters, notes: Option<Notes<'m>>) -> Self {
        Self {
            source,
            delimiters,
            notes,
            out: Rewritten::default(),
            jump: Jump::Nowhere,
            top: true,
        }
    }

    fn put(&mut self, text: &str) {
        self.out.text.push_str(text);
    }

    /// A statement tag around what `inside` writes.
    fn tag(
        &mut self,
        inside: impl FnOnce(&mut Self) -> Result<(), SyntaxProblem>,
    ) -> Result<(), SyntaxProblem> {
        self.delimiter('b');
        inside(self)?;
        self.delimiter('e');
        Ok(())
    }

    /// A statement tag without expressions.
    fn statement(&mut self, text: &str) {
        self.delimiter('b');
        self.put(text);
        self.delimiter('e');
    }

    fn delimiter(&mut self, letter: char) {
        let opens = matches!(letter, 'b' | 'v');
        if !opens {
            self.put(" ");
        }
        let _ = write!(self.out.text, "{}{letter}", self.delimiters.prefix);
        if opens {
            self.put(" ");
        }
    }

    /// A number through a filter, printed: a call that prints nothing.
    fn call(&mut self, number: usize, filter: &str) {
        self.delimiter('v');
        let _ = write!(self.out.text, "{number}|{filter}");
        self.delimiter('w');
    }

    fn mark(&mut self, kind: MarkKind, span: Span) {
        let Some(Notes::Pieces(first, marks)) = self.notes.as_mut() else { return };
        marks.push(Mark { kind, span });
        let id = *first + marks.len() - 1;
        self.call(id, guards::MARK);
    }

    fn branch(&mut self, kind: BranchKind, of: &ast::Expr<'_>) {
        let Some(Notes::Branches(first, branches)) = self.notes.as_mut() else { return };
        branches.push(Branch { kind, span: expression_span(of) });
        let id = *first + branches.len() - 1;
        self.call(id, guards::REACH);
    }

    fn notes_pieces(&self) -> bool {
        matches!(self.notes, Some(Notes::Pieces(..)))
    }

    fn notes_branches(&self) -> bool {
        matches!(self.notes, Some(Notes::Branches(..)))
    }

    /// Notes that the new text from `start` on stands for `old`.
    fn place(&mut self, start: usize, old: Span) {
        self.out.places.push((start..self.out.text.len(), old));
    }

    fn problem<T>(span: Span, message: String, help: &str) -> Result<T, SyntaxProblem> {
        Err(SyntaxProblem { message, span, help: Some(help.to_owned()) })
    }
}

/// The bytes of a statement.
pub(crate) fn span_of(span: minijinja::machinery::Span) -> Span {
    Span::new(span.start_offset as usize, span.end_offset as usize)
}

/// The bytes of a whole expression: minijinja's own spans of filters, calls and attributes begin in the middle.
pub(crate) fn expression_span(expression: &ast::Expr<'_>) -> Span {
    let own = span_of(expression.span());
    let first = match expression {
        ast::Expr::BinOp(e) => Some(&e.left),
        ast::Expr::Compare(e) => Some(&e.expr),
        ast::Expr::IfExpr(e) => Some(&e.true_expr),
        ast::Expr::Filter(e) => e.expr.as_ref(),
        ast::Expr::Test(e) => Some(&e.expr),
        ast::Expr::GetAttr(e) => Some(&e.expr),
        ast::Expr::GetItem(e) => Some(&e.expr),
        ast::Expr::Slice(e) => Some(&e.expr),
        ast::Expr::Call(e) => Some(&e.expr),
        // `x is not y` is a negation that begins with what it negates.
        ast::Expr::UnaryOp(e) => {
            let inner = expression_span(&e.expr);
            return Span::new(own.start.min(inner.start), own.end.max(inner.end));
        }
        _ => None,
    };
    match first {
        Some(first) => {
            let inner = expression_span(first);
            Span::new(inner.start, own.end.max(inner.end))
        }
        None => own,
    }
}
