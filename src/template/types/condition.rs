//! What holds where a condition is true, and where it is false.

use minijinja::machinery::ast::{BinOpKind, CallArg, Expr, UnaryOpKind};
use serde_json::Value;

use super::Inference;
use super::filters::{test_is_exact, test_kinds};
use super::kinds::Kinds;
use super::lattice::{Type, equal, kind_of};
use super::scope::Fact;
use crate::template::analysis::condition::path;

impl<'w> Inference<'w> {
    /// What is known of paths where a condition holds (`truth`) or does not.
    pub(super) fn facts(&mut self, condition: &Expr<'w>, truth: bool) -> Vec<Fact> {
        // Both outcomes of a part may be asked for, and so on for its parts.
        if !self.step() {
            return Vec::new();
        }
        match condition {
            Expr::UnaryOp(e) if matches!(e.op, UnaryOpKind::Not) => self.facts(&e.expr, !truth),
            Expr::BinOp(e) => match (e.op, truth) {
                (BinOpKind::ScAnd, true) | (BinOpKind::ScOr, false) => {
                    self.both(&e.left, &e.right, truth)
                }
                (BinOpKind::ScAnd, false) | (BinOpKind::ScOr, true) => {
                    self.either(&e.left, &e.right, truth)
                }
                (BinOpKind::Eq, _) => self.equals(&e.left, &e.right, truth),
                (BinOpKind::Ne, _) => self.equals(&e.left, &e.right, !truth),
                (BinOpKind::In, _) => self.is_in(&e.left, &e.right, truth),
                _ => Vec::new(),
            },
            Expr::Test(e) => {
                let argument = match e.args.as_slice() {
                    [CallArg::Pos(argument)] => Some(argument),
                    _ => None,
                };
                match (e.name, argument) {
                    ("eq" | "equalto" | "==", Some(other)) => self.equals(&e.expr, other, truth),
                    ("ne" | "!=", Some(other)) => self.equals(&e.expr, other, !truth),
                    ("in", Some(list)) => self.is_in(&e.expr, list, truth),
                    (name, _) => self.tested(&e.expr, name, truth),
                }
            }
            // Without what they replace or shorten they would be false, or fail.
            Expr::Filter(e) => match (&e.expr, e.name) {
                (Some(inner), "length" | "count" | "trim" | "list" | "lower" | "upper")
                    if truth =>
                {
                    self.truthy(inner)
                }
                // On what is absent they fail, or make a text that counts as true.
                (Some(inner), "length" | "count" | "trim" | "lower" | "upper") => {
                    self.narrowed(inner, |of| of.without(Kinds::ABSENT))
                }
                (Some(inner), "default" | "d") if truth => match e.args.first() {
                    None => self.truthy(inner),
                    Some(CallArg::Pos(Expr::Const(other))) if !other.value.is_true() => {
                        self.truthy(inner)
                    }
                    Some(_) => Vec::new(),
                },
                _ => Vec::new(),
            },
            expression if truth => self.truthy(expression),
            expression => self.narrowed(expression, Type::falsy),
        }
    }

    fn both(&mut self, left: &Expr<'w>, right: &Expr<'w>, truth: bool) -> Vec<Fact> {
        let mut facts = self.facts(left, truth);
        let mark = self.scope.mark();
        self.scope.know(facts.clone());
        facts.extend(self.facts(right, truth));
        self.scope.leave(mark);
        facts
    }

    /// What both sides say: the right one is asked where the left one said the opposite.
    fn either(&mut self, left: &Expr<'w>, right: &Expr<'w>, truth: bool) -> Vec<Fact> {
        let first = self.facts(left, truth);
        if first.is_empty() {
            return first;
        }
        let opposite = self.facts(left, !truth);
        let mark = self.scope.mark();
        self.scope.know(opposite);
        let second = self.facts(right, truth);
        self.scope.leave(mark);
        let common = first.into_iter().filter_map(|(path, a)| {
            let (_, b) = second.iter().find(|(other, _)| *other == path)?;
            let union = a.union(b.clone());
            Some((path, union))
        });
        common.collect()
    }

