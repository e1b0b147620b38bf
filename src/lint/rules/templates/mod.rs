//! T: what stands between braces, and what it prints.

mod empty_message;
mod literal_braces;
mod message_may_be_empty;
mod render_failed;
mod render_may_fail;
mod template_syntax;
mod unknown_filter;

use crate::lint::rule::Rule;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[
    &template_syntax::TEMPLATE_SYNTAX,
    &unknown_filter::UNKNOWN_FILTER,
    &literal_braces::LITERAL_BRACES,
    &empty_message::EMPTY_MESSAGE,
    &message_may_be_empty::MESSAGE_MAY_BE_EMPTY,
    &render_may_fail::RENDER_MAY_FAIL,
    &render_failed::RENDER_FAILS,
];
