//! What a template uses, found without rendering it: variables, includes, filters, tests, functions.
//!
//! Scopes are those of minijinja: loops, `with`, macros and blocks have their own, while `if`, `set`, `filter` and
//! included templates assign in the scope around them. A name counts as assigned after an `if` when all of its branches
//! assign it.

pub(super) mod condition;
mod walk;

use minijinja::machinery::ast::{Expr, Stmt};

use self::walk::Walk;
use crate::jinja::{self, SyntaxProblem};
use crate::span::Span;

/// What a template uses. Places are bytes of its text, in the order of the text as far as one use follows another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Analysis {
    /// Names that the template does not assign itself.
    pub variables: Vec<VariableUse>,
    /// Other templates.
    pub includes: Vec<IncludeUse>,
    /// Filters.
    pub filters: Vec<NameUse>,
    /// Tests: what follows `is`.
    pub tests: Vec<NameUse>,
    /// Functions that are called and not assigned by the template.
    pub functions: Vec<NameUse>,
    /// The pieces of text outside of tags.
    pub literals: Vec<Literal>,
    /// What is assigned at the end of the template's top: visible to those that include it.
    pub exports: ScopeId,
    /// All assignments. Each knows the one before it in its scope, so that scopes share what they have in common.
    assignments: Vec<Assignment>,
}

/// A piece of text outside of tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Literal {
    /// The bytes of the template.
    pub span: Span,
    /// Whether it is printed whatever the values are: it stands in no branch, loop, macro or other block.
    pub certain: bool,
}

/// What is assigned at some point of a template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScopeId(Option<usize>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Assignment {
    what: Assigned,
    before: ScopeId,
}

/// What makes names visible.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Assigned {
    /// A name that the template assigns.
    Name(String),
    /// An include, by its place in [`Analysis::includes`]: all that the other template assigns.
    Include(usize),
}

impl Analysis {
    /// What is visible in a scope, the latest first.
    pub fn visible(&self, scope: ScopeId) -> impl Iterator<Item = &Assigned> {
        let mut next = scope;
        std::iter::from_fn(move || {
            let assignment = self.assignments.get(next.0?)?;
            next = assignment.before;
            Some(&assignment.what)
        })
    }
}

/// One use of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableUse {
    /// The variable, then attributes and constant subscripts, as far as they go.
    pub path: Vec<String>,
    /// From the name to the last attribute.
    pub span: Span,
    /// Whether the template asks first: inside `is defined` or `default`, as the condition of an `if`, or where such a
    /// condition holds.
    pub guarded: bool,
    /// What is visible here.
    pub scope: ScopeId,
}

/// One use of another template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncludeUse {
    /// The template's name; `None` when it is no string literal.
    pub name: Option<String>,
    /// The name, or the expression in its place.
    pub span: Span,
    /// How it is used.
    pub kind: IncludeKind,
    /// Whether it may be absent.
    pub ignore_missing: bool,
    /// What is visible here, and so to the other template.
    pub scope: ScopeId,
}

/// How a template uses another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncludeKind {
    /// `include`: its output, and its assignments.
    Include,
    /// `import` and `from … import`: its assignments, under a name.
    Import,
    /// `extends`.
    Extends,
}

/// One use of a filter, test or function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameUse {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
}

/// The syntax tree of a template, for those who follow more than an [`Analysis`] says.
pub(crate) enum Tree<'s> {
    /// Of a text with tags.
    Text(Stmt<'s>),
    /// Of an expression.
    Expression(Expr<'s>),
}

/// Analyses a template.
pub fn analyze(source: &str) -> Result<Analysis, SyntaxProblem> {
    read(source).map(|(analysis, _)| analysis)
}

/// [`analyze`], with the tree that was made for it.
pub(super) fn read(source: &str) -> Result<(Analysis, Tree<'_>), SyntaxProblem> {
    let tree = jinja::parse(source)?;
    jinja::check(&tree, source)?;
    let mut walk = Walk::new();
    walk.assign("self");
    if let Stmt::Template(template) = &tree {
        walk.body(&template.children);
    }
    Ok((walk.finish(), Tree::Text(tree)))
}

/// Analyses an expression.
pub fn analyze_expression(source: &str) -> Result<Analysis, SyntaxProblem> {
    read_expression(source).map(|(analysis, _)| analysis)
}

/// [`analyze_expression`], with the tree that was made for it.
pub(super) fn read_expression(source: &str) -> Result<(Analysis, Tree<'_>), SyntaxProblem> {
    let tree = jinja::parse_expression(source)?;
    let mut walk = Walk::new();
    walk.condition(&tree);
    Ok((walk.finish(), Tree::Expression(tree)))
}
