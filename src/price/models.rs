//! What is known about models: limits, abilities, prices, and when a vendor shuts one down.
//!
//! The facts stand in `models.jsonl`, one model a line, sorted by its id. `update.py` makes that file; its first line
//! names the sources and the day on which they were read. Nothing is read before somebody asks, and then only the lines
//! that are asked for. A fact that no source states is absent, and absent is never taken for a no.

use std::sync::{LazyLock, OnceLock};

use serde::Deserialize;

use super::{LongPrice, Price};
use crate::message::ModelSettings;

static TABLE: &str = include_str!("models.jsonl");

/// A model as the table knows it.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Model {
    /// `provider/name`.
    pub id: String,
    /// Most tokens that it reads.
    pub max_input: Option<u64>,
    /// Most tokens that it writes.
    pub max_output: Option<u64>,
    /// Least tokens that a prefix must have for the provider to cache it.
    pub cache_min: Option<u64>,
    /// List price of a million tokens read, in US dollars, where the input is of ordinary length.
    input: Option<f64>,
    output: Option<f64>,
    cached_input: Option<f64>,
    cache_write: Option<f64>,
    batch_input: Option<f64>,
    batch_output: Option<f64>,
    long: Option<LongPrice>,
    /// Whether it sees images.
    pub images: Option<bool>,
    /// Whether it asks for tools.
    pub tools: Option<bool>,
    /// Whether the provider can hold its answers to a JSON Schema.
    pub schema: Option<bool>,
    /// Whether its sampling cannot be changed while it reasons: no temperature but 1, no other `top_p`, no `logprobs`.
    pub fixed_sampling: bool,
    /// Parameters of the request that it refuses.
    pub refuses: Vec<String>,
    /// Whether its name is that of a snapshot, although it has no date.
    pub pinned: bool,
    /// The day from which the vendor refuses it, as `YYYY-MM-DD`.
    pub shutdown: Option<String>,
    /// The model that the vendor recommends instead.
    #[serde(rename = "use")]
    pub instead: Option<String>,
}

/// Where a model stands in its life, on the day of [`as_of`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Life<'a> {
    /// Nothing else is known.
    Served,
    /// The vendor has said when it will be shut down.
    Ending(&'a str),
    /// It was shut down on this day.
    Ended(&'a str),
}

struct Row {
    provider: &'static str,
    name: &'static str,
    line: &'static str,
    model: OnceLock<Option<Model>>,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let rows = TABLE.lines().skip(1).filter_map(|line| {
        let id = line.strip_prefix(r#"{"id":""#)?.split_once('"')?.0;
        let (provider, name) = id.split_once('/')?;
        Some(Row { provider, name, line, model: OnceLock::new() })
    });
    rows.collect()
});

impl Row {
    fn model(&'static self) -> Option<&'static Model> {
        self.model.get_or_init(|| serde_json::from_str(self.line).ok()).as_ref()
    }
}

/// The day on which the sources of the table were read, as `YYYY-MM-DD`.
pub fn as_of() -> &'static str {
    let day = TABLE.strip_prefix(r#"{"as_of":""#).and_then(|rest| rest.get(..10));
    day.unwrap_or_default()
}

/// What is known about a model.
pub fn find(model: &ModelSettings) -> Option<&'static Model> {
    find_by_name(&model.provider, &model.name)
}

/// What is known about the model `name` of a provider.
pub fn find_by_name(provider: &str, name: &str) -> Option<&'static Model> {
    let rows = &*ROWS;
    let index =
        rows.binary_search_by_key(&(provider, name), |row| (row.provider, row.name)).ok()?;
    rows[index].model()
}

/// What is known about a model by its `provider/name`.
pub fn find_by_id(id: &str) -> Option<&'static Model> {
    let (provider, name) = id.split_once('/')?;
    find_by_name(provider, name)
}

/// The provider and the name of each model, in order.
pub fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    ROWS.iter().map(|row| (row.provider, row.name))
}

impl Model {
    /// Its list price, where the table has one.
    pub fn price(&self) -> Option<Price> {
        Some(Price {
            input: self.input?,
            output: self.output?,
            cached_input: self.cached_input,
            cache_write: self.cache_write,
            batch_input: self.batch_input,
            batch_output: self.batch_output,
            long: self.long,
        })
    }

