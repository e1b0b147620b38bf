//! Why an answer is not there: the parts of its key, and the stored answer whose parts come nearest.

use std::collections::BTreeMap;

use rusqlite::params;
use serde_json::{Map, Value};

use super::archive::Archive;
use super::cells::StoreError;
use crate::digest::KEY_FORMAT;

/// Stored requests that are compared, the newest first: of the same model, and of others.
const MOST: u32 = 5000;

/// What an answer key is made of, part by part, and the endpoint that the local store looks at besides.
#[derive(Clone, PartialEq, Debug)]
pub struct Parts {
    /// `provider/name`.
    pub model: String,
    /// Which repeat, from 1.
    pub repeat: u32,
    /// The version of the key format.
    pub key_format: u32,
    /// Where it was asked; none in recordings, which hold for any endpoint.
    pub endpoint: Option<String>,
    /// The parameters of the model by name.
    pub parameters: BTreeMap<String, Value>,
    /// Role and content of each message.
    pub messages: Vec<Said>,
    /// The tools.
    pub tools: Value,
    /// The form of the answer, with its schema.
    pub response: Value,
}

/// A message as text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// Who speaks.
    pub role: String,
    /// What is said; JSON where it is more than text.
    pub text: String,
}

/// An answer that is there.
#[derive(Clone, PartialEq, Debug)]
pub struct Candidate {
    /// Its key.
    pub key: String,
    /// When it came, where that is known.
    pub at: Option<String>,
    /// Its parts.
    pub parts: Parts,
    /// Whether it was recorded for the very case that is missing.
    pub same_case: bool,
}

impl Parts {
    /// The parts of a request, given as JSON. None when it is no request.
    pub fn of(request: &Value, repeat: u32, endpoint: Option<String>) -> Option<Self> {
        let request = request.as_object()?;
        let model = request.get("model")?.as_object()?;
        let text = |key: &str| model.get(key).and_then(Value::as_str);
        let parameters = model
            .iter()
            .filter(|(key, _)| !["provider", "name"].contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let messages = request.get("messages")?.as_array()?;
        Some(Self {
            model: format!("{}/{}", text("provider")?, text("name")?),
            repeat,
            key_format: KEY_FORMAT,
            endpoint,
            parameters,
            messages: messages.iter().map(said).collect(),
            tools: request.get("tools").cloned().unwrap_or(Value::Array(Vec::new())),
            response: request.get("response").cloned().unwrap_or_else(|| "text".into()),
        })
    }

    /// How many parts differ, and which share of the words of the messages is not in both.
    fn distance(&self, other: &Self) -> (usize, f64) {
        let apart = other.endpoint.is_some() && self.endpoint != other.endpoint;
        let parts = usize::from(apart)
            + usize::from(self.model != other.model)
            + usize::from(self.repeat != other.repeat)
            + usize::from(self.key_format != other.key_format)
            + usize::from(self.parameters != other.parameters)
            + usize::from(self.messages != other.messages)
            + usize::from(self.tools != other.tools)
            + usize::from(self.response != other.response);
        (parts, words_apart(&self.messages, &other.messages))
    }
}

fn said(message: &Value) -> Said {
    let empty = Map::new();
    let message = message.as_object().unwrap_or(&empty);
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => String::new(),
    };
    let more: Map<String, Value> = message
        .iter()
        .filter(|(key, _)| !["role", "content"].contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let mut content = text(message.get("content"));
    if !more.is_empty() {
        content = format!("{content}\n{}", Value::Object(more));
    }
    Said { role: text(message.get("role")), text: content }
}

/// The share of words that only one side has, from 0 to 1.
fn words_apart(a: &[Said], b: &[Said]) -> f64 {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    let mut all = 0;
    for (messages, sign) in [(a, 1), (b, -1)] {
        for word in messages.iter().flat_map(|message| message.text.split_whitespace()) {
            *counts.entry(word).or_default() += sign;
            all += 1;
        }
    }
    let apart: i64 = counts.values().map(|count| count.abs()).sum();
    if all == 0 { 0.0 } else { apart as f64 / f64::from(all) }
}

/// The candidate with the fewest parts that differ; of these one that was recorded for the same case, then by the words of the
/// messages, then the first.
pub fn nearest<'a>(wanted: &Parts, candidates: &'a [Candidate]) -> Option<&'a Candidate> {
    let rank = |candidate: &Candidate| {
        let (parts, words) = wanted.distance(&candidate.parts);
        (parts, !candidate.same_case, words)
    };
    candidates
        .iter()
        .map(|candidate| (rank(candidate), candidate))
        .min_by(|((a, b, c), _), ((x, y, z), _)| (a, b).cmp(&(x, y)).then(c.total_cmp(z)))
        .map(|(_, candidate)| candidate)
}

