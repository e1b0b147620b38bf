//! D: datasets, suites, assertions, gates.

mod bad_assertion;
mod dataset_row;
mod duplicate_case;
mod matches_nothing;
mod missing_expected;
mod no_assertion;
mod no_cases;
mod template_in_data;
mod unknown_column;
mod unreadable_dataset;

use crate::lint::rule::Rule;

pub(crate) use self::dataset_row::DATASET_ROW;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[
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
];
