//! The types of expressions.

use minijinja::machinery::ast::{BinOpKind, CallArg, Expr, UnaryOpKind};

use super::Inference;
use super::kinds::Kinds;
use super::lattice::{ListFacts, Type};
use super::report::Use;

impl<'w> Inference<'w> {
    /// The type of an expression. `asked` tells that the template can do with a value that is missing.
    pub(super) fn expression(&mut self, expression: &Expr<'w>, asked: bool) -> Type {
        if !self.step() {
            return Type::unknown();
        }
        self.depth += 1;
        let of = self.of(expression, asked);
        self.depth -= 1;
        of
    }

    fn of(&mut self, expression: &Expr<'w>, asked: bool) -> Type {
        match expression {
            Expr::Const(e) => Type::written(&e.value),
            Expr::Var(e) => self.variable(e.id),
            Expr::GetAttr(_) | Expr::GetItem(_) => self.access(expression, asked),
            Expr::Slice(e) => {
                for bound in [&e.start, &e.stop, &e.step].into_iter().flatten() {
                    self.expression(bound, false);
                }
                self.slice(&e.expr)
            }
            Expr::UnaryOp(e) => match e.op {
                UnaryOpKind::Not => {
                    self.condition(&e.expr);
                    Type::of(Kinds::BOOL)
                }
                UnaryOpKind::Neg => {
                    let of = self.expression(&e.expr, false);
                    let fails = Kinds::ALL - Kinds::NUMBER;
                    self.demand(&e.expr, &of, fails, Kinds::NOTHING, Use::Operator("-"));
                    match &e.expr {
                        Expr::Const(_) => of,
                        _ => Type::of(Kinds::NUMBER),
                    }
                }
            },
            Expr::BinOp(e) => match e.op {
                BinOpKind::ScAnd | BinOpKind::ScOr => self.either_value(expression, asked),
                _ => self.operator(expression, e),
            },
            Expr::Compare(e) => {
                self.chain(e);
                Type::of(Kinds::BOOL)
            }
            Expr::IfExpr(e) => {
                self.condition(&e.test_expr);
                self.decided(&e.test_expr, e.false_expr.is_some());
                let facts = self.facts(&e.test_expr, true);
                let first = self.knowing(facts, |it| it.expression(&e.true_expr, asked));
                let Some(otherwise) = &e.false_expr else {
                    // Nothing is printed then; other uses fail, which is hard to foresee.
                    return first.or_kinds(Kinds::UNKNOWN);
                };
                let facts = self.facts(&e.test_expr, false);
                let second = self.knowing(facts, |it| it.expression(otherwise, asked));
                first.union(second)
            }
            Expr::Filter(e) => self.filter(expression, e),
            Expr::Test(e) => self.test(e),
            Expr::Call(e) => self.call(e),
            Expr::List(e) => {
                let mut item = Type::of(Kinds::NOTHING);
                for value in &e.items {
                    let of = self.expression(value, true);
                    item = item.union(of);
                }
                Type::list_of(item)
            }
            Expr::Tuple(e) => {
                e.items.iter().for_each(|value| drop(self.expression(value, true)));
                Type::unknown()
            }
            Expr::Map(e) => {
                for (key, value) in e.keys.iter().zip(&e.values) {
                    self.expression(key, true);
                    self.expression(value, true);
                }
                Type::unknown()
            }
        }
    }

    fn slice(&mut self, base: &Expr<'w>) -> Type {
        let of = self.expression(base, false);
        let fails = Kinds::NUMBER | Kinds::BOOL | Kinds::OBJECT | Kinds::UNDEFINED;
        self.demand(base, &of, fails, Kinds::NOTHING, Use::Slice);
        if !of.is_known() {
            return Type::unknown();
        }
        let mut slice = of.without(Kinds::ALL - Kinds::LIST - Kinds::STRING);
        slice.constants = None;
        slice.list = ListFacts::Plain;
        slice
    }

    /// `a and b`, `a or b`: one of the two values.
    fn either_value(&mut self, expression: &Expr<'w>, asked: bool) -> Type {
        let Expr::BinOp(e) = expression else { return Type::unknown() };
        let or = matches!(e.op, BinOpKind::ScOr);
        let left = self.expression(&e.left, false);
        self.demand(&e.left, &left, Kinds::UNDEFINED, Kinds::NOTHING, Use::Truth);
        let facts = self.facts(&e.left, !or);
        let right = self.knowing(facts, |it| it.expression(&e.right, asked));
        let left = if or { left.truthy() } else { left.falsy() };
        left.union(right)
    }

    /// An expression that is asked for its truth.
    pub(super) fn condition(&mut self, expression: &Expr<'w>) {
        match expression {
            Expr::UnaryOp(e) if matches!(e.op, UnaryOpKind::Not) && self.step() => {
                self.depth += 1;
                self.condition(&e.expr);
                self.depth -= 1;
            }
            Expr::BinOp(e) if matches!(e.op, BinOpKind::ScAnd | BinOpKind::ScOr) && self.step() => {
                self.depth += 1;
                self.condition(&e.left);
                let facts = self.facts(&e.left, matches!(e.op, BinOpKind::ScAnd));
                self.knowing(facts, |it| it.condition(&e.right));
                self.depth -= 1;
            }
            expression => {
                let of = self.expression(expression, false);
                self.demand(expression, &of, Kinds::UNDEFINED, Kinds::NOTHING, Use::Truth);
            }
        }
    }

    /// Runs `inside` where more is known.
    pub(super) fn knowing<T>(
        &mut self,
        facts: Vec<super::scope::Fact>,
        inside: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let mark = self.scope.mark();
        self.scope.know(facts);
        let result = inside(self);
        self.scope.leave(mark);
        result
    }

    /// Arguments of which nothing is asked.
    pub(super) fn arguments(&mut self, arguments: &[CallArg<'w>]) {
        for argument in arguments {
            match argument {
                CallArg::Pos(e)
                | CallArg::Kwarg(_, e)
                | CallArg::PosSplat(e)
                | CallArg::KwargSplat(e) => drop(self.expression(e, true)),
            }
        }
    }
}
