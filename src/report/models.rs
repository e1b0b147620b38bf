//! `pf models`: what is known about models, as JSON and for people.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::json::VERSION;
use super::table;
use crate::price::models::{self, Life, Model};
use crate::price::{LongPrice, Price, Prices};

/// `pf models --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf models")]
#[expect(clippy::struct_field_names, reason = "the key of the output")]
pub struct Models {
    version: u32,
    /// `models`.
    kind: &'static str,
    /// The day on which the sources of the built-in table were read.
    as_of: &'static str,
    models: Vec<Entry>,
}

/// A model.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Entry {
    /// PROVIDER/NAME.
    model: String,
    /// Most tokens that it reads.
    max_input: Option<u64>,
    /// Most tokens that it writes.
    max_output: Option<u64>,
    /// Null when it is not known.
    price: Option<PriceEntry>,
    /// The day from which the vendor refuses it.
    shutdown: Option<String>,
    /// The model that the vendor recommends instead.
    successor: Option<String>,
}

/// US dollars per million tokens.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PriceEntry {
    /// `table` or `project`.
    source: &'static str,
    input: f64,
    output: f64,
    cached_input: Option<f64>,
    cache_write: Option<f64>,
    batch_input: Option<f64>,
    batch_output: Option<f64>,
    /// Of requests whose input is longer than a bound.
    long: Option<LongEntry>,
}

/// US dollars per million tokens of a request whose input is longer than `over`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LongEntry {
    /// The most tokens of input that cost the ordinary price.
    over: u64,
    input: f64,
    output: f64,
    cached_input: Option<f64>,
    cache_write: Option<f64>,
}

impl Models {
    /// The models of the table, and those that only the project's own prices name.
    pub fn new(own: &Prices, wanted: impl Fn(&str) -> bool) -> Self {
        let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
        for (provider, name) in models::names() {
            let id = format!("{provider}/{name}");
            if let Some(model) = models::find_by_name(provider, name).filter(|_| wanted(&id)) {
                entries.insert(id.clone(), Entry::new(id, model));
            }
        }
        for (id, price) in own.0.iter().filter(|(id, _)| wanted(id)) {
            let unknown = || Entry::new(id.clone(), &Model::default());
            let entry = entries.entry(id.clone()).or_insert_with(unknown);
            entry.price = Some(PriceEntry::new(*price, "project"));
        }
        Self {
            version: VERSION,
            kind: "models",
            as_of: models::as_of(),
            models: entries.into_values().collect(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.models.is_empty()
    }

    /// For people.
    pub fn text(&self) -> String {
        let header = [
            "model",
            "reads",
            "writes",
            "in",
            "out",
            "cached",
            "to cache",
            "batch in",
            "batch out",
            "shut down",
        ];
        let count =
            |tokens: Option<u64>| tokens.map(|tokens| tokens.to_string()).unwrap_or_default();
        let rows = self.models.iter().map(|entry| {
            let price = entry.price.as_ref();
            let shown = |of: fn(&PriceEntry) -> Option<f64>| {
                price.and_then(of).map(|price| price.to_string()).unwrap_or_default()
            };
            vec![
                entry.model.clone(),
                count(entry.max_input),
                count(entry.max_output),
                shown(|price| Some(price.input)),
                shown(|price| Some(price.output)),
                shown(|price| price.cached_input),
                shown(|price| price.cache_write),
                shown(|price| price.batch_input),
                shown(|price| price.batch_output),
                entry.life(),
            ]
        });
        table::aligned(&header, &[1, 2, 3, 4, 5, 6, 7, 8], rows)
    }
}

impl Entry {
    fn new(id: String, model: &Model) -> Self {
        Self {
            model: id,
            max_input: model.max_input,
            max_output: model.max_output,
            price: model.price().map(|price| PriceEntry::new(price, "table")),
            shutdown: match model.life() {
                Life::Served => None,
                Life::Ending(day) | Life::Ended(day) => Some(day.to_owned()),
            },
            successor: model.successor().map(str::to_owned),
        }
    }

    fn life(&self) -> String {
        match (&self.shutdown, &self.successor) {
            (None, _) => String::new(),
            (Some(day), None) => day.clone(),
            (Some(day), Some(successor)) => format!("{day}, then {successor}"),
        }
    }
}

impl PriceEntry {
    fn new(price: Price, source: &'static str) -> Self {
        Self {
            source,
            input: price.input,
            output: price.output,
            cached_input: price.cached_input,
            cache_write: price.cache_write,
            batch_input: price.batch_input,
            batch_output: price.batch_output,
            long: price.long.map(LongEntry::from),
        }
    }
}

impl From<LongPrice> for LongEntry {
    fn from(long: LongPrice) -> Self {
        Self {
            over: long.over,
            input: long.input,
            output: long.output,
            cached_input: long.cached_input,
            cache_write: long.cache_write,
        }
    }
}
