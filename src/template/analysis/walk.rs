//! What is assigned, used and known at each point of a template.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::machinery::ast::{BinOpKind, Call, CallArg, Expr, Macro, Stmt, UnaryOpKind};

use super::condition::{fails, holds, path};
use super::{
    Analysis, Assigned, Assignment, IncludeKind, IncludeUse, Literal, NameUse, ScopeId, VariableUse,
};
use crate::jinja::{expression_span, span_of};
use crate::span::Span;

/// A walk over the tree of a template, in the order in which it runs.
pub(super) struct Walk {
    /// What is visible at this point.
    scope: ScopeId,
    /// How often each visible name is assigned.
    names: BTreeMap<String, usize>,
    /// Paths that are known to be there, innermost condition last.
    known: Vec<Vec<String>>,
    /// How many blocks stand around this point.
    depth: usize,
    out: Analysis,
}

impl Walk {
    pub(super) fn new() -> Self {
        Self {
            scope: ScopeId::default(),
            names: BTreeMap::new(),
            known: Vec::new(),
            depth: 0,
            out: Analysis::default(),
        }
    }

    pub(super) fn finish(mut self) -> Analysis {
        self.out.exports = self.scope;
        self.out
    }

    fn push(&mut self, what: Assigned) {
        if let Assigned::Name(name) = &what {
            *self.names.entry(name.clone()).or_default() += 1;
        }
        self.out.assignments.push(Assignment { what, before: self.scope });
        self.scope = ScopeId(Some(self.out.assignments.len() - 1));
    }

    /// Goes back to an earlier scope, and says what was assigned since, the latest first.
    fn leave(&mut self, scope: ScopeId) -> Vec<Assigned> {
        let mut left = Vec::new();
        while self.scope != scope {
            let Some(assignment) = self.scope.0.and_then(|place| self.out.assignments.get(place))
            else {
                break;
            };
            self.scope = assignment.before;
            left.push(assignment.what.clone());
            if let Assigned::Name(name) = &assignment.what
                && let Some(count) = self.names.get_mut(name)
            {
                *count -= 1;
            }
        }
        left
    }

    pub(super) fn assign(&mut self, name: &str) {
        self.push(Assigned::Name(name.to_owned()));
    }

    fn assigned(&self, name: &str) -> bool {
        self.names.get(name).is_some_and(|count| *count > 0)
    }

    /// Runs `inside` in a scope of its own.
    fn scoped(&mut self, inside: impl FnOnce(&mut Self)) {
        let before = self.scope;
        inside(self);
        self.leave(before);
    }

    /// Runs `inside` where the paths are known to be there.
    fn knowing(&mut self, paths: Vec<Vec<String>>, inside: impl FnOnce(&mut Self)) {
        let before = self.known.len();
        self.known.extend(paths);
        inside(self);
        self.known.truncate(before);
    }

