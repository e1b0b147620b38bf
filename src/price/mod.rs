//! What tokens cost and what models can do: a dated table, and the project's own prices over it.

pub mod models;
pub mod resembling;
pub mod tokens;
pub mod vendors;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::message::{ModelSettings, Usage};

/// The price of a model, in US dollars per million tokens.
#[derive(Clone, Copy, PartialEq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Tokens read.
    #[schemars(range(min = 0.0))]
    pub input: f64,
    /// Tokens written.
    #[schemars(range(min = 0.0))]
    pub output: f64,
    /// Tokens read that the provider had cached; as `input` when absent.
    #[schemars(range(min = 0.0))]
    pub cached_input: Option<f64>,
}

/// Prices by `PROVIDER/NAME`.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Prices(pub IndexMap<String, Price>);

impl Prices {
    /// The price of a model: the project's own, else the list price. Vendors that ask more for very long inputs or for
    /// writing to their cache are counted at the ordinary price.
    pub fn of(&self, model: &ModelSettings) -> Option<Price> {
        let own = if self.0.is_empty() { None } else { self.0.get(&model.id()).copied() };
        own.or_else(|| models::find(model)?.price())
    }

    /// What an exchange cost, in US dollars.
    pub fn cost(&self, model: &ModelSettings, usage: Usage) -> Option<f64> {
        let price = self.of(model)?;
        let cached = usage.cached_tokens.min(usage.input_tokens) as f64;
        let fresh = usage.input_tokens as f64 - cached;
        let cached_price = price.cached_input.unwrap_or(price.input);
        Some(
            (fresh * price.input
                + cached * cached_price
                + usage.output_tokens as f64 * price.output)
                / 1e6,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_prices_go_before_list_prices() {
        let model = ModelSettings {
            provider: "openai".into(),
            name: "gpt-4o-mini-2024-07-18".into(),
            ..ModelSettings::default()
        };
        let listed = Price { input: 0.15, output: 0.6, cached_input: Some(0.075) };
        assert_eq!(Prices::default().of(&model), Some(listed));
        let own = Price { input: 1.0, output: 2.0, cached_input: None };
        let prices = Prices(IndexMap::from([(model.id(), own)]));
        assert_eq!(prices.of(&model), Some(own));
    }

    #[test]
    fn cached_tokens_are_part_of_the_input() {
        let model = ModelSettings {
            provider: "local".into(),
            name: "m".into(),
            ..ModelSettings::default()
        };
        let prices: Prices = serde_json::from_value(
            serde_json::json!({"local/m": {"input": 2.0, "output": 10.0, "cached_input": 1.0}}),
        )
        .unwrap();
        let usage = Usage {
            input_tokens: 1_000_000,
            output_tokens: 100_000,
            cached_tokens: 500_000,
            reasoning_tokens: 0,
        };
        assert_eq!(prices.cost(&model, usage), Some(1.0 + 0.5 + 1.0));
        assert_eq!(Prices::default().cost(&model, usage), None);
    }
}
