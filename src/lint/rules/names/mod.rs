//! N: names and other words about a file.

mod bad_name;
mod case_collision;
mod duplicate_name;
mod metadata;
mod missing_description;
mod missing_owner;
mod retired_prompt;
mod successor;

use crate::lint::rule::Rule;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[
    &bad_name::BAD_NAME,
    &missing_description::MISSING_DESCRIPTION,
    &missing_owner::MISSING_OWNER,
    &metadata::METADATA,
    &duplicate_name::DUPLICATE_NAME,
    &case_collision::CASE_COLLISION,
    &successor::SUCCESSOR,
    &retired_prompt::RETIRED_PROMPT,
];

#[cfg(test)]
mod tests;
