//! T: what stands between braces, and what it prints.

mod template_syntax;
mod unbounded_loop;
mod unknown_filter;
mod unreachable_branch;

use crate::lint::rule::Rule;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[
    &template_syntax::TEMPLATE_SYNTAX,
    &unknown_filter::UNKNOWN_FILTER,
    &unreachable_branch::UNREACHABLE_BRANCH,
    &unbounded_loop::UNBOUNDED_LOOP,
];
