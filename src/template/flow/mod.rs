//! Where the values of some variables are printed: through assignments, loops, filters, macros and partials.
//!
//! This follows text, not truth: what is only asked for its truth, length or kind is not followed, and all branches count
//! as printed one after the other. It reads the templates anew, so it is meant for the few prompts that ask for it.

mod walk;

use std::collections::BTreeSet;
use std::sync::Arc;

use self::walk::Walk;
use super::Tree;
use super::closure::Closure;
use crate::span::{SourceFile, Span};

/// What stands in [`Flow::text`] for whatever an expression prints.
pub const PRINTED: char = '\u{fffc}';

/// The text of a message, its partials put in, and where values of the variables are printed in it.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    /// The template, by its place in [`Closure::templates`].
    pub template: usize,
    /// All text outside of tags, in order, with [`PRINTED`] for each expression.
    pub text: String,
    /// The expressions that print a value of one of the variables, in order.
    pub prints: Vec<Print>,
}

/// An expression that prints a value of a variable.
#[derive(Clone, Debug)]
pub struct Print {
    /// The variable.
    pub variable: String,
    /// The byte of [`Flow::text`] at which it stands.
    pub offset: usize,
    /// The file: of the prompt, or of a partial.
    pub file: Arc<SourceFile>,
    /// The partial, by its path below the prompts folder; none for the prompt's own template.
    pub partial: Option<String>,
    /// The bytes of the expression, in the template or the partial.
    pub span: Span,
    /// Whether a filter may be put behind the expression as it is.
    pub takes_filter: bool,
    /// What happens to the value on its way.
    pub treatment: Treatment,
}

/// What happens to a value before it is printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Treatment {
    /// It is written so that no character of it can end what stands around it: `tojson`, `urlencode`.
    pub encoded: bool,
    /// `<`, `>`, `&` and quotes are written as entities: `escape`.
    pub escaped: bool,
    /// It stands between delimiters already: in a `{% set %}` block of its own.
    pub fenced: bool,
    /// Texts that are replaced by others.
    pub replaced: Vec<String>,
}

/// Follows the variables through all texts of a prompt, given by their trees. A template that does not parse has no flow.
pub(crate) fn flows(
    closure: &Closure,
    trees: &[Option<Tree<'_>>],
    variables: &BTreeSet<&str>,
) -> Vec<Flow> {
    let texts = trees.iter().enumerate().filter_map(|(index, tree)| match tree {
        Some(Tree::Text(tree)) => Some((index, tree)),
        _ => None,
    });
    texts
        .map(|(index, tree)| {
            let mut walk = Walk::new(closure, variables);
            walk.tree(tree);
            Flow { template: index, ..walk.finish() }
        })
        .collect()
}

#[cfg(test)]
mod tests;