    /// A path counts as true, so all that it goes through is there.
    fn truthy(&mut self, expression: &Expr<'w>) -> Vec<Fact> {
        let mut facts = self.reached(expression);
        facts.extend(self.narrowed(expression, Type::truthy));
        facts
    }

    /// What a path goes through is there when its end is.
    fn reached(&mut self, expression: &Expr<'w>) -> Vec<Fact> {
        let base = match expression {
            Expr::GetAttr(e) => &e.expr,
            Expr::GetItem(e) => &e.expr,
            _ => return Vec::new(),
        };
        let mut facts = self.reached(base);
        facts.extend(self.narrowed(base, |of| of.without(Kinds::ABSENT)));
        facts
    }

    fn narrowed(&mut self, expression: &Expr<'w>, narrow: impl Fn(Type) -> Type) -> Vec<Fact> {
        let Some(path) = path(expression) else { return Vec::new() };
        let of = self.peek(expression);
        vec![(path, narrow(of))]
    }

    fn equals(&mut self, left: &Expr<'w>, right: &Expr<'w>, equal_here: bool) -> Vec<Fact> {
        let ((subject, Expr::Const(constant)) | (Expr::Const(constant), subject)) = (left, right)
        else {
            return Vec::new();
        };
        let constant = Type::written(&constant.value);
        let mut facts = Vec::new();
        if equal_here && !constant.kinds.meets(Kinds::ABSENT) {
            facts = self.reached(subject);
        }
        facts.extend(self.narrowed(subject, |of| match scalar(&constant) {
            None if constant.kinds == Kinds::NONE && equal_here => of.only(Kinds::NONE),
            None if constant.kinds == Kinds::NONE => of.without(Kinds::NONE),
            None => of,
            Some(value) if equal_here => equal_to(of, value),
            Some(value) => of.without(Kinds::UNDEFINED).with(|other| !equal(other, value)),
        }));
        facts
    }

    fn is_in(&mut self, subject: &Expr<'w>, list: &Expr<'w>, inside: bool) -> Vec<Fact> {
        let items = match list {
            Expr::List(e) => &e.items,
            Expr::Tuple(e) => &e.items,
            // `'key' in object`.
            _ => return self.has_key(subject, list, inside),
        };
        let mut constants = Vec::with_capacity(items.len());
        for item in items {
            let Expr::Const(constant) = item else { return Vec::new() };
            constants.push(Type::written(&constant.value));
        }
        let has_none = constants.iter().any(|constant| constant.kinds.meets(Kinds::NONE));
        let values: Vec<&Value> = constants.iter().filter_map(scalar).collect();
        let listed = |value: &Value| values.iter().any(|other| equal(other, value));
        self.narrowed(subject, |of| {
            let gone = if has_none == inside { Kinds::UNDEFINED } else { Kinds::ABSENT };
            of.without(gone).with(|value| listed(value) == inside)
        })
    }

    fn has_key(&mut self, key: &Expr<'w>, object: &Expr<'w>, inside: bool) -> Vec<Fact> {
        let (Expr::Const(key), Some(mut path)) = (key, path(object)) else { return Vec::new() };
        let Some(key) = key.value.as_str().filter(|_| inside) else { return Vec::new() };
        let of = self.peek(object);
        if !of.kinds.meets(Kinds::OBJECT | Kinds::UNKNOWN) {
            return Vec::new();
        }
        let property = of.property(key).of.without(Kinds::UNDEFINED);
        path.push(key.to_owned());
        vec![(path, property)]
    }

