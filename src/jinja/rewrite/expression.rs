//! Expressions, with as few parentheses as their precedence needs: the parser bounds how deep those nest.

use minijinja::machinery::ast::{BinOpKind, CallArg, CompareOpKind, Expr, UnaryOpKind};

use super::{Writer, expression_span, guards};
use crate::jinja::SyntaxProblem;

/// Any expression, `a if b else c` included.
pub(super) const ANY: u8 = 0;
/// What may stand where a following `if` or `recursive` has a meaning of its own.
pub(super) const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const COMPARE: u8 = 4;
const SUM: u8 = 5;
const CONCAT: u8 = 6;
const PRODUCT: u8 = 7;
const POWER: u8 = 8;
/// Negation, filters, tests.
const UNARY: u8 = 9;
/// Names, literals, attributes, calls.
const PRIMARY: u8 = 10;

/// How tightly an expression binds as it is written.
fn level(expression: &Expr<'_>) -> u8 {
    match expression {
        Expr::IfExpr(_) => ANY,
        Expr::BinOp(e) => binary(e.op).0,
        Expr::Compare(_) => COMPARE,
        Expr::UnaryOp(e) => match e.op {
            UnaryOpKind::Not => NOT,
            UnaryOpKind::Neg => UNARY,
        },
        Expr::Filter(_) | Expr::Test(_) | Expr::Slice(_) => UNARY,
        Expr::List(_) | Expr::Tuple(_) | Expr::Map(_) if is_built(expression) => UNARY,
        _ => PRIMARY,
    }
}

/// Level, sign, and the guards of the left and right operand.
fn binary(op: BinOpKind) -> (u8, &'static str, Guard) {
    match op {
        BinOpKind::ScOr => (OR, "or", Guard::None),
        BinOpKind::ScAnd => (AND, "and", Guard::None),
        BinOpKind::Eq => (COMPARE, "==", Guard::Both(guards::DEEP)),
        BinOpKind::Ne => (COMPARE, "!=", Guard::Both(guards::DEEP)),
        BinOpKind::Lt => (COMPARE, "<", Guard::Both(guards::DEEP)),
        BinOpKind::Lte => (COMPARE, "<=", Guard::Both(guards::DEEP)),
        BinOpKind::Gt => (COMPARE, ">", Guard::Both(guards::DEEP)),
        BinOpKind::Gte => (COMPARE, ">=", Guard::Both(guards::DEEP)),
        BinOpKind::In => (COMPARE, "in", Guard::Both(guards::DEEP)),
        BinOpKind::Add => (SUM, "+", Guard::Both(guards::FLAT)),
        BinOpKind::Sub => (SUM, "-", Guard::None),
        BinOpKind::Concat => (CONCAT, "~", Guard::Both(guards::TEXT)),
        BinOpKind::Mul => (PRODUCT, "*", Guard::Product),
        BinOpKind::Div => (PRODUCT, "/", Guard::None),
        BinOpKind::FloorDiv => (PRODUCT, "//", Guard::None),
        BinOpKind::Rem => (PRODUCT, "%", Guard::None),
        BinOpKind::Pow => (POWER, "**", Guard::None),
    }
}

enum Guard {
    None,
    Both(&'static str),
    Product,
}

fn is_const(expression: &Expr<'_>) -> bool {
    match expression {
        Expr::Const(_) => true,
        Expr::List(e) => e.items.iter().all(is_const),
        Expr::Tuple(e) => e.items.iter().all(is_const),
        Expr::Map(e) => e.keys.iter().chain(&e.values).all(is_const),
        _ => false,
    }
}

/// Whether a literal holds values that are not written in it.
fn is_built(expression: &Expr<'_>) -> bool {
    matches!(expression, Expr::List(_) | Expr::Tuple(_) | Expr::Map(_)) && !is_const(expression)
}

/// Whether the size of an operand is not known from the text, nor charged when it was made.
pub(super) fn wants_guard(expression: &Expr<'_>) -> bool {
    match expression {
        Expr::Const(_) | Expr::Compare(_) | Expr::Test(_) | Expr::UnaryOp(_) => false,
        Expr::BinOp(e) => matches!(e.op, BinOpKind::ScAnd | BinOpKind::ScOr),
        _ => true,
    }
}

impl Writer<'_, '_> {
    /// Writes an expression, in parentheses if it binds less tightly than `at_least`.
    pub(super) fn expression(
        &mut self,
        expression: &Expr<'_>,
        at_least: u8,
    ) -> Result<(), SyntaxProblem> {
        let wrap = level(expression) < at_least;
        if wrap {
            self.put("(");
        }
        let start = self.out.text.len();
        self.bare(expression)?;
        self.place(start, expression_span(expression));
        if wrap {
            self.put(")");
        }
        Ok(())
    }

