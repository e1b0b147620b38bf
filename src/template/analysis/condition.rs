//! What a condition says about variables: which are there, and not none, in its branches.

use minijinja::machinery::ast::{BinOpKind, Expr, UnaryOpKind};
use minijinja::value::ValueKind;

/// The path of a variable with attributes and constant subscripts.
pub(in crate::template) fn path(expression: &Expr<'_>) -> Option<Vec<String>> {
    match expression {
        Expr::Var(e) => Some(vec![e.id.to_owned()]),
        Expr::GetAttr(e) => {
            let mut path = path(&e.expr)?;
            path.push(e.name.to_owned());
            Some(path)
        }
        Expr::GetItem(e) => {
            let Expr::Const(key) = &e.subscript_expr else { return None };
            let mut path = path(&e.expr)?;
            path.push(match key.value.as_str() {
                Some(text) => text.to_owned(),
                None if key.value.is_integer() => key.value.to_string(),
                None => return None,
            });
            Some(path)
        }
        _ => None,
    }
}

/// Paths that are there, and not none, where the condition holds.
pub(super) fn holds(condition: &Expr<'_>) -> Vec<Vec<String>> {
    let of = |expression| path(expression).into_iter().collect();
    match condition {
        Expr::UnaryOp(e) if matches!(e.op, UnaryOpKind::Not) => fails(&e.expr),
        Expr::BinOp(e) => match e.op {
            BinOpKind::ScAnd => [holds(&e.left), holds(&e.right)].concat(),
            BinOpKind::Eq if !is_none(&e.right) => of(&e.left),
            BinOpKind::Ne if is_none(&e.right) => of(&e.left),
            _ => Vec::new(),
        },
        Expr::Test(e) if !matches!(e.name, "undefined" | "none" | "false") => of(&e.expr),
        expression => of(expression),
    }
}

/// Paths that are there, and not none, where the condition does not hold.
pub(super) fn fails(condition: &Expr<'_>) -> Vec<Vec<String>> {
    match condition {
        Expr::UnaryOp(e) if matches!(e.op, UnaryOpKind::Not) => holds(&e.expr),
        Expr::BinOp(e) => match e.op {
            BinOpKind::ScOr => [fails(&e.left), fails(&e.right)].concat(),
            BinOpKind::Eq if is_none(&e.right) => path(&e.left).into_iter().collect(),
            _ => Vec::new(),
        },
        Expr::Test(e) if matches!(e.name, "undefined" | "none") => {
            path(&e.expr).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn is_none(expression: &Expr<'_>) -> bool {
    matches!(expression, Expr::Const(e) if e.value.kind() == ValueKind::None)
}