impl Archive {
    /// The newest answers of a model and of all others, to be compared with a request.
    pub fn candidates(&self, model: &str) -> Result<Vec<Candidate>, StoreError> {
        let mut found = Vec::new();
        for wanted in ["model = ?1", "model <> ?1"] {
            let select = format!(
                "SELECT key, at, request, repeat, key_format, endpoint FROM answers \
                 WHERE {wanted} ORDER BY at DESC, key LIMIT {MOST}"
            );
            let read = || -> rusqlite::Result<()> {
                let mut select = self.connection.prepare(&select)?;
                let mut rows = select.query(params![model])?;
                while let Some(row) = rows.next()? {
                    let (request, repeat): (String, u32) = (row.get(2)?, row.get(3)?);
                    let request = serde_json::from_str(&request).unwrap_or_default();
                    let Some(mut parts) = Parts::of(&request, repeat, Some(row.get(5)?)) else {
                        continue;
                    };
                    parts.key_format = row.get(4)?;
                    found.push(Candidate {
                        key: row.get(0)?,
                        at: row.get(1)?,
                        parts,
                        same_case: false,
                    });
                }
                Ok(())
            };
            let mut read = read;
            read().map_err(|error| self.failed(&error))?;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parts(text: &str) -> Parts {
        let request = json!({
            "model": {"provider": "p", "name": "m", "temperature": 0.5},
            "messages": [{"role": "user", "content": text}],
        });
        Parts::of(&request, 1, Some("https://here.example:443/v1".to_owned())).unwrap()
    }

    fn candidate(key: &str, parts: Parts) -> Candidate {
        Candidate { key: key.to_owned(), at: None, parts, same_case: false }
    }

    fn nearest_of(candidates: &[Candidate]) -> &str {
        nearest(&parts("the quick brown fox"), candidates).map_or("none", |found| &found.key)
    }

    #[test]
    fn the_fewest_parts_then_the_case_then_the_words_decide() {
        assert_eq!(nearest_of(&[]), "none");
        let mut cooler = parts("the quick brown fox");
        cooler.parameters.insert("temperature".into(), json!(0));
        let two = Parts { messages: parts("the quick brown dog").messages, ..cooler.clone() };
        let far = candidate("far", parts("something else"));
        let near = candidate("near", parts("the quick brown dog"));
        let both = candidate("both", two);
        assert_eq!(nearest_of(&[both.clone(), far.clone(), near.clone()]), "near");
        let case = Candidate { same_case: true, ..far.clone() };
        assert_eq!(nearest_of(&[near.clone(), case]), "far");
        assert_eq!(nearest_of(&[both, far, candidate("cooler", cooler), near]), "cooler");
    }

    #[test]
    fn a_recording_holds_for_any_endpoint() {
        let mut recorded = parts("the quick brown fox");
        recorded.endpoint = None;
        let mut elsewhere = parts("the quick brown fox");
        elsewhere.endpoint = Some("https://there.example:443/v1".to_owned());
        let all = [candidate("elsewhere", elsewhere), candidate("recorded", recorded)];
        assert_eq!(nearest_of(&all), "recorded");
    }

    #[test]
    fn what_is_no_request_has_no_parts() {
        for value in [json!(null), json!({}), json!({"model": {}, "messages": []}), json!([1])] {
            assert_eq!(Parts::of(&value, 1, None), None);
        }
    }

    #[test]
    fn a_message_that_is_more_than_text_is_shown_whole() {
        let request = json!({
            "model": {"provider": "p", "name": "m"},
            "messages": [{"role": "assistant", "content": [{"text": "a"}], "tool_calls": [1]}],
        });
        let said = &Parts::of(&request, 1, None).unwrap().messages[0];
        assert_eq!(said.role, "assistant");
        assert_eq!(said.text, "[{\"text\":\"a\"}]\n{\"tool_calls\":[1]}");
    }
}