    /// Whether it is served, and until when. The day of the table counts, not today: the same files give the same
    /// findings tomorrow.
    pub fn life(&self) -> Life<'_> {
        match self.shutdown.as_deref() {
            None => Life::Served,
            Some(day) if day <= as_of() => Life::Ended(day),
            Some(day) => Life::Ending(day),
        }
    }

    /// The model that the vendor recommends instead, or what it recommends instead of that one where it is gone too.
    pub fn successor(&self) -> Option<&str> {
        let mut instead = self.instead.as_deref()?;
        // The table is finite, but nobody promises that it has no circle.
        for _ in 0..8 {
            match find_by_id(instead) {
                Some(model) if matches!(model.life(), Life::Ended(_)) => {
                    instead = model.instead.as_deref()?;
                }
                _ => return Some(instead),
            }
        }
        None
    }

    /// The dated versions that a name without a date may stand for, those that are shut down left out.
    pub fn snapshots(&'static self) -> impl Iterator<Item = &'static Self> {
        let (provider, name) = self.id.split_once('/').unwrap_or_default();
        let start = ROWS.partition_point(|row| (row.provider, row.name) <= (provider, name));
        let longer = ROWS[start..]
            .iter()
            .take_while(move |row| row.provider == provider && row.name.starts_with(name));
        longer
            .filter(move |row| row.name[name.len()..].strip_prefix('-').is_some_and(is_date))
            .filter_map(Row::model)
            .filter(|model| !matches!(model.life(), Life::Ended(_)))
    }
}

/// Whether a text is the date or the number of a snapshot, as vendors write it: `2024-08-06`, `20250929`, `0613`, `001`.
pub fn is_date(text: &str) -> bool {
    let digits = |text: &str, lengths: &[usize]| {
        lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    match *text.split('-').collect::<Vec<_>>() {
        [year, month, day] => digits(year, &[4]) && digits(month, &[2]) && digits(day, &[2]),
        [number] => digits(number, &[3, 4, 8]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_model_and_all_stand_in_order() {
        for line in TABLE.lines().skip(1) {
            let model: Model = serde_json::from_str(line).unwrap();
            let keys: serde_json::Map<String, serde_json::Value> =
                serde_json::from_str(line).unwrap();
            let known = [
                "id",
                "max_input",
                "max_output",
                "cache_min",
                "input",
                "output",
                "cached_input",
                "cache_write",
                "batch_input",
                "batch_output",
                "long",
                "images",
                "tools",
                "schema",
                "fixed_sampling",
                "refuses",
                "pinned",
                "shutdown",
                "use",
            ];
            assert!(keys.keys().all(|key| known.contains(&key.as_str())), "{line}");
            assert!(model.shutdown.is_none_or(|day| is_date(&day) && day.len() == 10), "{line}");
            assert_eq!(find_by_id(&model.id).map(|found| &found.id), Some(&model.id));
        }
        let key = |row: &Row| (row.provider, row.name);
        assert!(ROWS.windows(2).all(|pair| key(&pair[0]) < key(&pair[1])));
        assert_eq!(ROWS.len() + 1, TABLE.lines().count());
        assert!(ROWS.len() > 200 && TABLE.len() < 200_000);
        assert!(is_date(as_of()) && as_of().len() == 10, "{}", as_of());
    }

    #[test]
    fn a_successor_is_one_that_is_still_served() {
        for row in ROWS.iter().filter_map(Row::model) {
            if let Some(successor) = row.successor().and_then(find_by_id) {
                assert!(
                    !matches!(successor.life(), Life::Ended(_)),
                    "{} → {}",
                    row.id,
                    successor.id
                );
            }
        }
        let old = find_by_id("openai/gpt-4-32k").unwrap();
        assert_eq!(old.life(), Life::Ended("2025-06-06"));
        assert_eq!(old.successor(), Some("openai/gpt-4o"));
    }

    #[test]
    fn only_whole_names_are_found() {
        let id = |id: &str| find_by_id(id).map(|model| model.id.as_str());
        assert_eq!(id("openai/gpt-4"), Some("openai/gpt-4"));
        for other in ["openai/", "openai", "", "/", "openai/gpt-", "open/gpt-4", "zzz/gpt-4"] {
            assert_eq!(id(other), None, "{other}");
        }
    }

    #[test]
    fn a_name_without_a_date_knows_its_snapshots() {
        let ids = |id: &str| -> Vec<&str> {
            find_by_id(id).unwrap().snapshots().map(|model| model.id.as_str()).collect()
        };
        assert_eq!(ids("openai/gpt-4o"), ["openai/gpt-4o-2024-08-06", "openai/gpt-4o-2024-11-20"]);
        assert_eq!(ids("openai/gpt-4o-2024-08-06"), [""; 0]);
        assert_eq!(ids("anthropic/claude-haiku-4-5"), ["anthropic/claude-haiku-4-5-20251001"]);
    }

    #[test]
    fn dates_are_those_that_vendors_write() {
        for date in ["2024-08-06", "20250929", "0613", "001"] {
            assert!(is_date(date), "{date}");
        }
        for other in ["", "5", "32k", "mini", "24-08-06", "2024-08", "123456"] {
            assert!(!is_date(other), "{other}");
        }
    }
}
