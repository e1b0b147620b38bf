//! Identity: what makes two things the same thing.
//!
//! Everything that is stored or compared is known by a SHA-256 of its canonical text, never by its place. SHA-256
//! because digests stand in files that other tools may want to check, and every language has it; hashing is
//! nowhere near the cost of reading the files.

mod evaluation;
mod prompt;

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use sha2::Digest as _;

pub use self::evaluation::{case, case_id, dataset, judged_by, suite};
pub use self::prompt::{content, contract};
use crate::message::Request;

/// The version of the text that [`answer_key`] hashes. It grows when that text changes for an old request.
pub const KEY_FORMAT: u32 = 1;

/// A SHA-256, shown in lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

/// A text that is no digest.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is no digest: expected 64 lower-case hexadecimal digits")]
pub struct DigestError(String);

impl Digest {
    /// The first 12 digits: enough to tell the versions of a repository apart, short enough to read.
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate(12);
        text
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let refused = || DigestError(text.chars().take(80).collect());
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
            return Err(refused());
        };
        let mut bytes = [0; 32];
        if pairs.len() != bytes.len() {
            return Err(refused());
        }
        for (byte, &[high, low]) in bytes.iter_mut().zip(pairs) {
            let (Some(high), Some(low)) = (digit(high), digit(low)) else {
                return Err(refused());
            };
            *byte = high << 4 | low;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Hexadecimal;
        impl serde::de::Visitor<'_> for Hexadecimal {
            type Value = Digest;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("64 lower-case hexadecimal digits")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Digest, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Hexadecimal)
    }
}

/// The SHA-256 of `bytes`.
pub fn sha256(bytes: impl AsRef<[u8]>) -> Digest {
    Digest(sha2::Sha256::digest(bytes).into())
}

/// `value` as compact JSON with the keys of every object in bytewise order.
pub fn canonical_json(value: &Value) -> String {
    let mut text = String::new();
    write_json(value, Order::Sorted, &mut text);
    text
}

/// In which order the keys of objects are written.
#[derive(Clone, Copy)]
enum Order {
    /// As they stand.
    Written,
    /// Bytewise.
    Sorted,
    /// Bytewise, but as they stand below this key.
    SortedAbove(&'static str),
    /// That of the top level of a request.
    Request,
}

impl Order {
    fn below(self, key: &str) -> Self {
        match self {
            Self::SortedAbove(kept) if key == kept => Self::Written,
            Self::Request => match key {
                "tools" => Self::SortedAbove("parameters"),
                "response" => Self::SortedAbove("schema"),
                "messages" => Self::SortedAbove("arguments"),
                _ => Self::Sorted,
            },
            order => order,
        }
    }
}

fn write_json(value: &Value, order: Order, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            if !matches!(order, Order::Written) {
                entries.sort_unstable_by_key(|(key, _)| *key);
            }
            let mut separator = '{';
            for (key, value) in entries {
                out.push(separator);
                separator = ',';
                write_scalar(&Value::String(key.clone()), out);
                out.push(':');
                write_json(value, order.below(key), out);
            }
            out.push_str(if map.is_empty() { "{}" } else { "}" });
        }
        Value::Array(items) => {
            let mut separator = '[';
            for item in items {
                out.push(separator);
                separator = ',';
                write_json(item, order, out);
            }
            out.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        scalar => write_scalar(scalar, out),
    }
}

fn write_scalar(value: &Value, out: &mut String) {
    write!(out, "{value}").expect("writing to a string cannot fail");
}

/// What one answer is known by: the unit of caching.
///
/// It covers the messages, tools, output schema, provider, model name and parameters, the repeat number and
/// [`KEY_FORMAT`]. It does not cover the prompt's name, keys, headers, the address of the provider or the version of
/// pf, so an answer survives a rename, a rebase, an upgrade and a changed comment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AnswerKey(pub Digest);

impl fmt::Display for AnswerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for AnswerKey {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        text.parse().map(Self)
    }
}

/// The key of the answer to `request` when it is asked for the `repeat`th time, counted from 1.
pub fn answer_key(request: &Request, repeat: u32) -> AnswerKey {
    answer_key_of(&canonical_request(request), repeat)
}

/// [`answer_key`] of a request that is canonical text already.
pub fn answer_key_of(canonical_request: &str, repeat: u32) -> AnswerKey {
    AnswerKey(sha256(format!(
        r#"{{"key_format":{KEY_FORMAT},"repeat":{repeat},"request":{canonical_request}}}"#
    )))
}

