//! Values on their way through the statements of a template.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use minijinja::machinery::ast::{BinOpKind, Call, CallArg, Expr, Filter, Macro, Stmt};

use super::{Flow, PRINTED, Print, Treatment};
use crate::jinja::{self, expression_span};
use crate::template::closure::{Closure, normalise};

/// How deep includes are followed; rendering stops there too.
const MAX_DEPTH: usize = 20;
/// How many pieces of text and expressions are read: a few partials that include one another twice make millions.
const MAX_PIECES: usize = 20_000;
/// How many bytes of partials are parsed, each as often as it is included.
const MAX_BYTES: usize = 4_000_000;

/// Filters whose result holds nothing of the text: numbers and truths.
const MEASURES: [&str; 8] = ["length", "count", "int", "float", "bool", "abs", "round", "sum"];
/// Methods whose result holds nothing of the text.
const MEASURING_METHODS: [&str; 13] = [
    "count",
    "find",
    "rfind",
    "startswith",
    "endswith",
    "isalnum",
    "isalpha",
    "isascii",
    "isdigit",
    "islower",
    "isnumeric",
    "isspace",
    "isupper",
];

/// A value of a variable, on its way.
#[derive(Clone, Debug)]
struct Taint {
    variable: String,
    treatment: Treatment,
}

pub(super) struct Walk<'a> {
    closure: &'a Closure,
    variables: &'a BTreeSet<&'a str>,
    /// What names hold, the innermost scope last; a name that holds something else hides a variable.
    scopes: Vec<BTreeMap<String, Option<Taint>>>,
    /// The partials that lead here.
    way: Vec<String>,
    pieces: usize,
    bytes: usize,
    out: Flow,
}

impl<'a> Walk<'a> {
    pub(super) fn new(closure: &'a Closure, variables: &'a BTreeSet<&'a str>) -> Self {
        let scopes = vec![BTreeMap::new()];
        Self {
            closure,
            variables,
            scopes,
            way: Vec::new(),
            pieces: 0,
            bytes: 0,
            out: Flow::default(),
        }
    }

    pub(super) fn finish(self) -> Flow {
        self.out
    }

    pub(super) fn tree(&mut self, tree: &Stmt<'_>) {
        if let Stmt::Template(template) = tree {
            self.body(&template.children);
        }
    }

    fn partial(&mut self, source: &str) {
        self.bytes += source.len();
        if self.bytes <= MAX_BYTES
            && let Ok(tree) = jinja::parse(source)
        {
            self.tree(&tree);
        }
    }