    fn bare(&mut self, expression: &Expr<'_>) -> Result<(), SyntaxProblem> {
        match expression {
            Expr::Var(e) => self.put(e.id),
            Expr::Const(_) => {
                let source = self.source;
                self.put(&source[expression_span(expression).range()]);
            }
            Expr::Slice(e) => {
                self.expression(&e.expr, UNARY)?;
                self.put("|");
                self.put(guards::SLICE);
                self.put("(");
                for (place, bound) in [&e.start, &e.stop, &e.step].into_iter().enumerate() {
                    if place > 0 {
                        self.put(", ");
                    }
                    match bound {
                        Some(bound) => self.expression(bound, ANY)?,
                        None => self.put("none"),
                    }
                }
                self.put(")");
            }
            Expr::UnaryOp(e) => match e.op {
                UnaryOpKind::Not => {
                    self.put("not ");
                    self.expression(&e.expr, NOT)?;
                }
                UnaryOpKind::Neg => {
                    self.put("-");
                    let twice =
                        matches!(&e.expr, Expr::UnaryOp(e) if matches!(e.op, UnaryOpKind::Neg));
                    self.expression(&e.expr, if twice { UNARY } else { PRIMARY })?;
                }
            },
            Expr::BinOp(e) => {
                let (level, sign, guard) = binary(e.op);
                // `a == b == c` would be one chain of comparisons.
                let left = if level == COMPARE { SUM } else { level };
                let (first, second) = match guard {
                    Guard::None => (None, None),
                    Guard::Both(filter) => (
                        wants_guard(&e.left).then_some(filter),
                        wants_guard(&e.right).then_some(filter),
                    ),
                    Guard::Product => (Some(guards::TIMES), Some(guards::PRODUCT)),
                };
                self.operand(&e.left, left, first)?;
                self.put(" ");
                self.put(sign);
                self.put(" ");
                self.operand(&e.right, level + 1, second)?;
            }
            Expr::Compare(e) => {
                self.operand(&e.expr, SUM, wants_guard(&e.expr).then_some(guards::DEEP))?;
                for op in &e.ops {
                    self.put(match op.op {
                        CompareOpKind::Eq => " == ",
                        CompareOpKind::Ne => " != ",
                        CompareOpKind::Lt => " < ",
                        CompareOpKind::Lte => " <= ",
                        CompareOpKind::Gt => " > ",
                        CompareOpKind::Gte => " >= ",
                        CompareOpKind::In => " in ",
                        CompareOpKind::NotIn => " not in ",
                    });
                    self.operand(&op.expr, SUM, wants_guard(&op.expr).then_some(guards::DEEP))?;
                }
            }
            Expr::IfExpr(e) => {
                self.expression(&e.true_expr, OR)?;
                self.put(" if ");
                self.expression(&e.test_expr, OR)?;
                if let Some(otherwise) = &e.false_expr {
                    self.put(" else ");
                    self.expression(otherwise, ANY)?;
                }
            }
            Expr::Filter(e) => {
                if let Some(inner) = &e.expr {
                    self.expression(inner, UNARY)?;
                    self.put("|");
                }
                self.name(e.name, expression)?;
                if !e.args.is_empty() {
                    self.arguments(&e.args)?;
                }
            }
            Expr::Test(e) => {
                self.expression(&e.expr, UNARY)?;
                self.put(" is ");
                self.name(e.name, expression)?;
                // Without parentheses, a name that follows would be taken for an argument.
                self.arguments(&e.args)?;
            }
            Expr::GetAttr(e) => {
                self.expression(&e.expr, PRIMARY)?;
                self.put(".");
                self.put(e.name);
            }
            Expr::GetItem(e) => {
                if matches!(e.subscript_expr, Expr::Const(_)) {
                    self.expression(&e.expr, PRIMARY)?;
                } else {
                    self.put("(");
                    self.operand(&e.expr, UNARY, Some(guards::INDEXED))?;
                    self.put(")");
                }
                self.put("[");
                let subscript = wants_guard(&e.subscript_expr).then_some(guards::FLAT);
                self.operand(&e.subscript_expr, ANY, subscript)?;
                self.put("]");
            }
            Expr::Call(e) => {
                self.expression(&e.expr, PRIMARY)?;
                match (&e.expr, &e.args[..]) {
                    // A recursive loop goes on over its argument.
                    (Expr::Var(name), [CallArg::Pos(argument)]) if name.id == "loop" => {
                        self.put("(");
                        self.operand(argument, ANY, Some(guards::FLAT))?;
                        self.put(")");
                    }
                    (_, arguments) => self.arguments(arguments)?,
                }
            }
            Expr::List(e) => {
                self.put("[");
                self.items(&e.items)?;
                self.put("]");
                self.built(expression);
            }
            Expr::Tuple(e) => {
                self.put("(");
                self.items(&e.items)?;
                self.put(if e.items.len() == 1 { ",)" } else { ")" });
                self.built(expression);
            }
            Expr::Map(e) => {
                self.put("{");
                for (place, (key, value)) in e.keys.iter().zip(&e.values).enumerate() {
                    if place > 0 {
                        self.put(", ");
                    }
                    self.expression(key, ANY)?;
                    self.put(": ");
                    self.expression(value, ANY)?;
                }
                self.put("}");
                self.built(expression);
            }
        }
        Ok(())
    }

