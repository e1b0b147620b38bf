//! What tokens cost: a small dated table, and the project's own prices over it.

pub mod tokens;

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

/// List prices as vendors published them; `prices:` in pf.yaml overrides them.
const BUILT_IN: [(&str, f64, f64, f64); 8] = [
    ("openai/gpt-4o-mini-2024-07-18", 0.15, 0.60, 0.075),
    ("openai/gpt-4o-2024-08-06", 2.50, 10.0, 1.25),
    ("openai/gpt-4o-2024-11-20", 2.50, 10.0, 1.25),
    ("openai/gpt-4.1-2025-04-14", 2.0, 8.0, 0.50),
    ("openai/gpt-4.1-mini-2025-04-14", 0.40, 1.60, 0.10),
    ("openai/gpt-4.1-nano-2025-04-14", 0.10, 0.40, 0.025),
    ("anthropic/claude-sonnet-4-5-20250929", 3.0, 15.0, 0.30),
    ("anthropic/claude-haiku-4-5-20251001", 1.0, 5.0, 0.10),
];

/// When the built-in table was last looked over.
pub const AS_OF: &str = "2025-10";

impl Prices {
    /// The price of a model: the project's own, else the built-in one.
    pub fn of(&self, model: &ModelSettings) -> Option<Price> {
        let id = model.id();
        self.0.get(&id).copied().or_else(|| {
            let (_, input, output, cached) = BUILT_IN.iter().find(|(name, ..)| *name == id)?;
            Some(Price { input: *input, output: *output, cached_input: Some(*cached) })
        })
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
