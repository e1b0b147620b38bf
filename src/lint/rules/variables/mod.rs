//! V: inputs: declared, used, of the right type.

mod collection_printed;
mod default_violates_type;
mod impossible_comparison;
mod optional_used_unguarded;
mod reserved_name;
mod shadowed_variable;
mod text_as_list;
mod type_mismatch;
mod unbounded_untrusted_string;
mod undeclared_property;
mod undeclared_variable;
mod undescribed_variable;
mod unknown_property;
mod unused_variable;

use crate::lint::rule::Rule;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[
    &undeclared_variable::UNDECLARED_VARIABLE,
    &unused_variable::UNUSED_VARIABLE,
    &type_mismatch::TYPE_MISMATCH,
    &unknown_property::UNKNOWN_PROPERTY,
    &optional_used_unguarded::OPTIONAL_USED_UNGUARDED,
    &default_violates_type::DEFAULT_VIOLATES_TYPE,
    &undescribed_variable::UNDESCRIBED_VARIABLE,
    &unbounded_untrusted_string::UNBOUNDED_UNTRUSTED_STRING,
    &shadowed_variable::SHADOWED_VARIABLE,
    &reserved_name::RESERVED_NAME,
    &collection_printed::COLLECTION_PRINTED,
    &impossible_comparison::IMPOSSIBLE_COMPARISON,
    &undeclared_property::UNDECLARED_PROPERTY,
    &text_as_list::TEXT_AS_LIST,
];
