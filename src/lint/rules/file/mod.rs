//! F: what every file must be.

mod duplicate_key;
mod invalid_yaml;
mod unreadable_file;
mod wrong_shape;

use crate::lint::rule::Rule;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[
    &invalid_yaml::INVALID_YAML,
    &duplicate_key::DUPLICATE_KEY,
    &wrong_shape::WRONG_SHAPE,
    &unreadable_file::UNREADABLE_FILE,
];
