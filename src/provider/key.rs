//! API keys: read from the environment, sent in one header, shown nowhere.

use std::fmt;

/// The shortest key that is hidden in texts. Anything shorter (`none`, `EMPTY`, `test`) is a placeholder for a server
/// that asks for no key, and hiding it would blank out ordinary words.
const SHORTEST_SECRET: usize = 6;

/// A secret. It prints as `****` and cannot be serialised.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

/// Why a value cannot be used as a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyError {
    /// Nothing but blanks.
    #[error("is empty")]
    Empty,
    /// It cannot stand in a request header.
    #[error("holds a blank, a control character or a character outside ASCII, which no key does")]
    NotPrintable,
}

impl ApiKey {
    /// Takes the value of a variable; blanks around it, such as the line break of `$(cat key)`, are dropped.
    pub fn new(value: &str) -> Result<Self, KeyError> {
        let value = value.trim();
        if value.is_empty() {
            return Err(KeyError::Empty);
        }
        if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(KeyError::NotPrintable);
        }
        Ok(Self(value.to_owned()))
    }

    /// `text` with `****` in place of the key, as it is and as it stands inside a JSON string.
    pub fn redact(&self, text: &str) -> String {
        if self.0.len() < SHORTEST_SECRET {
            return text.to_owned();
        }
        let mut redacted = text.replace(&self.0, "****");
        let escaped = self.0.replace('\\', "\\\\").replace('"', "\\\"");
        if escaped != self.0 {
            redacted = redacted.replace(&escaped, "****");
        }
        redacted
    }

    /// How many bytes at the end of `text` may be the beginning of the key, of which the rest is still to come.
    pub fn begun_at_end_of(&self, text: &str) -> usize {
        if self.0.len() < SHORTEST_SECRET {
            return 0;
        }
        let escaped = self.0.replace('\\', "\\\\").replace('"', "\\\"");
        let begun = |key: &str| (1..key.len()).rev().find(|length| text.ends_with(&key[..*length]));
        begun(&self.0).max(begun(&escaped)).unwrap_or(0)
    }

    /// The secret itself, for the header of a request only.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_shows_itself() {
        let key = ApiKey::new("sk-secret-value\n").unwrap();
        assert_eq!(format!("{key:?}"), "****");
        assert_eq!(key.redact("x sk-secret-value y sk-secret-value"), "x **** y ****");
        let odd = ApiKey::new(r#"a"b\c-secret"#).unwrap();
        assert_eq!(odd.redact(r#"{"k":"a\"b\\c-secret"} a"b\c-secret"#), r#"{"k":"****"} ****"#);
    }

    #[test]
    fn a_placeholder_is_not_hidden() {
        assert_eq!(ApiKey::new("none").unwrap().redact("none of these"), "none of these");
    }

    #[test]
    fn refuses_what_no_header_can_hold() {
        assert_eq!(ApiKey::new(" \n"), Err(KeyError::Empty));
        for value in ["a b", "a\nb", "schlüssel"] {
            assert_eq!(ApiKey::new(value), Err(KeyError::NotPrintable), "{value}");
        }
    }
}