    fn tested(&mut self, subject: &Expr<'w>, test: &str, holds: bool) -> Vec<Fact> {
        let Some(kinds) = test_kinds(test) else { return Vec::new() };
        let mut facts = Vec::new();
        if holds && !kinds.meets(Kinds::UNDEFINED) {
            facts = self.reached(subject);
        }
        facts.extend(self.narrowed(subject, |of| match (holds, test) {
            // What is unknown stays so: that it is there says nothing of its kind.
            (true, "defined") => of.without(Kinds::UNDEFINED),
            (true, _) => of.only(kinds),
            (false, _) if test_is_exact(test) => of.without(kinds),
            (false, _) => of,
        }));
        facts
    }

    /// Whether a condition has the same outcome whatever the values are.
    pub(super) fn constant_truth(&mut self, condition: &Expr<'w>) -> Option<bool> {
        match condition {
            Expr::Const(e) => Some(e.value.is_true()),
            Expr::UnaryOp(e) if matches!(e.op, UnaryOpKind::Not) => {
                self.constant_truth(&e.expr).map(|truth| !truth)
            }
            Expr::BinOp(e) => match e.op {
                BinOpKind::ScAnd | BinOpKind::ScOr => {
                    let decides = matches!(e.op, BinOpKind::ScOr);
                    let left = self.constant_truth(&e.left);
                    let right = self.constant_truth(&e.right);
                    match (left, right) {
                        (Some(one), _) | (_, Some(one)) if one == decides => Some(one),
                        (Some(_), Some(_)) => Some(!decides),
                        _ => None,
                    }
                }
                BinOpKind::Eq => self.always_equal(&e.left, &e.right),
                BinOpKind::Ne => self.always_equal(&e.left, &e.right).map(|equal| !equal),
                BinOpKind::In => self.always_in(&e.left, &e.right),
                _ => None,
            },
            expression => {
                path(expression)?;
                self.peek(expression).truth()
            }
        }
    }

    fn always_equal(&mut self, left: &Expr<'w>, right: &Expr<'w>) -> Option<bool> {
        let (subject, Expr::Const(constant)) = (left, right) else { return None };
        path(subject)?;
        let of = self.peek(subject);
        let constant = Type::written(&constant.value);
        let value = scalar(&constant)?;
        if of.never_equals(&constant) {
            return Some(false);
        }
        let constants = only_constants(&of)?;
        constants.iter().all(|other| equal(other, value)).then_some(true)
    }

    fn always_in(&mut self, subject: &Expr<'w>, list: &Expr<'w>) -> Option<bool> {
        let Expr::List(list) = list else { return None };
        path(subject)?;
        let of = self.peek(subject);
        let constants = only_constants(&of)?;
        let mut listed = Vec::with_capacity(list.items.len());
        for item in &list.items {
            let Expr::Const(constant) = item else { return None };
            listed.extend(scalar(&Type::written(&constant.value)).cloned());
        }
        let within = |value: &Value| listed.iter().any(|other| equal(other, value));
        let first = within(constants.first()?);
        constants.iter().all(|value| within(value) == first).then_some(first)
    }
}

/// All values of a type, where they are known from a schema.
fn only_constants(of: &Type) -> Option<&[Value]> {
    let constants = of.constants.as_ref().filter(|constants| !constants.written)?;
    (of.is_known() && of.kinds.within(Kinds::SCALAR)).then_some(&constants.values)
}

/// The scalar that a template wrote.
pub(super) fn scalar(written: &Type) -> Option<&Value> {
    match written.constants.as_ref()?.values.as_ref() {
        [value] => Some(value),
        _ => None,
    }
}

/// What is equal to a scalar.
fn equal_to(of: Type, value: &Value) -> Type {
    if of.constants.is_some() {
        return of.without(Kinds::ABSENT | Kinds::COLLECTION).with(|other| equal(other, value));
    }
    let kinds = kind_of(value);
    let kinds =
        if kinds.meets(Kinds::BOOL | Kinds::NUMBER) { Kinds::BOOL | Kinds::NUMBER } else { kinds };
    if of.kinds.meets(Kinds::UNKNOWN) {
        return Type::of(kinds);
    }
    of.only(kinds)
}