/// `request` as canonical JSON.
///
/// Keys are sorted, except where the model reads them in the written order: inside the parameters of tools, the
/// schema of the answer and the arguments of earlier tool calls. There, another order is another request.
pub fn canonical_request(request: &Request) -> String {
    let value = serde_json::to_value(request)
        .expect("a request holds no map with keys that are not strings");
    let mut text = String::new();
    write_json(&value, Order::Request, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::message::{Message, ModelSettings, ResponseFormat, Role, Tool};

    fn request() -> Request {
        Request {
            model: ModelSettings {
                provider: "openai".into(),
                name: "gpt-4o-mini".into(),
                temperature: Some(0.0),
                ..ModelSettings::default()
            },
            messages: vec![Message::text(Role::User, "hi")],
            tools: Vec::new(),
            response: ResponseFormat::Text,
        }
    }

    fn map(value: Value) -> serde_json::Map<String, Value> {
        match value {
            Value::Object(map) => map,
            other => panic!("{other} is no object"),
        }
    }

    #[test]
    fn sha256_is_that_of_the_standard() {
        let digest = sha256("abc");
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest.to_string(), text);
        assert_eq!(digest.short(), "ba7816bf8f01");
        assert_eq!(text.parse(), Ok(digest));
        assert_eq!(serde_json::to_value(digest).unwrap(), json!(text));
        assert_eq!(serde_json::from_value::<Digest>(json!(text)).unwrap(), digest);
    }

    #[test]
    fn a_digest_is_64_lower_case_digits() {
        for text in ["", "00", &"A".repeat(64), &"0".repeat(63), &"0".repeat(66), &"é".repeat(32)]
        {
            assert!(text.parse::<Digest>().is_err(), "{text}");
        }
    }

    #[test]
    fn canonical_text_is_sorted_and_compact() {
        let value = json!({"b": [1, 2.5, {"z": null, "a": "é\n"}], "a": {}, "c": []});
        assert_eq!(canonical_json(&value), r#"{"a":{},"b":[1,2.5,{"a":"é\n","z":null}],"c":[]}"#);
    }

    /// A change of this text changes every stored key: `KEY_FORMAT` must grow with it, and this key must stay
    /// here as that of format 1.
    #[test]
    fn key_format_1_is_fixed() {
        assert_eq!(
            canonical_request(&request()),
            r#"{"messages":[{"content":"hi","role":"user"}],"model":{"name":"gpt-4o-mini","provider":"openai","temperature":0.0}}"#
        );
        assert_eq!(KEY_FORMAT, 1);
        assert_eq!(
            answer_key(&request(), 1).to_string(),
            "bfef2828b368b6e8018721fb53c1c68bfd588ae109d8194410caaca85a1d3dd7"
        );
    }

    #[test]
    fn another_repeat_is_another_answer() {
        assert_ne!(answer_key(&request(), 1), answer_key(&request(), 2));
    }

    #[test]
    fn the_order_of_keys_counts_only_where_the_model_reads_it() {
        let with = |extra: Value, parameters: Value, schema: Value| {
            let mut request = request();
            request.model.extra = map(extra);
            request.tools =
                vec![Tool { name: "t".into(), description: None, parameters: map(parameters) }];
            request.response = ResponseFormat::Schema(schema);
            answer_key(&request, 1)
        };
        let key = with(json!({"a": 1, "b": 2}), json!({"a": 1, "b": 2}), json!({"a": 1, "b": 2}));
        assert_eq!(
            key,
            with(json!({"b": 2, "a": 1}), json!({"a": 1, "b": 2}), json!({"a": 1, "b": 2}))
        );
        assert_ne!(
            key,
            with(json!({"a": 1, "b": 2}), json!({"b": 2, "a": 1}), json!({"a": 1, "b": 2}))
        );
        assert_ne!(
            key,
            with(json!({"a": 1, "b": 2}), json!({"a": 1, "b": 2}), json!({"b": 2, "a": 1}))
        );
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
            ".{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((".{0,3}", inner), 0..5)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    fn reversed(value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                Value::Object(map.iter().rev().map(|(k, v)| (k.clone(), reversed(v))).collect())
            }
            Value::Array(items) => items.iter().map(reversed).collect(),
            scalar => scalar.clone(),
        }
    }

    proptest! {
        #[test]
        fn canonical_text_is_its_own_canonical_text(value in any_json()) {
            let text = canonical_json(&value);
            let read: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(canonical_json(&read), text);
        }

        #[test]
        fn canonical_text_ignores_the_order_of_keys(value in any_json()) {
            prop_assert_eq!(canonical_json(&reversed(&value)), canonical_json(&value));
        }
    }
}
