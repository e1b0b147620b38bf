//! O: the contract of the answer.

mod conflicting_format;
mod extract_conflict;
mod impossible_schema;
mod invalid_schema;
mod json_without_schema;
mod not_strict;
mod text_contradicts_schema;

use crate::lint::context::{PromptContext, ProseContext};
use crate::lint::rule::Rule;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[
    &invalid_schema::INVALID_SCHEMA,
    &json_without_schema::JSON_WITHOUT_SCHEMA,
    &not_strict::NOT_STRICT,
    &text_contradicts_schema::TEXT_CONTRADICTS_SCHEMA,
    &conflicting_format::CONFLICTING_FORMAT,
    &impossible_schema::IMPOSSIBLE_SCHEMA,
    &extract_conflict::EXTRACT_CONFLICT,
];

/// The texts that the model of a prompt reads: its own, then those of its partials.
fn texts<'a>(context: &'a PromptContext<'_>) -> impl Iterator<Item = ProseContext<'a>> {
    let partials = context.closure.partials.values().filter_map(|partial| {
        let analysis = partial.analysis.as_ref().ok()?;
        Some(ProseContext::of_partial(context.project, partial, analysis))
    });
    context.prose().chain(partials)
}

/// Bytes around a place of a text that are read for what it is about. Prose has shorter lines and sentences; without a
/// bound, a long line with many places would be read over and over.
const NEAR: usize = 400;

/// At most [`NEAR`] bytes before a place.
fn before(text: &str, place: usize) -> &str {
    let mut start = place.saturating_sub(NEAR);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..place]
}

/// At most [`NEAR`] bytes after a place.
fn after(text: &str, place: usize) -> &str {
    let mut end = text.len().min(place + NEAR);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[place..end]
}
