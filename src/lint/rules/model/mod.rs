//! M: which model is asked, and with which parameters.

mod asked;
mod capability_mismatch;
mod floating_model;
mod no_output_limit;
mod parameter_out_of_range;
mod retired_model;
mod retiring_model;
mod sampling_with_exact_match;
mod shadowing_profile;
mod unknown_model;
mod unlisted_model;
mod unsupported_parameter;
mod window_overflow;

use crate::lint::rule::Rule;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[
    &unknown_model::UNKNOWN_MODEL,
    &floating_model::FLOATING_MODEL,
    &retired_model::RETIRED_MODEL,
    &unsupported_parameter::UNSUPPORTED_PARAMETER,
    &parameter_out_of_range::PARAMETER_OUT_OF_RANGE,
    &sampling_with_exact_match::SAMPLING_WITH_EXACT_MATCH,
    &no_output_limit::NO_OUTPUT_LIMIT,
    &capability_mismatch::CAPABILITY_MISMATCH,
    &window_overflow::WINDOW_OVERFLOW,
    &unlisted_model::UNLISTED_MODEL,
    &retiring_model::RETIRING_MODEL,
    &shadowing_profile::SHADOWING_PROFILE,
    &window_overflow::WINDOW_MAY_OVERFLOW,
];
