//! U: characters that hide or deceive.

mod hidden_unicode;

use crate::lint::rule::Rule;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] =
    &[&hidden_unicode::BIDI_CONTROL, &hidden_unicode::INVISIBLE, &hidden_unicode::TAG_CHARACTERS];