    fn body(&mut self, body: &[Stmt<'_>]) {
        for statement in body {
            self.pieces += 1;
            if self.pieces > MAX_PIECES {
                return;
            }
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Stmt<'_>) {
        match statement {
            Stmt::Template(s) => self.body(&s.children),
            Stmt::EmitRaw(s) => self.out.text.push_str(s.raw),
            Stmt::EmitExpr(s) => self.print(&s.expr),
            Stmt::ForLoop(s) => {
                let taint = self.taint(&s.iter);
                self.scoped(|walk| {
                    walk.assign(&s.target, taint.as_ref());
                    walk.assign_name("loop", None);
                    walk.body(&s.body);
                });
                self.body(&s.else_body);
            }
            Stmt::IfCond(s) => {
                self.body(&s.true_body);
                self.body(&s.false_body);
            }
            Stmt::WithBlock(s) => self.scoped(|walk| {
                for (target, value) in &s.assignments {
                    let taint = walk.taint(value);
                    walk.assign(target, taint.as_ref());
                }
                walk.body(&s.body);
            }),
            Stmt::Set(s) => {
                let taint = self.taint(&s.expr);
                self.assign(&s.target, taint.as_ref());
            }
            Stmt::SetBlock(s) => {
                let inside = self.aside(|walk| walk.body(&s.body));
                let mut taint = of_block(&inside);
                if let (Some(taint), Some(Expr::Filter(filter))) = (&mut taint, &s.filter) {
                    treat_all(&mut taint.treatment, filter);
                }
                self.assign(&s.target, taint.as_ref());
            }
            Stmt::FilterBlock(s) => {
                let first = self.out.prints.len();
                self.body(&s.body);
                if let Expr::Filter(filter) = &s.filter {
                    for print in &mut self.out.prints[first..] {
                        treat_all(&mut print.treatment, filter);
                        print.takes_filter = false;
                    }
                }
            }
            Stmt::AutoEscape(s) => self.body(&s.body),
            Stmt::Block(s) => self.scoped(|walk| walk.body(&s.body)),
            Stmt::Include(s) => self.include(&s.name),
            Stmt::Extends(s) => self.include(&s.name),
            Stmt::Macro(s) => self.declare(s),
            Stmt::CallBlock(s) => {
                let taint = self.of_call(&s.call);
                self.emit(taint, crate::jinja::span_of(s.call.span()), false);
                self.scoped(|walk| {
                    s.macro_decl.args.iter().for_each(|argument| walk.assign(argument, None));
                    walk.body(&s.macro_decl.body);
                });
            }
            // What comes from an imported macro is known by the arguments of its call.
            Stmt::Import(_)
            | Stmt::FromImport(_)
            | Stmt::Continue(_)
            | Stmt::Break(_)
            | Stmt::Do(_) => {}
        }
    }

    fn print(&mut self, expression: &Expr<'_>) {
        let taint = self.taint(expression);
        let takes_filter = matches!(
            expression,
            Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_) | Expr::Filter(_) | Expr::Call(_)
        );
        self.emit(taint, expression_span(expression), takes_filter);
    }

    fn emit(&mut self, taint: Option<Taint>, span: crate::span::Span, takes_filter: bool) {
        let offset = self.out.text.len();
        self.out.text.push(PRINTED);
        let Some(Taint { variable, treatment }) = taint else { return };
        let partial = self.way.last().cloned();
        let file = match &partial {
            Some(key) => &self.closure.partials[key].file,
            None => self.closure.file(),
        };
        let file = Arc::clone(file);
        self.out.prints.push(Print {
            variable,
            offset,
            file,
            partial,
            span,
            takes_filter,
            treatment,
        });
    }

    fn include(&mut self, name: &Expr<'_>) {
        let names: &[Expr<'_>] = match name {
            Expr::List(e) => &e.items,
            Expr::Tuple(e) => &e.items,
            one => std::slice::from_ref(one),
        };
        for name in names {
            let Expr::Const(name) = name else { continue };
            let Some(Ok(key)) = name.value.as_str().map(normalise) else { continue };
            let Some(partial) = self.closure.partials.get(&key).cloned() else { continue };
            if self.way.contains(&key) || self.way.len() >= MAX_DEPTH {
                return;
            }
            self.way.push(key);
            self.partial(partial.text());
            self.way.pop();
            return;
        }
    }

    /// The name of a macro holds what its body prints.
    fn declare(&mut self, declaration: &Macro<'_>) {
        let inside = self.aside(|walk| {
            walk.scoped(|walk| {
                walk.assign_name("caller", None);
                declaration.args.iter().for_each(|argument| walk.assign(argument, None));
                walk.body(&declaration.body);
            });
        });
        self.assign_name(declaration.name, of_block(&inside).as_ref());
    }

    fn scoped(&mut self, inside: impl FnOnce(&mut Self)) {
        self.scopes.push(BTreeMap::new());
        inside(self);
        self.scopes.pop();
    }

    /// Prints elsewhere for a while, and says what was printed.
    fn aside(&mut self, inside: impl FnOnce(&mut Self)) -> Flow {
        let out = std::mem::take(&mut self.out);
        inside(self);
        std::mem::replace(&mut self.out, out)
    }

    fn assign(&mut self, target: &Expr<'_>, taint: Option<&Taint>) {
        match target {
            Expr::Var(e) => self.assign_name(e.id, taint),
            Expr::List(e) => e.items.iter().for_each(|item| self.assign(item, taint)),
            Expr::Tuple(e) => e.items.iter().for_each(|item| self.assign(item, taint)),
            // `set ns.x = …`: from then on all of `ns` counts, in every scope.
            Expr::GetAttr(e) => {
                if let (Expr::Var(e), Some(taint)) = (&e.expr, taint) {
                    let known = self.scopes.iter_mut().rev().find_map(|scope| scope.get_mut(e.id));
                    if let Some(known) = known {
                        *known = Some(taint.clone());
                    }
                }
            }
            _ => {}
        }
    }

    fn assign_name(&mut self, name: &str, taint: Option<&Taint>) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.to_owned(), taint.cloned());
        }
    }

    fn lookup(&self, name: &str) -> Option<Taint> {
        match self.scopes.iter().rev().find_map(|scope| scope.get(name)) {
            Some(held) => held.clone(),
            None => self
                .variables
                .contains(name)
                .then(|| Taint { variable: name.to_owned(), treatment: Treatment::default() }),
        }
    }

    /// What an expression holds of the variables: of several, the first.
    fn taint(&self, expression: &Expr<'_>) -> Option<Taint> {
        match expression {
            Expr::Var(e) => self.lookup(e.id),
            Expr::Const(_) | Expr::Test(_) | Expr::Compare(_) | Expr::UnaryOp(_) => None,
            Expr::GetAttr(e) => self.taint(&e.expr),
            Expr::GetItem(e) => self.taint(&e.expr),
            Expr::Slice(e) => self.taint(&e.expr),
            Expr::BinOp(e) => match e.op {
                BinOpKind::Add
                | BinOpKind::Concat
                | BinOpKind::Mul
                | BinOpKind::ScAnd
                | BinOpKind::ScOr => self.taint(&e.left).or_else(|| self.taint(&e.right)),
                _ => None,
            },
            Expr::IfExpr(e) => {
                let otherwise = || e.false_expr.as_ref().and_then(|e| self.taint(e));
                self.taint(&e.true_expr).or_else(otherwise)
            }
            Expr::Filter(e) if MEASURES.contains(&e.name) => None,
            Expr::Filter(e) => {
                let inner = e.expr.as_ref().and_then(|inner| self.taint(inner));
                let mut taint = inner.or_else(|| self.of_arguments(&e.args))?;
                treat(&mut taint.treatment, e.name, &e.args);
                Some(taint)
            }
            Expr::Call(e) => self.of_call(e),
            Expr::List(e) => e.items.iter().find_map(|item| self.taint(item)),
            Expr::Tuple(e) => e.items.iter().find_map(|item| self.taint(item)),
            Expr::Map(e) => e.values.iter().find_map(|value| self.taint(value)),
        }
    }

    fn of_call(&self, call: &Call<'_>) -> Option<Taint> {
        match &call.expr {
            Expr::Var(e) if jinja::FUNCTIONS.contains(&e.id) && e.id == "range" => None,
            Expr::GetAttr(e) if MEASURING_METHODS.contains(&e.name) => None,
            Expr::GetAttr(e) => {
                let mut taint = self.taint(&e.expr).or_else(|| self.of_arguments(&call.args))?;
                treat(&mut taint.treatment, e.name, &call.args);
                Some(taint)
            }
            callee => self.taint(callee).or_else(|| self.of_arguments(&call.args)),
        }
    }

    fn of_arguments(&self, arguments: &[CallArg<'_>]) -> Option<Taint> {
        arguments.iter().find_map(|argument| match argument {
            CallArg::Pos(e)
            | CallArg::Kwarg(_, e)
            | CallArg::PosSplat(e)
            | CallArg::KwargSplat(e) => self.taint(e),
        })
    }
}

/// What a name holds that stands for a printed text.
fn of_block(inside: &Flow) -> Option<Taint> {
    let print = inside.prints.first()?;
    // A text around all of them is taken for delimiters.
    let text = inside.text.trim();
    let fenced = !text.starts_with(PRINTED) && !text.ends_with(PRINTED);
    let treatment =
        Treatment { fenced: fenced || print.treatment.fenced, ..print.treatment.clone() };
    Some(Taint { variable: print.variable.clone(), treatment })
}

fn treat(treatment: &mut Treatment, name: &str, arguments: &[CallArg<'_>]) {
    match name {
        "tojson" | "urlencode" => treatment.encoded = true,
        "e" | "escape" => treatment.escaped = true,
        "replace" => {
            if let Some(CallArg::Pos(Expr::Const(what))) = arguments.first() {
                treatment.replaced.extend(what.value.as_str().map(str::to_owned));
            }
        }
        _ => {}
    }
}

/// The filters of a block, the innermost first.
fn treat_all(treatment: &mut Treatment, filter: &Filter<'_>) {
    if let Some(Expr::Filter(inner)) = &filter.expr {
        treat_all(treatment, inner);
    }
    treat(treatment, filter.name, &filter.args);
}
