//! D: datasets, suites, assertions, gates.

mod assertion_always_true;
mod assertion_never_true;
mod bad_assertion;
mod below_target;
mod blind_assertion;
mod call_not_measured;
mod changed_together;
mod constant;
mod contract;
mod dataset_row;
mod default_threshold;
mod duplicate_case;
mod duplicate_row;
mod expected_violates_schema;
mod gate_never_fails;
mod imprecise_gate;
mod matches_nothing;
mod misplaced_key;
mod missing_expected;
mod no_assertion;
mod no_cases;
mod only_negative;
mod pattern;
mod prompt_without_suite;
mod template_in_data;
mod undecidable_gate;
mod unknown_column;
mod unknown_metric;
mod unknown_price;
mod unreadable_dataset;
mod weightless;

#[cfg(test)]
mod tests;

use crate::lint::rule::Rule;

pub(crate) use self::dataset_row::DATASET_ROW;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[
    &unreadable_dataset::UNREADABLE_DATASET,
    &dataset_row::DATASET_ROW,
    &duplicate_case::DUPLICATE_CASE,
    &unknown_column::UNKNOWN_COLUMN,
    &template_in_data::TEMPLATE_IN_DATA,
    &undecidable_gate::UNDECIDABLE_GATE,
    &assertion_always_true::ASSERTION_ALWAYS_TRUE,
    &bad_assertion::BAD_ASSERTION,
    &matches_nothing::MATCHES_NOTHING,
    &no_assertion::NO_ASSERTION,
    &missing_expected::MISSING_EXPECTED,
    &no_cases::NO_CASES,
    &expected_violates_schema::EXPECTED_VIOLATES_SCHEMA,
    &prompt_without_suite::PROMPT_WITHOUT_SUITE,
    &only_negative::ONLY_NEGATIVE,
    &weightless::WEIGHTLESS,
    &call_not_measured::CALL_NOT_MEASURED,
    &imprecise_gate::IMPRECISE_GATE,
    &default_threshold::DEFAULT_THRESHOLD,
    &below_target::BELOW_TARGET,
    &changed_together::CHANGED_TOGETHER,
    &misplaced_key::MISPLACED_KEY,
    &duplicate_row::DUPLICATE_ROW,
    &unknown_metric::UNKNOWN_METRIC,
    &assertion_never_true::ASSERTION_NEVER_TRUE,
    &gate_never_fails::GATE_NEVER_FAILS,
    &unknown_price::UNKNOWN_PRICE,
    &blind_assertion::BLIND_ASSERTION,
];
