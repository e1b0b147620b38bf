//! F: what every file must be.

mod carriage_return;
mod duplicate_key;
mod final_line_break;
mod implicit_type;
mod invalid_yaml;
mod shared_message;
mod unreadable_file;
mod wrong_shape;

use crate::lint::rule::Rule;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[
    &invalid_yaml::INVALID_YAML,
    &duplicate_key::DUPLICATE_KEY,
    &wrong_shape::WRONG_SHAPE,
    &implicit_type::IMPLICIT_TYPE,
    &final_line_break::FINAL_LINE_BREAK,
    &shared_message::SHARED_MESSAGE,
    &carriage_return::CARRIAGE_RETURN,
    &unreadable_file::UNREADABLE_FILE,
];

#[cfg(test)]
mod tests;
