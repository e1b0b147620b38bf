//! U: characters that hide or deceive.

mod bidi_control;
mod invisible;
mod mixed_script;
mod not_nfc;
mod odd_space;
mod place;
mod tag_characters;
mod variation_selectors;

use crate::lint::rule::Rule;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[
    &bidi_control::BIDI_CONTROL,
    &invisible::INVISIBLE,
    &tag_characters::TAG_CHARACTERS,
    &variation_selectors::VARIATION_SELECTORS,
    &mixed_script::MIXED_SCRIPT,
    &not_nfc::NOT_NFC,
    &odd_space::ODD_SPACE,
];
