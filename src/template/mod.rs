//! Prompts and values to messages; static analysis of templates; where each rendered piece comes from.
//!
//! A prompt's templates live in string values of its YAML. Each is analysed ([`analysis`]) together with the partials
//! that it reaches ([`closure`]); values are checked against the declared variables ([`values`]); [`render`] makes the
//! messages, [`trace`] says where each piece of them comes from, and [`request`] adds what else shapes an answer.

pub mod analysis;
pub mod closure;
mod explain;
pub mod render;
pub mod request;
pub mod trace;
pub mod values;

#[cfg(test)]
mod tests;

use crate::diagnostic::RuleId;

/// The rule that a template is valid Jinja.
pub const SYNTAX_ERROR: RuleId = RuleId("T201");
/// What can only be found by rendering.
pub const RENDER_FAILED: RuleId = RuleId("T299");
/// The rule that an included file exists.
pub const MISSING_PARTIAL: RuleId = RuleId("P211");
/// The rule that a partial does not include itself, directly or by way of others.
pub const CYCLIC_INCLUDE: RuleId = RuleId("P212");
/// The rule that the names of included files are string literals.
pub const DYNAMIC_INCLUDE: RuleId = RuleId("P216");