    pub(super) fn body(&mut self, body: &[Stmt<'_>]) {
        for (place, statement) in body.iter().enumerate() {
            match statement {
                // A macro sees what is assigned beside it by the time it is called.
                Stmt::Macro(s) => {
                    self.assign(s.name);
                    self.scoped(|walk| {
                        body[place + 1..].iter().for_each(|later| walk.assign_later(later));
                        walk.inside(|walk| walk.declaration(s));
                    });
                }
                statement => self.statement(statement),
            }
        }
    }

    fn assign_later(&mut self, statement: &Stmt<'_>) {
        let target = match statement {
            Stmt::Set(s) => &s.target,
            Stmt::SetBlock(s) => &s.target,
            Stmt::Import(s) => &s.name,
            Stmt::FromImport(s) => {
                for (name, alias) in &s.names {
                    self.target(alias.as_ref().unwrap_or(name));
                }
                return;
            }
            Stmt::Macro(s) => return self.assign(s.name),
            _ => return,
        };
        if !matches!(target, Expr::GetAttr(_)) {
            self.target(target);
        }
    }

    /// Branches of which exactly one runs: only what both of them assign is assigned.
    fn branches(&mut self, branches: [(&[Stmt<'_>], Vec<Vec<String>>); 2]) {
        let before = self.scope;
        let [first, second] = branches.map(|(body, known)| {
            self.knowing(known, |walk| walk.body(body));
            self.leave(before)
        });
        let second: BTreeSet<&Assigned> = second.iter().collect();
        for what in first.iter().rev().filter(|what| second.contains(what)) {
            self.push(what.clone());
        }
    }

    fn statement(&mut self, statement: &Stmt<'_>) {
        match statement {
            Stmt::Template(s) => self.body(&s.children),
            Stmt::EmitExpr(s) => self.expression(&s.expr),
            Stmt::EmitRaw(s) => {
                let literal = Literal { span: span_of(s.span()), certain: self.depth == 0 };
                self.out.literals.push(literal);
            }
            statement => self.inside(|walk| walk.compound(statement)),
        }
    }

    /// Runs `inside` where text is printed only now and then.
    fn inside(&mut self, inside: impl FnOnce(&mut Self)) {
        self.depth += 1;
        inside(self);
        self.depth -= 1;
    }

    fn compound(&mut self, statement: &Stmt<'_>) {
        match statement {
            Stmt::Template(_) | Stmt::EmitExpr(_) | Stmt::EmitRaw(_) => self.statement(statement),
            Stmt::Continue(_) | Stmt::Break(_) => {}
            Stmt::ForLoop(s) => {
                self.expression(&s.iter);
                self.scoped(|walk| {
                    walk.target(&s.target);
                    if let Some(filter) = &s.filter_expr {
                        walk.condition(filter);
                    }
                    walk.assign("loop");
                    let known = s.filter_expr.as_ref().map(holds).unwrap_or_default();
                    walk.knowing(known, |walk| walk.body(&s.body));
                });
                self.branches([(&s.else_body, Vec::new()), (&[], Vec::new())]);
            }
            Stmt::IfCond(s) => {
                self.condition(&s.expr);
                self.branches([(&s.true_body, holds(&s.expr)), (&s.false_body, fails(&s.expr))]);
            }
            Stmt::WithBlock(s) => self.scoped(|walk| {
                for (target, value) in &s.assignments {
                    walk.expression(value);
                    walk.target(target);
                }
                walk.body(&s.body);
            }),
            Stmt::Set(s) => {
                self.expression(&s.expr);
                self.target(&s.target);
            }
            Stmt::SetBlock(s) => {
                self.body(&s.body);
                if let Some(filter) = &s.filter {
                    self.expression(filter);
                }
                self.target(&s.target);
            }
            Stmt::AutoEscape(s) => {
                self.expression(&s.enabled);
                self.body(&s.body);
            }
            Stmt::FilterBlock(s) => {
                self.expression(&s.filter);
                self.body(&s.body);
            }
            Stmt::Block(s) => self.scoped(|walk| {
                walk.assign("super");
                walk.body(&s.body);
            }),
            Stmt::Extends(s) => self.include(&s.name, IncludeKind::Extends, false),
            Stmt::Include(s) => self.include(&s.name, IncludeKind::Include, s.ignore_missing),
            Stmt::Import(s) => {
                self.include(&s.expr, IncludeKind::Import, false);
                self.target(&s.name);
            }
            Stmt::FromImport(s) => {
                self.include(&s.expr, IncludeKind::Import, false);
                for (name, alias) in &s.names {
                    self.target(alias.as_ref().unwrap_or(name));
                }
            }
            Stmt::Macro(s) => {
                self.assign(s.name);
                self.declaration(s);
            }
            Stmt::CallBlock(s) => {
                self.call(&s.call);
                self.declaration(&s.macro_decl);
            }
            Stmt::Do(s) => self.call(&s.call),
        }
    }

    fn declaration(&mut self, declaration: &Macro<'_>) {
        self.scoped(|walk| {
            walk.assign("caller");
            for argument in &declaration.args {
                walk.target(argument);
            }
            for default in &declaration.defaults {
                walk.expression(default);
            }
            walk.body(&declaration.body);
        });
    }

    fn target(&mut self, target: &Expr<'_>) {
        match target {
            Expr::Var(e) => self.assign(e.id),
            Expr::List(e) => e.items.iter().for_each(|item| self.target(item)),
            Expr::Tuple(e) => e.items.iter().for_each(|item| self.target(item)),
            // `set ns.x = …` uses `ns`.
            Expr::GetAttr(e) => self.expression(&e.expr),
            _ => {}
        }
    }

    fn include(&mut self, name: &Expr<'_>, kind: IncludeKind, ignore_missing: bool) {
        self.expression(name);
        let choices: Vec<&Expr<'_>> = match name {
            Expr::List(e) if kind == IncludeKind::Include => e.items.iter().collect(),
            Expr::Tuple(e) if kind == IncludeKind::Include => e.items.iter().collect(),
            one => vec![one],
        };
        let scope = self.scope;
        for (place, choice) in choices.iter().enumerate() {
            let literal = match choice {
                Expr::Const(e) => e.value.as_str().map(str::to_owned),
                _ => None,
            };
            self.out.includes.push(IncludeUse {
                name: literal,
                span: expression_span(choice),
                kind,
                // Of several choices only the last must be there.
                ignore_missing: ignore_missing || place + 1 < choices.len(),
                scope,
            });
            // What is imported goes by the name that the import gives it.
            if kind != IncludeKind::Import {
                self.push(Assigned::Include(self.out.includes.len() - 1));
            }
        }
    }

    fn call(&mut self, call: &Call<'_>) {
        match &call.expr {
            Expr::Var(e) if !self.assigned(e.id) => {
                let name = e.id.to_owned();
                self.out.functions.push(NameUse { name, span: span_of(e.span()) });
            }
            callee => self.expression(callee),
        }
        self.arguments(&call.args);
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>]) {
        for argument in arguments {
            match argument {
                CallArg::Pos(e)
                | CallArg::Kwarg(_, e)
                | CallArg::PosSplat(e)
                | CallArg::KwargSplat(e) => self.expression(e),
            }
        }
    }

    /// An expression that is asked for its truth.
    pub(super) fn condition(&mut self, expression: &Expr<'_>) {
        match expression {
            Expr::UnaryOp(e) if matches!(e.op, UnaryOpKind::Not) => self.condition(&e.expr),
            Expr::BinOp(e) if matches!(e.op, BinOpKind::ScAnd) => {
                self.condition(&e.left);
                self.knowing(holds(&e.left), |walk| walk.condition(&e.right));
            }
            Expr::BinOp(e) if matches!(e.op, BinOpKind::ScOr) => {
                self.condition(&e.left);
                self.knowing(fails(&e.left), |walk| walk.condition(&e.right));
            }
            expression => self.asked(expression),
        }
    }

    /// An expression that may be missing or none.
    fn asked(&mut self, expression: &Expr<'_>) {
        match path(expression) {
            Some(path) => self.knowing(vec![path], |walk| walk.expression(expression)),
            None => self.expression(expression),
        }
    }

    fn variable(&mut self, path: Vec<String>, span: Span) {
        if self.assigned(&path[0]) {
            return;
        }
        let guarded = self.known.iter().any(|known| path.starts_with(known));
        let scope = self.scope;
        self.out.variables.push(VariableUse { path, span, guarded, scope });
    }

    fn expression(&mut self, expression: &Expr<'_>) {
        if let Some(path) = path(expression) {
            self.variable(path, expression_span(expression));
            return;
        }
        match expression {
            Expr::Var(_) | Expr::Const(_) => {}
            Expr::Slice(e) => {
                self.expression(&e.expr);
                [&e.start, &e.stop, &e.step].into_iter().flatten().for_each(|e| self.expression(e));
            }
            Expr::UnaryOp(e) => match e.op {
                UnaryOpKind::Not => self.condition(expression),
                UnaryOpKind::Neg => self.expression(&e.expr),
            },
            Expr::BinOp(e) => match e.op {
                BinOpKind::ScAnd | BinOpKind::ScOr => {
                    self.condition(&e.left);
                    let known = match e.op {
                        BinOpKind::ScAnd => holds(&e.left),
                        _ => fails(&e.left),
                    };
                    self.knowing(known, |walk| walk.expression(&e.right));
                }
                _ => {
                    self.expression(&e.left);
                    self.expression(&e.right);
                }
            },
            Expr::Compare(e) => {
                self.expression(&e.expr);
                e.ops.iter().for_each(|op| self.expression(&op.expr));
            }
            Expr::IfExpr(e) => {
                self.condition(&e.test_expr);
                self.knowing(holds(&e.test_expr), |walk| walk.expression(&e.true_expr));
                if let Some(otherwise) = &e.false_expr {
                    self.knowing(fails(&e.test_expr), |walk| walk.expression(otherwise));
                }
            }
            Expr::Filter(e) => {
                if let Some(inner) = &e.expr {
                    match e.name {
                        "default" | "d" => self.asked(inner),
                        _ => self.expression(inner),
                    }
                }
                self.out.filters.push(named(e.name, span_of(e.span())));
                self.arguments(&e.args);
            }
            Expr::Test(e) => {
                match e.name {
                    "defined" | "undefined" | "none" => self.asked(&e.expr),
                    _ => self.expression(&e.expr),
                }
                self.out.tests.push(named(e.name, span_of(e.span())));
                self.arguments(&e.args);
            }
            Expr::GetAttr(e) => self.expression(&e.expr),
            Expr::GetItem(e) => {
                self.expression(&e.expr);
                self.expression(&e.subscript_expr);
            }
            Expr::Call(e) => self.call(e),
            Expr::List(e) => e.items.iter().for_each(|item| self.expression(item)),
            Expr::Tuple(e) => e.items.iter().for_each(|item| self.expression(item)),
            Expr::Map(e) => {
                for (key, value) in e.keys.iter().zip(&e.values) {
                    self.expression(key);
                    self.expression(value);
                }
            }
        }
    }
}

fn named(name: &str, span: Span) -> NameUse {
    NameUse { name: name.to_owned(), span: Span::new(span.start, span.start + name.len()) }
}
