//! The keys that pf gives a meaning: a library of prompts has each of them thousands of times.

use std::fmt;
use std::ops::Deref;
use std::sync::LazyLock;

/// The key of a mapping: a text, of which one of pf's own is not stored again.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key(Text);

/// Each text has one form.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Text {
    Own(Own),
    Other(Box<str>),
}

/// One of pf's own keys, by its place in [`KEYS`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Own(u8);

impl Key {
    /// The text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Own(Own(place)) => KEYS[usize::from(*place)],
            Text::Other(text) => text,
        }
    }
}

impl From<Box<str>> for Key {
    fn from(text: Box<str>) -> Self {
        Self(known(&text).map_or_else(|| Text::Other(text), Text::Own))
    }
}

impl From<Own> for Key {
    fn from(own: Own) -> Self {
        Self(Text::Own(own))
    }
}

impl Deref for Key {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq<str> for Key {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Key {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<String> for Key {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// One of pf's own keys.
pub(super) fn known(text: &str) -> Option<Own> {
    let mut slot = slot(text)?;
    // A table with free slots: the search ends.
    while let Some(own) = TABLE[slot] {
        if KEYS[usize::from(own.0)] == text {
            return Some(own);
        }
        slot = (slot + 1) % SLOTS;
    }
    None
}

/// Three times as many as there are keys, so that most keys stand in the slot where they are looked for first.
const SLOTS: usize = 512;

/// The keys by their slots, in the next free one where several have the same.
static TABLE: LazyLock<[Option<Own>; SLOTS]> = LazyLock::new(|| {
    let mut table = [None; SLOTS];
    for (place, key) in (0..).zip(KEYS) {
        let Some(mut slot) = slot(key) else { continue };
        while table[slot].is_some() {
            slot = (slot + 1) % SLOTS;
        }
        table[slot] = Some(Own(place));
    }
    table
});

/// Where to look for a key: a number made of its length, its ends and its middle, which tell most keys apart.
fn slot(key: &str) -> Option<usize> {
    let bytes = key.as_bytes();
    let (first, last) = (bytes.first()?, bytes.last()?);
    let parts = [*first, *last, bytes[bytes.len() / 2], bytes[bytes.len() / 4]];
    let mixed = parts.iter().fold(bytes.len(), |sum, byte| sum * 31 + usize::from(*byte));
    Some((mixed ^ (mixed >> 9)) % SLOTS)
}

/// In the order of bytes; fewer than 256.
pub(crate) static KEYS: [&str; 137] = [
    "$comment",
    "active",
    "additionalProperties",
    "allOf",
    "anyOf",
    "api_key_env",
    "assert",
    "attempts",
    "base_url",
    "ca_file",
    "cases",
    "category",
    "columns",
    "concurrency",
    "confidence",
    "const",
    "contains",
    "content",
    "context",
    "cost_usd",
    "count",
    "dataset",
    "datasets",
    "default",
    "dependentRequired",
    "deprecated",
    "description",
    "drop",
    "else",
    "enum",
    "equals",
    "errors",
    "eval",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "expected",
    "extend_select",
    "extra",
    "extract",
    "format",
    "gates",
    "group",
    "headers",
    "history",
    "human",
    "id",
    "if",
    "ignore",
    "image",
    "insert",
    "items",
    "labels",
    "lint",
    "margin",
    "max",
    "maxItems",
    "maxLength",
    "maxProperties",
    "max_output_tokens",
    "max_tokens",
    "maximum",
    "messages",
    "metadata",
    "metadata_schema",
    "metric",
    "metrics",
    "minItems",
    "minLength",
    "minProperties",
    "min_delta",
    "minimum",
    "model",
    "models",
    "multipleOf",
    "name",
    "not",
    "on_invalid",
    "oneOf",
    "output",
    "owner",
    "parameters",
    "pass_rate",
    "path",
    "paths",
    "pattern",
    "patternProperties",
    "per_path",
    "prefix",
    "prefixItems",
    "prices",
    "primary",
    "prompts",
    "properties",
    "propertyNames",
    "protocol",
    "provider",
    "providers",
    "reason",
    "recordings",
    "ref",
    "regressions",
    "relative",
    "repeat",
    "requests_per_minute",
    "required",
    "reserve",
    "retry",
    "role",
    "sample",
    "schema",
    "seed",
    "select",
    "stop",
    "suites",
    "tags",
    "target_n",
    "temperature",
    "text",
    "then",
    "threshold",
    "timeout",
    "title",
    "tokens_per_minute",
    "tolerance",
    "tools",
    "top_p",
    "trust",
    "type",
    "uniqueItems",
    "unscored",
    "use",
    "value",
    "variables",
    "weight",
    "when",
    "window",
];

#[cfg(test)]
mod tests {
    use super::{KEYS, Key, known};

    #[test]
    fn keys_are_found_and_other_texts_are_not() {
        for key in KEYS {
            assert_eq!(known(key).map(Key::from).unwrap(), key);
        }
        for text in ["", "x", "modul", "ticket", "Model", "models ", "é"] {
            assert!(known(text).is_none(), "{text:?}");
        }
    }
}
