//! S: secrets, personal data, text from strangers.

mod exfiltration;
mod fence;
mod fence_collision;
mod override_phrase;
mod pii;
mod role_marker;
mod secret;
mod texts;
mod tool_description;
mod untrusted;
mod untrusted_in_system;
mod untrusted_unfenced;

use crate::lint::rule::Rule;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[
    &secret::SECRET,
    &pii::PII,
    &untrusted_in_system::UNTRUSTED_IN_SYSTEM,
    &untrusted_unfenced::UNTRUSTED_UNFENCED,
    &fence_collision::FENCE_COLLISION,
    &role_marker::ROLE_MARKER,
    &exfiltration::EXFILTRATION,
    &override_phrase::OVERRIDE_PHRASE,
    &tool_description::TOOL_DESCRIPTION,
];
