//! Operators that calculate and put together.

use minijinja::machinery::ast::{BinOp, BinOpKind, CompareOpKind, Expr};

use super::kinds::Kinds;
use super::lattice::Type;
use super::report::Use;
use super::{Inference, TYPE_MISMATCH};
use crate::diagnostic::Fix;
use crate::jinja::expression_span;
use crate::span::Span;

impl<'w> Inference<'w> {
    /// An operator with two operands, other than `and` and `or`.
    pub(super) fn operator(&mut self, whole: &Expr<'w>, e: &BinOp<'w>) -> Type {
        let left = self.expression(&e.left, false);
        let right = self.expression(&e.right, false);
        let sign = match e.op {
            BinOpKind::Concat => {
                for (side, of) in [(&e.left, &left), (&e.right, &right)] {
                    let dumps = Kinds::COLLECTION | Kinds::NONE;
                    self.demand(side, of, Kinds::UNDEFINED, dumps, Use::Write("~"));
                }
                return Type::of(Kinds::STRING);
            }
            BinOpKind::Eq => {
                return self.compared(CompareOpKind::Eq, &e.left, &left, &e.right, &right);
            }
            BinOpKind::Ne => {
                return self.compared(CompareOpKind::Ne, &e.left, &left, &e.right, &right);
            }
            BinOpKind::Lt => {
                return self.compared(CompareOpKind::Lt, &e.left, &left, &e.right, &right);
            }
            BinOpKind::Lte => {
                return self.compared(CompareOpKind::Lte, &e.left, &left, &e.right, &right);
            }
            BinOpKind::Gt => {
                return self.compared(CompareOpKind::Gt, &e.left, &left, &e.right, &right);
            }
            BinOpKind::Gte => {
                return self.compared(CompareOpKind::Gte, &e.left, &left, &e.right, &right);
            }
            BinOpKind::In => {
                return self.compared(CompareOpKind::In, &e.left, &left, &e.right, &right);
            }
            BinOpKind::ScAnd | BinOpKind::ScOr => return Type::unknown(),
            BinOpKind::Add => "+",
            BinOpKind::Sub => "-",
            BinOpKind::Mul => "*",
            BinOpKind::Div => "/",
            BinOpKind::FloorDiv => "//",
            BinOpKind::Rem => "%",
            BinOpKind::Pow => "**",
        };
        if !left.is_known() || !right.is_known() {
            return Type::unknown();
        }
        let mut result = Kinds::NOTHING;
        for a in left.present().each() {
            for b in right.present().each() {
                result = result | of_pair(sign, a, b);
            }
        }
        if left.present().is_empty() || right.present().is_empty() || !result.is_empty() {
            for (side, of) in [(&e.left, &left), (&e.right, &right)] {
                self.demand(side, of, Kinds::ABSENT, Kinds::NOTHING, Use::Operator(sign));
            }
            if result.meets(Kinds::LIST) || result.is_empty() {
                return Type::unknown();
            }
            return Type::of(result);
        }
        self.unsuited(whole, e, &left, &right, sign);
        Type::unknown()
    }

    fn unsuited(&mut self, whole: &Expr<'w>, e: &BinOp<'w>, left: &Type, right: &Type, sign: &str) {
        let message = format!("`{sign}` does not take {} and {}", left.words(), right.words());
        let text = left.present().or(right.present()).meets(Kinds::STRING);
        let fix = (sign == "+" && text).then(|| self.tilde(e)).flatten();
        let span = self.span(whole);
        let about = if matches!(e.left, Expr::Const(_)) { &e.right } else { &e.left };
        let Some(finding) = self.say_of(TYPE_MISMATCH, span, message, about) else { return };
        finding.fix = fix;
        finding.help.push(if sign == "+" && text {
            "`~` puts values of any type together as text".to_owned()
        } else if text {
            "convert with `| int` or `| float`, or declare the variable as a number".to_owned()
        } else {
            "write out what is meant, with a loop or with `| tojson`".to_owned()
        });
    }

    /// Writes `~` for `+`.
    fn tilde(&self, e: &BinOp<'w>) -> Option<Fix> {
        let between = Span::new(expression_span(&e.left).end, expression_span(&e.right).start);
        let text = self.text().get(between.range())?;
        let at = between.start + text.find('+').filter(|_| text.trim() == "+")?;
        let edit = self.edit(Span::new(at, at + 1), "~")?;
        Some(Fix { message: "replace `+` by `~`".to_owned(), edits: vec![edit], safe: false })
    }
}

/// What an operator gives for two kinds; nothing when it fails.
fn of_pair(sign: &str, a: Kinds, b: Kinds) -> Kinds {
    let number = |kind: Kinds| kind.within(Kinds::NUMBER | Kinds::BOOL);
    let repeats = |kind: Kinds| kind.within(Kinds::STRING | Kinds::LIST);
    match sign {
        _ if number(a) && number(b) => Kinds::NUMBER,
        "+" if a == b && repeats(a) => a,
        "*" if repeats(a) && number(b) => a,
        "*" if number(a) && repeats(b) => b,
        _ => Kinds::NOTHING,
    }
}
