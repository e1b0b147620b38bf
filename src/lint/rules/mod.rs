//! The rules: one file each, listed here by code.

mod bad_assertion;
mod bad_name;
mod cyclic_include;
mod dataset_row;
mod default_violates_type;
mod duplicate_case;
mod duplicate_key;
mod dynamic_include;
mod example_input;
mod example_output;
mod examples_not_sent;
mod floating_model;
mod hidden_unicode;
mod invalid_schema;
mod invalid_yaml;
mod matches_nothing;
mod metadata;
mod missing_expected;
mod missing_partial;
mod no_assertion;
mod no_cases;
mod secret;
mod template_in_data;
mod template_syntax;
mod undeclared_variable;
mod unknown_column;
mod unknown_filter;
mod unknown_model;
mod unreadable_dataset;
mod unused_variable;
mod wrong_shape;

use super::rule::Rule;

pub(crate) use self::dataset_row::DATASET_ROW;

/// All rules, by code.
pub static RULES: &[&Rule] = &[
    &unreadable_dataset::UNREADABLE_DATASET,
    &dataset_row::DATASET_ROW,
    &duplicate_case::DUPLICATE_CASE,
    &unknown_column::UNKNOWN_COLUMN,
    &template_in_data::TEMPLATE_IN_DATA,
    &bad_assertion::BAD_ASSERTION,
    &matches_nothing::MATCHES_NOTHING,
    &no_assertion::NO_ASSERTION,
    &missing_expected::MISSING_EXPECTED,
    &no_cases::NO_CASES,
    &invalid_yaml::INVALID_YAML,
    &duplicate_key::DUPLICATE_KEY,
    &wrong_shape::WRONG_SHAPE,
    &unknown_model::UNKNOWN_MODEL,
    &floating_model::FLOATING_MODEL,
    &bad_name::BAD_NAME,
    &metadata::METADATA,
    &invalid_schema::INVALID_SCHEMA,
    &missing_partial::MISSING_PARTIAL,
    &cyclic_include::CYCLIC_INCLUDE,
    &dynamic_include::DYNAMIC_INCLUDE,
    &secret::SECRET,
    &template_syntax::TEMPLATE_SYNTAX,
    &unknown_filter::UNKNOWN_FILTER,
    &hidden_unicode::BIDI_CONTROL,
    &hidden_unicode::INVISIBLE,
    &hidden_unicode::TAG_CHARACTERS,
    &undeclared_variable::UNDECLARED_VARIABLE,
    &unused_variable::UNUSED_VARIABLE,
    &default_violates_type::DEFAULT_VIOLATES_TYPE,
    &example_input::EXAMPLE_INPUT,
    &example_output::EXAMPLE_OUTPUT,
    &examples_not_sent::EXAMPLES_NOT_SENT,
];

/// The documentation of a rule: its title, severity and text.
pub fn page(rule: &Rule) -> String {
    // A doc comment's lines start with the blank that follows `///`.
    let text: Vec<&str> =
        rule.docs.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    format!(
        "# {} ({})\n\nSeverity: {}.\n\n{}\n",
        rule.name,
        rule.code,
        rule.severity.as_str(),
        text.join("\n").trim()
    )
}
