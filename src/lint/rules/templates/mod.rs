//! T: what stands between braces, and what it prints.

mod empty_message;
mod literal_braces;
mod message_may_be_empty;
mod mixed_delimiters;
mod render_failed;
mod render_may_fail;
mod stray_blank_lines;
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
    &mixed_delimiters::MIXED_DELIMITERS,
    &stray_blank_lines::STRAY_BLANK_LINES,
    &literal_braces::LITERAL_BRACES,
    &unbounded_loop::UNBOUNDED_LOOP,
    &empty_message::EMPTY_MESSAGE,
    &message_may_be_empty::MESSAGE_MAY_BE_EMPTY,
    &render_may_fail::RENDER_MAY_FAIL,
    &render_failed::RENDER_FAILS,
];
