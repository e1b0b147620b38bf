//! How long and how much: quantities with a unit, as people write them in `pf.yaml` and on the command line.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

/// A length of time such as `90d`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Age(SignedDuration);

/// A number of bytes such as `2GiB`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ByteSize(pub u64);

/// A text that is no quantity.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum QuantityError {
    /// No length of time.
    #[error("`{0}` is no length of time; write a whole number with s, m, h, d or w, such as `90d`")]
    Age(String),
    /// No number of bytes.
    #[error(
        "`{0}` is no number of bytes; write a whole number, with kB, MB, GB, KiB, MiB or GiB or without, such as `2GiB`"
    )]
    Bytes(String),
}

const AGE: &str = "^[0-9]{1,9}(s|m|h|d|w)$";
const BYTES: &str = "^[0-9]{1,15} ?(B|kB|MB|GB|KiB|MiB|GiB)?$";

impl Age {
    /// The moment that lies so long before `now`.
    pub fn before(self, now: Timestamp) -> Timestamp {
        now.checked_sub(self.0).unwrap_or(Timestamp::MIN)
    }
}

impl FromStr for Age {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let wrong = || QuantityError::Age(text.chars().take(40).collect());
        let (number, unit) = split(text);
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 24 * 3600,
            "w" => 7 * 24 * 3600,
            _ => return Err(wrong()),
        };
        let number: u32 = number.parse().map_err(|_| wrong())?;
        Ok(Self(SignedDuration::from_secs(i64::from(number) * seconds)))
    }
}

impl FromStr for ByteSize {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let wrong = || QuantityError::Bytes(text.chars().take(40).collect());
        let (number, unit) = split(text);
        let factor = match unit.strip_prefix(' ').unwrap_or(unit) {
            "" | "B" => 1,
            "kB" => 1000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return Err(wrong()),
        };
        let number: u64 = number.parse().map_err(|_| wrong())?;
        number.checked_mul(factor).map(Self).ok_or_else(wrong)
    }
}

fn split(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bytes) = *self;
        match [(30, "GiB"), (20, "MiB"), (10, "KiB")].iter().find(|(power, _)| bytes >> power > 0) {
            Some((power, unit)) => {
                write!(f, "{:.1} {unit}", bytes as f64 / f64::from(1_u32 << power))
            }
            None => write!(f, "{bytes} B"),
        }
    }
}

impl<'de> Deserialize<'de> for Age {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u64),
            Text(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Number(bytes) => Ok(Self(bytes)),
            Written::Text(text) => text.parse().map_err(serde::de::Error::custom),
        }
    }
}

impl JsonSchema for Age {
    fn schema_name() -> Cow<'static, str> {
        "Age".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": AGE})
    }

    fn inline_schema() -> bool {
        true
    }
}

impl JsonSchema for ByteSize {
    fn schema_name() -> Cow<'static, str> {
        "ByteSize".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "integer"], "pattern": BYTES, "minimum": 0})
    }

    fn inline_schema() -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_one_unit() {
        let seconds = |text: &str| text.parse::<Age>().map(|age| age.0.as_secs()).ok();
        assert_eq!(seconds("90d"), Some(90 * 86_400));
        assert_eq!(seconds("2w"), Some(14 * 86_400));
        assert_eq!(seconds("12h"), Some(43_200));
        assert_eq!(seconds("5m"), Some(300));
        assert_eq!(seconds("0s"), Some(0));
        for wrong in ["", "90", "d", "-1d", "1.5d", "1 d", "1D", "90days", "99999999999d", "٣d"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_age_longer_than_time_reaches_back_to_its_beginning() {
        let ages = "999999999w".parse::<Age>().unwrap();
        assert_eq!(ages.before(Timestamp::UNIX_EPOCH), Timestamp::MIN);
    }

    #[test]
    fn sizes_know_both_families_of_units() {
        let bytes = |text: &str| text.parse().map(|ByteSize(bytes)| bytes).ok();
        assert_eq!(bytes("2GiB"), Some(2 << 30));
        assert_eq!(bytes("2 GB"), Some(2_000_000_000));
        assert_eq!(bytes("512"), Some(512));
        assert_eq!(bytes("3kB"), Some(3000));
        for wrong in [
            "",
            "GiB",
            "-1",
            "1.5GiB",
            "1  GB",
            "1gb",
            "99999999999999999999",
            "18446744073709551615GiB",
        ] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sizes_are_shown_with_the_largest_unit_that_fits() {
        let shown = |bytes: u64| ByteSize(bytes).to_string();
        assert_eq!(shown(0), "0 B");
        assert_eq!(shown(1023), "1023 B");
        assert_eq!(shown(1536), "1.5 KiB");
        assert_eq!(shown(2 << 30), "2.0 GiB");
        assert_eq!(shown(u64::MAX), "17179869184.0 GiB");
    }

    #[test]
    fn the_patterns_of_the_schema_take_what_is_read() {
        let (age, bytes) = (regex::Regex::new(AGE).unwrap(), regex::Regex::new(BYTES).unwrap());
        for text in ["90d", "1s", "0w", "90", "1.5h", "x"] {
            assert_eq!(age.is_match(text), text.parse::<Age>().is_ok(), "{text}");
        }
        for text in ["2GiB", "2 GB", "512", "3kB", "1gb", "", "1B"] {
            assert_eq!(bytes.is_match(text), text.parse::<ByteSize>().is_ok(), "{text}");
        }
    }
}