    fn built(&mut self, expression: &Expr<'_>) {
        if is_built(expression) {
            self.put("|");
            self.put(guards::BUILT);
        }
    }

    pub(super) fn operand(
        &mut self,
        expression: &Expr<'_>,
        at_least: u8,
        filter: Option<&str>,
    ) -> Result<(), SyntaxProblem> {
        let Some(filter) = filter else {
            return self.expression(expression, at_least);
        };
        let start = self.out.text.len();
        self.expression(expression, UNARY)?;
        self.put("|");
        self.put(filter);
        self.place(start, expression_span(expression));
        Ok(())
    }

    pub(super) fn items(&mut self, items: &[Expr<'_>]) -> Result<(), SyntaxProblem> {
        for (place, item) in items.iter().enumerate() {
            if place > 0 {
                self.put(", ");
            }
            self.expression(item, ANY)?;
        }
        Ok(())
    }

    pub(super) fn arguments(&mut self, arguments: &[CallArg<'_>]) -> Result<(), SyntaxProblem> {
        self.put("(");
        for (place, argument) in arguments.iter().enumerate() {
            if place > 0 {
                self.put(", ");
            }
            match argument {
                CallArg::Pos(e) => self.expression(e, ANY)?,
                CallArg::Kwarg(name, e) => {
                    self.put(name);
                    self.put("=");
                    self.expression(e, ANY)?;
                }
                CallArg::PosSplat(e) => {
                    self.put("*");
                    self.operand(e, ANY, Some(guards::DEEP))?;
                }
                CallArg::KwargSplat(e) => {
                    self.put("**");
                    self.operand(e, ANY, Some(guards::DEEP))?;
                }
            }
        }
        self.put(")");
        Ok(())
    }

    /// The name of a filter or test; those of the guards are not for templates.
    fn name(&mut self, name: &str, expression: &Expr<'_>) -> Result<(), SyntaxProblem> {
        if name.starts_with("pf") && name.contains('.') {
            return Self::problem(
                expression_span(expression),
                format!("`{name}` is unknown"),
                "names that start with `pf.` are not for templates",
            );
        }
        self.put(name);
        Ok(())
    }
}
