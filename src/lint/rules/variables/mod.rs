//! V: inputs: declared, used, of the right type.

mod default_violates_type;
mod undeclared_variable;
mod undescribed_variable;
mod unused_variable;

use crate::lint::rule::Rule;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[
    &undeclared_variable::UNDECLARED_VARIABLE,
    &unused_variable::UNUSED_VARIABLE,
    &default_violates_type::DEFAULT_VIOLATES_TYPE,
    &undescribed_variable::UNDESCRIBED_VARIABLE,
];
