//! T: what stands between braces, and what it prints.

mod template_syntax;
mod unknown_filter;

use crate::lint::rule::Rule;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] =
    &[&template_syntax::TEMPLATE_SYNTAX, &unknown_filter::UNKNOWN_FILTER];
